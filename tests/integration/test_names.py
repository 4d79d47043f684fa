"""Names, titles and headings that others chose: they break no list, steer no terminal, and stay apart."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rag import DocumentNotFoundError, Library
from rag.embedding.protocol import Embedder
from tests import documents
from ui.commands.cli import main
from ui.rendering.html import render

LATIN_1 = [b"r\xe9sum\xe9.txt", b"r\xeasum\xea.txt"]
RED, OVERRIDE = "\x1b[31m", "\u202e"
NASTY = [f"{RED}red.txt", "two\nlines.txt", f"invoice{OVERRIDE}fdp.txt", "bell\a\x9b2J.txt", "tab\t\u2028.txt", "\u2067isolate.txt"]
HARMLESS = ["�[31mred.txt", "two�lines.txt", "invoicefdp.txt", "bell��2J.txt", "tab��.txt", "isolate.txt"]
FINE = ["é" * 125 + ".txt", "👩‍👩‍👧 family.txt", "e\u0301te\u0301.txt", "שלום.txt", "مرحبا (1).txt", "नमस्ते.txt", " blank .txt", "-rf.txt"]


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, minilm: Embedder) -> Run:
    """Run a command on the library `made`, or another one; gives status, output and errors."""

    def run(*arguments: str | Path, library: str | Path = tmp_path / "made") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, arguments), "--library", str(library)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    return run


def made(folder: Path, names: Sequence[str | bytes]) -> Path:
    """A folder with a file of each name, each with words of its own."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        (folder / os.fsdecode(name)).write_text(f"The mill number {number} closes at noon.\n", encoding="utf-8")
    return folder


def test_names_that_are_not_utf_8_are_added_and_break_nothing_later(library: Library, tmp_path: Path) -> None:
    folder = made(tmp_path / "in", LATIN_1)
    assert [outcome.status for outcome in library.add(folder).outcomes] == ["added", "added"]
    assert [outcome.status for outcome in library.add(made(tmp_path / "other", ["mill.txt"])).outcomes] == ["duplicate"]
    assert [outcome.status for outcome in library.add(folder).outcomes] == ["unchanged", "unchanged"]

    records = library.documents()
    assert [record.name for record in records] == ["r�sum�.txt"] * 2
    assert not set(records[0].sources) & set(records[1].sources)
    (folder / os.fsdecode(LATIN_1[0])).write_text("The mill is for sale.\n", encoding="utf-8")
    assert sorted(outcome.status for outcome in library.add(folder).outcomes) == ["replaced", "unchanged"]
    assert len(library.documents()) == 3  # the file that became another one, the other one, and mill.txt's own bytes
    for record in library.documents():
        library.pages.original(record.id).unlink()
    library.repair()  # from where they came from
    assert library.damaged_copies() == []
    assert "for sale" in library.ask("Is the mill for sale?").text


def test_a_pdf_and_a_refused_file_may_have_such_names_too(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / os.fsdecode(b"pl\xe5n.pdf")).write_bytes(documents.plain_pdf("The plan has three parts."))
    (folder / os.fsdecode(b"empty\xe5.txt")).touch()
    (folder / os.fsdecode(b"link\xe5.txt")).symlink_to("nowhere")
    (folder / os.fsdecode(b"what\xe5.xyz")).write_bytes(b"\0")
    outcomes = {outcome.document: outcome for outcome in library.add(folder).outcomes}
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "pl�n.pdf": "added",
        "empty�.txt": "unreadable",
        "link�.txt": "unreadable",
        "what�.xyz": "unsupported",
    }
    for outcome in outcomes.values():
        assert outcome.message.encode()
    assert library.pages.image(outcomes["pl�n.pdf"].document_id, 1).startswith(b"\x89PNG")


def test_the_command_line_goes_on_working_after_such_a_name(run: Run, tmp_path: Path) -> None:
    folder = made(tmp_path / "in", [*LATIN_1, b"mill.txt"])
    status, out, _ = run("add", folder, "--json")
    assert status == 0
    paths = [json.loads(line)["path"] for line in out.splitlines()]
    assert sorted(map(os.fsencode, paths)) == sorted(os.fsencode(folder) + b"/" + name for name in [*LATIN_1, b"mill.txt"])
    assert run("add", folder)[0] == 0
    status, out, _ = run("list")
    assert (status, out.count("r�sum�.txt")) == (0, 2)
    assert [json.loads(line)["name"] for line in run("list", "--json")[1].splitlines()].count("r�sum�.txt") == 2
    assert run("search", "When does the mill close?\udce9")[0] == 0
    assert run("remove", "mill.txt")[0] == 0
    assert run("remove", os.fsdecode(LATIN_1[0]))[0] == 1  # two have that name
    assert run("add", folder / os.fsdecode(LATIN_1[0]), folder / os.fsdecode(b"g\xf6ne.txt"))[0] == 1


def test_names_that_steer_a_terminal_are_shown_harmless(run: Run, tmp_path: Path) -> None:
    folder = made(tmp_path / "in", NASTY)
    said = [run("add", folder), run("list"), run("search", "mill"), run("ask", "When does mill number 2 close?")]
    for _, out, err in said:
        assert not {RED, OVERRIDE, "\a", "\x9b", "\u2028", "\u2067"} & set(out + err)
        assert "\x1b" not in out + err
    for name in HARMLESS:
        assert name in said[0][1]
        assert name in said[1][1]
    printed = run("list", "--json")[1]
    assert all(character.isprintable() or character == "\n" for character in printed)
    sources = [json.loads(line)["sources"][0] for line in printed.splitlines()]
    assert sorted(sources) == sorted(str(folder / name) for name in NASTY)
    assert run("remove", NASTY[0])[0] == 0  # as it is called on disk


def test_names_that_are_only_unusual_stay_as_they_are(library: Library, tmp_path: Path) -> None:
    assert library.add(made(tmp_path / "in", FINE)).all_searchable
    assert {record.name for record in library.documents()} == set(FINE)
    assert all(library.document(name).name == name for name in FINE)


def test_titles_headings_and_words_of_a_document_are_shown_harmless(run: Run, tmp_path: Path) -> None:
    words = f"# The {OVERRIDE}mill\n\n## {RED}Hours\n\nThe mill {OVERRIDE}closes{RED} at noon.\n"
    (tmp_path / "mill.md").write_text(words, encoding="utf-8")
    assert run("add", tmp_path / "mill.md")[0] == 0
    for command in ("search", "ask"):
        _, out, err = run(command, "When does the mill close?")
        assert "The mill closes" in out
        assert not set(out + err) & {OVERRIDE, "\x1b"}
    (record,) = [json.loads(line) for line in run("list", "--json")[1].splitlines()]
    assert record["title"] == "The mill"


def test_the_page_shows_no_character_that_turns_the_direction() -> None:
    html = render("settings.html", rows={f"a{OVERRIDE}b": "c\u2066d\x1be"})
    assert "ab" in html
    assert "cd�e" in html


@pytest.mark.parametrize(
    ("given", "name"),
    [("../../etc/passwd.txt", "passwd.txt"), ("C:\\temp\\a.txt", "a.txt"), ("a/b.txt", "b.txt"), (f"x{OVERRIDE}txt.md", "xtxt.md")],
)
def test_an_upload_has_a_name_and_no_place(library: Library, tmp_path: Path, given: str, name: str) -> None:
    path = made(tmp_path / "in", ["any"]) / "any"
    outcome = library.add_upload(path, given)
    assert (outcome.status, outcome.document) == ("added", name)
    assert library.document(name).sources == (f"upload:{name}",)


@pytest.mark.parametrize("given", ["", " \n", "..", ".", "a/..", "b/", OVERRIDE])
def test_an_upload_without_a_name_is_refused(library: Library, tmp_path: Path, given: str) -> None:
    path = made(tmp_path / "in", ["any"]) / "any"
    with pytest.raises(ValueError, match="name"):
        library.add_upload(path, given)
    assert library.documents() == []


def test_an_empty_path_is_refused_and_the_current_folder_is_not(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made(tmp_path / "in", ["mill.txt"]))
    for status, _, err in (run("add", ""), run("add", "mill.txt", " "), run("list", library="")):
        assert status == 2
        assert "is empty" in err
    assert not (tmp_path / "made").exists()
    assert run("add", ".")[0] == 0
    assert "mill.txt" in run("list")[1]


def test_an_empty_path_is_an_error_in_python_too(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made(tmp_path / "in", ["mill.txt"]))
    for given in ("", " ", ["mill.txt", ""]):
        with pytest.raises(ValueError, match="empty"):
            library.add(given)
    assert library.documents() == []
    assert library.add(".").all_searchable
    with pytest.raises(DocumentNotFoundError):
        library.document("")
