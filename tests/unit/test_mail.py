"""A message is read as a mail program shows it, its attachments named."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from rag.errors import UnreadableFileError
from rag.formats.loader import Loader
from rag.formats.protocol import NotReadableError
from tests.loading import load
from tests.ole import compound, outlook_message
from tests.opening import opened, pages, text

NOTE, SUBJECT, BODY, HTML, SENDER, ADDRESS = 0x001A, 0x0037, 0x1000, 0x1013, 0x0C1A, 0x5D01
NAME, SMTP, KIND, FILE_NAME, FILE_BYTES = 0x3001, 0x39FE, 0x0C15, 0x3707, 0x3701


def message(**fields: str) -> EmailMessage:
    mail = EmailMessage()
    for field, value in {"From": "Jürgen Müller <j@example.org>", "Subject": "Angebot für Größe", **fields}.items():
        mail[field] = value
    return mail


def test_a_message_is_its_header_and_its_plain_text(tmp_path: Path) -> None:
    mail = message(To="a@example.org, Ann <ann@example.org>", Date="Tue, 11 Jun 2024 09:30:00 +0200")
    mail.set_content("Hallo,\n\nanbei das Angebot.\n\n> früher\n")
    mail.add_alternative("<p>Hallo in HTML</p>", subtype="html")
    mail.add_attachment(bytes(120_000), maintype="application", subtype="pdf", filename="Angebot für Ö.pdf")
    mail.add_attachment("a,b\n", filename="list.csv")
    mail.add_attachment(bytes(10), maintype="image", subtype="png", disposition="inline", cid="<logo>", filename="logo.png")
    inner = message(Subject="Earlier mail")
    inner.set_content("not opened")
    mail.add_attachment(inner)
    file = opened(tmp_path, "a.eml", bytes(mail))
    (page,) = file.pages()
    assert (file.title, page.label) == ("Angebot für Größe", "1")
    head, _, body = page.text.partition("\n\n")
    assert head.splitlines()[:4] == [
        "From: Jürgen Müller <j@example.org>",
        "To: a@example.org, Ann <ann@example.org>",
        "Date: Tue, 11 Jun 2024 09:30:00 +0200",
        "Subject: Angebot für Größe",
    ]
    assert head.splitlines()[4].startswith("Attachments: Angebot für Ö.pdf (120 kB), list.csv (4 bytes), Earlier mail (")
    assert body == "Hallo,\n\nanbei das Angebot.\n\n> früher"


def test_html_is_read_where_there_is_no_plain_text(tmp_path: Path) -> None:
    mail = message()
    mail.set_content("<style>p {}</style><p>Hello <b>you</b></p><table><tr><td>a</td><td>b</td></tr></table>", subtype="html")
    assert text(tmp_path, "a.eml", bytes(mail)).partition("\n\n")[2] == "Hello you\n\na\tb"


@pytest.mark.parametrize(
    ("kind", "body", "read"),
    [
        (b"text/plain; charset=iso-8859-1", b"Gr\xf6\xdfe", "Größe"),
        (b"text/plain; charset=unknown-8bit", b"Gr\xf6\xdfe", "Größe"),
        (b"text/plain", "Größe".encode(), "Größe"),
        (b"text/plain; charset=us-ascii; format=flowed", b"One \nsentence.\n-- \nAda", "One sentence.\n-- \nAda"),
    ],
)
def test_words_are_read_in_any_encoding(tmp_path: Path, kind: bytes, body: bytes, read: str) -> None:
    data = b"From: a@example.org\r\nSubject: =?nope?q?x?=\r\nTo: <@@,,;:\r\nContent-Type: " + kind + b"\r\n\r\n" + body
    assert text(tmp_path, "a.eml", data).partition("\n\n")[2] == read


def test_a_hundred_parts_are_read_and_a_thousand_levels_refused(tmp_path: Path) -> None:
    flat = b"".join(b"--b\nContent-Type: text/plain\n\nwords %d\n" % place for place in range(100))
    data = b"From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n" + flat
    assert text(tmp_path, "a.eml", data).endswith("words 98\n\nwords 99")
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (place, place) for place in range(1_000))
    with pytest.raises(NotReadableError, match="its parts are nested too deeply"):
        opened(tmp_path, "a.eml", b"From: a@example.org\n" + deep)


def test_what_is_no_message_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotReadableError, match="none of the header lines"):
        opened(tmp_path, "a.eml", "just words\n\nand more")
    with pytest.raises(NotReadableError, match="another file that an Office program has saved"):
        opened(tmp_path, "a.msg", compound({"WordDocument": b"words"}))
    path = tmp_path / "a.msg"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000))
    loader = Loader()
    try:
        with pytest.raises(UnreadableFileError, match=r"a\.msg is damaged or not an Outlook email file"):
            load(loader, path)
    finally:
        loader.close()


def test_a_long_message_has_parts(tmp_path: Path) -> None:
    mail = message()
    mail.set_content("A line of words.\n" * 20_000)
    assert [page.label for page in pages(tmp_path, "a.eml", bytes(mail))] == ["part 1", "part 2"]


def test_an_outlook_message_is_read_the_same(tmp_path: Path) -> None:
    data = outlook_message(
        {
            "": {NOTE: "IPM.Note", SUBJECT: "Our offer", BODY: "Dear all,\r\nhere it is.", SENDER: "Ada", ADDRESS: "ada@example.org"},
            "__recip_version1.0_#00000000": {NAME: "Bob", SMTP: "bob@example.org", KIND: 1},
            "__recip_version1.0_#00000001": {SMTP: "cy@example.org", KIND: 2},
            "__attach_version1.0_#00000000": {FILE_NAME: "offer.pdf", FILE_BYTES: b"x" * 5_000},
        }
    )
    file = opened(tmp_path, "a.msg", data)
    (page,) = file.pages()
    assert file.title == "Our offer"
    assert page.text == (
        'From: "Ada" <ada@example.org>\nTo: Bob <bob@example.org>\nCc: cy@example.org\nSubject: Our offer\nAttachments: offer.pdf (5 kB)'
        "\n\nDear all,\nhere it is."
    )


def test_an_outlook_message_of_html_is_read_as_text(tmp_path: Path) -> None:
    data = outlook_message({"": {NOTE: "IPM.Note", SUBJECT: "News", HTML: "<p>Gr\xf6\xdfe</p>".encode()}})
    assert text(tmp_path, "a.msg", data) == "Subject: News\n\nGröße"
