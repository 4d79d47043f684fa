"""Text files in older encodings: read as they were written, and said to be a guess."""

import codecs
import time
from pathlib import Path

import pytest

from rag.formats.decoding import decode, decode_and_tell
from tests.loading import opened

CHINESE = "顾客可在收货后三十天内退货。"
CZECH = "Záruční lhůta začíná dnem převzetí zboží kupujícím."
CROATIAN = "Rok za žalbu počinje teći od dana isporuke; šalje se poštom."
HUNGARIAN = "Az őszi vásár előtt új szőnyeget és bőröndöt kértünk."
POLISH = "Okres gwarancji rozpoczyna się w dniu zakupu i trwa dwa lata. Części zużyte są wyłączone."
ROMANIAN = "Perioada de garanţie începe la data livrării şi este de doi ani."
TURKISH = "Garanti süresi ürünün teslim edildiği gün başlar ve iki yıldır."
LITHUANIAN = "Garantijos laikotarpis prasideda pirkimo dieną ir baigiasi po dvejų metų; sąskaitą būtina išsaugoti."
RUSSIAN = "Гарантийный срок составляет два года со дня покупки."
UKRAINIAN = "Гарантійний строк починається від дня купівлі й триває два роки; її можна продовжити."
GREEK = "Η εγγύηση αρχίζει από την ημέρα της αγοράς και διαρκεί δύο χρόνια."
HEBREW = "תקופת האחריות מתחילה ביום הקנייה ונמשכת שנתיים."
ARABIC = "تبدأ مدة الضمان من يوم الشراء وتستمر سنتين."
THAI = "ระยะเวลารับประกันเริ่มนับจากวันที่ซื้อสินค้า"
VIETNAMESE = "Thời hạn bảo hành bắt đầu từ ngày mua hàng."
GERMAN = "Die Rücksendung größerer Geräte ist für Käufer gebührenfrei."
FRENCH = "La durée de la garantie commence à la livraison; où qu'il achète, le délai est de deux années."
ITALIAN = "La garanzia è valida due anni; perciò la ricevuta andrà conservata così com'è."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        ("三年", "gbk"),
        ("运费为€5。", "gb18030"),
        ("保固期為兩年，從購買之日起計算。", "big5"),
        ("保証期間は購入日から二年間です。", "shift_jis"),
        ("保証期間は購入日から二年間です。", "euc_jp"),
        ("보증 기간은 구입한 날부터 이 년입니다.", "cp949"),
        (CZECH, "iso8859-2"),
        (CZECH, "cp1250"),
        (CROATIAN, "cp1250"),
        (HUNGARIAN, "iso8859-2"),
        (POLISH, "cp852"),
        (ROMANIAN, "cp1250"),
        (TURKISH, "cp1254"),
        (TURKISH, "iso8859-9"),
        (LITHUANIAN, "cp1257"),
        (RUSSIAN, "cp866"),
        (RUSSIAN, "iso8859-5"),
        (UKRAINIAN, "koi8-u"),
        (UKRAINIAN, "cp1251"),
        (GREEK, "iso8859-7"),
        (HEBREW, "cp1255"),
        (HEBREW, "iso8859-8"),
        (ARABIC, "cp1256"),
        (ARABIC, "iso8859-6"),
        (THAI, "cp874"),
        (GERMAN, "cp850"),
        (GERMAN, "mac-roman"),
        (FRENCH, "cp437"),
        (FRENCH, "iso8859-15"),
        (ITALIAN, "cp1252"),
        ("Straße, naïve café", "cp1252"),
        ("It’s 5 µm ± 2 at 25 °C – “roughly”", "cp1252"),
        ("½ of § 5 is £20", "latin-1"),
    ],
)
def test_a_text_in_an_older_encoding_is_read_and_said_to_be_guessed(text: str, encoding: str) -> None:
    decoded = decode_and_tell(text.encode(encoding), "a.txt")
    assert decoded.text == text
    assert codecs.lookup(decoded.guess)
    assert f"Its encoding was guessed ({decoded.guess})." in decoded.notice


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "{}"),
        ("a.py", "# {}"),
        ("a.csv", "a,b\n1,{}"),
        ("a.html", "<p>{}</p>"),
        ("a.json", '{{"note": "{}"}}'),
        ("a.ipynb", '{{"cells": [{{"cell_type": "markdown", "source": "{}"}}]}}'),
        ("a.eml", "From: a@example.org\n\n{}"),
        ("b.eml", "From: a@example.org\nContent-Type: text/html\n\n<p>{}</p>"),
    ],
)
def test_each_format_of_text_says_that_its_encoding_was_guessed(tmp_path: Path, name: str, text: str) -> None:
    for encoding, guessed in (("cp1250", True), ("utf-8", False)):
        file = opened(tmp_path / name, text.format(POLISH).encode(encoding))
        assert POLISH in file.contents[0].text
        assert file.notice.startswith("Its encoding was guessed (Windows-1250).") == guessed


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, THAI, CHINESE])
def test_unicode_is_no_guess(text: str, encoding: str) -> None:
    decoded = decode_and_tell(text.encode(encoding), "a.txt")
    assert decoded.text == text
    assert not decoded.notice


def test_vietnamese_letters_are_whole_where_the_encoding_parts_them() -> None:
    parted = VIETNAMESE.replace("ờ", "ơ\u0300").replace("ạ", "a\u0323").replace("ả", "a\u0309").replace("ắ", "ă\u0301")
    parted = parted.replace("ầ", "â\u0300").replace("ừ", "ư\u0300")
    assert decode(parted.encode("cp1258"), "a.txt") == VIETNAMESE


def test_utf8_with_words_of_an_older_encoding_keeps_both() -> None:
    lines = ["Die Garantie beträgt zwei Jahre.", "Rücksendungen kosten fünf Euro, Größe egal.", "Müller Straße"]
    data = b"\n".join([lines[0].encode(), lines[1].encode("cp1252"), lines[2].encode()])
    decoded = decode_and_tell(data, "a.txt")
    assert decoded.text == "\n".join(lines)
    assert decoded.guess == "UTF-8 and Windows-1252 mixed"
    assert decode(" ".join(lines).encode() + " für schöne Söhne".encode("cp1252"), "a.txt").endswith("Straße für schöne Söhne")
    russian = [*[RUSSIAN.encode()] * 30, "Условия возврата товара".encode("cp1251")]
    assert decode(b"\n".join(russian), "a.txt").endswith("Условия возврата товара")


def test_an_older_encoding_with_a_line_of_utf8_keeps_both() -> None:
    data = "\n".join([GERMAN] * 20).encode("cp1252") + b"\n" + "Schöne Grüße".encode()
    assert decode(data, "a.txt") == "\n".join([*[GERMAN] * 20, "Schöne Grüße"])


def test_words_that_are_utf8_by_chance_stay_what_they_are() -> None:
    assert b"\xe1\xa0\xa4" == "сад".encode("cp866") == "ᠤ".encode()
    assert decode(f"сад\n{RUSSIAN}".encode("cp866"), "a.txt") == f"сад\n{RUSSIAN}"
    assert "鲁".encode("gbk") == "³".encode()
    assert decode(f"鲁\n{CHINESE}".encode("gbk"), "a.txt") == f"鲁\n{CHINESE}"


def test_a_damaged_letter_of_utf8_makes_no_guess_of_the_file() -> None:
    damaged = (RUSSIAN + "\n").encode() * 20 + RUSSIAN.encode()[:-2] + b"."
    decoded = decode_and_tell(damaged, "a.txt")
    assert decoded.text.startswith(RUSSIAN)
    assert not decoded.notice


def test_ten_megabytes_are_decoded_in_little_time() -> None:
    data = (RUSSIAN + "\n").encode() * 110_000 + (GERMAN + "\n").encode("cp1252") * 10
    start = time.thread_time()
    assert decode(data, "a.txt").endswith(GERMAN + "\n")
    assert time.thread_time() - start < 5
