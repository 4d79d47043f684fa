"""What a program that builds on the library may bring and take away: functions, formats, files, values that show themselves."""

import asyncio
import json
import sqlite3
import threading
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rag
from rag import Answer, ChatFunctionError, Library, LibraryError, NewerSchemaError, Progress, Settings, UnreadableFileError
from rag.evaluating import Question, evaluate
from rag.formats import registry
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder, NamedWords
from tests.lines_format import LINES

Messages = list[dict[str, str]]
FERRY = "The ferry leaves at noon."
QUESTION = "When does the ferry leave?"


def opened(folder: Path, chat_model: Any) -> Library:
    library = Library(folder, Settings(), embedder=BagOfWordsEmbedder(), chat_model=chat_model)
    library.add_text(FERRY, "ferries")
    return library


def pieces(messages: Messages) -> Iterator[str]:
    yield from ("The ferry leaves ", "at noon [1].")


async def awaited(messages: Messages) -> str:
    await asyncio.sleep(0)
    return "The ferry leaves at noon [1]."


async def async_pieces(messages: Messages) -> AsyncIterator[str]:
    for piece in pieces(messages):
        yield piece


def failing(messages: Messages) -> str:
    raise KeyError("no such model")


def failing_late(messages: Messages) -> Iterator[str]:
    yield "The ferry "
    raise RuntimeError("out of memory")


def wordless(messages: Messages) -> Any:
    return None


def test_a_function_writes_the_answers(tmp_path: Path) -> None:
    seen: list[Messages] = []

    def whole(messages: Messages) -> str:
        seen.append(messages)
        return "The ferry leaves at noon [1]."

    with opened(tmp_path / "library", whole) as library:
        answer = library.ask(QUESTION)
        assert (answer.text, answer.model, answer.finish) == ("The ferry leaves at noon[1].", "whole", "complete")
        assert answer.citations[0].verdict == "supported"
        assert {message["role"] for message in seen[0]} == {"system", "user"}
    for number, function in enumerate((pieces, awaited, async_pieces)):
        with opened(tmp_path / str(number), function) as library:
            grown = asyncio.run(all_of(library))
            assert [each.text for each in grown[-1:]] == ["The ferry leaves at noon[1]."]
            assert len(grown) > 2 or function is awaited


async def all_of(library: Library) -> list[Answer]:
    return [answer async for answer in library.stream(QUESTION)]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (failing, "The chat function failing failed: KeyError: 'no such model'"),
        (failing_late, "failing_late failed: RuntimeError: out of memory"),
        (wordless, r"gave a NoneType\. It takes a list of messages, and returns the answer as a str"),
        (lambda: "no parameter", "TypeError"),
    ],
)
def test_a_function_that_fails_is_a_clear_error(tmp_path: Path, function: Callable[..., Any], said: str) -> None:
    with opened(tmp_path, function) as library, pytest.raises(ChatFunctionError, match=said):
        library.ask(QUESTION)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"chat_model": "gpt"}, "must be a function such as"),
        ({"chat_model": Settings}, "not Settings"),
        ({"embedder": BagOfWordsEmbedder}, r"embedder=BagOfWordsEmbedder\(\.\.\.\)"),
        ({"embedder": len}, "has no identity, max_tokens"),
        ({"reranker": len}, "has no identity, scores"),
        ({"settings": {"top_k": 3}}, r"rag\.Settings"),
        ({"folder": 3}, "folder must be a str or a Path"),
    ],
)
def test_parts_of_another_kind_are_refused(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Library(**{"folder": tmp_path, **given})


def test_vectors_that_are_not_of_unit_length_are_refused_with_the_fix(open_library: OpenLibrary) -> None:
    class Long(BagOfWordsEmbedder):
        def embed_query(self, text: str) -> Any:
            return 3 * super().embed_query(text)

    with pytest.raises(rag.EmbeddingError, match=r"length 3; it must be 1.*np\.linalg\.norm"):
        open_library(embedder=Long()).add_text("x", "x")


def test_an_installed_package_brings_a_format(tmp_path: Path, open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "lines-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: lines\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[footnote.formats]\nlines = tests.lines_format:LINES\nno = tests.lines_format:os\ngone = nothing:X\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry.register_installed.cache_clear()
    try:
        library = open_library()
        assert library.add_bytes(b"LINES\nThe mill closes at six.\n", "hours.lines").status == "added"
        assert library.document("hours.lines").media_type == LINES.media_type
    finally:
        registry.FORMATS.remove(LINES)


def test_a_library_goes_through_one_file(open_library: OpenLibrary, tmp_path: Path) -> None:
    library, file = open_library(), tmp_path / "library.zip"
    library.add_text(FERRY, "crm/ferries", metadata={"year": 2022, "tags": ["a"]})
    library.add_text("The mill closes at six.", "mill.md")
    (tmp_path / "later.txt").write_text("The bakery opens at five.")
    library.add(tmp_path / "later.txt", wait=False)
    with sqlite3.connect(tmp_path / "library" / "conversations.sqlite3") as conversations:
        conversations.execute("CREATE TABLE turns (id TEXT PRIMARY KEY)")
        conversations.execute("INSERT INTO turns VALUES ('one')")
    conversations.close()
    library.export(file)

    other = open_library("other")
    assert [each.status for each in other.import_(file).outcomes] == ["added"] * 3
    assert [each.name for each in other.documents()] == ["ferries", "mill.md", "later.txt"]
    assert other.documents()[:2] == library.documents()[:2]
    assert other.retrieve(QUESTION, top_k=1) == library.retrieve(QUESTION, top_k=1)
    assert other.document("later.txt").state == "ready"
    assert other.pages.text("ferries", 1) == FERRY
    assert {each.state for each in other.examine()} <= {"ok", "warning"}
    copied = sqlite3.connect(tmp_path / "other" / "conversations.sqlite3")
    assert copied.execute("SELECT id FROM turns").fetchall() == [("one",)]
    copied.execute("INSERT INTO turns VALUES ('two')")
    copied.commit()

    with pytest.raises(LibraryError, match=r"has documents already \(3\)"):
        other.import_(file)
    assert {each.status for each in other.import_(file, merge=True).outcomes} == {"unchanged"}
    assert copied.execute("SELECT id FROM turns ORDER BY id").fetchall() == [("one",), ("two",)]
    copied.close()


def test_what_is_added_while_a_library_is_exported_comes_after_that(library: Library, tmp_path: Path, open_library: OpenLibrary) -> None:
    for number in range(3):
        library.add_text(f"{FERRY} {number}", f"ferries/{number}")
    adding = [threading.Thread(target=library.add_text, args=(f"Late {number}.", f"late/{number}")) for number in range(2)]

    def meanwhile(step: Progress) -> None:
        assert library.retrieve(QUESTION)
        if step.file < 3:
            adding[step.file - 1].start()

    library.export(tmp_path / "library.zip", progress=meanwhile)
    for thread in adding:
        thread.join()
    assert len(library.documents()) == 5
    other = open_library("other")
    assert other.import_(tmp_path / "library.zip").all_searchable
    assert [each.name for each in other.documents()] == ["0", "1", "2"]


def test_an_export_of_another_model_is_embedded_again(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library()
    library.add_text(FERRY, "ferries", metadata={"year": 2022})
    library.export(tmp_path / "library.zip")
    other = open_library("other", embedder=NamedWords("b"))
    assert other.import_(tmp_path / "library.zip").all_searchable
    assert (other.document("ferries").metadata, other.vectors().embeddings.shape) == ({"year": 2022}, (1, 129))


def test_bad_exports_change_nothing(library: Library, tmp_path: Path) -> None:
    library.add_text(FERRY, "ferries")
    library.export(tmp_path / "library.zip")
    library.remove("ferries")
    with zipfile.ZipFile(tmp_path / "library.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    def changed(end: str, content: bytes) -> Path:
        with zipfile.ZipFile(tmp_path / "changed.zip", "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, content if name.endswith(end) else part)
        return tmp_path / "changed.zip"

    about = json.loads(parts["footnote.json"])
    for newer in ({**about, "layout": 2}, {**about, "schemas": {"chunks": 99}}):
        with pytest.raises(NewerSchemaError, match="newer version"):
            library.import_(changed("footnote.json", json.dumps(newer).encode()))
    for content in (b"", b"[]", b"{}"):
        with pytest.raises(UnreadableFileError, match="was not made by"):
            library.import_(changed("footnote.json", content))
    (tmp_path / "a.zip").write_bytes(b"PK no")
    for file in (tmp_path / "a.zip", tmp_path / "none.zip", tmp_path):
        with pytest.raises(UnreadableFileError):
            library.import_(file)
    with pytest.raises(rag.StorageError, match="could not be exported"):
        library.export(tmp_path / "no folder" / "library.zip")
    for end, content in (("/file", b"The ferry leaves at nine."), ("record.json", b"{}"), ("record.json", b"no")):
        assert [each.status for each in library.import_(changed(end, content)).outcomes] == ["unreadable"]
        assert not library.documents()
    assert library.import_(changed("vectors.npy", b"no")).all_searchable  # made anew


def test_values_show_themselves(library: Library) -> None:
    library.add_text("The <b>ferry</b> leaves at noon.", "a|b.txt", metadata={"year": 2022})
    answer, found = library.ask(QUESTION), library.retrieve(QUESTION)
    assert repr(answer).startswith("<Answer complete, 1 citation: '“The <b>ferry</b> leaves")
    assert repr(found) == "<1 passage of a|b.txt>"
    assert repr(library) == f"<Library {str(library.folder)!r}>"
    for value in (answer, found, library):
        shown = getattr(value, "_repr_markdown_")()  # noqa: B009 - a list as mypy knows it
        assert "\n" not in repr(value)
        assert "<b>" not in shown
        assert "a\\|b.txt" in shown
    assert "| year=2022 |" in library._repr_markdown_()


def test_a_library_is_evaluated_by_a_program(library: Library) -> None:
    library.add_text(FERRY, "ferries")
    done: list[int] = []
    evaluation = evaluate(library, [Question("1", QUESTION, ())], top_k=1, progress=lambda number, count: done.append(number))
    assert (len(evaluation.rows), done) == (1, [1])


def test_names_and_types_are_there_for_editors() -> None:
    assert {"Library", "connect", "Filters", "__version__"} <= set(dir(rag))
    assert rag.__version__[0].isdigit()
    assert (Path(rag.__file__).parent / "py.typed").exists()


def test_many_texts_are_embedded_once_each(library: Library) -> None:
    shares: list[float] = []
    vectors = library.embed([f"line {number % 100}" for number in range(1000)], progress=shares.append)
    assert vectors.shape == (1000, 256)
    assert shares[-1] == 1
    np.testing.assert_array_equal(vectors[:100], vectors[900:])
    assert library.embed([]).shape == (0, 0)
