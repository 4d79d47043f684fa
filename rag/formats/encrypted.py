"""Office files with a password, decrypted in memory."""

import io
from collections.abc import Sequence

from rag.formats.protocol import NotReadableError, ProtectedError, WrongPasswordError

READ_ONLY = "VelvetSweatshop"
"""What Excel encrypts workbooks with that nobody gave a password, and opens them with unasked."""

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # a stream that holds a whole Office file


def holds_encrypted(data: bytes) -> bool:
    """Whether a file of the old kind is a new one with a password."""
    return data.startswith(_OLE2) and _PACKAGE in data


def decrypted(data: bytes, passwords: Sequence[str]) -> tuple[bytes, str]:
    """The file within, and the password that opened it; a file that is not encrypted is its own.

    Raises `WrongPasswordError`, `ProtectedError`, `NotReadableError`.
    """
    from msoffcrypto import OfficeFile
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError
    from msoffcrypto.format.ooxml import OOXMLFile

    try:
        if not OfficeFile(io.BytesIO(data)).is_encrypted():
            return data, ""
        for password in (READ_ONLY, *passwords):
            file, opened = OfficeFile(io.BytesIO(data)), io.BytesIO()
            try:
                if isinstance(file, OOXMLFile):
                    file.load_key(password=password, verify_password=True)
                else:
                    file.load_key(password=password)
                file.decrypt(opened)
            except InvalidKeyError:
                continue
            return opened.getvalue(), "" if password == READ_ONLY else password
    except DecryptionError as error:
        raise ProtectedError from error
    except (OSError, ValueError, FileFormatError, ParseError) as error:
        raise NotReadableError("its parts do not fit together") from error
    raise WrongPasswordError
