"""Jupyter notebooks: the words, the code and what it printed, without pictures."""

import re
from collections.abc import Iterator
from typing import Any

from rag.formats.lines import BLANK, Line, text_parts
from rag.formats.protocol import FileToOpen, Format, TextPages
from rag.text.headings import part_headings

NOTEBOOK = Format(
    name="Jupyter notebook",
    media_type="application/x-ipynb+json",
    reader="rag.formats.notebook:open_notebook",
    suffixes=(".ipynb",),
    unit="part",
    is_markdown=True,
    kind="code",
)

LONGEST_OUTPUT = 20_000  # characters of what one command printed, which may be a log without end
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PICTURE = re.compile(r"!\[([^\]]*)\]\((?:data:|attachment:)[^)]*\)|<img\b[^>]*>", re.IGNORECASE)
_UNDERLINE = re.compile(r"\s*(?:=+|-+)\s*")


def open_notebook(file: FileToOpen) -> TextPages:
    """Its title is its first heading of the outermost level."""
    import json

    from rag.formats.decoding import decode_and_tell

    decoded = decode_and_tell(file.path.read_bytes(), file.name)
    notebook = json.loads(decoded.text)
    sheets = notebook.get("worksheets", [notebook])  # of a version before 4
    pages = text_parts(line for sheet in sheets for cell in sheet["cells"] for line in _cell(cell))
    titles = (title for page in pages for level, title, _ in page.headings if level == 1)
    return TextPages(pages, next(titles, ""), notice=decoded.notice)


def _cell(cell: dict[str, Any]) -> Iterator[Line]:
    source = _text(cell.get("source", cell.get("input", "")))
    if cell["cell_type"] == "markdown":
        yield from _markdown(_PICTURE.sub(r"\1", source))
    elif cell["cell_type"] == "heading":
        yield Line(source.strip(), level=int(cell["level"]))
    else:
        yield Line(source.strip("\n"))
        for output in cell.get("outputs", ()):
            yield from (BLANK, Line(_output(output).strip("\n")))
    yield BLANK


def _markdown(source: str) -> Iterator[Line]:
    """The text as it is written, its headings without their marks."""
    (headings,) = part_headings([source])
    done = 0
    for heading in headings:
        yield Line(source[done : heading.start].strip("\n"))
        end = source.find("\n", heading.start) + 1 or len(source)
        after = source.find("\n", end) + 1 or len(source)
        is_underlined = source[heading.start : end].strip() == heading.title and _UNDERLINE.fullmatch(source, end, after)
        done = after if is_underlined else end
        yield from (BLANK, Line(heading.title, level=heading.level), BLANK)
    yield Line(source[done:].strip("\n"))


def _output(output: dict[str, Any]) -> str:
    """What was printed: a table of HTML as rows, an error in a line, nothing where a picture is shown."""
    from rag.formats.html import text_of_html

    if output.get("output_type") in {"error", "pyerr"}:
        return _printed(f"{output.get('ename', '')}: {output.get('evalue', '')}")
    data = output.get("data", output)
    html = _text(data.get("text/html", ""))
    if "<table" in html[:LONGEST_OUTPUT]:
        return _shortened(text_of_html(html))
    is_picture = any(kind.startswith("image/") for kind in data)
    return "" if is_picture else _printed(_text(data.get("text/plain", data.get("text", ""))))


def _printed(text: str) -> str:
    return _shortened(_ESCAPES.sub("", text))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_OUTPUT else text[: text.rfind("\n", 0, LONGEST_OUTPUT) + 1 or LONGEST_OUTPUT]


def _text(source: object) -> str:
    """A text that may be kept as its lines."""
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
