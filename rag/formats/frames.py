"""How the two processes speak: a line of JSON, then as many raw bytes as it announces."""

import json
from dataclasses import dataclass
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Attributes:
        header: What JSON can hold.
        payload: Bytes that travel as they are, such as a picture.
    """

    header: dict[str, Any]
    payload: bytes = b""


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Send one message at once."""
    line = json.dumps([frame.header, len(frame.payload)]).encode("ascii")  # escapes what is not ASCII, lone surrogates too
    stream.write(line + b"\n" + frame.payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """Wait for one message; None where the other side is gone."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    header, size = json.loads(line)
    payload = stream.read(size)
    return Frame(header, payload) if len(payload) == size else None
