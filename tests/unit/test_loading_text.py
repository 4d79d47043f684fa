import time

import pytest

from rag.errors import NoTextError, UnreadableFileError, UnsupportedFileError
from rag.formats.decoding import decode
from rag.formats.text import markdown_title

ENGLISH = "The library closes at eight.\nBring your card."
GERMAN = "Die Straße führt über die Brücke; „Größe“ und Höhe sind verschieden – 20 €."
POLISH = "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Zażółć gęślą jaźń."
RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью."
GREEK = "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα."
JAPANESE = "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"
CHINESE = "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。"
KOREAN = "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다."


@pytest.mark.parametrize("text", [ENGLISH, GERMAN, RUSSIAN, JAPANESE, "café 😀"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_read_whatever_its_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize("text", [ENGLISH, GERMAN, RUSSIAN + "\n" + RUSSIAN])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_unicode_without_a_mark_is_read(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp1252"),
        ("Straße", "cp1252"),
        ("café", "latin-1"),
        ("naïve résumé", "cp1252"),
        ("He said “yes” — it’s 20 € now…", "cp1252"),
        ("¿Dónde está el niño? ¡Aquí está!", "latin-1"),
        ("Não há exceções à ação; a razão e a consciência", "cp1252"),
        ("Perché è così; più libertà in dignità", "cp1252"),
        (POLISH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "cp1253"),
        (JAPANESE, "shift_jis"),
        ("日本語のテキスト", "shift_jis"),
        (JAPANESE, "iso2022_jp"),
        (JAPANESE * 10, "euc_jp"),
        (CHINESE, "gb18030"),
        (KOREAN, "euc_kr"),
    ],
)
def test_older_encodings_are_guessed(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt") == text


def test_line_ends_become_newlines() -> None:
    assert decode(b"one\r\ntwo\rthree\n", "a.txt") == "one\ntwo\nthree\n"


def test_a_few_damaged_bytes_leave_utf8_readable() -> None:
    damaged = (GERMAN * 20).encode() + b"\xff" + GERMAN.encode()
    assert decode(damaged, "a.txt") == GERMAN * 20 + "\ufffd" + GERMAN


def test_accents_late_in_a_large_file_are_read_in_little_time() -> None:
    data = b"plain words all along\n" * 500_000 + JAPANESE.encode("shift_jis") * 2_000
    start = time.thread_time()
    assert decode(data, "a.txt").endswith(JAPANESE)
    assert time.thread_time() - start < 5


@pytest.mark.parametrize(
    ("data", "looks_like"),
    [
        (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" * 10, "a Windows program"),
        (b"\x7fELF\x02\x01\x01" + bytes(200), "a Linux program"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "a PNG picture"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00" * 9, "a ZIP archive or an Office document"),
        (bytes(range(256)) * 20, "binary data"),
        (bytes(500), "binary data"),
    ],
)
def test_binary_is_refused_with_what_it_looks_like(data: bytes, looks_like: str) -> None:
    with pytest.raises(UnsupportedFileError, match=f"setup.txt contains no text.*{looks_like}"):
        decode(data, "setup.txt")


def test_escapes_of_a_coloured_log_are_no_reason_to_refuse_it() -> None:
    assert "done" in decode(b"\x1b[32mdone\x1b[0m in 3 s\n" * 50, "a.log")


def test_an_empty_file_and_white_space_are_told_apart() -> None:
    with pytest.raises(UnreadableFileError, match=r"a\.txt is empty \(0 bytes\)"):
        decode(b"", "a.txt")
    with pytest.raises(NoTextError, match=r"a\.txt has no text"):
        decode(b" \r\n\t\xc2\xa0\n", "a.txt")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Returns policy\n\nWords", "Returns policy"),
        ("Words first\n\n# Heading #\n", "Heading"),
        ("## Second level\n# First", "First"),
        ("```\n# a comment\n```", ""),
        ("#hashtag", ""),
        ("", ""),
    ],
)
def test_markdown_title_is_the_first_top_heading(text: str, title: str) -> None:
    assert markdown_title(text) == title
