"""Bytes of a file -> its pages and their text; a page -> its picture, and where words stand in it.

The walk: `registry` tells the format by the first bytes and the name -> `loader` has a child process (`isolation` here, `worker` there)
open the file with the format's reader, and passes its pages on as they come -> `viewer` has other child processes draw a page, or
find words on it. `protocol` is what a format says of itself and what its reader gives. Each format has a file or a folder of its own; what
OCR reads is in `ocr`. No parser is ever imported here, in the parent.

A reader of another format needs the names below: see `protocol`, and `registry.register`.
"""

from rag.formats.protocol import (
    FileToOpen as FileToOpen,
    Format as Format,
    NotReadableError as NotReadableError,
    OpenedFile as OpenedFile,
    PageContent as PageContent,
    TextPages as TextPages,
    WrongPasswordError as WrongPasswordError,
)
