"""Values as HTML, by templates that escape all they are given."""

import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rag.formats.counting import notes_on, pages_counted
from rag.formats.registry import page_name
from rag.storing.removed import SECONDS_KEPT
from rag.text.printable import is_right_to_left, printable
from rag.text.sentences import starts_item
from rag.types import Citation
from ui import text
from ui.places import numbered, page_among, place

AROUND = 140  # characters of a passage shown on either side of the cited words


@dataclass(frozen=True, slots=True)
class Quote:
    """Words with what stands around them."""

    before: str
    words: str
    after: str

    @property
    def whole(self) -> bool:
        """Whether the words are all there is."""
        return not self.before and not self.after


def render(template: str, **values: Any) -> str:
    """Fill a template of the folder `templates`."""
    return _environment().get_template(template).render(**values)


def quote(citation: Citation) -> Quote:
    """The words a citation rests on, with a little of the passage around them."""
    passage, first, last = citation.passage, citation.quote_start - citation.passage.start, citation.quote_end - citation.passage.start
    before, words, after = map(_tidy, (passage.text[:first], passage.text[first:last], passage.text[last:]))
    before, after = "\n".join(before.split("\n")[-2:]), "\n".join(after.split("\n")[:2])
    if len(before) > AROUND:
        before = "… " + before[-AROUND:].partition(" ")[2]
    if len(after) > AROUND:
        after = after[:AROUND].rpartition(" ")[0] + " …"
    return Quote(before, words, after)


def _tidy(words: str) -> str:
    """Paragraphs, items, rows and indented lines on lines of their own; bars stand between the cells of a row."""
    tidied, above = "", ""
    for line in words.split("\n"):
        is_own = "\t" in line + above or line.startswith("    ") or starts_item(line.strip(), above)
        goes_on = line.strip() and above.strip() and not is_own
        tidied += (" " if goes_on else "\n") + " | ".join(" ".join(cell.split()) for cell in line.split("\t"))
        above = line
    return re.sub("\n{2,}", "\n", tidied[1:])


def _shown(value: Any) -> Any:
    return type(value)(printable(value)) if isinstance(value, str) else value  # what is escaped already stays so


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        text=text,
        place=place,
        notes_on=notes_on,
        pages_counted=pages_counted,
        numbered=numbered,
        page_among=page_among,
        page_name=page_name,
        percent=lambda fraction: round(fraction * 100),
        is_rtl=is_right_to_left,
        until=lambda removed: time.strftime("%d %b, %H:%M", time.localtime(removed + SECONDS_KEPT)),
    )
    return environment
