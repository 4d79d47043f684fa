"""Answers, quotations and questions are laid out in the direction of their script."""

from dataclasses import replace

import pytest

from rag.text.printable import is_right_to_left
from rag.types import Answer
from ui.rendering.html import render
from ui.rendering.prose import answer_html

ARABIC = "مدة الإشعار هي ثلاثة أشهر."
ANSWER = Answer("?", "", (), (), "extractive", "complete", "", 0.0, "?")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ARABIC, True),
        ("החוזה מתחיל במרץ", True),
        (f"“{ARABIC}” [1]", True),
        (f"PDF: {ARABIC}", True),
        ("The lease", False),
        ("", False),
        ("12", False),
    ],
)
def test_the_direction_of_a_text_is_that_of_most_of_its_letters(text: str, expected: bool) -> None:
    assert is_right_to_left(text) is expected


def test_each_block_of_an_answer_has_the_direction_of_its_words() -> None:
    html = answer_html(
        replace(ANSWER, text=f"{ARABIC}\n\nThe lease.\n\n- {ARABIC}\n- {ARABIC}\n\n| ا |\n|---|\n| {ARABIC} |"), lambda _: ""
    )

    assert html.count('dir="rtl"') == 3
    assert '<p dir="rtl">' in html
    assert "<p>The lease.</p>" in html
    assert '<ul dir="rtl">' in html
    assert '<table dir="rtl">' in html


def test_a_question_is_laid_out_in_its_direction() -> None:
    assert 'dir="rtl"' in render("question.html", question=ARABIC, earlier=0)
    assert "dir=" not in render("question.html", question="What is the lease?", earlier=0)
