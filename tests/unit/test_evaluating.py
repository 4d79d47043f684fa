"""Questions with gold, judged and measured: figures worked out by hand."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from rag import DocumentNotFoundError, DocumentRecord, Passage, Settings, StorageError
from rag.evaluating import (
    Evaluation,
    Gold,
    Question,
    QuestionFileError,
    SettingChangeError,
    changed_settings,
    compare,
    evaluate,
    intervals,
    read_questions,
)
from rag.evaluating.judging import is_hit, page_rank, text_overlap
from rag.evaluating.metrics import recall_curve
from rag.evaluating.text_spans import DocumentText, Span

HANDBOOK = ("Opening hours are nine to five.", "Leave: you may carry\nover ten days. Ask your", "manager for more. Leave is paid.", "")


@dataclass(frozen=True, slots=True)
class CorpusPages:
    """The texts of the corpus's documents."""

    held: Mapping[str, tuple[str, ...]]

    def texts(self, document: str) -> Sequence[str]:
        return self.held[document]


class FakeCorpus:
    """Documents that are their pages' texts; the id is the name's first letter, 64 times."""

    def __init__(self, **held: tuple[str, ...]) -> None:
        self._held = {name.replace("_", "."): pages for name, pages in held.items()}
        self.pages = CorpusPages({name[0] * 64: pages for name, pages in self._held.items()})

    def documents(self) -> list[DocumentRecord]:
        return [_record(name, pages) for name, pages in self._held.items()]

    def document(self, name_or_id: str) -> DocumentRecord:
        found = [record for record in self.documents() if name_or_id in {record.name, record.id}]
        if not found:
            raise DocumentNotFoundError(f"There is no document {name_or_id!r}.")
        return found[0]


def _record(name: str, pages: tuple[str, ...]) -> DocumentRecord:
    labels = ("i", "ii", "1", "1")[: len(pages)]
    return DocumentRecord(name[0] * 64, name, "", "application/pdf", (name,), len(pages), 1, (), labels, "", 1, "")


@dataclass
class FakeRetriever:
    """Finds what it was told to find for a question, and is as confident as it was told to be."""

    finds: Mapping[str, Sequence[Passage] | StorageError]
    confidences: Mapping[str, float] = field(default_factory=dict)
    min_confidence: float = 0.5
    asked: list[tuple[str, int, Sequence[str] | None]] = field(default_factory=list)

    def retrieve(self, question: str, *, top_k: int, documents: Sequence[str] | None) -> list[Passage]:
        self.asked.append((question, top_k, documents))
        found = self.finds[question]
        if isinstance(found, StorageError):
            raise found
        return list(found[:top_k])

    def confidence(self, question: str, passages: Sequence[Passage]) -> float:
        return self.confidences.get(question, len(passages) / 100)


def passage(page: int, start: int = 0, end: int = 10, document: str = "h") -> Passage:
    return Passage(1, 0.5, 0.5, f"{document}.pdf", document * 64, page, str(page), start, end, "x" * (end - start))


def on_page(page: int, document: str = "h") -> Gold:
    return Gold(f"{document}.pdf", document * 64, page)


def of_text(*places: tuple[Span, ...]) -> Gold:
    return Gold("h.pdf", "h" * 64, None, "words", places)


@pytest.fixture
def corpus() -> FakeCorpus:
    return FakeCorpus(handbook_pdf=HANDBOOK, notes_txt=("Notes.",))


def written(folder: Path, *lines: object) -> Path:
    file = folder / "questions.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return file


def problems(folder: Path, corpus: FakeCorpus, *lines: object) -> list[tuple[int, str]]:
    with pytest.raises(QuestionFileError) as raised:
        read_questions(written(folder, *lines), corpus)
    return list(raised.value.problems)


def problem_of_gold(folder: Path, corpus: FakeCorpus, **item: object) -> str:
    ((line, problem),) = problems(folder, corpus, {"question": "q", "gold": [{"document": "handbook.pdf", **item}]})
    assert line == 1
    return problem


# The file


def test_a_file_is_read_with_gold_of_every_kind(tmp_path: Path, corpus: FakeCorpus) -> None:
    file = written(
        tmp_path,
        '\ufeff{"question": " When? ", "gold": [{"document": "handbook.pdf", "page": 2}, {"document": "handbook.pdf", "label": "ii"}]}\r',
        "",
        {"id": "x", "question": "What?", "gold": [{"document": "n" * 64}], "documents": ["notes.txt"]},
        {"id": 7, "question": "How many?", "gold": [{"document": "handbook.pdf", "text": "TEN  days"}]},
        {"question": "Who?", "gold": []},
    )
    when, what, how_many, who = read_questions(file, corpus)
    assert (when.id, when.line, when.text, [gold.page for gold in when.gold]) == ("1", 1, "When?", [2, 2])
    assert (what.id, what.line, what.documents, what.gold) == ("x", 3, ("n" * 64,), (Gold("notes.txt", "n" * 64),))
    start = HANDBOOK[1].index("ten")
    assert (how_many.id, how_many.gold[0].occurrences) == ("7", ((Span(2, start, start + len("ten days")),),))
    assert (who.is_answerable, who.line) == (False, 5)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"question": ', "not JSON at column 14"),
        ("[" * 100_000, "not JSON"),
        ('{"question": "q", "gold": [{"document": "handbook.pdf", "page": ' + "1" * 5000 + "}]}", "not JSON"),
        ("[1]", "not an object"),
        ({"gold": []}, "no question"),
        ({"question": "  ", "gold": []}, "no question"),
        ({"question": 3, "gold": []}, "no question"),
        ({"question": "q"}, '"gold" must be a list'),
        ({"question": "q", "gold": {}}, '"gold" must be a list'),
        ({"question": "q", "gold": ["handbook.pdf"]}, "a gold item must look like"),
        ({"question": "q", "gold": [{"page": 1}]}, "names no document"),
        ({"question": "q", "gold": [], "documnets": []}, "did you mean 'documents'?"),
        ({"question": "q", "gold": [], "zzz": 1}, "known are question, gold, id, documents"),
        ({"question": "q", "gold": [{"document": "handbook.pdf", "Page": 1}]}, "did you mean 'page'?"),
        ({"question": "q", "gold": [{"document": "handbok.pdf"}]}, "Did you mean 'handbook.pdf'?"),
        ({"question": "q", "gold": [], "documents": ["nowhere.txt"]}, "no document 'nowhere.txt'"),
        ({"question": "q", "gold": [], "documents": []}, '"documents" must be a list'),
        ({"question": "q", "gold": [], "id": []}, '"id" must be'),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, corpus: FakeCorpus, line: object, words: str) -> None:
    ((number, problem),) = problems(tmp_path, corpus, {"question": "good", "gold": []}, "", line)
    assert number == 3
    assert words in problem


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"page": 0}, "has no page 0; it has 4"),
        ({"page": 5}, "has no page 5; it has 4"),
        ({"page": "2"}, "physical page number"),
        ({"page": True}, "physical page number"),
        ({"page": 2.0}, "physical page number"),
        ({"page": 2, "label": "ii"}, "not both"),
        ({"label": 2}, "as a string"),
        ({"label": "xii"}, "no page labelled 'xii'"),
        ({"label": "1"}, "2 pages labelled '1'; give the physical number as \"page\": 3"),
        ({"text": "eleven days"}, "was not found in handbook.pdf"),
        ({"text": " "}, '"text" must be words'),
        ({"text": 5}, '"text" must be words'),
        ({"text": "ten days", "page": 1}, "is not on page 1 of handbook.pdf, but on page 2"),
    ],
)
def test_gold_that_is_not_in_the_library_is_named(tmp_path: Path, corpus: FakeCorpus, item: dict[str, object], words: str) -> None:
    assert words in problem_of_gold(tmp_path, corpus, **item)


def test_all_problems_are_told_at_once_and_twenty_in_words(tmp_path: Path, corpus: FakeCorpus) -> None:
    bad = {"question": "", "gold": [{"document": "handbook.pdf", "page": 9}], "extra": 1}
    found = problems(tmp_path, corpus, *[bad] * 10)
    assert [line for line, _ in found] == sorted([*range(1, 11)] * 3)
    told = str(QuestionFileError(tmp_path / "q.jsonl", tuple(found))).splitlines()
    assert len(told) == 21
    assert told[3].startswith(f"{tmp_path / 'q.jsonl'}, line 2: ")
    assert told[-1] == "... and 10 more."


def test_an_id_given_twice_is_a_problem(tmp_path: Path, corpus: FakeCorpus) -> None:
    question = {"id": "x", "question": "q", "gold": []}
    ((line, problem),) = problems(tmp_path, corpus, question, question)
    assert (line, "line 1" in problem) == (2, True)


def test_a_file_without_questions_or_of_another_encoding_or_not_there_is_told(tmp_path: Path, corpus: FakeCorpus) -> None:
    assert "no questions" in problems(tmp_path, corpus, "", " ")[0][1]
    (tmp_path / "latin.jsonl").write_bytes(b'{"question": "caf\xe9", "gold": []}\n')
    for name, words in (("latin.jsonl", "line 1: not UTF-8"), ("missing.jsonl", "cannot be read"), (".", "cannot be read")):
        with pytest.raises(QuestionFileError, match=words):
            read_questions(tmp_path / name, corpus)


# Places


def test_a_text_is_found_exactly_in_all_its_places() -> None:
    assert DocumentText(("aXa a", "", "a")).find("a") == ((Span(1, 0, 1),), (Span(1, 2, 3),), (Span(1, 4, 5),), (Span(3, 0, 1),))


def test_a_text_is_found_whatever_its_case_and_white_space() -> None:
    page = "The \n  Straße\u00a0is wide."
    ((span,),) = DocumentText((page,)).find("the strasse  IS")
    assert page[span.start : span.end] == "The \n  Straße\u00a0is"


def test_a_text_is_found_whatever_its_quotes_dashes_and_hyphens_at_line_ends() -> None:
    page = "He said “well–\nfounded” of the regu-\nlation."
    ((span,),) = DocumentText((page,)).find("'well- founded' of the regulation")
    assert page[span.start : span.end] == page[8:-1]


def test_a_text_is_found_across_a_page_break_and_an_empty_page() -> None:
    pages = (*HANDBOOK[:2], "  ", HANDBOOK[2])
    (place,) = DocumentText(pages).find("Ask your manager")
    assert [pages[span.page - 1][span.start : span.end] for span in place] == ["Ask your", "manager"]
    assert [span.page for span in place] == [2, 4]


def test_words_of_two_pages_do_not_run_together() -> None:
    assert DocumentText(("over", "head")).find("Overhead") == ()
    assert DocumentText(("over", "head")).find("overhead") == ()


# Judging


def test_a_page_or_document_is_hit_by_any_passage_of_it() -> None:
    assert is_hit(passage(7), on_page(7))
    assert not is_hit(passage(8), on_page(7))
    assert not is_hit(passage(7, document="n"), on_page(7))
    assert is_hit(passage(8), Gold("h.pdf", "h" * 64))


@pytest.mark.parametrize(("start", "end", "hit"), [(0, 15, True), (0, 14, False), (15, 90, True), (16, 90, False), (12, 18, True)])
def test_a_text_is_hit_by_half_of_it(start: int, end: int, hit: bool) -> None:
    gold = of_text((Span(1, 10, 20),)) if (start, end) != (12, 18) else of_text((Span(3, 0, 9),), (Span(1, 10, 20),))
    assert is_hit(passage(1, start, end), gold) == hit
    assert not is_hit(passage(2, start, end), gold)


def test_a_text_over_a_page_break_is_hit_where_half_of_it_stands() -> None:
    gold = of_text((Span(1, 94, 100), Span(2, 0, 4)))
    assert is_hit(passage(1, 90, 100), gold)
    assert not is_hit(passage(2, 0, 50), gold)


def test_the_next_page_counts_as_a_page_hit_and_the_one_before_does_not() -> None:
    assert page_rank([passage(6), passage(8), passage(7)], [on_page(7)]) == 2
    assert page_rank([passage(2), passage(5)], [of_text((Span(3, 0, 5), Span(4, 0, 5)))]) == 2
    assert page_rank([passage(1)], [Gold("h.pdf", "h" * 64)]) is None


def test_characters_are_counted_once_however_often_they_are_retrieved() -> None:
    overlap = text_overlap([passage(1, 0, 20), passage(1, 10, 40), passage(2, 0, 10)], [of_text((Span(1, 30, 50),))])
    assert overlap == (10 / 50, 10 / 20, 10 / 60)
    assert text_overlap([], [of_text((Span(1, 30, 50),))]) == (0, 0, 0)
    assert text_overlap([passage(1)], [on_page(1)]) is None


# Figures


def two_of_three() -> Evaluation:
    """k = 3: the first question has two gold items, found at 2 and 4; the second one is found at 1; the third is missed."""
    questions = [
        Question("1", "two", (on_page(5), on_page(9))),
        Question("2", "one", (on_page(1),)),
        Question("3", "none", (on_page(2),)),
    ]
    finds = {
        "two": [passage(1), passage(5), passage(5), passage(9)],
        "one": [passage(1), passage(1)],
        "none": [passage(3), passage(1)],
    }
    return evaluate(FakeRetriever(finds), questions, 3)


def figures(evaluation: Evaluation) -> dict[str, float]:
    return {metric.key: metric.value for metric in evaluation.metrics}


def test_figures_are_those_worked_out_by_hand() -> None:
    evaluation = two_of_three()
    gained = 1 / math.log2(3) + 1 / math.log2(5)
    at_best = 1 + 1 / math.log2(3)
    expected = {
        "recall_at_k": (0.5 + 1 + 0) / 3,
        "hit_at_1": 1 / 3,
        "hit_at_k": 2 / 3,
        "mrr_at_k": (0.5 + 1 + 0) / 3,
        "ndcg_at_10": (gained / at_best + 1 + 0) / 3,
        "page_hit_at_1": 2 / 3,  # page 3 follows the gold page 2
        "page_hit_at_k": 1.0,
    }
    assert {key: value for key, value in figures(evaluation).items() if not key.startswith("latency")} == pytest.approx(expected)
    assert recall_curve(evaluation.rows, 5) == pytest.approx([1 / 3, 0.5, 0.5, 2 / 3, 2 / 3])
    assert [row.first_ranks for row in evaluation.rows] == [(2, 4), (1,), (None,)]
    assert [row.question.text for row in evaluation.missed] == ["none"]
    assert [metric.label for metric in evaluation.metrics][:3] == ["recall@3", "hit@1", "hit@3"]


def test_two_gold_items_in_one_passage_are_both_found_at_its_rank() -> None:
    both = Question("1", "q", (of_text((Span(1, 0, 4),)), of_text((Span(1, 5, 9),))))
    found = figures(evaluate(FakeRetriever({"q": [passage(1)]}), [both], 1))
    assert (found["recall_at_k"], found["hit_at_1"], found["hit_at_k"], found["ndcg_at_10"]) == pytest.approx((1, 1, 1, 1))
    second = figures(evaluate(FakeRetriever({"q": [passage(2), passage(1)]}), [both], 1))
    assert (second["recall_at_k"], second["mrr_at_k"], second["ndcg_at_10"]) == pytest.approx((0, 0, 1 / math.log2(3)))


def test_figures_are_those_of_trec_eval() -> None:
    import ir_measures
    from ir_measures import RR, Success, nDCG

    random = np.random.default_rng(7)
    for _ in range(200):
        top_k, pages = int(random.integers(1, 15)), random.integers(1, 14, 12).tolist()
        gold = tuple(on_page(int(page)) for page in random.integers(1, 16, random.integers(1, 6)))
        (row,) = evaluate(FakeRetriever({"q": [passage(page) for page in pages]}), [Question("1", "q", gold)], top_k).rows
        relevance = Counter(f"missed {number}" if rank is None else str(rank) for number, rank in enumerate(row.first_ranks))
        run = {str(rank): float(-rank) for rank in range(1, 16)}
        wanted = (Success @ 1, Success @ top_k, RR @ top_k, nDCG @ 10)
        found = ir_measures.calc_aggregate(wanted, {"1": dict(relevance)}, {"1": run})
        scores = row.scores
        assert scores is not None
        ours = (scores.hit_at_1, scores.hit_at_k, scores.mrr_at_k, scores.ndcg_at_10)
        assert ours == pytest.approx([found[measure] for measure in wanted], abs=1e-12)


def test_nothing_found_scores_nothing() -> None:
    evaluation = evaluate(FakeRetriever({"q": []}), [Question("1", "q", (on_page(1),))], 5)
    assert evaluation.rows[0].first_ranks == (None,)
    assert {value for key, value in figures(evaluation).items() if not key.startswith("latency")} == {0.0}


def test_ten_passages_are_asked_for_after_one_to_warm_up() -> None:
    retriever = FakeRetriever({"q": [], "r": []})
    questions = [Question("1", "q", (), ("h" * 64,)), Question("2", "r", ())]
    steps: list[tuple[int, int]] = []
    evaluate(retriever, questions, 3, lambda done, total: steps.append((done, total)))
    assert retriever.asked == [("q", 10, ("h" * 64,)), ("q", 10, ("h" * 64,)), ("r", 10, None)]
    assert steps == [(1, 2), (2, 2)]
    assert evaluate(retriever, questions, 25).depth == 25


def abstaining(confidences: Mapping[str, float], min_confidence: float = 0.5) -> dict[str, float]:
    questions = [Question(name, name, (on_page(1),) if name.startswith("a") else ()) for name in confidences]
    return figures(evaluate(FakeRetriever(dict.fromkeys(confidences, ()), confidences, min_confidence), questions, 5))


def test_abstention_is_measured_where_there_are_questions_of_both_kinds() -> None:
    found = abstaining({"a1": 0.9, "a2": 0.4, "a3": 0.6, "u1": 0.4, "u2": 0.5})
    assert found["abstention_auroc"] == pytest.approx((2 + 0.5 + 2) / 6)
    assert found["false_answer_rate"] == 0.5  # as confident as the threshold is confident enough
    assert found["false_refusal_rate"] == pytest.approx(1 / 3)
    assert "abstention_auroc" not in abstaining({"a1": 0.9})
    assert "recall_at_k" not in abstaining({"u1": 0.9})


def test_a_question_that_fails_counts_in_no_figure_and_stops_no_other() -> None:
    finds: dict[str, Sequence[Passage] | StorageError] = {"good": [passage(1)], "bad": StorageError("The disk is on fire.")}
    questions = [Question("1", "bad", (on_page(1),)), Question("2", "good", (on_page(1),))]
    evaluation = evaluate(FakeRetriever(finds), questions, 5)
    assert [row.error for row in evaluation.rows] == ["The disk is on fire.", ""]
    assert {metric.questions for metric in evaluation.metrics} == {1}
    assert figures(evaluation)["hit_at_1"] == 1
    assert evaluate(FakeRetriever(finds), questions[:1], 5).metrics == ()


def test_only_errors_for_the_person_are_caught() -> None:
    with pytest.raises(KeyError):
        evaluate(FakeRetriever({}), [Question("1", "q", ())], 5)
    with pytest.raises(ValueError, match="at least one question"):
        evaluate(FakeRetriever({}), [], 5)


# Intervals


def test_the_interval_of_a_mean_is_the_textbooks() -> None:
    values = np.array([0.0, 1.0] * 100)
    low, high = intervals.interval(intervals.mean, [values], (0, 1))
    margin = 1.96 * 0.5 / math.sqrt(200)
    assert (low, high) == pytest.approx((0.5 - margin, 0.5 + margin), abs=0.01)
    assert intervals.interval(intervals.mean, [values], (0, 1)) == (low, high)


@pytest.mark.parametrize(("value", "count"), [(1.0, 1), (1.0, 20), (0.0, 20), (0.5, 1)])
def test_where_all_are_alike_the_interval_is_what_their_number_leaves_possible(value: float, count: int) -> None:
    low, high = intervals.interval(intervals.mean, [np.full(count, value)], (0, 1))
    possible = 1 - 0.025 ** (1 / count)
    assert (low, high) == pytest.approx((value - possible * value, value + possible * (1 - value)))
    assert intervals.interval(intervals.percentile(50), [np.full(count, 7.0)], None) == (7.0, 7.0)


def test_auroc_with_ties_is_the_share_of_pairs() -> None:
    random = np.random.default_rng(1)
    positive, negative = random.integers(2, 7, 30).astype(float), random.integers(0, 5, 20).astype(float)
    pairs = [(one > other) + 0.5 * (one == other) for one in positive for other in negative]
    coded = intervals.ordinal_codes(np.concatenate([positive, negative]))
    halves = [coded[:30], coded[30:]]
    assert intervals.estimate(intervals.auroc, halves) == pytest.approx(np.mean(pairs))
    low, high = intervals.interval(intervals.auroc, halves, (0, 1))
    assert low < np.mean(pairs) < high


# Side by side


def test_a_comparison_is_paired_and_counts_questions() -> None:
    questions = [Question(str(number), f"q{number}", (on_page(1),)) for number in range(4)] + [Question("4", "u", ())]
    first, second, missed = [passage(1)], [passage(2), passage(1)], [passage(3)]
    a = FakeRetriever({"q0": first, "q1": second, "q2": missed, "q3": first, "u": missed}, {"u": 0.9, "q0": 0.1})
    b = FakeRetriever({"q0": first, "q1": first, "q2": second, "q3": second, "u": missed}, {"u": 0.2, "q0": 0.9})
    comparison = compare(evaluate(a, questions, 5), evaluate(b, questions, 5))
    found = {difference.key: difference for difference in comparison.differences}
    mrr = found["mrr_at_k"]
    assert (mrr.a, mrr.b, mrr.difference) == pytest.approx((2.5 / 4, 3 / 4, 0.125))
    assert (mrr.better, mrr.worse, mrr.equal, mrr.questions) == (2, 1, 1, 4)
    assert mrr.low < 0.125 < mrr.high
    refused = found["false_answer_rate"]
    assert (refused.a, refused.b, refused.better, refused.better_when) == (1, 0, 1, "lower")
    assert found["abstention_auroc"].better is None
    assert found["abstention_auroc"].difference == pytest.approx(0.25)  # q0 alone passed u
    assert [change.a.question.id for change in comparison.changes] == ["2", "1", "3"]
    assert [change.difference > 0 for change in comparison.changes] == [True, True, False]


def test_a_clear_difference_is_told_from_none() -> None:
    questions = [Question(str(number), f"q{number}", (on_page(1),)) for number in range(30)]
    good = FakeRetriever({question.text: [passage(1)] for question in questions})
    bad = FakeRetriever({question.text: [passage(2)] for question in questions})
    verdicts = {
        (one.key, one.verdict)
        for one in compare(evaluate(bad, questions, 5), evaluate(good, questions, 5)).differences
        if "hit_at_1" in one.key
    }
    assert verdicts == {("hit_at_1", "better"), ("page_hit_at_1", "open")}
    same = compare(evaluate(good, questions, 5), evaluate(good, questions, 5))
    assert same.changes == ()
    assert {one.verdict for one in same.differences if not one.key.startswith("latency")} == {"open"}


def test_a_question_that_failed_in_one_counts_in_neither() -> None:
    questions = [Question("1", "q", (on_page(1),)), Question("2", "r", (on_page(1),))]
    a = FakeRetriever({"q": [passage(1)], "r": [passage(1)]})
    b = FakeRetriever({"q": StorageError("no"), "r": [passage(1)]})
    comparison = compare(evaluate(a, questions, 5), evaluate(b, questions, 5))
    assert {difference.questions for difference in comparison.differences} == {1}
    with pytest.raises(ValueError, match="the same questions"):
        compare(evaluate(a, questions, 5), evaluate(a, questions[:1], 5))
    with pytest.raises(ValueError, match="the same questions"):
        compare(evaluate(a, questions, 5), evaluate(a, questions, 4))


# Settings to compare with


def test_settings_are_changed_by_any_spelling_of_their_names() -> None:
    settings, changed = changed_settings(Settings(chunk_tokens=100), ["RAG_Chunk_Tokens=250", "embedding-model = somewhere/else "])
    assert (settings.chunk_tokens, settings.embedding_model) == (250, "somewhere/else")
    assert changed == {"chunk_tokens": 250, "embedding_model": "somewhere/else"}
    assert changed_settings(Settings(chunk_tokens=100), ["chunk_tokens="])[1] == {"chunk_tokens": 200}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["chunk_tokens"], "has no value"),
        (["chunk_token=5"], "Did you mean chunk_tokens"),
        (["zzz=5"], "There are "),
        (["chunk_tokens=many"], "chunk_tokens=many: "),
        (["chunk_tokens=1"], "chunk_tokens=1: "),
        (["chunk_tokens=64", "RAG_CHUNK_TOKENS=65"], "given twice"),
        (["top_k=3"], "use -k, which sets it"),
        (["library=/tmp"], "does not affect"),
        (["chat_api_key=secret"], "does not affect"),
        (["=5"], "no setting ''"),
    ],
)
def test_settings_that_cannot_be_had_are_told(changes: list[str], words: str) -> None:
    with pytest.raises(SettingChangeError, match=words):
        changed_settings(Settings(), changes)
