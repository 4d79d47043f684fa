"""An answer's Markdown as Markdown of ours, for a file that any program may show.

It is parsed, and written anew: paragraphs, lists, quotations, tables, emphasis and code stay; links, pictures, headings,
definitions and HTML become words. So it does not matter how a model or a document disguises them.
"""

import re
from collections.abc import Callable

from markdown_it.tree import SyntaxTreeNode

from ui.rendering.prose import markdown_parser

_SPECIAL = re.compile(r"([\\`*_\[\]>~|#$]|&(?=[#\w]))")
_ADDRESS = re.compile(r"(:)(?=//)|\b(www)(?=\.)", re.IGNORECASE)  # what some programs make a link of
_LINE_START = re.compile(r"^([-+=]|\d+(?=[.)]))", re.MULTILINE)
_PIPE = re.compile(r"(?<!\\)\|")

Code = Callable[[str], str]


def plain(words: str) -> str:
    """Words as Markdown that says them and nothing else, on one line."""
    return _escaped(" ".join(words.split()))


def safe_markdown(words: str, code: Code) -> str:
    """A model's Markdown written anew; private characters in it stay where they are, `code` replaces code."""
    return "\n\n".join(_blocks(SyntaxTreeNode(markdown_parser().parse(words)), code))


def _blocks(parent: SyntaxTreeNode, code: Code) -> list[str]:
    return [block for child in parent.children if (block := _block(child, code))]


def _block(node: SyntaxTreeNode, code: Code) -> str:
    match node.type:
        case "bullet_list" | "ordered_list":
            return _list(node, code)
        case "blockquote":
            return _indented("> ", "> ", "\n\n".join(_blocks(node, code)))
        case "fence" | "code_block":
            return _fenced(node, code)
        case "table":
            return _table(node, code)
        case "hr":
            return "* * *"
    words = _paragraph(node, code)
    return _around("**", words) if node.type == "heading" else words


def _list(node: SyntaxTreeNode, code: Code) -> str:
    first = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    items = []
    for number, item in enumerate(node.children):
        mark = "- " if first is None else f"{first + number}. "
        is_tight = any(child.type == "paragraph" and child.hidden for child in item.children)
        words = ("\n" if is_tight else "\n\n").join(_blocks(item, code))
        items.append(_indented(mark, " " * len(mark), words))
    return "\n".join(filter(None, items))


def _indented(first: str, other: str, words: str) -> str:
    """Words after a mark; "" without words: a mark alone below a line would make a heading of it."""
    if not words:
        return ""
    return "\n".join(f"{first if n == 0 else other}{line}".rstrip() for n, line in enumerate(words.split("\n")))


def _fenced(node: SyntaxTreeNode, code: Code) -> str:
    words, language = code(node.content.rstrip("\n")), re.match(r"[\w+-]*", node.info)
    fence = _longer("```", words)
    return f"{fence}{language[0] if language else ''}\n{words}\n{fence}"


def _table(node: SyntaxTreeNode, code: Code) -> str:
    rows = [[_PIPE.sub(r"\\|", _inline(cell, code)) for cell in row.children] for part in node.children for row in part.children]
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _paragraph(node: SyntaxTreeNode, code: Code) -> str:
    lines = (line.strip(" \t") for line in _inline(node, code).split("\n"))
    return _LINE_START.sub(_escaped_start, "\n".join(line for line in lines if line))


def _inline(node: SyntaxTreeNode, code: Code) -> str:
    return "".join(_piece(piece, code) for child in node.children for piece in (child.children if child.type == "inline" else [child]))


def _piece(node: SyntaxTreeNode, code: Code) -> str:
    within = "".join(_piece(child, code) for child in node.children)
    match node.type:
        case "softbreak":
            return "\n"
        case "hardbreak":
            return "\\\n"
        case "code_inline":
            return _code(code(node.content))
        case "strong" | "em" | "s":
            return _around({"strong": "**", "em": "*", "s": "~~"}[node.type], within)
    return within or _escaped(" ".join(str(node.content).splitlines()))  # words, and the words of what is not kept


def _around(mark: str, words: str) -> str:
    return f"{mark}{words}{mark}" if words.strip() else words


def _escaped(words: str) -> str:
    return _ADDRESS.sub(r"\g<0>\\", _SPECIAL.sub(r"\\\1", words)).replace("<", "&lt;")


def _code(code: str) -> str:
    fence = _longer("`", code)
    padding = " " if code.startswith("`") or code.endswith("`") else ""
    return f"{fence}{padding}{code}{padding}{fence}"


def _longer(fence: str, code: str) -> str:
    """A run of backticks that none in the code ends."""
    runs: list[str] = re.findall("`+", code)
    return max([fence, *(f"{run}`" for run in runs)], key=len)


def _escaped_start(match: re.Match[str]) -> str:
    return f"{match[1]}\\" if match[1].isdecimal() else f"\\{match[1]}"
