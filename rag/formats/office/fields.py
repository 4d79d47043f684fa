"""The fields of a Word document, of which only those are told apart that count pages, and old forms."""

import re

from lxml import etree

from rag.formats.office.package import attribute, child, is_on, local, value, whole

HIDDEN_NUMBER = "\0"
"""Stands where a page is counted."""

_COUNTED = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b")


class Fields:
    """The fields that are open."""

    def __init__(self) -> None:
        self._open: list[str] = []

    @property
    def is_counted(self) -> bool:
        """Whether what is read now is the number of a page."""
        return any(_COUNTED.match(field) for field in self._open)

    def begin(self, instruction: str) -> str:
        """Open a field that is one element; what stands for it."""
        self._open.append(instruction)
        return HIDDEN_NUMBER if self.is_counted else ""

    def end(self) -> None:
        """Close the last one."""
        if self._open:
            self._open.pop()

    def mark(self, mark: etree._Element) -> str:
        """Pass the beginning, the middle or the end of a field; what is shown there."""
        match attribute(mark, "fldCharType"):
            case "begin":
                self._open.append(_instruction(mark))
                return _form_value(mark)
            case "separate" if self.is_counted:
                return HIDDEN_NUMBER
            case "end":
                self.end()
        return ""


def without_page_numbers(text: str) -> str:
    """A text without the parts, between tabs, that count pages."""
    if HIDDEN_NUMBER not in text:
        return text
    return "\t".join(part for part in text.split("\t") if HIDDEN_NUMBER not in part)


def _instruction(begin: etree._Element) -> str:
    """What a field is to show, of the runs after its beginning."""
    words = []
    run = begin.getparent()
    for each in [] if run is None else [run, *run.itersiblings()]:
        words += [part.text or "" for part in each if local(part) == "instrText"]
        if words and any(local(part) == "fldChar" for part in each):
            break
    return "".join(words)


def _form_value(begin: etree._Element) -> str:
    """What a form of old versions shows: a box, ticked or not, or the chosen entry of a list."""
    data = child(begin, "ffData")
    if (box := child(data, "checkBox")) is not None:
        is_ticked = is_on(box, "checked") if child(box, "checked") is not None else is_on(box, "default")
        return "☒" if is_ticked else "☐"
    if (entries := child(data, "ddList")) is None:
        return ""
    chosen = whole(value(entries, "result") or value(entries, "default"))
    listed = [attribute(each, "val") for each in entries if local(each) == "listEntry"]
    return "".join(listed[chosen : chosen + 1])
