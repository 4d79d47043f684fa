"""Images: documents of one page, of several where a TIFF has them, read by OCR."""

from rag.formats.protocol import Format

_READER = "rag.formats.images.reader:open_image"

PNG = Format("PNG", "image/png", _READER, (".png",), magic=(b"\x89PNG\r\n\x1a\n",), is_drawn=True, inline_type="image/png")
JPEG = Format("JPEG", "image/jpeg", _READER, (".jpg", ".jpeg"), magic=(b"\xff\xd8\xff",), is_drawn=True, inline_type="image/jpeg")
TIFF = Format("TIFF", "image/tiff", _READER, (".tif", ".tiff"), magic=(b"II*\x00", b"MM\x00*"), is_drawn=True)
WEBP = Format("WebP", "image/webp", _READER, (".webp",), container=(b"RIFF",), is_drawn=True, inline_type="image/webp")
GIF = Format("GIF", "image/gif", _READER, (".gif",), magic=(b"GIF8",), is_drawn=True, inline_type="image/gif")
IMAGES = (PNG, JPEG, TIFF, WEBP, GIF)
