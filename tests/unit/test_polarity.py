"""Which texts say the opposite of what a question looks for."""

import pytest

from rag.retrieving.polarity import agreement, chooses


@pytest.mark.parametrize(
    ("question", "text", "language", "expected"),
    [
        ("Which dishes are free of gluten?", "The lasagne contains gluten and egg.", "en", -1),
        ("Which dishes are free of gluten?", "The soup contains celery and no gluten.", "en", 1),
        ("Which dishes are free of gluten?", "The curry is free of milk.", "en", 0),
        ("Which dishes contain milk?", "The curry contains mustard and is free of milk.", "en", -1),
        ("Which dishes contain milk?", "The lasagne contains milk, and no egg.", "en", 0),
        ("Which pleas count?", "A blind plea is made without a plea agreement.", "en", 0),
        ("Who works without a contract?", "The trainees have no contract yet.", "en", 1),
        ("Welche Gerichte enthalten Milch?", "Das Curry ist frei von Milch.", "de", -1),
        ("Welche Zimmer haben keinen Balkon?", "Zimmer 4 hat einen Balkon.", "de", -1),
        ("Quels plats sont sans lait ?", "Le gratin contient du lait.", "fr", -1),
        ("¿Cuáles son sin gluten?", "La sopa es sin gluten.", "es", 1),
        ("どの料理に牛乳が入っていますか", "カレーには牛乳が入っていません。", "ja", 0),
    ],
)
def test_a_text_agrees_or_says_the_opposite(question: str, text: str, language: str, expected: int) -> None:
    assert agreement(question, text, language) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which dishes contain milk?", True),
        ("Wer zahlt nicht?", True),
        ("Can sale items be returned?", False),
        ("Darf man rauchen?", False),
    ],
)
def test_questions_answered_by_yes_or_no_do_not_choose(question: str, expected: bool) -> None:
    assert chooses(question) == expected
