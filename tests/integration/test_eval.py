"""`rag eval` on a real library: the table, the JSON, the report, and two settings side by side."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rag import EmbeddingError, Library, LibraryError, Settings, StorageError
from rag.embedding.protocol import Embeddings
from rag.retrieving.confidence import BUILT_IN
from tests.documents import labelled_pdf
from tests.fakes import BagOfWordsEmbedder
from ui.commands.cli import app

HOSTILE = "<img src=x onerror=owned()>"
HARBOUR = "The harbour opens at dawn. Boats longer than nine metres need a pilot to enter the harbour."
CANTEEN = "The canteen serves porridge until ten. Soup is served until three in the canteen."
ORCHARD = "Apples ripen in September. The orchard sells cider and apples on Saturdays."


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished command."""

    status: int
    out: str
    err: str

    @property
    def value(self) -> dict[str, Any]:
        """Its standard output, which is one JSON object on one line."""
        (line,) = self.out.splitlines()
        values: dict[str, Any] = json.loads(line)
        return values


Run = Callable[..., Ended]


class ChokingEmbedder(BagOfWordsEmbedder):
    """Cannot take a certain word."""

    def embed_query(self, text: str) -> Embeddings:
        if "unspeakable" in text:
            raise EmbeddingError("The model choked.")
        return super().embed_query(text)


def opened(folder: Path, settings: Settings) -> Library:
    """A library whose embedder goes by the name of the model that is set."""
    return Library.open(folder, settings, embedder=ChokingEmbedder(name=settings.embedding_model))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `rag eval` with these arguments on the library `made`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAG_LIBRARY", "made")

    def run(*arguments: str) -> Ended:
        ended = CliRunner().invoke(app, ["eval", *arguments], obj=opened, catch_exceptions=False)
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A library of four documents: two of one name, one PDF, one with a hostile name."""
    for folder, words in (("a", HARBOUR), ("b", CANTEEN)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.txt").write_text(words, encoding="utf-8")
    (tmp_path / f"{HOSTILE}.txt").write_text(f"{ORCHARD} {HOSTILE} </script><script>owned()</script>", encoding="utf-8")
    (tmp_path / "labels.pdf").write_bytes(labelled_pdf())
    with opened(tmp_path / "made", Settings()) as library:
        report = library.add([tmp_path / "a", tmp_path / "b", tmp_path / f"{HOSTILE}.txt", tmp_path / "labels.pdf"])
        assert report.all_searchable
    return tmp_path / "made"


@pytest.fixture
def questions(made: Path, tmp_path: Path) -> Path:
    """Four questions: found, with a text; with hostile words; missed; and one that the documents do not answer."""
    with opened(made, Settings()) as library:
        ids = {library.pages.text(record.id, 1)[:11]: record.id for record in library.documents()}
    lines = [
        {
            "question": "Which boats need a pilot in the harbour?",
            "gold": [{"document": ids["The harbour"], "text": "boats longer than NINE metres"}],
        },
        {"question": f"When does the orchard sell cider? {HOSTILE}", "gold": [{"document": f"{HOSTILE}.txt"}], "id": HOSTILE},
        {
            "question": "When does the canteen serve soup?",
            "gold": [{"document": "labels.pdf", "page": 1}],
            "documents": [ids["The canteen"]],
        },
        {"question": "Zebras?", "gold": []},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


def everything_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.name != "lock"}


class Loading(HTMLParser):
    """What a page would load or run: addresses in attributes, handlers, and elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.elements: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "action", "data"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_the_table_has_figures_and_what_was_missed(run: Run, questions: Path) -> None:
    ended = run(str(questions), "-k", "2")
    assert (ended.status, ended.err) == (0, "")
    assert re.search(r"^recall@2 +0\.667 +0\.000 to 1\.000 +3$", ended.out, re.MULTILINE)
    assert re.search(r"^latency p95, ms +\d", ended.out, re.MULTILINE)
    assert "abstention AUROC" in ended.out
    missed = ended.out[ended.out.index("1 of the answerable questions") :].splitlines()
    assert [line.strip() for line in missed[2:4]] == ["line 3  When does the canteen serve soup?", "expected  labels.pdf, page 1"]
    assert re.match(r"   first     notes\.txt: .*served until three", missed[4])


def test_json_is_one_object_with_all_there_is(run: Run, questions: Path, made: Path) -> None:
    value = run(str(questions), "--json").value
    assert value["file"] == "questions.jsonl"
    assert (value["library"]["folder"], value["library"]["documents"]) == ("made", 4)
    with opened(made, Settings()) as library:
        assert value["library"]["index_identity"] == library.index_identity
        assert value["library"]["chunks"] == sum(record.chunks for record in library.documents())
    assert value["settings"]["chunk_tokens"] == Settings().chunk_tokens
    assert not any(name.startswith(("chat_", "openai_")) for name in value["settings"])
    assert value["top_k"] == 5
    hit = value["metrics"]["hit_at_k"]
    assert (hit["label"], hit["questions"], hit["value"]) == ("hit@5", 3, pytest.approx(2 / 3))
    assert 0 <= hit["low"] <= hit["value"] <= hit["high"] <= 1
    first, hostile, missed, zebras = value["questions"]
    assert [item["rank"] for item in first["expected"]] == [1]
    assert "longer than nine metres" in first["passages"][0]["text"]
    assert hostile["id"] == HOSTILE
    assert {passage["document"] for passage in missed["passages"]} == {"notes.txt"}
    assert (zebras["expected"], zebras["scores"]) == ([], None)
    assert 0 <= zebras["confidence"] <= 1


def test_the_first_questions_alone_can_be_asked(run: Run, questions: Path) -> None:
    assert len(run(str(questions), "--json", "--limit", "2").value["questions"]) == 2


def test_the_report_is_one_file_that_loads_and_runs_nothing_of_others(run: Run, questions: Path, tmp_path: Path) -> None:
    ended = run(str(questions), "--html", "report.html", "--compare", "chunk_tokens=16")
    assert (ended.status, "Report: report.html" in ended.err) == (0, True)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    loading = Loading(html)
    assert (loading.addresses, loading.handlers) == ([], [])
    assert "img" not in loading.elements
    own = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert HOSTILE not in own
    assert "&lt;img src=x onerror=owned()&gt;.txt" in own
    assert "Recall@k" in own
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", own)
    assert "Plotly.react" in html
    assert not list(tmp_path.glob(".rag-report*"))


def test_a_report_that_cannot_be_written_is_told_before_the_work(run: Run, questions: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"The report missing/report.html cannot be written: No such file"):
        run(str(questions), "--html", "missing/report.html")
    with pytest.raises(StorageError, match="it is a folder"):
        run(str(questions), "--html", ".")


def test_a_question_that_fails_is_told_and_the_others_are_measured(run: Run, questions: Path) -> None:
    with questions.open("a", encoding="utf-8") as file:
        file.write('\n{"question": "unspeakable", "gold": [{"document": "labels.pdf"}]}')
    ended = run(str(questions), "--json", "--html", "report.html")
    assert (ended.status, "line 5 could not be searched: The model choked." in ended.err) == (1, True)
    assert [row["error"] for row in ended.value["questions"]] == ["", "", "", "", "The model choked."]
    assert ended.value["metrics"]["hit_at_k"]["questions"] == 3
    assert "The model choked." in Path("report.html").read_text(encoding="utf-8")


def test_another_index_is_made_elsewhere_and_the_library_stays_as_it_was(
    run: Run, questions: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    before = everything_in(made)
    ended = run(str(questions), "--json", "--compare", "RAG_CHUNK_TOKENS=16", "--compare", "embedding_model=other")
    assert ended.status == 0
    assert "4 documents are indexed for it" in ended.err
    compared = ended.value["compare"]
    assert compared["changes"] == {"chunk_tokens": 16, "embedding_model": "other"}
    a, b = ended.value["questions"], compared["questions"]
    assert "bag-of-words:other" in compared["index_identity"]
    assert ended.value["library"]["index_identity"] != compared["index_identity"]
    assert [row["question"] for row in a] == [row["question"] for row in b]
    assert [bool(row["expected"][0]["rank"]) for row in b[:3]] == [True, True, False]  # both of one name are there, and the filter holds
    assert compared["differences"]["hit_at_k"]["equal"] == 3
    assert everything_in(made) == before
    assert not any(scratch.iterdir())
    with opened(made, Settings()) as library:
        assert (len(library.documents()), library.left_behind()) == (4, [])


def test_what_changes_no_index_is_measured_on_the_library_itself(run: Run, questions: Path) -> None:
    ended = run(str(questions), "--compare", "parse_seconds=50")
    assert (ended.status, ended.err) == (0, "")
    assert "B has parse_seconds = 50.0" in ended.out
    for metric in ("recall@5", "nDCG@10", "false refusals"):
        assert re.search(rf"^{metric} .* 0/0/3 +3$", ended.out, re.MULTILINE)


def test_wrong_use_ends_with_2_and_says_what_is_wrong(run: Run, questions: Path, tmp_path: Path) -> None:
    for change, words in (("chunk_token=5", "Did you mean chunk_tokens"), ("chunk_tokens=x", "chunk_tokens=x: "), ("top_k=3", "-k")):
        ended = run(str(questions), "--compare", change)
        assert (ended.status, ended.out) == (2, "")
        assert words in ended.err
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"question": "q", "gold": []}\n{"question": "q"}\n{nothing}\n', encoding="utf-8")
    ended = run(str(bad))
    assert (ended.status, ended.out) == (2, "")
    assert re.findall(r"line (\d+): ", ended.err) == ["2", "3"]
    assert run(str(tmp_path / "missing.jsonl")).status == 2
    assert run(str(questions), "-k", "0").status == 2


def test_an_empty_library_ends_with_1(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "q", "gold": []}')
    with pytest.raises(LibraryError, match="There is no library at made"):
        run(str(file))
    opened(tmp_path / "made", Settings()).close()
    ended = run(str(file))
    assert (ended.status, ended.out) == (1, "")
    assert "The library is empty" in ended.err


def test_documents_of_another_index_are_told(run: Run, questions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_CHUNK_TOKENS", "64")
    ended = run(str(questions))
    assert ended.status == 1
    assert "4 documents need to be re-indexed" in ended.err


def test_each_part_of_retrieval_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAG_LIBRARY", raising=False)
    monkeypatch.setenv("RAG_MIN_CONFIDENCE", "0")
    model = "plugin:tests.fakes:NamedWords?own"
    folder = tmp_path / "data" / "library"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps({"schema": 1, "model": model}))
    files = tmp_path / "files"
    files.mkdir()
    for year in (2021, 2022):
        (files / f"report {year}.txt").write_text("The mooring fee is nine euros. " * 3 + "Signed by the harbour master." * (year == 2021))
    (files / "notes.txt").write_text("Small vessels (SV) pass the lock at noon.")
    for name in ("Marina", "Quay"):
        (files / f"{name}.txt").write_text(f"The berth at {name} costs {len(name)} euros a night. " * 4)
    (files / "why.txt").write_text("To compare what a berth costs is hard: compare the berth, compare what a berth costs.")
    with Library.open(folder) as library:
        assert library.add(files).all_searchable
    questions = tmp_path / "q.jsonl"
    asked = {
        "What is the mooring fee, according to the 2022 report?": "report 2022.txt",
        "What is the mooring fee of report 2022?": "report 2022.txt",
        "When do SV pass?": "notes.txt",
        "Compare what a berth costs in Marina and Quay": "Marina.txt",
    }
    questions.write_text("\n".join(json.dumps({"question": each, "gold": [{"document": name}]}) for each, name in asked.items()))
    parts = ("profiles=off", "wordings=off", "read_depth=12", "split_questions=off", "question_filters=off")
    for part in parts:
        ended = CliRunner().invoke(app, ["eval", str(questions), "--json", "--compare", part], catch_exceptions=False)
        assert ended.exit_code == 0
        value = json.loads(ended.stdout)
        assert value["compare"]["index_identity"] == value["library"]["index_identity"], "B has the library's own model"
        a, b = ([(row["passages"], row["confidence"]) for row in rows] for rows in (value["questions"], value["compare"]["questions"]))
        assert a != b, part


def test_confidence_is_calibrated_for_the_model_and_kept_with_the_library(run: Run, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for number in range(31):
        (files / f"boat {number}.txt").write_text(f"Boat {number}{number} was built in {1900 + number} by the yard Y{number}x.")
    with opened(tmp_path / "made", Settings()) as library:
        assert library.add(files).all_searchable
    lines = [{"question": f"When was boat {n}{n} built?", "gold": [{"document": f"boat {n}.txt"}]} for n in range(31)]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    few = run(str(file), "--limit", "2", "--calibrate")
    assert (few.status, few.out) == (1, "")
    assert "too few questions" in few.err
    result = run(str(file), "--calibrate", "--json").value
    assert result["is_kept"]
    assert (result["answered"], result["unanswered"], result["fitted"]) == (31, 31, ["english"])
    assert result["after"]["loss"] < result["before"]["loss"]
    with opened(tmp_path / "made", Settings()) as library:
        fitted = library.search.calibration["english"]
        assert fitted.constant != pytest.approx(BUILT_IN["english"].constant, abs=1e-6)
    with opened(tmp_path / "made", Settings(embedding_model="other")) as other:
        assert other.search.calibration == BUILT_IN
    (tmp_path / "made" / "calibration.json").write_text("{damaged")
    with opened(tmp_path / "made", Settings()) as library:
        assert library.search.calibration == BUILT_IN
