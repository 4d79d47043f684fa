"""Images: documents of one page, of several where a TIFF has them, read by OCR."""

from rag.formats.protocol import Format

_READER = "rag.formats.images.reader:open_image"

PNG = Format("PNG", "image/png", _READER, (".png",), magic=(b"\x89PNG\r\n\x1a\n",), is_drawn=True, inline_type="image/png", kind="pictures")
JPEG = Format(
    "JPEG", "image/jpeg", _READER, (".jpg", ".jpeg"), magic=(b"\xff\xd8\xff",), is_drawn=True, inline_type="image/jpeg", kind="pictures"
)
TIFF = Format("TIFF", "image/tiff", _READER, (".tif", ".tiff"), magic=(b"II*\x00", b"MM\x00*"), is_drawn=True, kind="pictures")
WEBP = Format("WebP", "image/webp", _READER, (".webp",), container=(b"RIFF",), is_drawn=True, inline_type="image/webp", kind="pictures")
GIF = Format("GIF", "image/gif", _READER, (".gif",), magic=(b"GIF8",), is_drawn=True, inline_type="image/gif", kind="pictures")
IMAGES = (PNG, JPEG, TIFF, WEBP, GIF)
