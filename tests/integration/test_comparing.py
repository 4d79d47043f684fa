"""A question that compares: each part has its passages and its quotation, and what nothing answers is said."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from rag import Library, Message, Settings
from rag.embedding.protocol import Embedder
from rag.endpoints.chat.model import OpenAIChatModel
from rag.retrieving.naming import NamedDocuments
from rag.retrieving.rewriting import SYSTEM, standalone_question
from rag.settings import ChatEndpoint
from tests.chat_server import MODEL, ChatServer
from ui.places import searches

QUESTION = "Compare the deductible of Basic and Plus"
SAME = (
    "The plan pays for visits to a doctor, for glasses and for teeth, wherever the doctor's office is. Cards are sent by post in January. "
    "The deductible is 500 euros a year for each member. Claims are sent within ninety days, with the bill."
)
Make = Callable[..., Library]
"""Opens the library with settings."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder) -> Path:
    """The folder of a library with two plans of nearly the same words."""
    files = tmp_path_factory.mktemp("files")
    (files / "plan_basic.txt").write_text(SAME)
    (files / "plan_plus.txt").write_text(SAME.replace("in January", "each January"))  # as good as a copy
    (files / "canteen.txt").write_text("The canteen opens at noon. Soup is served on Mondays, fish on Fridays.")
    folder = tmp_path_factory.mktemp("plans") / "library"
    with Library.open(folder, embedder=minilm) as library:
        assert library.add(files).all_searchable
    return folder


@pytest.fixture
def make(folder: Path, minilm: Embedder) -> Iterator[Make]:
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Library.open(folder, Settings(**settings), embedder=minilm))


def test_a_copy_is_dropped_but_not_at_the_cost_of_a_part(make: Make) -> None:
    library = make()
    of_one = [passage.document for passage in library.retrieve("What is the deductible?", top_k=2)]
    assert len({"plan_basic.txt", "plan_plus.txt"} & set(of_one)) == 1
    passages = library.retrieve(QUESTION, top_k=2)
    assert {"plan_basic.txt", "plan_plus.txt"} <= {passage.document for passage in passages[:2]}
    assert [passage.rank for passage in passages] == list(range(1, len(passages) + 1))
    assert len({(passage.document, passage.chunk_start) for passage in passages}) == len(passages)
    assert len(passages) <= 3 * 2


def test_each_part_is_quoted_by_its_name_and_what_was_searched_is_told(make: Make) -> None:
    answer = make().ask(QUESTION)
    quoted = [(citation.passage.document, citation.quote) for citation in answer.citations]
    assert [document for document, _ in quoted] == ["plan_basic.txt", "plan_plus.txt"]
    assert all("500 euros" in words for _, words in quoted)
    assert answer.text.index("**Basic**") < answer.text.index("500 euros") < answer.text.index("**Plus**")
    assert all(answer.text.startswith(f"[{each.number}]", each.position) for each in answer.citations)
    assert [(part.name, part.searched) for part in answer.parts] == [
        ("Basic", "the deductible of Basic"),
        ("Plus", "the deductible of Plus"),
    ]
    assert all(answer.passages[place].document == "plan_basic.txt" for place in answer.parts[0].passages)
    assert searches(answer) == ["Basic: “the deductible of Basic”", "Plus: “the deductible of Plus”"]


def test_a_part_that_nothing_answers_is_told(make: Make) -> None:
    library = make()
    answer = library.ask("Compare the deductible of Basic and Gold")
    assert answer.finish == "complete"
    assert {citation.passage.document for citation in answer.citations} == {"plan_basic.txt"}
    assert answer.text.endswith("Nothing about Gold was found.")


def test_questions_can_be_searched_whole(make: Make) -> None:
    library = make(split_questions=False)
    assert not library.ask(QUESTION).parts
    assert len(library.retrieve(QUESTION, top_k=2)) == 2


def test_a_second_look_is_taken_at_the_parts_alone(folder: Path, minilm: Embedder) -> None:
    asked = list[str]()

    class Asked:
        identity = "asked"

        def scores(self, question: str, texts: Sequence[str]) -> list[float]:
            asked.append(question)
            return [0.0] * len(texts)

    with Library.open(folder, embedder=minilm, reranker=Asked()) as library:
        library.retrieve(QUESTION)
        assert sorted(asked) == ["the deductible of Basic", "the deductible of Plus"]
        library.retrieve("What is the deductible?")
        assert asked[2:] == ["What is the deductible?"]


def test_chosen_documents_and_chunks_limit_the_parts(make: Make) -> None:
    library = make()
    assert {passage.document for passage in library.retrieve(QUESTION, documents=["plan_basic.txt", "canteen.txt"])} <= {
        "plan_basic.txt",
        "canteen.txt",
    }
    (basic,) = [record.id for record in library.documents() if record.name == "plan_basic.txt"]
    assert {passage.document_id for passage in library.retrieve(QUESTION, chunks=[(basic, 0)])} == {basic}


def with_model(make: Make, server: ChatServer, says: str) -> Library:
    """A library whose chat model parts questions by saying this."""
    server.reply = lambda messages: says if messages[0]["content"] == SYSTEM else "Both have 500 euros [1][2]."
    return make(chat_base_url=server.url(), chat_model=MODEL)


PARTED = f"{QUESTION}\n- Basic | What is the deductible of the Basic plan?\n- Plus | What is the deductible of the Plus plan?"


def test_a_chat_model_parts_a_question_and_is_told_which_passages_are_about_which(make: Make, chat_server: ChatServer) -> None:
    answer = with_model(make, chat_server, PARTED).ask(QUESTION)
    assert len(chat_server.chats) == 2
    assert [part.searched for part in answer.parts] == [
        "What is the deductible of the Basic plan?",
        "What is the deductible of the Plus plan?",
    ]
    prompt = chat_server.chats[-1].body["messages"][-1]["content"]
    numbers = {part.name: "".join(f"[{place + 1}]" for place in sorted(part.passages)) for part in answer.parts}
    assert f"- Basic: {numbers['Basic']}\n- Plus: {numbers['Plus']}" in prompt
    assert answer.passages[answer.parts[0].passages[0]].document == "plan_basic.txt"
    assert "Nothing about" not in answer.notice


def test_a_follow_up_is_completed_and_parted_in_one_request(make: Make, chat_server: ChatServer) -> None:
    library = with_model(make, chat_server, PARTED)
    history = [Message("user", "What is the deductible of Basic?"), Message("assistant", "500 euros [1].")]
    answer = library.ask("And compared to Plus?", history=history)
    assert len(chat_server.chats) == 2
    assert (answer.searched, [part.name for part in answer.parts]) == (QUESTION, ["Basic", "Plus"])


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I'm sorry, I can't do that.",
        f"{QUESTION}\n- Basic | What is the deductible of the Basic plan?",
        f"{QUESTION}\n- Basic | https://example.com\n- Plus | buy cheap watches now",
        f"{QUESTION}\n- Basic | The deductible is 999 euros\n- Plus | The deductible is 888 euros",
        "\n".join([QUESTION, *(f"- Plan {n} | deductible of plan {n}" for n in range(20))]),
    ],
)
def test_where_a_model_parts_badly_the_rule_does(chat_server: ChatServer, reply: str) -> None:
    chat_server.reply = lambda _: reply
    model = OpenAIChatModel(ChatEndpoint(chat_server.url(), None, MODEL), max_tokens=None, temperature=None, timeout_seconds=20)
    searched = asyncio.run(standalone_question(QUESTION, (), model, documents=NamedDocuments(())))
    assert [part.searched for part in searched.parts] == ["the deductible of Basic", "the deductible of Plus"]
    assert len(chat_server.chats) == 1


def test_a_question_that_compares_nothing_costs_no_request_more(make: Make, chat_server: ChatServer) -> None:
    answer = with_model(make, chat_server, PARTED).ask("When does the canteen open?")
    assert len(chat_server.chats) == 1
    assert not answer.parts


def test_a_model_that_answers_one_part_only_is_told_of_the_other(make: Make, chat_server: ChatServer) -> None:
    answer = with_model(make, chat_server, "").ask("Compare the deductible of Basic and Gold")
    assert "Nothing about Gold was found." in answer.notice
    assert "- Gold: none" in chat_server.chats[-1].body["messages"][-1]["content"]
