import pytest

from rag.types import DocumentRecord
from ui.chats.turns import AskedDocument
from ui.web.mentions import ScopeError, find_mentions, scope_of


def record(name: str, document_id: str = "") -> DocumentRecord:
    return DocumentRecord(document_id or name, name, "", "text/plain", (), 1, 1, (), ("1",), "2026-01-01T00:00:00+00:00", 1, "")


RECORDS = [record("harbour-handbook.pdf"), record("travel.md"), record("travel-policy.txt"), record("Lease 2024.pdf")]


@pytest.mark.parametrize(
    ("typed", "question", "names"),
    [
        ("How long is leave?", "How long is leave?", []),
        ("@harbour How long is leave?", "How long is leave?", ["harbour-handbook.pdf"]),
        ("How long is leave @HARBOUR-handbook.pdf?", "How long is leave?", ["harbour-handbook.pdf"]),
        ("What says @travel, and @travel-p about meals?", "What says, and about meals?", ["travel.md", "travel-policy.txt"]),
        ('@"lease 2024" When does it end?', "When does it end?", ["Lease 2024.pdf"]),
        ("Who is me@harbour.example?", "Who is me@harbour.example?", []),
        ("@harbour and @harbour: same?", "and: same?", ["harbour-handbook.pdf"]),
    ],
)
def test_names_are_found_and_taken_out(typed: str, question: str, names: list[str]) -> None:
    found = find_mentions(typed, RECORDS)
    assert found.question == question
    assert [document.name for document in found.documents] == names


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("@nothing What is it?", "No document name starts with “nothing”"),
        ("@tra What is it?", "2 document names start with “tra”: travel.md, travel-policy.txt"),
        ("@harbour", "What would you like to know about harbour-handbook.pdf?"),
        ("@harbour ?", "What would you like to know about harbour-handbook.pdf?"),
    ],
)
def test_what_cannot_be_understood_says_what_to_do(typed: str, says: str) -> None:
    with pytest.raises(ScopeError, match=says.replace("?", r"\?")):
        find_mentions(typed, RECORDS)


def test_a_name_in_the_question_goes_before_what_is_chosen() -> None:
    chosen = (AskedDocument("travel.md", "travel.md"),)
    assert scope_of("How long?", chosen, RECORDS).documents == chosen
    scope = scope_of("@harbour How long?", chosen, RECORDS)
    assert (scope.question, [document.name for document in scope.documents]) == ("How long?", ["harbour-handbook.pdf"])


def test_a_chosen_document_may_be_replaced_but_not_be_gone() -> None:
    (document,) = scope_of("How long?", (AskedDocument("old", "travel.md"),), RECORDS).documents
    assert document.id == "travel.md"
    with pytest.raises(ScopeError, match=r"gone\.txt is no longer in the library"):
        scope_of("How long?", (AskedDocument("gone", "gone.txt"),), RECORDS)
