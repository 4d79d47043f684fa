"""A piece of HTML, as messages and notebooks hold it -> its text."""

from rag.formats.blocks import PageWriter
from rag.formats.web.html import write_html
from rag.formats.web.parsing import parse_html


def text_of_html(html: str) -> str:
    """What is seen of it: blocks parted by a blank line, tabs between the cells of a table."""
    if not html.strip():
        return ""
    writer = PageWriter()
    write_html(parse_html(html), writer)
    return "".join(page.text for page in writer.contents())
