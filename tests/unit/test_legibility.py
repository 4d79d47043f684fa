import pytest

from rag.text.legibility import is_doubtful, is_illegible, is_same

ENGLISH = "The monthly fee for the storage room is eighty five euros. Notice must be given three months in advance at the front office."
FINNISH = "Jokaisella on oikeus elämään, vapauteen ja henkilökohtaiseen turvallisuuteen, ja kaikki ihmiset ovat syntyneet vapaina."


def shifted(text: str, by: int) -> str:
    """As a font without a table of its letters gives them: the numbers of its glyphs."""
    return "".join(chr(ord(letter) - by) if letter > "@" else letter for letter in text)


@pytest.mark.parametrize("text", [shifted(ENGLISH, 29), "\ue041\ue042 \ue043\ue044", "\ufffd\ufffd\ufffd\ufffd and"])
def test_what_a_font_without_letters_gives_is_illegible(text: str) -> None:
    assert is_illegible(text)
    assert is_doubtful(text)


CHINESE = "每位员工每年享有三十天带薪休假。" * 9
RUSSIAN = "Каждый человек имеет право на жизнь. " * 9


@pytest.mark.parametrize("text", [ENGLISH, FINNISH, CHINESE, RUSSIAN, "", "Cell A-17"])
def test_what_people_write_is_neither(text: str) -> None:
    assert not is_doubtful(text)
    assert not is_illegible(text)


def test_a_list_of_names_is_looked_at_and_not_given_up() -> None:
    names = "Amelia Novak Oliver Santos Ingrid Moreau Takeshi Arai Bruno Keller Sofia Rossi Pedro Alvarez Louise Martin"
    assert is_doubtful(names)
    assert not is_illegible(names)


def test_a_text_is_compared_with_what_is_seen() -> None:
    assert is_same(ENGLISH, "The monthly fee for the storage roorn is eighty five")
    assert not is_same(shifted(ENGLISH, 29), ENGLISH)
