"""`rag`: what it prints where, and how it ends."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from rag import Answer, DocumentRecord, Library, Outcome, Passage
from rag.embedding.protocol import Embedder
from tests import documents
from tests.chat_server import ChatServer
from tests.page_server import ApiServer
from ui.commands.cli import app, main

RAG = Path(sys.executable).with_name("rag")
QUESTION = "Within how many days may I return an item?"
LEAVE_OUT = {"password"}
"""Of a record, never printed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished command."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ended]


def in_a_process(*arguments: str | Path, **variables: str) -> Ended:
    """Run the installed command."""
    done = subprocess.run(
        [RAG, *arguments],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, minilm: Embedder) -> Run:
    """Run a command in this process, which has the model's libraries loaded, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
        except SystemExit as end:
            status = end.code
        else:
            status = 0
        out, err = capsys.readouterr()
        assert isinstance(status, int)
        return Ended(status, out, err)

    return run


@pytest.fixture
def filled(run: Run, tmp_path: Path) -> Path:
    """A library with three documents, two of one name, made by the command."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.txt").write_text(f"The notes of folder {folder} speak of harbours.")
    (tmp_path / "labels.pdf").write_bytes(documents.labelled_pdf())
    assert run("add", "a", "b", "labels.pdf", "--library", "made").status == 0
    return tmp_path / "made"


def names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)} - LEAVE_OUT


@pytest.mark.soak  # the README's commands are run in any case
def test_the_installed_command_adds_searches_and_answers(tmp_path: Path, minilm: Embedder) -> None:
    (tmp_path / "policy.txt").write_text("An item may be returned within 30 days of delivery. Shipping is free.", encoding="utf-8")
    (tmp_path / "größe.pdf").write_bytes(documents.scanned_pdf())
    added = in_a_process("add", tmp_path / "policy.txt", tmp_path / "größe.pdf", "--json", RAG_LIBRARY=str(tmp_path / "made"), LC_ALL="C")
    assert added.status == 1  # the scan has no text
    assert {line["document"]: line["status"] for line in added.lines} == {"policy.txt": "added", "größe.pdf": "no_text"}
    assert all(set(line) == names(Outcome) for line in added.lines)
    assert added.err == ""

    listed = in_a_process("list", "--json", "--library", tmp_path / "made")
    assert (listed.status, listed.err) == (0, "")
    assert set(listed.lines[0]) == names(DocumentRecord) | {"kind", "state", "ocr_share"}

    answered = in_a_process("ask", QUESTION, RAG_LIBRARY=str(tmp_path / "made"), LC_ALL="C")
    assert answered.status == 0
    assert answered.out.startswith("“An item may be returned within 30 days of delivery.” [1]\n")
    assert answered.out.rstrip().endswith("[1] policy.txt\n    supported: “An item may be returned within 30 days of delivery.”")
    assert "RAG_CHAT_BASE_URL" in answered.err


def test_help_lists_the_commands(run: Run) -> None:
    ended = run("--help")
    for command in ("add", "list", "remove", "search", "ask", "serve"):
        assert re.search(rf"^[│\s]*{command}\s", ended.out, re.MULTILINE)


@pytest.mark.parametrize(
    "arguments", [("frobnicate",), ("add",), ("ask",), ("search", "x", "-k", "0"), ("list", "--frob"), ("serve", "--port", "99999")]
)
def test_wrong_use_ends_with_two(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert "Usage" in ended.err


def test_a_setting_out_of_range_is_wrong_use(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_TOP_K", "0")
    ended = run("list")
    assert (ended.status, ended.out) == (2, "")
    assert "RAG_TOP_K" in ended.err
    assert "'0'" in ended.err


@pytest.mark.parametrize("arguments", [("list",), ("remove", "x"), ("search", "x"), ("ask", "x"), ("reindex",)])
def test_a_library_that_is_not_there_is_told_and_not_made(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments, "--library", "nowhere")
    assert (ended.status, ended.out) == (1, "")
    assert "There is no library at nowhere" in ended.err
    assert not (tmp_path / "nowhere").exists()


def test_adding_tells_what_became_of_each_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("Good words.")
    (tmp_path / "b[red]ad.pdf").write_bytes(b"")
    ended = run("add", "good.txt", "b[red]ad.pdf", "--library", "made")
    assert ended.status == 1
    assert re.search(r"added\s+good\.txt", ended.out)
    assert re.search(r"unreadable\s+b\[red\]ad\.pdf.*0 bytes", ended.out)
    assert "1 of 2 files are searchable." in ended.err
    assert run("add", "good.txt", "--library", "made").status == 0
    assert run("add", "gone.txt", "--library", "made").status == 1


def test_passwords_are_taken(run: Run, tmp_path: Path) -> None:
    (tmp_path / "vault.pdf").write_bytes(documents.encrypted_pdf(password="sesame"))
    assert run("add", "vault.pdf", "--library", "made", "--json").lines[0]["status"] == "needs_password"
    ended = run("add", "vault.pdf", "--library", "made", "--json", "--password", "wrong", "--password", "sesame")
    assert (ended.status, ended.lines[0]["status"]) == (0, "added")
    assert "sesame" not in run("list", "--json", "--library", "made").out
    with Library.open("made") as library:
        (record,) = library.documents()
    assert record.password == "sesame"
    assert "sesame" not in f"{record!r} {record}"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_passwords_are_taken_from_files(run: Run, tmp_path: Path, ending: str) -> None:
    (tmp_path / "vault.pdf").write_bytes(documents.encrypted_pdf(password="open sesame "))
    (tmp_path / "wrong").write_text("sesame")
    (tmp_path / "right").write_text(f"open sesame {ending}", newline="")
    ended = run("add", "vault.pdf", "--library", "made", "--json", "--password-file", "wrong", "--password-file", "right")
    assert (ended.status, ended.lines[0]["status"]) == (0, "added")


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"", "holds no password"), (b"\n", "holds no password"), (b"\xff\xfe", "not UTF-8 text")]
)
def test_a_file_that_holds_no_password_is_wrong_use(run: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    ended = run("add", "vault.pdf", "--library", "made", "--password-file", "key")
    assert ended.status == 2
    assert said in " ".join(re.sub("[^ -~]", " ", ended.err).split())
    assert not (tmp_path / "made").exists()


def test_a_password_is_asked_for(tmp_path: Path, minilm: Embedder) -> None:
    from typer.testing import CliRunner

    (tmp_path / "vault.pdf").write_bytes(documents.encrypted_pdf(password="sesame"))
    arguments = ["add", str(tmp_path / "vault.pdf"), "--library", str(tmp_path / "made"), "--ask-password"]
    ended = CliRunner().invoke(app, arguments, input="sesame\n")
    assert ended.exit_code == 0
    assert "Password" in ended.stderr
    assert "sesame" not in ended.output


def test_documents_are_listed_and_removed(run: Run, filled: Path) -> None:
    table = run("list", "--library", filled)
    assert (table.status, table.err) == (0, "")
    assert table.out.count("notes.txt") == 2
    assert re.search(r"labels\.pdf\s+5\s+5\s", table.out)

    ids = [line["id"] for line in run("list", "--library", filled, "--json").lines]
    both = run("remove", "notes.txt", "--library", filled)
    assert both.status == 1
    assert ids[0][:12] in both.err
    mixed = run("remove", ids[0][:8], "nothing.txt", "labels.pdf", "--library", filled)
    assert (mixed.status, mixed.out) == (1, "")
    assert "Removed notes.txt." in mixed.err
    assert "'nothing.txt'" in mixed.err
    assert "Removed labels.pdf." in mixed.err
    assert run("remove", "notes.txt", "--library", filled).status == 0
    empty = run("list", "--library", filled)
    assert (empty.status, empty.out) == (0, "")
    assert "empty" in empty.err
    assert (run("search", "x", "--library", filled).status, run("ask", "x", "--library", filled).status) == (1, 1)


def test_headings_are_named_under_a_passage_and_a_footnote(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shop.md").write_text("# Returns\n\n## Refunds\n\nYour money comes back within five days of the return.", encoding="utf-8")
    assert run("add", "shop.md", "--library", "made").status == 0
    question = "When does my money come back after a return?"
    assert re.search(r"^1 +shop\.md .*\n   Returns( > Refunds)?\n", run("search", question, "--library", "made").out)
    assert re.search(r"^\[1\] shop\.md\n    Returns > Refunds\n", run("ask", question, "--library", "made").out, re.MULTILINE)


def test_a_search_prints_passages(run: Run, filled: Path) -> None:
    ended = run("search", "harbours", "--library", filled, "-k", "2", "--json")
    assert (ended.status, ended.err) == (0, "")
    assert [line["rank"] for line in ended.lines] == [1, 2]
    assert set(ended.lines[0]) == names(Passage)
    assert {line["document"] for line in ended.lines} == {"notes.txt"}
    shown = run("search", "Second chapter", "--library", filled, "--document", "labels.pdf", "-k", "1")
    assert re.match(r"1 +labels\.pdf, page 4 \(printed 2\) +score \d\.\d{3}\n +Second chapter\n", shown.out)
    unknown = run("search", "x", "--library", filled, "--document", "nothing.pdf")
    assert (unknown.status, unknown.out) == (1, "")
    assert "nothing.pdf" in unknown.err
    assert run("search", "  ", "--library", filled).status == 1


def test_an_answer_is_printed_as_json(run: Run, sample_library: Path) -> None:
    ended = run("ask", QUESTION, "--library", sample_library, "--json")
    (line,) = ended.lines
    assert ended.status == 0
    assert set(line) == names(Answer)
    assert (line["model"], line["finish"]) == ("extractive", "complete")
    assert set(line["citations"][0]["passage"]) == names(Passage)
    assert "30 days" in line["text"]


def test_an_answer_that_is_not_there_ends_with_one(run: Run, sample_library: Path) -> None:
    ended = run("ask", "Which planets have rings?", "--library", sample_library)
    assert ended.status == 1
    assert ended.out.startswith("Not found in your documents.")
    footnotes = ended.out.split("\n[")[1:]
    assert footnotes
    assert all(re.search(r"\n    “.+”\s*$", footnote) for footnote in footnotes)  # the text of each passage


def test_a_chat_model_writes_on_the_command_line(
    run: Run, sample_library: Path, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_CHAT_BASE_URL", chat_server.url())
    chat_server.reply = lambda messages: "An item may be returned within 30 days of delivery [1]. Or [bold]not[/bold] [17]."
    ended = run("ask", QUESTION, "--library", sample_library)
    assert (ended.status, ended.err) == (0, "")
    assert re.match(
        r"An item may be returned within 30 days of delivery\[1\]\. Or \[bold\]not\[/bold\]\.\n\n\[1\] \S+\n +supported: “",
        ended.out,
    )
    monkeypatch.setenv("RAG_CHAT_BASE_URL", chat_server.url("/401/v1"))
    failed = run("ask", QUESTION, "--library", sample_library)
    assert (failed.status, failed.out) == (1, "")
    assert "needs a key (401)" in failed.err
    monkeypatch.setenv("RAG_CHAT_BASE_URL", chat_server.url("/no-finish/v1"))
    assert run("ask", QUESTION, "--library", sample_library).status == 1


def test_a_library_in_use_is_told(run: Run, filled: Path) -> None:
    with Library.open(filled):
        ended = run("list", "--library", filled, "--wait", "0.01")
    assert (ended.status, ended.out) == (3, "")
    assert "is in use by" in ended.err
    assert str(os.getpid()) in ended.err
    assert all("--wait" in run(command, "--help").out for command in ("add", "list", "serve", "doctor", "map"))


def test_commands_speak_to_the_server_that_holds_the_library(run: Run, filled: Path, minilm: Embedder, tmp_path: Path) -> None:
    commands = (["list"], ["list", "--json"], ["search", QUESTION, "-k", "2"], ["ask", QUESTION], ["map", "-o", tmp_path / "map.html"])
    alone = [run(*command, "--library", filled) for command in commands]
    with Library.open(filled, embedder=minilm) as library, ApiServer(library) as server:
        library.announce(server.url)
        assert [run(*command, "--library", filled) for command in commands] == alone
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "ferry.txt").write_text("The ferry leaves at seven.")
        added = run("add", tmp_path / "docs", tmp_path / "gone.txt", "--library", filled)
        assert (added.status, sorted(line.split()[0] for line in added.out.splitlines())) == (1, ["added", "unreadable"])
        assert str(tmp_path / "docs" / "ferry.txt") in library.document("ferry.txt").sources
        assert run("remove", "ferry.txt", "--library", filled).err.startswith("Removed ferry.txt.")
        (filled / "holder.json").write_text(json.dumps({"url": server.url, "token": "wrong"}))
        assert "for programs of the same user" in run("add", tmp_path / "docs", "--library", filled).err


def test_a_text_is_checked_sentence_by_sentence(run: Run, sample_library: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.md"
    draft.write_text("You may return an item within 30 days of delivery. You may return an item within 90 days of delivery.")
    ended = run("check", draft, "--library", sample_library)
    assert (ended.status, ended.err) == (1, "1 of 2 sentences are supported; 1 unsupported.\n")
    assert [line.split()[0] for line in ended.out.splitlines() if not line.startswith(" ")] == ["supported", "unsupported"]
    assert "[1] returns-policy.txt: “" in ended.out
    assert "gone.md" in run("check", tmp_path / "gone.md", "--library", sample_library).err


def test_a_command_waits_for_another_to_end(run: Run, filled: Path) -> None:
    with Library.open(filled) as library:
        ending = threading.Timer(0.3, library.close)
        ending.start()
        assert run("list", "--library", filled, "--wait", "30").status == 0
        ending.join()


def test_another_chunk_size_is_told_and_brought_over(run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Nothing to do" in run("reindex", "--library", filled).err
    monkeypatch.setenv("RAG_CHUNK_TOKENS", "64")
    listed = run("list", "--library", filled)
    told = "3 documents need to be re-indexed (they were indexed with different settings). Run `rag reindex`.\n"
    assert (listed.out, listed.err) == ("", told)
    for command in ("search", "ask"):
        ended = run(command, "harbours", "--library", filled)
        assert (ended.status, (ended.out + ended.err).replace("\n", " ").strip()) == (1, told.strip())
    ended = run("reindex", "--library", filled, "--json")
    assert (ended.status, [line["status"] for line in ended.lines]) == (0, ["added"] * 3)
    assert run("search", "harbours", "--library", filled).status == 0
