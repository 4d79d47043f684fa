"""Web pages and books made of them: HTML and EPUB."""

from rag.formats.protocol import Format

HTML = Format(
    name="HTML",
    media_type="text/html",
    reader="rag.formats.web.html:open_html",
    suffixes=(".html", ".htm", ".xhtml"),
    unit="part",
    kind="web",
)
EPUB = Format(
    name="EPUB",
    media_type="application/epub+zip",
    reader="rag.formats.web.epub:open_epub",
    suffixes=(".epub",),
    container=(b"PK\x03\x04",),
    unit="chapter",
)
