"""A piece of HTML, as messages and notebooks hold it -> its text."""

import codecs

from rag.formats.blocks import PageWriter
from rag.formats.web.html import parse_html, write_html


def text_of_html(html: str) -> str:
    """What is seen of it: blocks parted by a blank line, tabs between the cells of a table."""
    if not html.strip():
        return ""
    writer = PageWriter()
    write_html(parse_html(codecs.BOM_UTF8 + html.encode(errors="replace"), "HTML"), writer)
    return "".join(page.text for page in writer.contents())
