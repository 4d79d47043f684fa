"""The formats that are read, and which one a file has: told by its first bytes, then by its name.

One more format is a file like `rag.formats.text`, a line in `FORMATS`, and a test. A program may `register` one, and packages may bring
some: see `register_installed`.
"""

import codecs
import logging
from functools import cache
from pathlib import PurePath

from rag.errors import UnsupportedFileError
from rag.formats.code import CODE
from rag.formats.images import IMAGES
from rag.formats.mail import EML, MSG
from rag.formats.notebook import NOTEBOOK
from rag.formats.office import DOCX, ODP, ODT, PPTX, RTF
from rag.formats.pdf import PDF
from rag.formats.protocol import Format
from rag.formats.sheets import CSV, ODS, XLS, XLSX
from rag.formats.structured import JSON
from rag.formats.text import MARKDOWN, TEXT
from rag.formats.web import EPUB, HTML

FORMATS = [
    PDF,
    TEXT,
    MARKDOWN,
    DOCX,
    PPTX,
    XLSX,
    XLS,
    ODT,
    ODP,
    ODS,
    RTF,
    HTML,
    EPUB,
    CSV,
    JSON,
    NOTEBOOK,
    EML,
    MSG,
    CODE,
    *IMAGES,
]

log = logging.getLogger(__name__)

GROUP = "footnote.formats"  # of entry points
MOST_NAMED = 6  # formats in a message
HEAD_BYTES = 4096  # how much of a file `recognise` wants to see
_PADDING = b"\xef\xbb\xbf \t\r\n\x00"

_BINARY: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a macOS program or Java class"),
    (b"PK\x03\x04", "a ZIP archive or an Office document (docx, xlsx, pptx, odt, epub)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (doc, xls, ppt)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"RIFF", "a picture, sound or film (WebP, WAV, AVI)"),
    (b"OggS", "a sound"),
    (b"ID3", "a sound (MP3)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"(\xb5/\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_ZIP = b"PK\x03\x04"
_OLE2 = b"\xd0\xcf\x11\xe0"
_MIMETYPE = 30  # where a ZIP archive whose first part says what it is, as OpenDocument and EPUB do, has the name of that part
_CODES = ((b"%!ps", "a PostScript document"),)
_MARKUP = (*_CODES, (b"<!doctype html", "a web page (HTML)"), (b"<html", "a web page (HTML)"))


def register(added: Format) -> None:
    """Read one more format from now on; `ValueError` where its media type or a suffix is taken, `TypeError` where it is none."""
    if not isinstance(added, Format):
        raise TypeError(f"it is a {type(added).__name__}, not a rag.formats.Format")
    for known in FORMATS:
        if known.media_type == added.media_type or {*known.suffixes} & {*added.suffixes}:
            raise ValueError(f"{added.name} and {known.name} have a media type or a suffix in common.")
    FORMATS.append(added)


@cache
def register_installed() -> None:
    """Read the formats that installed packages bring, from now on: entry points of the group `footnote.formats`, each a `Format`.

    One that cannot be loaded, or has what another has, is left out with a warning.
    """
    from importlib.metadata import entry_points  # a child process, which has no need of it, starts sooner without

    for point in entry_points(group=GROUP):
        try:
            register(point.load())
        except Exception as error:  # noqa: BLE001 - whatever a package's own code raises
            log.warning("The format %s of %s is left out: %s.", point.name, point.value, str(error).rstrip(".") or type(error).__name__)


def format_of(media_type: str) -> Format:
    """By its media type. One that is not read, as in a library of a newer version, has a reader that says so."""
    found = next((each for each in FORMATS if each.media_type == media_type), None)
    return found or Format(media_type, media_type, "rag.formats.registry:refuse")


def format_named(name: str) -> Format | None:
    """By the suffix of a file's name; None where that is of no format."""
    suffix = PurePath(name).suffix.lower()
    return next((each for each in FORMATS if suffix in each.suffixes), None)


def recognise(name: str, head: bytes, path: PurePath = PurePath()) -> Format:  # noqa: B008 - it is immutable
    """The format to read a file as, by its name and its first `HEAD_BYTES`; `UnsupportedFileError` for other formats and false names.

    Where its name has the suffix of no format, that of its path counts: the library's copy of a text may be called "release 1.2".
    """
    named = format_named(name) or (format_named(path.name) if path.suffix else None)
    start = head.lstrip(_PADDING)
    fitting = [each for each in FORMATS if start.startswith(each.magic)]
    if fitting:
        return named if named in fitting else fitting[0]
    if packed := _packed(head):
        return packed
    if named is None and head.startswith(_OLE2):
        raise UnsupportedFileError(f"{name} is in an old Office format (doc, xls, ppt). Save it as .docx, .xlsx or .pptx and add that.")
    if named is None:
        raise UnsupportedFileError(f"{name} is an unsupported file type{_look(head, ': ')}. Supported: {names(MOST_NAMED)}.")
    if named.magic or named.container:
        _check_is(named, name, head)
    elif code := _markup(start, _CODES):  # a page of HTML named .txt is still words; these are codes
        raise UnsupportedFileError(f"{name} is {code} under another name. Save it as PDF and add that.")
    return named


def describe_binary(name: str, head: bytes) -> str:
    """The message about a file that is named as a text and is none."""
    return f"{name} contains no text{_look(head, ': it looks like ') or ' but binary data'}. Supported: {names(MOST_NAMED)}."


def names(most: int = 0) -> str:
    """The formats for a sentence: "PDF, plain text and Markdown"; where `most` is given, so many and how many others there are."""
    named = [each.name for each in FORMATS]
    others = len(named) - most
    return _listed(named if others < 2 or not most else [*named[:most], f"{others} other formats"])


def page_name(label: str) -> str:
    """A page by its label: "page iv", "part 2"."""
    return label if has_unit(label) else f"page {label}"


def has_unit(label: str) -> bool:
    """Whether a label says by itself what it counts, as "part 2" does."""
    return label.partition(" ")[0] in {each.unit for each in FORMATS}


def article(word: str) -> str:
    """The indefinite article before a format's name."""
    return "an" if word[0] in "AEIOUaeiou" else "a"


def refuse(file: object) -> None:
    """The reader of formats that are not read."""
    raise UnsupportedFileError(f"{getattr(file, 'name', 'The file')} is in a format that this version does not read.")


def _packed(head: bytes) -> Format | None:
    """The format of a ZIP archive whose first bytes tell it: by the part "mimetype", or by names of parts of Office files."""
    if not head.startswith(_ZIP):
        return None
    name, _, rest = head[_MIMETYPE:].partition(b"application/")
    if name.startswith(b"mimetype"):
        said = f"application/{rest.partition(b'PK')[0].decode('latin-1')}"
        return next((each for each in FORMATS if each.media_type == said), None)
    if b"[Content_Types].xml" in head:
        return next((each for each in FORMATS if _ZIP in each.container and any(trace in head for trace in each.traces)), None)
    return None


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _look(head: bytes, before: str) -> str:
    if head[4:8] == b"ftyp":
        return f"{before}a film or sound (MP4)"
    return next((before + kind for magic, kind in _BINARY if head.startswith(magic)), "")


def _markup(start: bytes, kinds: tuple[tuple[bytes, str], ...] = _MARKUP) -> str:
    return next((kind for mark, kind in kinds if start[: len(mark)].lower() == mark), "")


def _check_is(named: Format, name: str, head: bytes) -> None:
    """Refuse what is clearly another format than its name says; what is damaged alone, the reader may survive."""
    if head.startswith(named.container) or any(magic in head for magic in named.magic):
        return
    kind = _look(head, "") or _markup(head.lstrip())
    if not kind and not any(trace in head for trace in named.traces) and _is_plain(head):
        kind = "plain text; if that is what it should be, name it .txt"
    if kind:
        raise UnsupportedFileError(f"{name} is not {article(named.name)} {named.name} file, as its name says: it looks like {kind}.")


def _is_plain(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # tolerates a character cut off at the end
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n\f" for character in text)
