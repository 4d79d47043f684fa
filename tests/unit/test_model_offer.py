"""Documents in a language that the embedding model never learnt: a multilingual one is offered, once."""

from pathlib import Path

import pytest

from rag import Library
from ui.models import offer_in_words

GERMAN = "Der Ausweis ist beim Betreten des Gebäudes vorzuzeigen, und wer ihn verliert, muss das sofort melden. Er gilt für ein Jahr."
RUSSIAN = "Пропуск нужно показать при входе в здание, и если он потерян, об этом следует сообщить сразу. Он действует один год."
ENGLISH = "Show your pass when you enter the building, and report it at once if you have lost it. It is valid for one year."


@pytest.fixture
def built_in(tmp_path: Path) -> Library:
    """A library of the built-in model, which is not loaded: its documents are keyword-ready."""
    return Library.open(tmp_path / "library")


def add(library: Library, **texts: str) -> None:
    folder = library.folder.parent
    for name, words in texts.items():
        (folder / f"{name}.txt").write_text(words, encoding="utf-8")
        assert library.add(folder / f"{name}.txt", wait=False).all_searchable


def test_a_multilingual_model_is_offered_for_documents_in_other_languages(built_in: Library) -> None:
    with built_in as library:
        assert library.model_offer() is None
        add(library, pass_en=ENGLISH, pass_de=GERMAN)
        offer = library.model_offer()
        assert offer
        assert (offer.documents, offer.looked_at, offer.languages, offer.model) == (1, 2, ("de",), "multilingual-e5-small")
        add(library, pass_ru=RUSSIAN)
        assert "2 of 3 documents are not in English (German, Russian)" in offer_in_words(library)

        library.dismiss_offer()
        assert library.model_offer() is None
    with Library.open(library.folder) as library:
        assert library.model_offer() is None


def test_few_documents_in_other_languages_are_no_reason(built_in: Library) -> None:
    with built_in as library:
        add(library, pass_de=GERMAN, **{f"pass_{number}": f"{number}. {ENGLISH}" for number in range(5)})
        assert library.model_offer() is None


def test_a_model_that_is_not_known_to_be_english_is_left_alone(library: Library) -> None:
    add(library, pass_de=GERMAN)
    assert library.model_offer() is None
