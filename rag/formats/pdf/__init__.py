"""PDF: pdfium reads and draws it, pypdf helps where pdfium fails."""

from rag.formats.protocol import Format

PDF = Format(
    name="PDF",
    media_type="application/pdf",
    reader="rag.formats.pdf.pdfium_reader:open_pdf",
    suffixes=(".pdf",),
    magic=(b"%PDF-",),
    traces=(b"obj", b"xref"),
    is_drawn=True,
    inline_type="application/pdf",
    kind="pdf",
)
