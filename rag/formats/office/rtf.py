r"""RTF, a stream of words and commands in groups: the libraries that read it keep hidden words and drop notes, boxes and pages.

A page ends where the file says `\page`, or where a section begins on a new one. Footnotes stand at the end of their page.
"""

from dataclasses import replace

from rag.errors import UnreadableFileError
from rag.formats.blocks import BULLET, Indents, PageWriter, comment, raised
from rag.formats.cleaning import tidy_title
from rag.formats.office.grid import in_columns
from rag.formats.office.rtf_state import Paragraph, Pending, State
from rag.formats.office.rtf_words import CHARACTERS, CHARSETS, CODE_PAGES, FONT, HEADING_STYLE, SIGNS, SKIPPED, TARGETS, TOKEN, codec_of
from rag.formats.protocol import FileToOpen, NotReadableError, TextPages

MOST_GROUPS = 10_000  # within each other

_COUNTED = "\f"  # where a header counts pages


def open_rtf(file: FileToOpen) -> TextPages:
    """Read it from end to end."""
    data = file.path.read_bytes()
    if not data:
        raise UnreadableFileError(f"{file.name} is empty (0 bytes).")
    start = data.find(b"{\\rtf")
    if start < 0:
        raise NotReadableError("it does not begin as one")
    reader = _Reader(data)
    reader.read(start)
    return reader.writer.file(reader.title)


class _Reader:
    """Goes from one token to the next."""

    def __init__(self, data: bytes) -> None:
        self.writer = PageWriter()
        self.title = ""
        self._data = data
        self._fonts = {number: CHARSETS[int(kind)] for number, kind in FONT.findall(data) if int(kind) in CHARSETS}
        self._headings = {int(number): int(level or 1) for number, level in HEADING_STYLE.findall(data)}
        self._ansi = "cp1252"
        self._state = State()
        self._stack: list[State] = []
        self._texts: dict[str, list[str]] = {}
        self._raw = bytearray()
        self._to_skip = 0
        self._is_optional = False  # after "\*": a group that is read only by those who know it
        self._paragraph = Paragraph()
        self._pending = Pending()
        self._indents = Indents()
        self._notes = 0
        self._page = 1

    def read(self, at: int) -> None:
        """Read the group that begins at an offset."""
        while token := TOKEN.match(self._data, at):
            at = token.end()
            word, number, pair, sign, brace, text = token.groups()
            if text is not None or pair is not None:
                self._bytes(text if text is not None else bytes([int(pair, 16)]))
                continue
            if word is None and sign is None and brace is None:
                continue
            self._decode()
            if word is not None:
                at += self._word(word.decode("ascii"), None if number is None else int(number))
            elif sign is not None:
                self._sign(sign, self._data[max(token.start() - 3, 0) : token.start()])
            elif brace == b"{":
                self._open()
            elif not self._close():
                break
        self._finish()

    def _finish(self) -> None:
        self._decode()
        if self._pending.cells:  # of a row that has no end
            self._end("row")
        self._end_paragraph()
        for text in self._pending.footers:
            self.writer.paragraph(text)

    def _open(self) -> None:
        self._stack.append(self._state)
        self._to_skip = 0
        if len(self._stack) > MOST_GROUPS:
            raise NotReadableError("its groups are nested too deeply")

    def _close(self) -> bool:
        """End a group; whether it was not the last."""
        before, depth = self._state, len(self._stack)
        self._state = self._stack.pop() if self._stack else before
        self._to_skip = 0
        if before.depth == depth and before.target in self._texts and before.target != "body":
            self._deliver(before.target, "".join(self._texts.pop(before.target)))
        return bool(self._stack)

    def _deliver(self, target: str, text: str) -> None:
        """What a group of its own held goes where it belongs."""
        pending = self._pending
        if not self._paragraph.is_in_table:
            self._end_table()
        match target:
            case "note":
                self.writer.note(text)
            case "author":
                pending.author = text
            case "comment":
                self.writer.aside(comment(pending.author, text))
            case "box":
                self.writer.aside(text)
            case "title":
                self.title = self.title or tidy_title(text)
            case "mark":
                mark = text.strip()
                self._paragraph.mark = mark if any(map(str.isalnum, mark)) else BULLET
            case "header" | "footer":
                words = "\t".join(part for part in text.strip().split("\t") if _COUNTED not in part)
                if words and words not in pending.seen:
                    pending.seen.add(words)
                    self.writer.paragraph(words) if target == "header" else pending.footers.append(words)

    def _put(self, text: str) -> None:
        state = self._state
        if text and state.target != "skip" and not state.is_hidden:
            if state.target == "body" and text.strip():
                if not self._paragraph.is_in_table:
                    self._end_table()
                if self._pending.breaks_page:
                    self._new_page()
            self._texts.setdefault(state.target, []).append(raised(text) if state.is_raised else text)

    def _bytes(self, data: bytes) -> None:
        skipped = min(self._to_skip, len(data))
        self._to_skip -= skipped
        if self._state.target != "skip":
            self._raw += data[skipped:]

    def _decode(self) -> None:
        if self._raw:
            text = self._raw.decode(self._state.codec or self._ansi, "replace")
            self._raw.clear()
            self._put(text)

    def _sign(self, sign: bytes, before: bytes) -> None:
        self._to_skip = 0
        if sign == b"*":
            self._is_optional = before.rstrip().endswith(b"{")  # within a group it means nothing
        elif sign in b"\r\n":
            self._end_line()
        else:
            self._put(SIGNS.get(sign, ""))

    def _word(self, word: str, number: int | None) -> int:
        """Follow a command; how many bytes of data after it are no text."""
        is_optional, self._is_optional = self._is_optional, False
        self._to_skip = 0
        if word == "bin":
            return max(number or 0, 0)
        if word in TARGETS and (self._state.target != "skip" or word in ("title", "shptxt")):
            if TARGETS[word]:
                self._state = replace(self._state, target=TARGETS[word], depth=len(self._stack))
        elif word == "upr":
            self._state = replace(self._state, target="skip", around=self._state.target)
        elif word == "ud":
            self._state = replace(self._state, target=self._state.around)
        elif word in SKIPPED or is_optional:
            self._state = replace(self._state, target="skip")
        elif self._state.target != "skip" or word == "ansicpg":
            self._text_word(word, number)
        return 0

    def _text_word(self, word: str, number: int | None) -> None:
        if word in CHARACTERS:
            self._put(CHARACTERS[word])
        elif word == "u" and number is not None:
            self._put(chr(number % 0x10000))
            self._to_skip = self._state.skip
        elif word in ("par", "sect", "page", "cell", "row"):
            self._end(word)
        elif word in ("trowd", "cellx"):
            self._pending.edges = [*self._pending.edges, number or 0] if word == "cellx" else []
        elif word == "chftn":
            self._notes += self._state.target == "body"
            self._put(raised(str(self._notes)))
        elif word in ("chpgn", "sectnum"):
            self._put(_COUNTED)
        else:
            self._look(word, number)

    def _look(self, word: str, number: int | None) -> None:
        """A command that changes how what follows is shown."""
        state, paragraph = self._state, self._paragraph
        match word:
            case "v" | "deleted" | "super" | "nosupersub" | "sub" | "plain":
                is_hidden = number != 0 if word in ("v", "deleted") else state.is_hidden and word != "plain"
                is_raised = number != 0 if word == "super" else state.is_raised and word in ("v", "deleted")
                self._state = replace(state, is_hidden=is_hidden, is_raised=is_raised)
            case "uc":
                self._state = replace(state, skip=max(number or 0, 0))
            case "f":
                self._state = replace(state, codec=self._fonts.get(str(number).encode(), ""))
            case "ansicpg" | "mac" | "pc" | "pca":
                self._ansi = CODE_PAGES.get(word) or codec_of(number)
            case "pagebb" | "sbkpage":
                self._pending.breaks_page = True
            case "sbknone":
                self._pending.breaks_page = False
            case _ if state.target == "body":
                paragraph.look(word, number or 0, self._headings)
                if word == "pard":
                    self._paragraph = Paragraph(mark=paragraph.mark)

    def _end(self, word: str) -> None:
        if self._state.target != "body":
            self._put("\n")
        elif word == "cell":
            self._pending.cells.append(self._taken())
            self._paragraph.mark = ""
        elif word == "row":
            self._pending.rows.append((self._pending.cells, self._pending.edges))
            self._pending.cells = []
        else:
            self._end_line()
            self._pending.breaks_page = self._pending.breaks_page or word == "sect"
            if word == "page":
                self._new_page()

    def _end_line(self) -> None:
        if self._state.target != "body" or self._paragraph.is_in_table:
            self._put("\n")
        else:
            self._end_paragraph()

    def _end_paragraph(self) -> None:
        text, paragraph = self._taken(), self._paragraph
        self._end_table()
        is_item = bool(paragraph.mark) and not paragraph.heading
        depth = self._indents.depth(paragraph.indent, is_item=is_item) if text.strip() else 0
        if paragraph.heading:
            self.writer.heading(paragraph.heading, f"{paragraph.mark} {text}" if paragraph.mark not in ("", BULLET) else text)
        elif is_item:
            self.writer.item(text, max(paragraph.level, depth), paragraph.mark)
        else:
            self.writer.paragraph(text)
        paragraph.mark = ""
        self.writer.end_asides()

    def _end_table(self) -> None:
        rows, self._pending.rows = self._pending.rows, []
        if rows:
            self.writer.blocks(in_columns(rows))
            self.writer.end_asides()

    def _taken(self) -> str:
        return "".join(self._texts.pop("body", []))

    def _new_page(self) -> None:
        self._pending.breaks_page = False
        if self._page > 1 or not self.writer.is_blank:
            self._page += 1
            self.writer.page(str(self._page))
