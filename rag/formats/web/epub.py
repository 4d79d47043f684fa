"""EPUB: a page is a chapter, a file of the book in the order of reading, named as in the table of contents."""

import re
from contextlib import closing, suppress
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from lxml import etree

from rag.errors import NoTextError, PasswordNeededError, UnsupportedFileError
from rag.formats.archives import Archive, open_archive
from rag.formats.blocks import PageWriter, one_line
from rag.formats.cleaning import tidy_title
from rag.formats.protocol import FileToOpen, NotReadableError, PageContent, TextPages
from rag.formats.web.html import write_html
from rag.formats.web.parsing import decode_html, parse_html

MOST_CHAPTERS = 5000
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_LONGEST_LABEL = 40
_COUNTED = re.compile(r"chapter\s+(?=\S)", re.IGNORECASE)


def open_epub(file: FileToOpen) -> TextPages:
    """Read all chapters."""
    with closing(open_archive(file)) as archive:
        if _CONTAINER not in archive:
            raise NotReadableError("it is a ZIP archive, but of something else")
        book = next((each.get("full-path", "") for each in archive.xml(_CONTAINER).iter("{*}rootfile")), "")
        package = archive.xml(book)
        folder = dirname(book)
        files = _reading_order(package, folder)
        if _ENCRYPTION in archive and any(path.encode() in archive.read(_ENCRYPTION) for path in files):
            raise PasswordNeededError(f"{file.name} is copy-protected (DRM), so no other program than its shop's can read it.")
        contents = _chapters(archive, files, _titles(archive, package, folder), file.name)
    title = next((each.text or "" for each in package.iter("{http://purl.org/dc/elements/1.1/}title")), "")
    return TextPages(contents, tidy_title(title))


def _chapters(archive: Archive, files: list[str], titles: dict[str, str], name: str) -> list[PageContent]:
    writer = PageWriter(None)
    for number, path in enumerate(files, start=1):
        writer.page(_label(titles.get(path, ""), number))
        with suppress(NotReadableError, NoTextError, UnsupportedFileError):  # a missing or damaged chapter leaves the others
            data = archive.read(path)
            if data.strip():
                write_html(parse_html(decode_html(data, name).text), writer)
        writer.title(titles.get(path, ""))
    if not files:
        raise NotReadableError("it has no chapters")
    return writer.contents()


def _reading_order(package: etree._Element, folder: str) -> list[str]:
    listed = {each.get("id", ""): each for each in package.iter("{*}item")}
    spine = (listed.get(each.get("idref", "")) for each in package.iter("{*}itemref"))
    paths = [_path(folder, each.get("href", "")) for each in spine if each is not None and "html" in each.get("media-type", "html")]
    return list(dict.fromkeys(paths))[:MOST_CHAPTERS]


def _titles(archive: Archive, package: etree._Element, folder: str) -> dict[str, str]:
    """The titles of the files in the table of contents, of either version."""
    found: dict[str, str] = {}
    for each in package.iter("{*}item"):
        is_new = "nav" in each.get("properties", "").split()
        if not is_new and each.get("media-type") != "application/x-dtbncx+xml":
            continue
        path = _path(folder, each.get("href", ""))
        with suppress(NotReadableError):
            root = parse_html(decode_html(archive.read(path), path).text) if is_new else archive.xml(path)
            for target, title in _entries(root):
                found.setdefault(_path(dirname(path), target), title)
    return found


def _entries(root: etree._Element) -> list[tuple[str, str]]:
    links = [
        (each.get("href", ""), one_line("".join(map(str, each.itertext())))) for nav in root.iter("{*}nav") for each in nav.iter("{*}a")
    ]
    for point in root.iter("{*}navPoint"):
        text = next((each.text or "" for each in point.iter("{*}text")), "")
        links.append((next((each.get("src", "") for each in point.iter("{*}content")), ""), one_line(text)))
    return [(target, title) for target, title in links if target and title]


def _path(folder: str, address: str) -> str:
    return normpath(join(folder, unquote(address.partition("#")[0])))


def _label(title: str, number: int) -> str:
    """Such as "chapter Preface", "chapter 3. The storm"; counted where it has no title."""
    words = _COUNTED.sub("", title, count=1) if _COUNTED.match(title) else title
    return f"chapter {words or number}"[:_LONGEST_LABEL].rstrip()
