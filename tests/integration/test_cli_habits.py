"""`rag`: what people are used to from other commands."""

import io
import os
import re
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rag
from rag import Library
from rag.storing.lock import holder
from tests import documents
from tests.chat_server import ChatServer
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from tests.integration.test_cli import Ended, Run, run
from tests.page_server import ApiServer
from ui.commands.terminal import out

__all__ = ["run"]  # a fixture

QUESTION = "Within how many days may I return an item?"
ANSWER = "You may return an item within 30 days of delivery"

Pipe = Callable[[str | bytes], None]


class Screen(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    """Puts words into standard input."""

    def fill(words: str | bytes) -> None:
        typed = words.encode() if isinstance(words, str) else words
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), encoding="utf-8"))

    return fill


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Path]:
    """The folder of a library that a server holds: commands are its clients, which load nothing."""
    folder = tmp_path_factory.mktemp("served") / "library"
    with Library.open(folder, embedder=BagOfWordsEmbedder()) as library, ApiServer(library) as server:
        library.add([samples / "returns-policy.txt", samples / "workshop-faq.md"])
        library.announce(server.url)
        yield folder


@pytest.fixture
def made(open_library: OpenLibrary) -> Iterator[Path]:
    """The same, empty."""
    library = open_library("made")
    with ApiServer(library) as server:
        library.announce(server.url)
        yield library.folder


@pytest.fixture
def screen(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command on a terminal of so many columns; what it shows there."""

    def shown(columns: int, *arguments: str | Path) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal := Screen())
            patch.setenv("COLUMNS", str(columns))
            patch.setattr(out, "_width", None)  # what it saw of the environment when it was imported
            patch.setenv("NO_COLOR", "1")
            run(*arguments)
        return terminal.getvalue()

    return shown


def test_the_command_alone_says_what_to_do_first(run: Run, served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = run()
    assert (ended.status, ended.err) == (0, "")
    assert "Begin with `rag add PATH`" in ended.out
    assert len(ended.out.splitlines()) < 15
    monkeypatch.setenv("RAG_LIBRARY", str(served))
    assert f"Your library is {served}." in run().out


def test_help_version_and_statuses(run: Run) -> None:
    assert run("-h").out == run("--help").out
    assert run("ask", "-h").out == run("ask", "--help").out
    assert run("--version").out == run("-V").out == "Footnote 0.1.0\n"
    told = " ".join(run("-h").out.split())
    assert all(status in told for status in ("0 done", "1 nothing found", "2 wrong usage", "3 another command holds", "130 stopped"))


@pytest.mark.parametrize(
    ("arguments", "meant"), [(("serch", "x"), "'search'"), (("list", "--jsno"), "--json"), (("check", "x", "--fail-on", "no"), "'nothing'")]
)
def test_what_is_mistyped_is_suggested(run: Run, arguments: tuple[str, ...], meant: str) -> None:
    ended = run(*arguments)
    assert ended.status == 2
    assert meant in ended.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete(run: Run, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_RAG_COMPLETE", f"complete_{shell}")
    for name, value in {"COMP_WORDS": "rag cha", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "rag cha"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    completed = run().out
    assert "chat" in completed
    assert "serve" not in completed


def test_questions_need_no_quotation_marks_and_come_from_pipes(run: Run, pipe: Pipe, served: Path) -> None:
    quoted = run("ask", QUESTION, "--library", served)
    assert ANSWER in quoted.out
    assert run("ask", "--library", served, *QUESTION.split()) == quoted
    pipe(f"{QUESTION}\n")
    assert run("ask", "-", "--library", served) == quoted
    pipe(b"\xef\xbb\xbf" + QUESTION.encode())
    assert run("search", "-", "--library", served).out == run("search", QUESTION, "--library", served).out


def test_standard_input_is_added_under_a_name(run: Run, pipe: Pipe, made: Path, tmp_path: Path) -> None:
    pipe("The ferry leaves at seven.")
    added = run("add", "-", "--name", "ferry.txt", "--library", made, "--json")
    assert (added.status, [(line["document"], line["status"]) for line in added.lines]) == (0, [("ferry.txt", "added")])
    (tmp_path / "quay.txt").write_text("Ships moor at the quay.", encoding="utf-8")
    pipe(documents.labelled_pdf())
    assert run("add", "quay.txt", "-", "--name", "labels.pdf", "--library", made).status == 0
    pipe("The ferry leaves at eight.")
    assert run("add", "-", "--name", "ferry.txt", "--library", made, "--json").lines[0]["status"] == "replaced"
    assert {line["name"] for line in run("list", "--library", made, "--json").lines} == {"ferry.txt", "quay.txt", "labels.pdf"}
    for wrong in (("add", "-"), ("add", "quay.txt", "--name", "x.txt"), ("add", "-", "--name", "..")):
        assert run(*wrong, "--library", made).status == 2


def test_a_tilde_is_the_home_folder(run: Run, served: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(served.parent))
    assert len(run("list", f"--library=~/{served.name}", "--json").lines) == 2
    assert "no such user" in " ".join(re.sub("[^ -~]", " ", run("list", "--library=~nobody-of-this-name/x").err).split())


def test_a_name_is_found_however_its_accents_are_written(run: Run, made: Path, tmp_path: Path) -> None:
    decomposed, composed = (unicodedata.normalize(form, "fähre.txt") for form in ("NFD", "NFC"))
    (tmp_path / "Häfen").mkdir()
    (tmp_path / "Häfen" / decomposed).write_text("Die Fähre fährt um sieben Uhr.", encoding="utf-8")
    assert run("add", "Häfen", "--library", made).status == 0
    for name in (composed, decomposed, "fä*", unicodedata.normalize("NFD", "Fä*.TXT")):
        assert run("search", "Fähre", "--document", name, "--library", made).status == 0
    assert len(run("list", "--folder", unicodedata.normalize("NFD", "Häfen"), "--library", made, "--json").lines) == 1
    with rag.connect(holder(made)[0]) as library:
        library.remove(composed, keep=True)
    assert run("restore", composed, "--library", made).status == 0
    assert run("remove", composed, "--library", made).status == 0


def test_tables_are_readable_on_narrow_screens_and_whole_in_files(
    run: Run, screen: Callable[..., str], made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = f"{'a long name of a report ' * 6}.txt"
    names = (long, "港の案内 🚢.txt", "plain.txt")
    for name in names:
        (tmp_path / name).write_text(f"About {name}.", encoding="utf-8")
    assert run("add", *names, "--library", made).status == 0
    (_, *rows) = run("list", "--library", made).out.splitlines()
    assert len(rows) == 3
    assert long in rows[0]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert long in run("list", "--library", made).out.splitlines()[1]
    monkeypatch.delenv("FORCE_COLOR")

    from rich.cells import cell_len

    wide = screen(90, "list", "--library", made).splitlines()
    assert wide[0].split() == ["document", "pages", "chunks", "added", "id"]
    assert len({cell_len(line) for line in wide}) == 1  # wide characters and emoji count as two columns
    narrow = screen(40, "list", "--library", made).splitlines()
    assert max(map(cell_len, narrow)) <= 40
    assert "plain.txt" in narrow
    assert any("pages 1 · chunks 1" in line for line in narrow)
    assert max(map(cell_len, screen(40, "ask", "--help").splitlines())) <= 40


def test_encodings_that_lack_characters_stop_nothing(run: Run, served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    for arguments, expected in ((("ask", QUESTION), b"?(a) You may return an item"), (("ask", QUESTION, "--json"), b"\\u201c(a) You may")):
        terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal)
            assert run(*arguments, "--library", served).status == 0
        terminal.flush()
        assert expected in terminal.buffer.getvalue()


def test_a_reader_that_ends_early_is_no_error(served: Path) -> None:
    command = subprocess.Popen(
        [sys.executable, "-m", "rag", "list", "--json", "--library", str(served)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert command.stdout
    assert command.stderr
    command.stdout.close()
    assert command.stderr.read() == b""
    command.stderr.close()
    command.wait()


def test_a_chat_keeps_the_subject(run: Run, pipe: Pipe, served: Path) -> None:
    pipe(f"/sources\n{QUESTION}\n\nAnd without giving a reason?\n/sources\n/sorces\n/new\n/sources\n/help\nWhich planets have rings?\n")
    ended = run("chat", "--library", served)
    assert ended.status == 1  # the last question has no answer
    first, _, rest = ended.out.partition("Searched for “")
    assert ANSWER in first
    assert "\n[1] returns-policy.txt\n" in first
    assert rest.startswith(QUESTION.removesuffix("?"))
    assert "Not found in your documents." in rest
    assert ended.err.count("There is no answer yet.") == 2
    assert ended.err.count("No chat model is connected") == 1
    assert "Did you mean /sources?" in ended.err
    pipe(f"{QUESTION}\n/quit\nnever asked\n")
    (answer,) = run("chat", "--library", served, "--json").lines
    assert ANSWER in answer["text"]


def test_a_chat_goes_on_after_an_answer_that_is_stopped_or_fails(
    run: Run, pipe: Pipe, open_library: OpenLibrary, samples: Path, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(messages: list[dict[str, str]]) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        chat_server.reply = lambda messages: f"{ANSWER} [1]."
        return "never said to its end " * 20

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    chat_server.reply, chat_server.delay_seconds = interrupted, 0.02
    library = open_library(chat_base_url=chat_server.url())
    library.add(samples / "returns-policy.txt")
    monkeypatch.setenv("RAG_LIBRARY", str(library.folder))
    try:
        with ApiServer(library) as server:
            library.announce(server.url)
            pipe(f"{QUESTION}\n{'x' * 5000}\n{QUESTION}\n")
            ended = run("chat")
    finally:
        signal.signal(signal.SIGINT, before)
    assert "Stopped." in ended.err
    assert "Error: The question has 5,000 characters" in " ".join(ended.err.split())
    assert f"{ANSWER}[1]." in ended.out


def checked(ended: Ended) -> list[str]:
    """The verdicts that `rag check` printed."""
    return [line.split()[0] for line in ended.out.splitlines() if not line.startswith(" ")]


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    from tests.office_files import docx, w, w_table

    heading = w("The returns of goods in general", properties='<w:outlineLvl w:val="0"/>')
    table = w_table([["Item", "Days"], ["Unopened goods", "30"]])
    body = heading + w(f"{ANSWER}. You may return an item within 90 days of delivery.") + table
    file = tmp_path / "draft.docx"
    file.write_bytes(docx(body))
    return file


def test_files_of_any_format_are_checked(run: Run, pipe: Pipe, served: Path, draft: Path) -> None:
    pipe(draft.read_bytes())
    ended = run("check", "-", "--library", served)
    assert ended.status == 1
    assert checked(ended)[:2] == ["supported", "unsupported"]
    assert "returns of goods in general" not in ended.out  # a heading
    assert "Item: Unopened goods, Days: 30" in ended.out
    draft.with_suffix(".txt").write_text("Grüße. Man kann jeden Artikel innerhalb von 30 Tagen zurückgeben.", encoding="cp1252")
    assert "zurückgeben" in run("check", draft.with_suffix(".txt"), "--library", served).out
    pipe("")
    assert run("check", "-", "--library", served).status == 1


@pytest.mark.parametrize(
    ("sentence", "statuses"),
    [
        (f"{ANSWER}.", {"related": 0, "unsupported": 0, "nothing": 0}),
        ("You may return an item within 90 days of delivery.", {"related": 1, "unsupported": 1, "nothing": 0}),
    ],
)
def test_the_status_of_a_check_is_chosen(run: Run, pipe: Pipe, served: Path, sentence: str, statuses: dict[str, int]) -> None:
    for worst, status in statuses.items():
        pipe(sentence)
        assert run("check", "-", "--library", served, "--fail-on", worst).status == status


def test_a_checked_text_is_written_as_a_page(run: Run, served: Path, tmp_path: Path) -> None:
    (tmp_path / "draft.md").write_text(
        f"# Draft\n\n**{ANSWER}.** You *may return an item. And within* 90 days <script>x</script> of delivery.\n\n"
        "| Item | Days |\n|---|---|\n| Unopened goods | 30 |\n\n```\ncode of three words\n```\n"
    )
    ended = run("check", "draft.md", "--library", served, "--html", "out.html", "--json")
    (line,) = ended.lines
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert page.count('<li id="s') == len(line["sentences"]) == 4
    assert f'<strong><span class="said supported">{ANSWER}.</span>' in page
    lacking = [line["text"][gap["start"] : gap["end"]] for each in line["sentences"] for gap in each["gaps"]]
    assert "90" in lacking[0]
    assert (
        [page.count(f":] </span>{words}</span>") for words in lacking]
        == [page.count(f": “{words}”") for words in lacking]
        == [1] * len(lacking)
    )
    assert "<script" not in page.replace("&lt;script", "")
    assert "returns-policy.txt" in page
    assert "[1]" not in page
    import html.parser

    class Nesting(html.parser.HTMLParser):
        """Fails where an element ends that is not the last that began."""

        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.open += [] if tag in {"meta", "br", "hr"} else [tag]

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    nesting = Nesting()
    nesting.feed(page)
    assert not nesting.open
    assert "cannot be written" in run("check", "draft.md", "--library", served, "--html", tmp_path).err
