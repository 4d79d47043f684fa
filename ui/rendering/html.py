"""Values as HTML, by templates that escape all they are given."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rag.ingesting.staging import pages_in_words
from rag.text.printable import is_right_to_left, printable
from rag.types import Citation
from ui import text
from ui.places import has_pages, place

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
    before, words, after = (" ".join(part.split()) for part in (passage.text[:first], passage.text[first:last], passage.text[last:]))
    if len(before) > AROUND:
        before = "… " + before[-AROUND:].partition(" ")[2]
    if len(after) > AROUND:
        after = after[:AROUND].rpartition(" ")[0] + " …"
    return Quote(before, words, after)


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
        has_pages=has_pages,
        pages_in_words=pages_in_words,
        percent=lambda fraction: round(fraction * 100),
        is_rtl=is_right_to_left,
    )
    return environment
