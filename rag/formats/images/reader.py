"""An image as pages that are drawn and have no text of their own: OCR reads them."""

import io
import warnings
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageOps

from rag.errors import FileTooLargeError
from rag.formats.protocol import FileToOpen, NotDrawableError, NotReadableError, PageContent, Rectangle

MOST_FRAMES = 500
MOST_PIXELS = 120_000_000  # of a frame: A3 at 600 dpi has 70 million
_PAGE_POINTS = 842  # the longer side of a page, where the image does not tell its size
_LIKELY_DPI = (72, 1200)
_SCANNED_DPI = 100  # from here on an image is a page of its printed size; below, its pixels are those of a screen
_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError)  # what Pillow raises on odd files

Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow raises at twice as many, before it decodes anything


def open_image(file: FileToOpen) -> "ImageFile":
    """Open it; nothing is decoded yet. What may be raised: `rag.formats.protocol`."""
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        picture = Image.open(file.path, formats=[file.format.name])
    except Image.DecompressionBombError as error:
        raise FileTooLargeError(f"{file.name} has more than {MOST_PIXELS:,} pixels. Make it smaller and add it again.") from error
    except _DAMAGE as error:
        raise NotReadableError("its picture cannot be decoded") from error
    try:
        count = getattr(picture, "n_frames", 1) if file.format.name == "TIFF" else 1  # of an animation, the first frame
    except _DAMAGE as error:
        raise NotReadableError("its list of pages is damaged") from error
    if count > MOST_FRAMES:
        picture.close()
        raise FileTooLargeError(f"{file.name} has {count:,} pages; the limit is {MOST_FRAMES:,}. Split it and add the parts.")
    return ImageFile(picture, count)


class ImageFile:
    """A `DrawnFile` of an image's frames."""

    title = ""
    password = ""

    def __init__(self, picture: Any, count: int) -> None:
        self._picture = picture
        self._count = count
        self._last: tuple[int, Any] | None = None

    def __len__(self) -> int:
        return self._count

    def pages(self) -> Iterator[PageContent]:
        """See `OpenedFile`; `NotReadableError` where the first frame cannot be decoded."""
        for index in range(self._count):
            try:
                self._frame(index)
            except NotDrawableError as error:
                if not index:
                    raise NotReadableError(str(error)) from error
            yield self.page(index)

    def page(self, index: int) -> PageContent:
        """See `OpenedFile`."""
        return PageContent(str(index + 1), "", is_picture=True)

    def draw(self, index: int, scale: float) -> bytes:
        """See `DrawnFile`; never larger than the image is."""
        frame = self._frame(index)
        share = min(scale * _points(frame)[0] / frame.width, 1.0)
        if share < 1:
            frame = frame.resize((max(1, round(frame.width * share)), max(1, round(frame.height * share))), Image.Resampling.LANCZOS)
        with io.BytesIO() as file:
            frame.save(file, "PNG", compress_level=3)
            return file.getvalue()

    def locate(self, index: int, text: str, start: int, end: int) -> tuple[tuple[float, float], list[Rectangle]]:
        """See `DrawnFile`: it has no words of its own."""
        return _points(self._frame(index)), []

    def close(self) -> None:
        """See `OpenedFile`."""
        self._picture.close()
        self._last = None

    def _frame(self, index: int) -> Any:
        """A frame, upright, in grey or RGB; the last one is kept."""
        if self._last is None or self._last[0] != index:
            self._last = None
            try:
                self._picture.seek(index)
                if self._picture.width * self._picture.height > MOST_PIXELS:
                    raise NotDrawableError("it has too many pixels")
                self._last = index, _plain(self._picture)
            except (*_DAMAGE, Image.DecompressionBombError) as error:
                raise NotDrawableError("it cannot be decoded") from error
        return self._last[1]


def _plain(picture: Any) -> Any:
    """As it would be shown on white paper, turned as its EXIF data say."""
    dpi = picture.info.get("dpi")
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits and more
        lowest, highest = picture.getextrema()
        span = 65_535.0 if 255 < highest <= 65_535 and lowest >= 0 else float(highest - lowest) or 1.0
        base = 0.0 if span == 65_535.0 else float(lowest)
        picture = picture.convert("F").point(lambda value: value * (255 / span) - base * 255 / span).convert("L")
    else:
        picture = ImageOps.exif_transpose(picture)
    if picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        picture = Image.alpha_composite(paper, layer).convert("RGB")
    elif picture.mode not in {"L", "RGB"}:
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    else:
        picture = picture.copy()
    picture.info = {"dpi": dpi} if dpi else {}
    return picture


def _points(frame: Any) -> tuple[float, float]:
    """Its size on paper by its dots per inch where these are likely, else as large as a page, or as on a screen where it is small."""
    across, down = _dpi(frame)
    return frame.width * 72 / across, frame.height * 72 / down


def _dpi(frame: Any) -> tuple[float, float]:
    try:
        across, down = (float(each) for each in frame.info.get("dpi", (0, 0)))
    except (TypeError, ValueError, ZeroDivisionError):
        across = down = 0.0
    low, high = _LIKELY_DPI
    if low < across <= high and low < down <= high and across >= _SCANNED_DPI:
        return across, down
    alike = max(max(frame.size) * 72 / _PAGE_POINTS, 96.0)
    return alike, alike
