"""A reader for another format: subtitles, whose pages are minutes.

It runs in a child process, so it is a module that can be imported. A package brings it by an entry point:

    [project.entry-points."footnote.formats"]
    subtitles = "reader:SUBTITLES"
"""

import re
from itertools import groupby

from rag.formats import FileToOpen, Format, NotReadableError, PageContent, TextPages

SUBTITLES = Format(
    name="SubRip",
    media_type="application/x-subrip",
    reader="reader:open_subtitles",
    suffixes=(".srt",),
    unit="minute",
)
_SUBTITLE = re.compile(r"\d+\n(\d\d):(\d\d):\d\d,\d{3} --> .*\n((?:.+\n?)+)")


def open_subtitles(file: FileToOpen) -> TextPages:
    """The words of each minute; what is no subtitle file is said to be damaged."""
    subtitles = [(60 * int(hour) + int(minute), words) for hour, minute, words in _SUBTITLE.findall(file.path.read_text("utf-8-sig"))]
    if not subtitles:
        raise NotReadableError("it has no subtitles")
    minutes = groupby(subtitles, key=lambda subtitle: subtitle[0])
    pages = [PageContent(f"minute {minute}", " ".join(words.strip() for _, words in spoken)) for minute, spoken in minutes]
    return TextPages(pages, title=file.name)
