"""What a child process says against a file -> an error for the person who gave it."""

from rag.errors import DocumentError, PasswordNeededError, UnreadableFileError
from rag.formats.frames import Frame

_BY_STATUS = {kind.status: kind for kind in DocumentError.__subclasses__()}


def refusal(name: str, frame: Frame, *, tried: bool) -> DocumentError:
    """The error that a frame tells of.

    Args:
        name: What the file is called.
        frame: It has an "error".
        tried: Whether a password was given.
    """
    kind, reason = frame.header["error"], frame.header["reason"]
    match kind:
        case "password" if tried:
            return PasswordNeededError(f"{name} is encrypted and none of the passwords given opens it.")
        case "password":
            return PasswordNeededError(f"{name} is encrypted; give its password to read it.")
        case "protected":
            return UnreadableFileError(f"{name} is encrypted in a way that is not read; print it to a new PDF and add that.")
        case "page":
            return UnreadableFileError(f"{name} {reason}.")
        case "damaged":
            return UnreadableFileError(f"{name} is damaged, or no PDF: it could not be read ({reason}); try a fresh copy of it.")
        case _:
            return _BY_STATUS[kind](reason)
