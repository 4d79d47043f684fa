"""Encrypted PDFs that pdfium refuses, though their encryption is sound or nearly so."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.formats.protocol import NotReadableError, WrongPasswordError

if TYPE_CHECKING:
    import pypdf

_USUAL_BITS = (128, 40)
"""Lengths of a key, for files that leave theirs out or state it wrongly, as in bytes."""

_SHORTEST_CHECK = {2: 32, 3: 16, 4: 16, 5: 48, 6: 48}
"""By revision, how many bytes of the entry /U a password is compared with: with fewer of them, none fits."""


def decrypt(data: bytes, passwords: Sequence[str]) -> tuple[bytes, str] | None:
    """The same document without encryption, and the password that opened it; None where pypdf makes nothing of the file.

    `WrongPasswordError` where no password fits, `NotReadableError` where none could, since the encryption is damaged.
    """
    import pypdf

    try:
        reader = _opened(data)
        encryption = reader._encryption
    except pypdf.errors.PdfReadError as error:
        if "ncrypt" in str(error):  # "/O entry of the encryption dictionary is missing"
            raise NotReadableError(f"its encryption is damaged: {error}") from error
        return None
    except Exception:  # noqa: BLE001 - pypdf raises errors of every kind on odd files
        return None
    if encryption is None:
        return None
    if len(encryption.values.U) < _SHORTEST_CHECK.get(encryption.R, 0):
        raise NotReadableError("its encryption is damaged: the entry that passwords are checked by is cut short")
    for bits in dict.fromkeys((encryption.Length, *_USUAL_BITS)):
        encryption.Length = bits
        for password in ("", *passwords):
            if _fits(reader, password):
                return _written(reader), password
    raise WrongPasswordError


def _opened(data: bytes) -> "pypdf.PdfReader":
    import pypdf

    class Reader(pypdf.PdfReader):
        def _handle_encryption(self, password: str | bytes | None) -> None:
            try:
                super()._handle_encryption(password)
            except Exception:
                if self._encryption is None:
                    raise
                self._override_encryption = False  # the empty password was tried with a key of no sensible length

    return Reader(io.BytesIO(data))


def _fits(reader: "pypdf.PdfReader", password: str) -> bool:
    try:
        return bool(reader.decrypt(password))
    except Exception:  # noqa: BLE001 - a key of minus eight bits, say
        return False


def _written(reader: "pypdf.PdfReader") -> bytes:
    import pypdf

    try:
        with io.BytesIO() as file:
            pypdf.PdfWriter(clone_from=reader).write(file)
            return file.getvalue()
    except Exception as error:
        raise NotReadableError(f"it is encrypted, and what it holds is damaged: {error}") from error
