"""Files of word processors and presentations: Word, PowerPoint, OpenDocument, RTF."""

from rag.formats.protocol import Format

_ZIP = (b"PK\x03\x04",)
_OLE2 = b"\xd0\xcf\x11\xe0"  # an encrypted file; the reader says so

DOCX = Format(
    name="Word",
    media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    reader="rag.formats.office.word:open_docx",
    suffixes=(".docx", ".docm", ".dotx"),
    container=(*_ZIP, _OLE2),
    traces=(b"word/",),
    kind="word",
)
PPTX = Format(
    name="PowerPoint",
    media_type="application/vnd.openxmlformats-officedocument.presentationml.presentation",
    reader="rag.formats.office.slides:open_pptx",
    suffixes=(".pptx", ".pptm", ".ppsx"),
    container=(*_ZIP, _OLE2),
    traces=(b"ppt/",),
    unit="slide",
    kind="slides",
)
ODT = Format(
    name="OpenDocument text",
    media_type="application/vnd.oasis.opendocument.text",
    reader="rag.formats.office.opendocument:open_odt",
    suffixes=(".odt", ".ott"),
    container=_ZIP,
    kind="word",
)
ODP = Format(
    name="OpenDocument presentation",
    media_type="application/vnd.oasis.opendocument.presentation",
    reader="rag.formats.office.opendocument:open_odp",
    suffixes=(".odp", ".otp"),
    container=_ZIP,
    unit="slide",
    kind="slides",
)
RTF = Format(
    name="RTF",
    media_type="application/rtf",
    reader="rag.formats.office.rtf:open_rtf",
    suffixes=(".rtf",),
    magic=(b"{\\rtf",),
    kind="word",
)
