"""Uses the reader beside this file without installing it."""

from reader import SUBTITLES

from rag import Library
from rag.formats.registry import register

FILM = b"""1
00:00:05,000 --> 00:00:08,000
The keeper lights the lamp at dusk.

2
00:01:12,000 --> 00:01:15,000
The ship passes the lighthouse
at midnight.
"""

register(SUBTITLES)
with Library.open("library") as library:
    print(library.add_bytes(FILM, "lighthouse.srt").message)
    print(library.add_bytes(b"no subtitles", "odd.srt").message)
    passage = library.retrieve("When does the ship pass?")[0]
    print(f"{passage.document}, {passage.page_label}: {passage.text}")
