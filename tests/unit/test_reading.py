"""Tokens of the reader, and what it makes of passages."""

from pathlib import Path

import pytest

from rag import Passage
from rag.embedding.built_in_tokens import built_in_tokenizer
from rag.errors import EmbeddingError
from rag.reading.reader import MOST_WINDOWS, WINDOW_TOKENS, Reader
from rag.reading.tokens import tokenize


def passage(text: str) -> Passage:
    return Passage(1, 0.5, 0.5, "notes.txt", "d" * 64, 1, "1", 0, len(text), text, chunk_text=text)


@pytest.mark.parametrize(
    "text", ["Straße 12, 3rd floor", "договор аренды", "سعر الإيجار 700", "किराया कितना है", "租金是700欧元", "ค่าเช่า 700 ยูโร"]
)
def test_no_word_of_any_script_is_unknown_and_each_token_has_its_place(text: str) -> None:
    tokens = tokenize(text, built_in_tokenizer())
    assert built_in_tokenizer().token_to_id("[UNK]") not in tokens.ids
    assert [start for start, _ in tokens.spans] == sorted(start for start, _ in tokens.spans)
    assert "".join(text[start:end] for start, end in tokens.spans) == "".join(text.split())


def test_forms_of_a_word_have_one_token_and_other_words_others() -> None:
    first, second, other = (tokenize(word, built_in_tokenizer()).ids for word in ("договора", "договоры", "аренда"))
    assert first == second != other


def test_the_sentence_that_answers_has_the_best_score() -> None:
    text = "Cloths are sold in the shop. The roof was renewed in 2019. The lift carries eight people. Bicycles are kept in the cellar."
    for question, words in (("When was the roof renewed?", "2019"), ("How many people does the lift carry?", "eight")):
        best = max(Reader().read(question, [passage(text)]), key=lambda each: each.score)
        assert words in text[best.unit.start : best.unit.end]


@pytest.mark.parametrize("text", ["", "   ", "|---|", "7 " * 30_000, "x" * 50_000, "字" * 5_000, "a | b\n" * 2_000])
def test_hostile_passages_are_read_within_the_limits(text: str) -> None:
    found = Reader().read("Why?" * 2_000, [passage(text)] * 3)
    assert len(found) <= 3 * MOST_WINDOWS * WINDOW_TOKENS
    assert all(0 <= each.unit.start < each.unit.end <= len(text) for each in found)


def test_a_model_that_cannot_be_loaded_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match=r"cannot be loaded.*Install Footnote again"):
        Reader(tmp_path / "none.onnx").read("Why?", [passage("Because it rains.")])
