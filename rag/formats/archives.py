"""ZIP-based files, and the XML in them, opened within limits: no name of a part reaches the disk, and nothing outside is followed."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from posixpath import normpath
from stat import S_ISLNK
from typing import Any, BinaryIO, cast

from lxml import etree

from rag.errors import FileTooLargeError, PasswordNeededError, UnsupportedFileError
from rag.formats.encrypted import decrypted, holds_encrypted
from rag.formats.protocol import FileToOpen, NotReadableError

MOST_ENTRIES = 50_000
MOST_LISTED_BYTES = 10_000_000  # of their list, which is read whole: many millions of entries would take all memory
MOST_BYTES = 500_000_000  # unpacked, of all parts that are read
MOST_RATIO = 400  # unpacked to packed; a sheet of a million equal rows has 100, a bomb 1,000
UNSUSPICIOUS_BYTES = 20_000_000  # up to which a part may be packed as tightly as it likes

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MANIFEST = "META-INF/manifest.xml"  # of OpenDocument
_CHUNK = 1 << 20
_UTF8 = 0x800  # the flag of an entry whose name is UTF-8; zipfile takes others for cp437
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, UnicodeError)
_SAVE_AS = {"Word": ".docx", "Excel": ".xlsx", "PowerPoint": ".pptx"}
_STREAMS = {"WordDocument": "Word", "Workbook": "Excel", "Book": "Excel", "PowerPoint Document": "PowerPoint"}


class Archive:
    """An open ZIP archive. Parts go by their names, which are told apart by case only where they must be.

    Each method raises `NotReadableError` where the archive is damaged, `FileTooLargeError` where it unpacks to too much, and
    `PasswordNeededError` where the part is encrypted.
    """

    def __init__(self, source: BinaryIO, name: str, password: str = "") -> None:
        """Read the list of parts. `name` is what messages call the file, `password` what has opened it."""
        self.password = password
        self._name, self._source = name, source
        self._left = MOST_BYTES
        with _damage("it cannot be unpacked"):
            self._zip = zipfile.ZipFile(cast(BinaryIO, _Cautious(source, name)))
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES:
            raise FileTooLargeError(f"{name} holds {len(entries):,} files; the limit is {MOST_ENTRIES:,}.")
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry, called in zip(entries, _names(entries), strict=True):
            is_link = S_ISLNK(entry.external_attr >> 16)  # its bytes are a path
            if not entry.is_dir() and not is_link and (path := safe_path(called)):
                self._entries.setdefault(path, entry)
        self._lower = {path.lower(): path for path in self._entries}

    @property
    def names(self) -> tuple[str, ...]:
        """The parts in the order of the archive; those that would lie outside of a folder it were unpacked to are left out."""
        return tuple(self._entries)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._lower

    def packed_size(self, name: str) -> int:
        """How many bytes of the archive a part takes."""
        return self._entry(name).compress_size

    def read(self, name: str) -> bytes:
        """A part, whole."""
        with self.open(name) as part:
            return part.read()

    def open(self, name: str) -> BinaryIO:
        """A part as a stream, for what is read piece by piece; the limits hold while it is read."""
        entry = self._entry(name)
        if entry.flag_bits & 1:
            raise _needs_password(self._name)
        return io.BufferedReader(_Limited(self, entry), _CHUNK)

    def whole(self) -> bytes:
        """The archive itself."""
        self._source.seek(0)
        return self._source.read()

    def xml(self, name: str) -> etree._Element:
        """The root of a part that is XML."""
        return parse_xml(self.read(name), f"its part {name}")

    def close(self) -> None:
        """Free it."""
        self._zip.close()
        self._source.close()

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = self._entries.get(name) or self._entries.get(self._lower.get(name.lower(), ""))
        if entry is None:
            raise NotReadableError(f"its part {name} is missing")
        return entry

    def spend(self, entry: zipfile.ZipInfo, done: int, more: int) -> None:
        """Count what was unpacked: what the archive says of sizes is not to be trusted."""
        self._left -= more
        if self._left < 0:
            raise FileTooLargeError(f"{self._name} is too large: it unpacks to more than {MOST_BYTES / 1e6:,.0f} MB. Split it.")
        if done > UNSUSPICIOUS_BYTES and done > MOST_RATIO * max(entry.compress_size, 1):
            packed = f"{entry.compress_size:,} bytes unpack to more than {done:,}"
            raise FileTooLargeError(f"{self._name} was not read: it is packed as only a ZIP bomb is ({packed}).")


def _names(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The names of entries; those that are not said to be UTF-8 in the encoding that is likeliest for all of them."""
    old = [entry.orig_filename.encode("cp437") for entry in entries if not entry.flag_bits & _UTF8]
    if b"".join(old).isascii():
        return [entry.filename for entry in entries]
    from rag.formats.decoding import decode

    told = decode(b"\n".join(old), "the list of names").split("\n")
    guessed = iter(told if len(told) == len(old) else [entry.filename for entry in entries])
    return [entry.filename if entry.flag_bits & _UTF8 else next(guessed) for entry in entries]


class _Cautious:
    """What zipfile reads from: nothing at once that is larger than a list of parts may be."""

    def __init__(self, source: BinaryIO, name: str) -> None:
        self._source, self._name = source, name

    def read(self, size: int = -1) -> bytes:
        if size > MOST_LISTED_BYTES:
            raise FileTooLargeError(f"{self._name} holds too many files; the limit is {MOST_ENTRIES:,}.")
        return self._source.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


class _Limited(io.RawIOBase):
    """A part while it is unpacked."""

    def __init__(self, archive: Archive, entry: zipfile.ZipInfo) -> None:
        self._archive, self._entry = archive, entry
        self._done = 0
        with _damage(f"its part {entry.filename} is damaged"):
            self._packed = archive._zip.open(entry)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with _damage(f"its part {self._entry.filename} is damaged"):
            data = self._packed.read(min(len(buffer), _CHUNK))
        self._done += len(data)
        self._archive.spend(self._entry, self._done, len(data))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _damage(reason: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise NotReadableError(reason) from error


def open_archive(file: FileToOpen) -> Archive:
    """Open a file that should be a ZIP archive, or an Office file with a password that holds one; the old kind is a `DocumentError`.

    Where none of its passwords opens it: `WrongPasswordError`, `ProtectedError`.
    """
    source: BinaryIO = file.path.open("rb")
    password = ""
    try:
        if source.read(len(_OLE2)) == _OLE2:
            source.seek(0)
            if not holds_encrypted(data := source.read()):
                _refuse_old(data, file)
            data, password = decrypted(data, file.passwords)
            source.close()
            source = io.BytesIO(data)
        archive = Archive(source, file.name, password)
        _refuse_encrypted(archive, file.name)
    except BaseException:
        source.close()
        raise
    return archive


def safe_path(name: str) -> str:
    """The path of an entry within its archive, with slashes; "" where it leads out of it, or is none."""
    path = name.replace("\\", "/").partition("\0")[0]
    if path.startswith("/") or path[1:2] == ":":
        return ""
    path = normpath(path)
    return "" if path in {"", ".", ".."} or path.startswith("../") else path


def parse_xml(data: bytes, place: str = "its XML") -> etree._Element:
    """The root of an XML text, without entities of its own: it fetches nothing, and is no larger than its bytes. `NotReadableError`."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotReadableError(f"{place} is damaged") from error
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise NotReadableError(f"{place} defines entities of its own, which are not followed")
    return root


def _refuse_encrypted(archive: Archive, name: str) -> None:
    if _MANIFEST in archive and b"encryption-data" in archive.read(_MANIFEST):
        raise _needs_password(name)


def _needs_password(name: str) -> PasswordNeededError:
    return PasswordNeededError(f"{name} is password-protected. Save it without a password and add it again.")


def _refuse_old(data: bytes, file: FileToOpen) -> None:
    program = next((kind for stream, kind in _STREAMS.items() if stream.encode("utf-16-le") in data), "")
    kind, cure = (
        (f"an old {program} document", f"save it as {_SAVE_AS[program]}") if program else ("an old Office document", "save it anew")
    )
    raise UnsupportedFileError(f"{file.name} is {kind}. Open it in {program or 'its program'} or LibreOffice, {cure} and add that.")
