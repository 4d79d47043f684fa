"""What an answer quotes, beside what is known of the right one: plain functions of texts, which import nothing of the project."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

COVERED = 0.6
"""The share of an evidence's words that a text must have to hold it."""

SHORT_ANSWER = 40
"""Characters: an answer that is no longer, and stands in its evidence, must stand in the text too."""

LONGEST_NUMBER = 20
"""Characters: what is no longer, and begins or ends with a number, is not looked for within other numbers."""

NEAR = 200
"""Characters on either side of a quotation that are its neighbours."""

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]{2,}")
_TABLE = re.compile(r"[\\\x08](?:b?egin|end)\{tabular\}(?:\{[^}]*\})?|\\(?:hline|multi(?:column|row)\{[^}]*\}\{[^}]*\})")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the of and to in is are was were be been by for on at as an or it its this that these those with from which shall will may any "
        "such has have had not no all their they he she his her we our you your",
    )
)


@dataclass(frozen=True, slots=True)
class Gold:
    """What is known of a question's answer.

    Attributes:
        evidences: Any of them answers; a text holds one that has `COVERED` of its words.
        needed: Words of which all must stand in the text.
        forbidden: Words that must not.
        document: The name of the file that answers, or "".
        place: Where it answers: a span of the file's squeezed text; None if that is not known.
        twins: Names of other files with the same words.
    """

    evidences: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    document: str = ""
    place: tuple[int, int] | None = None
    twins: frozenset[str] = frozenset()

    def held_by(self, text: str) -> bool:
        """Whether a text answers."""
        said = plain(text)
        if not all(_stands_in(plain(words), said) for words in self.needed) or any(plain(words) in said for words in self.forbidden):
            return False
        words = tokens(text)
        return not self.evidences or any(covers(words, evidence) for evidence in self.evidences)


@dataclass(frozen=True, slots=True)
class Question:
    """A question of one of the sets.

    Attributes:
        text: As it is asked.
        library: The name of the library that it is asked of.
        group: What its figures are counted under: a language, the source of its evidence.
        kind: The kind of document, or "".
        gold: What answers it; None where nothing does.
        without: A file that is left out of the search, so that nothing answers.
        history: Earlier questions and answers.
        is_first_alone: Whether the first quotation alone is judged.
    """

    text: str
    library: str
    group: str
    kind: str = ""
    gold: Gold | None = None
    without: str = ""
    history: tuple[tuple[str, str], ...] = ()
    is_first_alone: bool = False


@dataclass(slots=True)
class Texts:
    """The squeezed text of each file of a library, in which passages are placed."""

    squeezed: dict[str, str] = field(default_factory=dict)

    def places(self, document: str, text: str) -> list[tuple[int, int]]:
        """Every span of a document's squeezed text that has these words; that of their beginning where they were changed further on."""
        words, whole = squeeze(text), self.squeezed.get(document, "")
        for part in (words, words[:80], words[-80:]):
            if part and (found := [match.start() for match in re.finditer(re.escape(part), whole)]):
                return [(start, start + len(words)) for start in found]
        return []


def plain(text: str) -> str:
    """The same for any case, white space and escapes of LaTeX."""
    return " ".join(re.sub(r"\\([$%&#_])", r"\1", unicodedata.normalize("NFKC", text)).casefold().split())


def squeeze(text: str) -> str:
    """Letters and digits alone."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def tokens(text: str) -> frozenset[str]:
    """The numbers and words that tell one text from another; what makes a table in LaTeX is none."""
    return frozenset(_TOKEN.findall(unicodedata.normalize("NFKC", _TABLE.sub(" ", text)).casefold())) - _COMMON


@lru_cache(maxsize=4096)
def _tokens_of_evidence(text: str) -> frozenset[str]:
    return tokens(text)


def covers(words: frozenset[str], evidence: str) -> bool:
    """Whether these words are enough of an evidence's."""
    wanted = _tokens_of_evidence(evidence)
    return bool(wanted) and len(wanted & words) >= COVERED * len(wanted)


def needed_of(answer: str, evidence: str, page: str) -> tuple[str, ...]:
    """The answer itself, where it is short and its evidence and the page hold it; its numbers where the page writes it otherwise."""
    if plain(answer) in {"yes", "no"} or not 0 < len(answer) <= SHORT_ANSWER or not _stands_in(plain(answer), plain(evidence)):
        return ()
    said = plain(page)
    if _stands_in(plain(answer), said):
        return (answer,)
    return tuple(number for number in re.findall(r"\d+(?:[.,]\d+)*", answer) if _stands_in(number, said))


def pieces_of(text: str) -> list[str]:
    """What stands before each footnote of an answer: what the reader reads, the quotation marks left out."""
    return [piece.strip(" \n“”") for piece in re.split(r"(?:\s*\[\d+\])+", text) if piece.strip(" \n“”.")]


def judged(question: Question, answer: Any, texts: Texts) -> dict[str, Any]:
    """What is to be counted of an answer."""
    refused = answer.finish == "not_found"
    pieces = [] if refused else pieces_of(answer.text)
    row: dict[str, Any] = {"answered": not refused, "characters": sum(map(len, pieces)), "quoted": pieces}
    row |= {"searched": answer.searched, "notice": answer.notice}
    gold = question.gold
    if gold is None:
        return row
    at_place = [passage for passage in answer.passages if _is_at(gold, passage.document, passage.chunk_text, texts)]
    kept = gold_in(gold, (passage.text for passage in at_place))
    right = not refused and gold.held_by("\n".join(pieces[:1] if question.is_first_alone else pieces))
    row |= {
        "right": right,
        "first": right and gold.held_by(pieces[0]),
        "placed": right and any(_is_at(gold, cited.passage.document, cited.quote, texts) for cited in answer.citations),
        "file": any(passage.document in {gold.document, *gold.twins} for passage in answer.passages),
        "page": bool(at_place),
        "passage": gold_in(gold, (passage.chunk_text for passage in at_place)),
        "near": not refused and not right and gold_in(gold, map(_around, answer.citations)),
    }
    row["stage"] = "" if right else _stage(row, kept=kept)
    return row


def gold_in(gold: Gold, parts: Iterable[str]) -> bool:
    """Whether texts answer, taken together; what is forbidden in a quotation may stand in them."""
    return Gold(gold.evidences, gold.needed).held_by("\n".join(parts))


def _stage(row: dict[str, Any], *, kept: bool) -> str:
    """Where an answer was lost."""
    if not row["passage"]:
        return "not retrieved"
    if not kept:
        return "trimmed away"
    return "wrong sentence" if row["answered"] else "gate"


def _around(citation: Any) -> str:
    """A quotation with its neighbours in its chunks."""
    passage = citation.passage
    start, end = citation.quote_start - passage.chunk_start, citation.quote_end - passage.chunk_start
    return str(passage.chunk_text[max(0, start - NEAR) : max(0, end + NEAR)])


def _is_at(gold: Gold, document: str, text: str, texts: Texts) -> bool:
    """Whether words of a document are those that answer, and not the same ones elsewhere."""
    if document in gold.twins or not gold.document:
        return True
    if document != gold.document:
        return False
    return gold.place is None or any(start < gold.place[1] and gold.place[0] < end for start, end in texts.places(document, text))


def _stands_in(words: str, text: str) -> bool:
    """Whether words stand in a text; a number not as a part of a longer one (some long answers of XQuAD end within one)."""
    is_short = len(words) <= LONGEST_NUMBER
    before = r"(?<!\d)(?<!\d[.,])" if is_short and words[:1].isdecimal() else ""
    after = r"(?![.,]?\d)" if is_short and words[-1:].isdecimal() else ""
    return bool(re.search(before + re.escape(words) + after, text))


def without_tables(text: str) -> str:
    """LaTeX tables as lines of cells, as a document's text has them; cells that only span are left out."""
    return re.sub(r"\\begin\{tabular\}(?:\{[^\n]*\})?(.*?)\\end\{tabular\}", lambda found: _rows(found[1]), text, flags=re.DOTALL)


def _rows(table: str) -> str:
    rows = []
    for row in re.split(r"\\\\", re.sub(r"\\(?:hline|cline\{[^}]*\})", "", table)):
        cells = [_cell(cell) for cell in re.split(r"(?<!\\)&", row)]
        if any(cells):
            rows.append(" | ".join(filter(None, cells)))
    return "\n" + "\n".join(rows) + "\n"


def _cell(cell: str) -> str:
    cell = re.sub(r"\\multi(?:column|row)\{[^}]*\}\{[^}]*\}\{(.*)\}", r"\1", cell.strip(), flags=re.DOTALL)
    cell = re.sub(r"(?<!\\)\$([\d.,()%\s+-]+)\$", r"\1", cell)
    return " ".join(re.sub(r"\\([$%&#_])", r"\1", cell).split())


def standard_error(flags: Sequence[bool]) -> float:
    """Of a share, as of independent draws."""
    share = sum(flags) / max(1, len(flags))
    return float((share * (1 - share) / max(1, len(flags))) ** 0.5)
