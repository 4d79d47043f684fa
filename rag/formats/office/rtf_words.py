"""The words of RTF: its tokens, and what its commands, groups and character sets mean."""

import codecs
import re

TOKEN = re.compile(rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)|\\", re.DOTALL)
FONT = re.compile(rb"\\f(\d{1,5})[^;{}]*?\\fcharset(\d{1,3})")
HEADING_STYLE = re.compile(rb"\{\\s(\d{1,5})\b[^{};]*?\b(?:heading ([1-9])|title)[;,]", re.IGNORECASE)
CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255",
    178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 255: "cp437",
}  # fmt: skip
CHARACTERS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " ", "qmspace": " ", "bullet": "•",
    "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "zwj": "\u200d", "zwnj": "\u200c", "nestcell": " ", "nestrow": " ",
}  # fmt: skip
SIGNS = {b"~": " ", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\"}
TARGETS = {
    "footnote": "note", "annotation": "comment", "atnauthor": "author", "title": "title", "listtext": "mark", "pntext": "mark",
    "shptxt": "box", "header": "header", "headerr": "header", "headerl": "header", "headerf": "header", "footer": "footer",
    "footerr": "footer", "footerl": "footer", "footerf": "footer", "fldrslt": "", "mmathPr": "",
}  # fmt: skip
"""Groups that are read, and as what; "" as what is around them."""
SKIPPED = {
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "fldinst", "xe", "tc", "filetbl", "bkmkstart", "bkmkend", "sp",
    "shprslt", "nonshppict", "ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn", "private", "template",
    "listtable", "shpinst", "author",
    "operator", "subject", "keywords", "comment", "doccomm", "company", "category", "manager", "creatim", "revtim", "printim", "buptim",
}  # fmt: skip
CODE_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}


def codec_of(number: int | None) -> str:
    """The codec of a code page; that of western Windows where there is none."""
    try:
        return codecs.lookup("mac_roman" if number == 10000 else f"cp{number}").name
    except LookupError:
        return "cp1252"
