import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.formats.cleaning import clean

# Drawn more often than chance would: what cleaning is about, beside ordinary characters and lone surrogates.
PIECES = st.sampled_from(
    ["\r\n", "\r", "\n", "\x02", "\ufffe", "\u00ad", "\u00ad\r\n", "ﬁ", "ﷺ", "\u00a0", "\ud83d", "\ude00", "\0", "²", "½", "a"]
)
RAW = st.lists(PIECES | st.characters(codec=None, categories=None), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("one\r\ntwo\rthree\nfour\ffive", "one\ntwo\nthree\nfour\nfive"),
        ("com\x02puting, com\ufffeputing", "computing, computing"),
        ("co\u00adoperate and co\u00ad\r\noperate", "cooperate and cooperate"),
        ("ﬁrst eﬃcient ﬂow", "first efficient flow"),
        ("ﻻ שּׁ", "لا \u05e9\u05bc\u05c1"),
        ("10\u00a0km", "10 km"),
        ("x² + ½, ①, Ⅳ, ™", "x² + ½, ①, Ⅳ, ™"),
        ("tab\tstays, \x00\x07\x1b\x7f\x9f\ufeff\uffffgo", "tab\tstays, go"),
        ("half \ud83d", "half \ufffd"),
        ("whole \ud83d\ude00", "whole 😀"),
        ("naïve 日本語 😀", "naïve 日本語 😀"),
    ],
)
def test_clean_gives_plain_text(raw: str, text: str) -> None:
    assert clean(raw).text == text


@pytest.mark.parametrize(
    ("raw", "word", "behind"),
    [
        ("say \x00com\x02puting now", "computing", "com\x02puting"),
        ("the ﬁrst line", "first", "ﬁrst"),
        ("the ﬁrst line", "irst", "ﬁrst"),
        ("the ﬁrst line", "the f", "the ﬁ"),
        ("one\r\ntwo", "two", "two"),
        ("one\r\ntwo", "e\nt", "e\r\nt"),
        ("a \ud83d\ude00 b", "😀", "\ud83d\ude00"),
    ],
)
def test_raw_span_finds_the_characters_behind_a_word(raw: str, word: str, behind: str) -> None:
    cleaned = clean(raw)
    start = cleaned.text.index(word)
    first, after = cleaned.raw_span(start, start + len(word))
    assert raw[first:after] == behind


@given(RAW)
def test_clean_is_valid_utf8_without_what_it_removes(raw: str) -> None:
    text = clean(raw).text
    assert text.encode().decode() == text
    assert not set(text) & set("\r\x00\x02\ufffe\u00ad\u00a0\u2028ﬁ")
    assert all(unicodedata.category(character) != "Cc" or character in "\n\t" for character in text)


@given(RAW)
def test_offsets_are_exact(raw: str) -> None:
    cleaned = clean(raw)
    offsets = cleaned.offsets()
    assert len(offsets) == len(cleaned.text) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(raw)
    for index, offset in enumerate(offsets):
        if offset not in offsets[:index]:  # not within a ligature
            assert clean(raw[offset:]).text == cleaned.text[index:]


@given(RAW, st.data())
def test_cleaning_what_stands_behind_a_span_gives_the_span(raw: str, data: st.DataObject) -> None:
    cleaned = clean(raw)
    if not cleaned.text:
        return
    start = data.draw(st.integers(0, len(cleaned.text) - 1))
    end = data.draw(st.integers(start + 1, len(cleaned.text)))
    first, after = cleaned.raw_span(start, end)
    assert 0 <= first < after <= len(raw)
    widest = clean(raw[first:after]).text  # the same, or whole ligatures at its ends
    assert cleaned.text[start:end] in widest
    assert len(widest) <= end - start + 2 * 18


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 2), (0, 6), (3, 1)])
def test_raw_span_outside_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="no characters"):
        clean("hello").raw_span(start, end)
