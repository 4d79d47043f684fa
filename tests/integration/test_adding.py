"""What becomes of each file."""

import hashlib
from pathlib import Path
from typing import get_args

import pytest

from rag import Library, Outcome, Progress
from rag.types import DocumentState
from tests import documents
from tests.conftest import OpenLibrary

TEXT = "The lighthouse keeper counts the boats every evening."
CHANGED = "The lighthouse burns paraffin since the autumn storms."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def add_one(library: Library, path: Path, *passwords: str) -> Outcome:
    (outcome,) = library.add(path, passwords=passwords).outcomes
    return outcome


def originals(library: Library) -> set[str]:
    return {path.stem for path in (library.folder / "originals").glob("*")}


def test_a_file_is_added(library: Library, folder: Path) -> None:
    path = write(folder, "notes.txt", TEXT)
    outcome = add_one(library, path)
    document_id = hashlib.sha256(TEXT.encode()).hexdigest()
    assert outcome == Outcome(str(path), "notes.txt", document_id, "added", 1, 1, "Added: 1 page.")
    (record,) = library.documents()
    assert (record.id, record.name, record.sources, record.size) == (document_id, "notes.txt", (str(path),), len(TEXT))
    assert (record.pages, record.chunks, record.media_type) == (1, 1, "text/plain")
    assert library.pages.original(document_id).read_text() == TEXT


def test_a_pdf_is_added_with_its_labels_title_and_empty_pages(library: Library, folder: Path) -> None:
    write(folder, "labels.pdf", documents.labelled_pdf())
    write(folder, "gaps.pdf", documents.plain_pdf("One", "", "", "Four", title="Annual report"))
    labelled, gaps = sorted(library.add(folder).outcomes, key=lambda outcome: outcome.document, reverse=True)
    assert (labelled.status, labelled.pages, labelled.chunks) == ("added", 5, 5)
    assert library.document("labels.pdf").labels == ("i", "ii", "1", "2", "A-1")
    assert (library.document("gaps.pdf").title, library.document("gaps.pdf").empty_pages) == ("Annual report", (2, 3))
    assert gaps.message == "Added: 4 pages; no text on pages 2-3 (blank or scanned)."


def test_a_guessed_encoding_is_said(library: Library, folder: Path) -> None:
    text = "Okres gwarancji rozpoczyna się w dniu zakupu i trwa dwa lata."
    (folder / "a.txt").write_text(text, encoding="cp1250")
    (folder / "a.csv").write_text(f"umowa,warunki\n1,{text}\n", encoding="cp1250")
    (folder / "a.py").write_text(f"# {text}\n", encoding="cp1250")
    (folder / "b.txt").write_text(text, encoding="utf-8")
    *older, unicode = library.add([folder / name for name in ("a.txt", "a.csv", "a.py", "b.txt")]).outcomes
    for outcome in older:
        assert outcome.message.startswith("Added: 1 page. Its encoding was guessed (")
        assert outcome.message.endswith("If letters look wrong, save it as UTF-8 and add it again.")
    assert unicode.message == "Added: 1 page."


def test_adding_again_changes_nothing(library: Library, folder: Path) -> None:
    path = write(folder, "notes.txt", TEXT)
    add_one(library, path)
    before = library.documents()
    outcome = add_one(library, path)
    assert (outcome.status, outcome.pages, outcome.chunks) == ("unchanged", 1, 1)
    assert library.documents() == before


def test_a_changed_file_replaces_its_earlier_version(library: Library, folder: Path) -> None:
    path = write(folder, "notes.txt", TEXT)
    old = add_one(library, path).document_id
    write(folder, "notes.txt", CHANGED)
    outcome = add_one(library, path)
    assert outcome.status == "replaced"
    assert outcome.document_id != old
    assert [record.id for record in library.documents()] == [outcome.document_id]
    assert originals(library) == {outcome.document_id}
    assert [passage.text for passage in library.retrieve("lighthouse keeper counts boats", top_k=50)] == [CHANGED]


def test_a_changed_file_that_cannot_be_read_leaves_the_earlier_version(library: Library, folder: Path) -> None:
    path = write(folder, "report.pdf", documents.plain_pdf(TEXT))
    old = add_one(library, path)
    write(folder, "report.pdf", documents.truncated_pdf())
    assert add_one(library, path).status == "unreadable"
    assert [record.id for record in library.documents()] == [old.document_id]
    assert library.retrieve("lighthouse keeper")[0].text == TEXT


def test_the_same_content_elsewhere_is_a_duplicate(library: Library, folder: Path) -> None:
    write(folder, "a.txt", TEXT)
    write(folder, "b.txt", TEXT)
    first, second = library.add(folder).outcomes
    assert (first.status, second.status) == ("added", "duplicate")
    assert (second.document_id, second.pages, second.chunks) == (first.document_id, 1, 1)
    assert "a.txt" in second.message
    assert len(library.documents()) == 1


def test_a_file_that_becomes_another_ones_copy_replaces_its_earlier_version(library: Library, folder: Path) -> None:
    write(folder, "a.txt", TEXT)
    path = write(folder, "b.txt", CHANGED)
    library.add(folder)
    write(folder, "b.txt", TEXT)
    outcome = add_one(library, path)
    assert (outcome.status, "a.txt" in outcome.message) == ("replaced", True)
    assert [record.name for record in library.documents()] == ["a.txt"]
    assert originals(library) == {outcome.document_id}


def test_what_a_second_file_still_holds_stays_when_the_first_one_changes(library: Library, folder: Path) -> None:
    add_one(library, write(folder, "z.txt", TEXT))
    write(folder, "a.txt", TEXT)
    write(folder, "z.txt", CHANGED)
    report = library.add(folder)
    assert report.all_searchable
    assert {(passage.document, passage.text) for passage in library.retrieve("lighthouse", top_k=50)} == {
        ("a.txt", TEXT),
        ("z.txt", CHANGED),
    }
    write(folder, "a.txt", CHANGED)
    assert [outcome.status for outcome in library.add(folder).outcomes] == ["replaced", "unchanged"]
    assert [passage.text for passage in library.retrieve("lighthouse", top_k=50)] == [CHANGED]
    assert len(originals(library)) == 1


def test_an_unchanged_copy_is_told_from_a_new_one(library: Library, folder: Path) -> None:
    write(folder, "a.txt", TEXT)
    write(folder, "b.txt", TEXT)
    library.add(folder)
    assert library.documents()[0].sources == (str(folder / "a.txt"), str(folder / "b.txt"))
    assert add_one(library, folder / "b.txt").status in {"unchanged", "duplicate"}
    library.remove("a.txt")
    assert library.documents() == []
    assert add_one(library, folder / "b.txt").status == "added"


def test_the_same_file_given_twice_is_added_once(library: Library, folder: Path) -> None:
    path = write(folder, "notes.txt", TEXT)
    assert [outcome.status for outcome in library.add([path, folder, str(path)]).outcomes] == ["added", "unchanged", "unchanged"]


def test_an_upload_replaces_the_earlier_one_of_its_name_where_that_is_asked_for(library: Library, folder: Path) -> None:
    first = library.add_upload(write(folder, "tmp1", TEXT), "notes.txt")
    assert (first.status, first.document, library.documents()[0].sources) == ("added", "notes.txt", ("upload:notes.txt",))
    assert library.add_upload(write(folder, "tmp2", TEXT), "notes.txt").status == "unchanged"
    assert library.add_upload(write(folder, "tmp3", TEXT), "copy.txt").status == "duplicate"
    assert library.add_upload(write(folder, "tmp4", CHANGED), "notes.txt", replace=True).status == "replaced"
    assert [(record.name, record.sources) for record in library.documents()] == [
        ("copy.txt", ("upload:copy.txt",)),
        ("notes.txt", ("upload:notes.txt",)),
    ]


def test_another_upload_of_a_name_is_kept_beside_the_first(library: Library, folder: Path) -> None:
    invoices = [f"The invoice of {month} comes to {total} euros." for month, total in (("March", 310), ("April", 290), ("May", 45))]
    for number, text in enumerate(invoices):
        outcome = library.add_upload(write(folder, f"tmp{number}", text), "invoice.txt")
        assert outcome.status == "added"
    assert outcome.document == "invoice (3).txt"
    assert outcome.message == "Added as invoice (3).txt: 1 page. The library already has another invoice.txt."
    assert [record.name for record in library.documents()] == ["invoice.txt", "invoice (2).txt", "invoice (3).txt"]
    assert "310 euros" in library.retrieve("invoice of March")[0].text
    again = library.add_upload(write(folder, "again", invoices[1]), "invoice.txt")  # which neither takes nor gives a name
    assert (again.status, again.message) == ("duplicate", "The same content as invoice (2).txt, which is already there.")
    assert [record.name for record in library.documents()] == ["invoice.txt", "invoice (2).txt", "invoice (3).txt"]


def test_a_renamed_file_goes_by_its_new_name(library: Library, folder: Path) -> None:
    path = write(folder, "draft.txt", TEXT)
    add_one(library, path)
    path.rename(folder / "final-report.txt")
    (outcome,) = library.add(folder).outcomes
    assert (outcome.status, outcome.document, outcome.message) == ("renamed", "final-report.txt", "Renamed: it was draft.txt before.")
    (record,) = library.documents()
    assert (record.name, record.sources) == ("final-report.txt", (str(folder / "final-report.txt"),))
    library.add(write(folder, "another.txt", CHANGED))
    assert library.retrieve("final report")[0].document == "final-report.txt"  # its name is keyword-searchable
    assert {outcome.status for outcome in library.add(folder).outcomes} == {"unchanged"}
    (folder / "below").mkdir()
    (folder / "final-report.txt").rename(folder / "below" / "final-report.txt")
    assert {outcome.status for outcome in library.add(folder).outcomes} == {"unchanged"}
    assert library.documents()[0].sources == (str(folder / "below" / "final-report.txt"),)


def test_of_two_files_with_one_content_the_one_that_is_left_gives_the_name(library: Library, folder: Path) -> None:
    for name in ("a.txt", "b.txt"):
        write(folder, name, TEXT)
    library.add(folder)
    (folder / "a.txt").unlink()
    assert [outcome.status for outcome in library.add(folder).outcomes] == ["renamed"]
    assert [record.name for record in library.documents()] == ["b.txt"]


def test_a_file_deleted_from_a_folder_is_named_as_missing_and_stays(library: Library, folder: Path, tmp_path: Path) -> None:
    for name in ("kept.txt", "old plan.txt"):
        write(folder, name, f"The words of {name}.")
    other = write(tmp_path, "elsewhere.txt", CHANGED)
    library.add([folder, other])
    (folder / "old plan.txt").unlink()
    other.unlink()
    steps: list[Progress] = []
    report = library.add(folder, progress=steps.append)
    missing = report.outcomes[1]
    assert [(outcome.document, outcome.status) for outcome in report.outcomes] == [("kept.txt", "unchanged"), ("old plan.txt", "missing")]
    assert missing.message == "Its file is gone, but it is still in the library. To remove it: rag remove 'old plan.txt'"
    assert [step.outcome for step in steps if step.outcome] == list(report.outcomes)
    assert (report.all_searchable, len(library.documents())) == (True, 3)
    library.remove("old plan.txt")
    assert [outcome.status for outcome in library.add(folder).outcomes] == ["unchanged"]


def test_an_upload_and_a_file_of_the_same_name_are_two_documents(library: Library, folder: Path) -> None:
    add_one(library, write(folder, "notes.txt", TEXT))
    assert library.add_upload(write(folder, "tmp", CHANGED), "notes.txt").status == "added"
    assert [record.name for record in library.documents()] == ["notes.txt", "notes.txt"]


def test_a_password_opens_an_encrypted_file_and_is_kept_for_its_pages(library: Library, folder: Path) -> None:
    path = write(folder, "vault.pdf", documents.encrypted_pdf(password="sesame"))
    closed = add_one(library, path)
    assert (closed.status, closed.chunks, library.documents()) == ("needs_password", 0, [])
    assert "vault.pdf" in closed.message
    assert add_one(library, path, "wrong").status == "needs_password"
    opened = add_one(library, path, "wrong", "sesame")
    assert opened.status == "added"
    assert library.retrieve("seven keys")[0].text == "The vault holds seven keys."
    assert library.pages.image(opened.document_id, 1).startswith(b"\x89PNG")
    assert add_one(library, path).status == "unchanged"


def test_too_large_a_file_is_refused(open_library: OpenLibrary, folder: Path) -> None:
    library = open_library(max_file_megabytes=0.001)
    outcome = add_one(library, write(folder, "big.txt", "word " * 300))
    assert (outcome.status, outcome.document_id) == ("too_large", "")
    assert "big.txt is too large" in outcome.message
    assert add_one(library, write(folder, "small.txt", "word " * 100)).status == "added"


def test_one_bad_file_stops_no_other(library: Library, folder: Path) -> None:
    write(folder, "a.txt", TEXT)
    write(folder, "b.pdf", documents.truncated_pdf())
    write(folder, "c.pdf", documents.scanned_pdf())
    write(folder, "d.pdf", documents.encrypted_pdf(password="sesame"))
    write(folder, "e.pdf", b"MZ\x90\x00" + bytes(300))
    write(folder, "f.txt", b"")
    write(folder, "g.md", CHANGED)
    report = library.add([folder, folder / "gone.txt"])
    assert [(outcome.document, outcome.status) for outcome in report.outcomes] == [
        ("a.txt", "added"),
        ("b.pdf", "unreadable"),
        ("c.pdf", "no_text"),
        ("d.pdf", "needs_password"),
        ("e.pdf", "unsupported"),
        ("f.txt", "unreadable"),
        ("g.md", "added"),
        ("gone.txt", "unreadable"),
    ]
    assert not report.all_searchable
    for outcome in report.outcomes:
        if not outcome.is_searchable:
            assert outcome.document in outcome.message
            assert (outcome.document_id, outcome.pages, outcome.chunks) == ("", 0, 0)
    assert {record.name for record in library.documents()} == {"a.txt", "g.md"}
    assert originals(library) == {record.id for record in library.documents()}


def test_nothing_to_add_is_no_error(library: Library, folder: Path) -> None:
    assert library.add([]).outcomes == library.add(folder).outcomes == ()
    assert library.add([]).all_searchable


def test_progress_is_told_file_by_file(library: Library, folder: Path) -> None:
    write(folder, "a.pdf", documents.plain_pdf(*[f"Page {n}. {'Many words stand here. ' * 200}" for n in range(5)]))
    write(folder, "b.txt", "")
    write(folder, "c.txt", TEXT)
    steps: list[Progress] = []
    report = library.add([folder, folder / "gone.txt"], progress=steps.append)
    assert {step.file: step.outcome for step in steps if step.outcome} == dict(enumerate(report.outcomes, start=1))
    assert sum(step.outcome is not None for step in steps) == len(report.outcomes) == 4
    assert {step.files for step in steps} == {4}
    for number in range(1, 5):
        mine = [step for step in steps if step.file == number]
        assert [step.fraction for step in mine] == sorted(step.fraction for step in mine)
        assert 0 <= mine[0].fraction <= mine[-1].fraction == 1
        states = [get_args(DocumentState).index(step.state) for step in mine]
        assert states == sorted(states)
    assert [step.state for step in steps if step.outcome] == ["failed", "failed", "ready", "ready"]
    assert {step.state for step in steps if step.file in {1, 3}} == {"reading", "keyword_ready", "ready"}
    assert sum(step.file == 1 for step in steps) > 5


def test_a_file_that_vanishes_meanwhile_is_told(library: Library, folder: Path) -> None:
    write(folder, "a.txt", TEXT)
    second = write(folder, "b.txt", CHANGED)
    report = library.add(folder, progress=lambda step: second.unlink(missing_ok=True))
    assert [outcome.status for outcome in report.outcomes] == ["added", "unreadable"]
    assert "b.txt does not exist" in report.outcomes[1].message


def test_large_files_are_read_last_and_told_in_their_places(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, size in (("a-large.txt", 1_000_100), ("b.txt", 50), ("c-larger.txt", 1_000_200), ("d.txt", 60)):
        (folder / name).write_text(f"{name}\n" + "\n" * size)
    read: list[str] = []
    report = library.add(folder, progress=lambda step: read.append(Path(step.path).name) if step.state == "reading" else None, wait=False)
    assert list(dict.fromkeys(read)) == ["b.txt", "d.txt", "a-large.txt", "c-larger.txt"]
    assert [outcome.document for outcome in report.outcomes] == ["a-large.txt", "b.txt", "c-larger.txt", "d.txt"]
