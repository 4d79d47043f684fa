"""How values look in a notebook: a line, or Markdown in which nothing of a document or a model is HTML."""

import html
import re
from collections.abc import Sequence

from rag.formats.registry import format_named, page_name
from rag.types import Answer, DocumentRecord, Passage

LONGEST_LINE = 60  # characters of a text in a line
LONGEST_QUOTE = 300  # and in Markdown
MOST_ROWS = 20
_SPECIAL = re.compile(r"([\\`*_\[\]|#$~])")


class Passages(list[Passage]):
    """What a search has found, best first: a list that notebooks show as one."""

    def __repr__(self) -> str:
        if not self:
            return "<no passages>"
        names = ", ".join(dict.fromkeys(each.document for each in self))
        return f"<{len(self)} passage{'s' if len(self) > 1 else ''} of {shortened(names, LONGEST_LINE)}>"

    def _repr_markdown_(self) -> str:
        found = (f"{each.rank}. **{_place(each)}** ({each.score:.2f}): {_plain(each.text)}" for each in self)
        return "\n".join(found) or "*No passages.*"


def answer_line(answer: Answer) -> str:
    """An answer on a line."""
    count = len(answer.citations)
    return f"<Answer {answer.finish}, {count} citation{'s' if count != 1 else ''}: {shortened(answer.text, LONGEST_LINE)!r}>"


def answer_markdown(answer: Answer) -> str:
    """An answer with its footnotes."""
    notes = {each.number: f"[{each.number}] {_place(each.passage)}: “{_plain(each.quote)}”" for each in reversed(answer.citations)}
    notice = [f"*{_plain(answer.notice)}*"] if answer.notice else []
    return "\n\n".join([html.escape(answer.text, quote=False), *notice, *(notes[number] for number in sorted(notes))])


def documents_markdown(title: str, records: Sequence[DocumentRecord]) -> str:
    """A library as a table of its documents."""
    rows = [f"| {_plain(each.name)} | {each.pages} | {each.added[:10]} | {_plain(_said(each))} |" for each in records[:MOST_ROWS]]
    more = [f"*and {len(records) - MOST_ROWS} more*"] if len(records) > MOST_ROWS else []
    table = "\n".join(["| document | pages | added | metadata |", "|---|---|---|---|", *rows])
    return "\n\n".join([f"**{_plain(title)}**", table, *more])


def shortened(text: str, most: int) -> str:
    """The beginning of a text on one line."""
    words = " ".join(text.split())
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def _place(passage: Passage) -> str:
    named, label = format_named(passage.document), passage.page_label
    if label == "1" and not (named and named.unit == "page"):  # a text of one part
        return _plain(passage.document)
    return _plain(f"{passage.document}, {page_name(label)}")


def _said(record: DocumentRecord) -> str:
    return ", ".join(f"{key}={value}" for key, value in record.metadata.items())


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", html.escape(shortened(text, LONGEST_QUOTE), quote=False))
