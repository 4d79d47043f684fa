"""PDFs: read by pdfium, and by pypdf where that fails."""
