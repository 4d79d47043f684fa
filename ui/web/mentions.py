"""`@name` in a question: the documents that are named so, and the question without their names."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rag.types import ChunkKey, DocumentRecord
from ui import text
from ui.chats.turns import AskedDocument

MOST_NAMED = 4
"""Names told where several documents begin alike."""

_MENTION = re.compile(r"""(?<![^\s(\[„“"'])@(?:"([^"\n]+)"|“([^”\n]+)”|([^\s@"“]+))""")
_AFTER = ".,;:!?…)]}'’\""
"""What may stand after a name, and not be part of it."""


FoldedName = tuple[str, DocumentRecord]
"""A document by its name as names are compared."""


class ScopeError(Exception):
    """A question about documents that there are not: the message says what to do."""


class MentionError(ScopeError):
    """A name after @ that no document has, or several, or that stands alone."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked, and about what.

    Attributes:
        question: Without the names of documents.
        documents: What is searched; the whole library where there is none.
        passages: The chunks that are searched; all where there is none.
    """

    question: str
    documents: tuple[AskedDocument, ...]
    passages: tuple[ChunkKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Mentions:
    """A question, and the documents that it names.

    Attributes:
        question: Without the names.
        documents: In the order they are named, each once; none where no `@name` is in the question.
    """

    question: str
    documents: tuple[DocumentRecord, ...]


def scope_of(question: str, chosen: Sequence[AskedDocument], documents: Sequence[DocumentRecord]) -> Scope:
    """What a question is about: the documents that it names, else the chosen ones.

    Args:
        question: As it was typed.
        chosen: One that was replaced since then stands for the one that has its name now.
        documents: Those there are.

    Raises:
        MentionError: A name in it is none's or several documents', or there is no question besides.
        ScopeError: A chosen document is gone.
    """
    found = find_mentions(question, documents)
    if found.documents:
        return Scope(found.question, tuple(AskedDocument(record.id, record.name) for record in found.documents))
    ids, names = {record.id for record in documents}, {record.name: record.id for record in documents}
    for document in chosen:
        if document.id not in ids and document.name not in names:
            raise ScopeError(text.CHOSEN_GONE.format(name=document.name))
    return Scope(question, tuple(one if one.id in ids else AskedDocument(names[one.name], one.name) for one in chosen))


def find_mentions(question: str, documents: Sequence[DocumentRecord]) -> Mentions:
    """Find the documents that a question names as `@name` or `@"two words"`: the beginning of a file's name is enough.

    Args:
        question: As it was typed. An `@` within a word, as in an address, names nothing.
        documents: Those there are.

    Raises:
        MentionError: A name is none's or several documents', or there is no question besides.
    """
    rest, named = "", []
    names = [(_folded(document.name), document) for document in documents]
    position = 0
    for match in _MENTION.finditer(question):
        name, document = _named(match[1] or match[2] or match[3], names)
        end = match.end() if match[3] is None else match.start(3) + len(name)
        rest = _joined(rest, question[position : match.start()])
        position = end
        named.append(document)
    rest = _joined(rest, question[position:]).strip()
    if named and not re.search(r"\w", rest):
        raise MentionError(text.MENTION_ALONE.format(name=named[-1].name))
    return Mentions(rest, tuple({document.id: document for document in named}.values()))


def _named(written: str, names: Sequence[FoldedName]) -> tuple[str, DocumentRecord]:
    """The part of what is written after @ that is a name, and the document it names."""
    name = written
    found = _begun_by(name, names)
    while not found and name and name[-1] in _AFTER:
        name = name[:-1]
        found = _begun_by(name, names)
    if not found:
        raise MentionError(text.MENTION_UNKNOWN.format(name=written.rstrip(_AFTER) or written))
    if len(found) > 1:
        first = ", ".join(document.name for document in found[:MOST_NAMED]) + (", …" if len(found) > MOST_NAMED else "")
        raise MentionError(text.MENTION_SEVERAL.format(name=name, count=len(found), names=first))
    return name, found[0]


def _begun_by(name: str, names: Sequence[FoldedName]) -> list[DocumentRecord]:
    """The documents that are called so, with or without the ending; where none is, those whose names begin so."""
    wanted = _folded(name)
    if not wanted:
        return []
    exact = [document for folded, document in names if wanted in {folded, folded.rpartition(".")[0]}]
    return exact or [document for folded, document in names if folded.startswith(wanted)]


def _joined(before: str, after: str) -> str:
    """What stood before a name and after it, without a gap between."""
    if not before.strip():
        return after.lstrip(" ,;:")
    if after[:1] in {"", *_AFTER}:
        return before.rstrip(" ,;:") + after
    return f"{before.rstrip(' ')} {after.lstrip(' ')}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()
