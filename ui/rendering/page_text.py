"""A page's text -> HTML that shows its structure.

Every word shown is a slice of the text, escaped, so that marks by offsets stay exact. What stands for structure is left out: the `#` of
a heading, the bars of a table.
"""

import re
from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from rag.formats.protocol import Format
from rag.formats.text import TEXT
from ui.rendering.structure import Block, Span, Title, blocks

SAMPLE_ROWS = 50  # of a table, by which its columns of numbers are told
WRAPPED = 50  # characters; where all lines but the last are longer, a program has broken them
ALIGNED = 110  # characters of the longest line that stays whole, for the sake of what stands below one another

_BULLETS = ("-", "*", "+")  # shown as dots
_BODY = re.compile(r"[:{(\[]\n(?: {2,}|\t)\S")  # of code: the first line of what a line above it opens
_INLINE = re.compile(
    r"(?<![\w*])\*\*(?=\S)(?P<strong>[^*\n]+?)(?<=\S)\*\*(?![\w*])|(?<![\w*])\*(?=\S)(?P<em>[^*\n]+?)(?<=\S)\*(?![\w*])|(?<!`)`(?P<code>[^`\n]+)`(?!`)"
)
_GAPS = re.compile(r"^(?: {4}|\t)|\S {3,}\S", re.MULTILINE)
_NUMBER = re.compile(r"[^\w\s]{0,3} ?(?:[A-Z]{3} )?[-−]?\d[\d.,'’\u00a0\u2009\u202f ]*(?: ?[^\w\s]{1,2}| [A-Z]{3})?|[-–—]")


def page_html(text: str, titles: Sequence[Title] = (), marks: Sequence[Span] = (), kind: Format = TEXT) -> Markup:
    """Show a page's text, or a part of it, as its format says; code stays as it stands, line by line.

    `marks` are in order; one over several cells or paragraphs becomes several `mark` elements.
    """
    page = _Page(text, marks, is_markdown=kind.is_markdown)
    found = [Block("code", (((0, 0), (0, len(text))),))] if kind.is_code else blocks(text, titles)
    return Markup("".join(map(page.block, found)))


class _Page:
    def __init__(self, text: str, marks: Sequence[Span], *, is_markdown: bool) -> None:
        self._text = text
        self._is_markdown = is_markdown
        self._marks = marks

    def block(self, block: Block) -> str:
        """A block as HTML."""
        match block.kind:
            case "heading":
                level = min(block.level + 2, 6)  # below the document's name
                return f'<h{level} dir="auto">{self._shown(block.rows[0][0])}</h{level}>'
            case "list":
                return f"<ul>{''.join(map(self._item, block.rows, block.depths))}</ul>"
            case "table":
                return self._table(block)
            case "code":
                info, code = block.rows[0]
                says = f"<small>{self._shown(info)}</small>" if info[0] < info[1] else ""
                return f'{says}<pre tabindex="0" dir="auto"><code>{self._marked(code)}</code></pre>'
            case "rule":
                return "<hr>"
        return self._paragraph(block.rows[0][0])

    def _paragraph(self, span: Span) -> str:
        words = self._text[slice(*span)]
        lines = words.split("\n")
        is_code = len(lines) > 1 and (_BODY.search(words) or all(line[:1] in " \t" for line in lines))
        if is_code or (_GAPS.search(words) and max(map(len, lines)) <= ALIGNED):
            return f'<pre tabindex="0" dir="auto">{self._marked(span)}</pre>'
        has_lines = len(lines) > 1 and min(map(len, lines[:-1])) <= WRAPPED
        return f'<p dir="auto"{" class=fn-lines" if has_lines else ""}>{self._shown(span)}</p>'

    def _item(self, item: Sequence[Span], depth: int) -> str:
        mark, words = item
        dot = "•" if self._text[slice(*mark)] in _BULLETS else self._shown(mark)
        return f'<li style="--depth:{depth}" dir="auto"><span>{dot}</span><div>{self._shown(words)}</div></li>'

    def _table(self, table: Block) -> str:
        head, body = table.rows[: table.level], table.rows[table.level :]
        classes = [" class=fn-n" if each else "" for each in self._are_numbers(body, max(map(len, table.rows)))]
        top = "".join(f"<tr>{self._cells(row, [f'th scope=col{each}' for each in classes], 'th')}</tr>" for row in head)
        tags = [f"td{each}" for each in classes]
        rows = "".join(f"<tr>{self._cells(row, tags, 'td')}</tr>" for row in body)
        return f'<div class="fn-grid" tabindex="0" dir="auto"><table><thead>{top}</thead><tbody>{rows}</tbody></table></div>'

    def _cells(self, row: Sequence[Span], tags: Sequence[str], name: str) -> str:
        missing = f"<{name} colspan={len(tags) - len(row)}></{name}>" if len(row) < len(tags) else ""
        return "".join([f"<{tag}>{self._shown(cell)}</{name}>" for tag, cell in zip(tags, row, strict=False)]) + missing

    def _are_numbers(self, rows: Sequence[Sequence[Span]], columns: int) -> list[bool]:
        """Which columns hold little but numbers."""
        filled, numbers = [0] * columns, [0] * columns
        for row in rows[:SAMPLE_ROWS]:
            for column, (start, end) in enumerate(row):
                cell = self._text[start:end].strip()
                filled[column] += bool(cell)
                numbers[column] += bool(_NUMBER.fullmatch(cell))
        return [5 * each > 4 * of > 0 for each, of in zip(numbers, filled, strict=True)]

    def _shown(self, span: Span) -> str:
        """A slice; where it is Markdown, with emphasis and code as such."""
        at, html = span[0], ""
        for found in _INLINE.finditer(self._text, *span) if self._is_markdown else ():
            tag = found.lastgroup or ""
            html += f"{self._marked((at, found.start()))}<{tag}>{self._marked(found.span(tag))}</{tag}>"
            at = found.end()
        return html + self._marked((at, span[1]))

    def _marked(self, span: Span) -> str:
        """A slice, with what is to be marked in it."""
        start, end = span
        html = ""
        for mark in self._marks:
            first, after = max(mark[0], start), min(mark[1], end)
            if first < after and not self._text[first:after].isspace():
                words = escape(self._text[first:after], quote=False)
                html += f'{escape(self._text[start:first], quote=False)}<mark class="fn-mark-text">{words}</mark>'
                start = after
        return html + escape(self._text[start:end], quote=False)
