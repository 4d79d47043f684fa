import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("A line\nbreak is none.", ["A line\nbreak is none."]),
        ("A blank line\n\nis one", ["A blank line", "is one"]),
        ("He said “Stop.” Then he left.", ["He said “Stop.”", "Then he left."]),
        ("(See below.) More.", ["(See below.)", "More."]),
        ("Really?! Yes… No.", ["Really?!", "Yes…", "No."]),
        ("Dr. Lee met Prof. Ito at 5 p.m. sharp.", ["Dr. Lee met Prof. Ito at 5 p.m. sharp."]),
        ("See Fig. 3 and pp. 4-5. Then No. 7.", ["See Fig. 3 and pp. 4-5.", "Then No. 7."]),
        ("Version 3.11 costs 4.50. It is new.", ["Version 3.11 costs 4.50.", "It is new."]),
        ("See example.com for more.", ["See example.com for more."]),
        ("今日は雨です。明日は晴れです。", ["今日は雨です。", "明日は晴れです。"]),
        ("Er kam. Über Nacht blieb er.", ["Er kam.", "Über Nacht blieb er."]),
        ("Bring:\n- a pen\n- paper", ["Bring:", "- a pen", "- paper"]),
        ("Do this\n1. Wash it\n2. Dry it", ["Do this", "1. Wash it", "2. Dry it"]),
        ("", []),
        (" \n\n ", []),
        ("...", ["..."]),
    ],
)
def test_sentences_are_found(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_heading_is_told_from_the_line_below() -> None:
    text = "Returns\nYou may return an item within 30 days of delivery.\nThe day of delivery does not count."
    assert sentences(text)[:2] == ["Returns", "You may return an item within 30 days of delivery."]


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(".!?。 \n\"'“”)(-#1aZ"), max_size=200))
def test_no_character_is_lost_or_told_twice(text: str) -> None:
    end = 0
    for start, after in sentence_spans(text):
        assert start >= end
        assert not text[end:start].strip()
        assert text[start:after] == text[start:after].strip() != ""
        end = after
    assert not text[end:].strip()
