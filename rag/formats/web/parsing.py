"""Bytes of HTML -> its elements, whatever its encoding and however broken it is. Nothing that it refers to is fetched."""

import codecs
import re

from lxml import etree

from rag.formats.decoding import DecodedText, decode_and_tell

DROPPED = (
    "script", "style", "template", "noscript", "svg", "canvas", "object", "embed", "iframe", "frameset", "audio", "video", "map",
    "datalist", "select", "head", "rt", "rp", "progress", "meter", "title", "link", "meta", "base",
)  # fmt: skip
"""Elements that are not shown."""

_MOST_OPEN = 1000  # elements within each other, of the 2,048 that the parser allows: it adds some of its own
_TAG = re.compile(rb"<(/)?([a-zA-Z][\w:-]{0,30})[^<>]*>")
_CHARSET = re.compile(
    rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]{2,40})|<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{2,40})""", re.I
)
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_READ_AS = {"latin-1": "cp1252", "iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "iso8859-9": "cp1254"}
_READ_AS |= {"shift_jis": "cp932", "euc_kr": "cp949", "tis-620": "cp874", "iso8859-11": "cp874"}


def decode_html(data: bytes, name: str) -> DecodedText:
    """Decode it by its byte order mark, its own word, or as any text is. What is raised: `decode_and_tell`."""
    if data.startswith(_MARKS) or not (found := _CHARSET.search(data[:4096])):
        return decode_and_tell(data, name)
    try:
        encoding = codecs.lookup((found[1] or found[2]).decode("ascii")).name
        text = data.decode(_READ_AS.get(encoding, encoding))
    except (LookupError, ValueError):
        return decode_and_tell(data, name)
    if encoding != "utf-8" and _is_utf8(data):  # saved anew by a program that did not change its word
        return DecodedText(data.decode("utf-8"))
    return DecodedText(text)


def _is_utf8(data: bytes) -> bool:
    try:
        return not data.isascii() and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def parse_html(text: str) -> etree._Element:
    """The root of an HTML or XHTML text. Nothing is too broken."""
    data = text.encode("utf-8", "replace")
    if b"<!ENTITY" not in data and re.match(rb"\s*<(?:\?xml|[^>]{0,300}1999/xhtml)", data):
        try:
            return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, encoding="utf-8", remove_pis=True))
        except etree.XMLSyntaxError:
            pass  # named entities, or HTML after all
    root, is_cut = _parsed(data)
    if is_cut:
        root, _ = _parsed(_flattened(data))
    return etree.Element("html") if root is None else root


def _parsed(data: bytes) -> tuple[etree._Element | None, bool]:
    """The root, if there is any, and whether the parser stopped where elements nest more deeply than it allows."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(data, parser)
    return root, any(each.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for each in parser.error_log)


def _flattened(data: bytes) -> bytes:
    """HTML without the tags that nest too deeply for the parser, but those of elements that are not shown."""
    depth = 0

    def kept(tag: re.Match[bytes]) -> bytes:
        nonlocal depth
        depth += -1 if tag[1] else 1
        return tag[0] if depth < _MOST_OPEN or tag[2].decode("ascii").lower() in DROPPED else b" "

    return _TAG.sub(kept, data)
