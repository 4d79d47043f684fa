"""Images as pages: what is drawn of each kind, and what is refused."""

import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from PIL import Image

from rag.errors import FileTooLargeError
from rag.formats.images.reader import MOST_FRAMES, ImageFile, open_image
from rag.formats.protocol import FileToOpen, NotReadableError
from rag.formats.registry import format_named, recognise


def corner(mode: str = "L") -> Image.Image:
    """White, with a black quarter at the top left."""
    picture = Image.new("L", (80, 60), 255)
    picture.paste(0, (0, 0, 40, 30))
    return picture.convert(mode)


class Opened(Protocol):
    """Saves a picture and opens it."""

    def __call__(self, name: str, picture: Image.Image, **options: Any) -> ImageFile: ...


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    with ExitStack() as stack:

        def opened(name: str, picture: Image.Image, **options: Any) -> ImageFile:
            picture.save(tmp_path / name, **options)
            file = open_image(FileToOpen(tmp_path / name, name, recognise(name, (tmp_path / name).read_bytes()[:4096])))
            stack.callback(file.close)
            return file

        yield opened


def drawn(file: ImageFile, index: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(file.draw(index, 10.0)))


def is_corner(picture: Image.Image) -> bool:
    grey = np.asarray(picture.convert("L"), np.int32)
    height, width = grey.shape
    below, beside = grey[height // 2 + 8 :], grey[:, width // 2 + 8 :]
    return bool(grey[: height // 2 - 8, : width // 2 - 8].max() < 60 and min(below.min(), beside.min()) > 200)


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("a.png", corner()),
        ("a.jpg", corner("CMYK")),
        ("a.gif", corner("P")),
        ("a.webp", corner("RGB")),
        ("a.tif", corner("1")),
        ("16.png", Image.fromarray(np.asarray(corner(), np.uint16) * 257)),
        ("alpha.png", Image.merge("LA", (Image.new("L", (80, 60)), Image.eval(corner(), lambda value: 255 - value)))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind_is_drawn_as_it_looks_on_paper(opened: Opened, name: str, picture: Image.Image) -> None:
    file = opened(name, picture)
    assert is_corner(drawn(file))
    assert [(page.label, page.text, page.is_picture) for page in file.pages()] == [("1", "", True)]


def test_it_is_turned_as_the_camera_says(opened: Opened) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = opened("photo.jpg", corner().rotate(90, expand=True), exif=exif)
    assert is_corner(drawn(file))
    width, height = file.locate(0, "", 0, 0)[0]
    assert width / height == pytest.approx(80 / 60)


def test_frames_of_a_tiff_are_pages_and_of_an_animation_the_first_is_shown(opened: Opened) -> None:
    blank = Image.new("L", (80, 60), 255)
    tiff = opened("fax.tiff", blank, save_all=True, append_images=[corner(), blank])
    assert [page.label for page in tiff.pages()] == ["1", "2", "3"]
    assert is_corner(drawn(tiff, 1))
    film = opened("film.gif", corner("P"), save_all=True, append_images=[blank.convert("P")])
    assert len(film) == 1
    assert is_corner(drawn(film))


def test_a_scan_has_its_printed_size_and_a_photo_that_of_a_page(opened: Opened) -> None:
    scan = opened("scan.png", Image.new("L", (1240, 1754)), dpi=(150, 150))
    assert scan.locate(0, "", 0, 0)[0] == pytest.approx((595, 842), abs=1)
    photo = opened("photo.jpg", Image.new("L", (3000, 4000)), dpi=(72, 72))
    assert photo.locate(0, "", 0, 0)[0] == pytest.approx((631.5, 842))
    assert Image.open(io.BytesIO(photo.draw(0, 1.0))).size == (632, 842)


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    Image.new("1", (1, 1)).save(tmp_path / "poster.png")
    data = bytearray((tmp_path / "poster.png").read_bytes())
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    (tmp_path / "poster.png").write_bytes(data)
    with pytest.raises(FileTooLargeError, match=r"poster\.png .*pixels"):
        open_image(FileToOpen(tmp_path / "poster.png", "poster.png", format_named("a.png")))  # type: ignore[arg-type]


def test_too_many_frames_are_refused(opened: Opened) -> None:
    dot = Image.new("1", (1, 1))
    with pytest.raises(FileTooLargeError, match=r"fax\.tif has 501 pages; the limit is 500"):
        opened("fax.tif", dot, save_all=True, append_images=[dot] * MOST_FRAMES)


@pytest.mark.parametrize("kept", [20, 300])
def test_a_damaged_image_is_not_readable(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.jpg"
    Image.effect_noise((200, 200), 90).save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(NotReadableError):
        list(open_image(FileToOpen(path, "cut.jpg", recognise("cut.jpg", path.read_bytes()))).pages())
