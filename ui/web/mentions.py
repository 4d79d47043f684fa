"""`@name` in a question: the documents named so, and the question without their names."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rag.errors import RagError
from rag.types import ChunkKey, DocumentRecord
from ui import text
from ui.chats.filtering import AskedFilter
from ui.chats.turns import AskedDocument

MOST_NAMED = 4  # names told where several documents match
_MENTION = re.compile(r"""(?<![^\s(\[„“"'])@(?:"([^"\n]+)"|“([^”\n]+)”|([^\s@"“]+))""")
_AFTER = ".,;:!?…)]}'’\""  # what may follow a name without being part of it


class ScopeError(RagError):
    """A question names no document, several of one name, nothing else, or documents that are gone: the message says what to do."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A question without the names of documents, and the documents or chunks that it is about, within filters; all if there are none.

    `connection` names the chat model that answers; None for the library's choice.
    """

    question: str
    documents: tuple[AskedDocument, ...]
    passages: tuple[ChunkKey, ...] = ()
    filters: tuple[AskedFilter, ...] = ()
    connection: str | None = None


def scope_of(question: str, chosen: Sequence[AskedDocument], documents: Sequence[DocumentRecord]) -> Scope:
    """What a question is about: the documents that it names, else the chosen ones, by name where they were replaced since.

    Raises ScopeError as `find_mentions`, and where a chosen document is gone.
    """
    found = find_mentions(question, documents)
    if found.documents:
        return found
    ids, names = {record.id for record in documents}, {record.name: record.id for record in documents}
    for document in chosen:
        if document.id not in ids and document.name not in names:
            raise ScopeError(text.CHOSEN_GONE.format(name=document.name))
    return Scope(question, tuple(one if one.id in ids else AskedDocument(names[one.name], one.name) for one in chosen))


def find_mentions(question: str, documents: Sequence[DocumentRecord]) -> Scope:
    """The documents that a question names as `@name` or `@"two words"`, each once; the beginning of a file name is enough.

    An `@` within a word, as in an e-mail address, names nothing. Raises ScopeError where no document or several match, or where there is
    no question besides.
    """
    rest, position = "", 0
    named: dict[str, AskedDocument] = {}
    for match in _MENTION.finditer(question):
        name, document = _named(match[1] or match[2] or match[3], documents)
        rest = _joined(rest, question[position : match.start()])
        position = match.end() if match[3] is None else match.start(3) + len(name)
        named[document.id] = AskedDocument(document.id, document.name)
    rest = _joined(rest, question[position:]).strip()
    if named and not re.search(r"\w", rest):
        raise ScopeError(text.MENTION_ALONE.format(name=[*named.values()][-1].name))
    return Scope(rest, tuple(named.values()))


def _named(written: str, documents: Sequence[DocumentRecord]) -> tuple[str, DocumentRecord]:
    """The part of what follows an @ that is a name, and the document it names."""
    name = written
    while not (found := _matching(name, documents)) and name and name[-1] in _AFTER:
        name = name[:-1]
    if not found:
        raise ScopeError(text.MENTION_UNKNOWN.format(name=written.rstrip(_AFTER) or written))
    if len(found) > 1:
        first = ", ".join(document.name for document in found[:MOST_NAMED]) + (", …" if len(found) > MOST_NAMED else "")
        raise ScopeError(text.MENTION_SEVERAL.format(name=name, count=len(found), names=first))
    return name, found[0]


def _matching(name: str, documents: Sequence[DocumentRecord]) -> list[DocumentRecord]:
    """The documents with this name, with or without its suffix; if none, those whose names start with it."""
    wanted = _folded(name)
    if not wanted:
        return []
    exact = [document for document in documents if wanted in {_folded(document.name), _folded(document.name).rpartition(".")[0]}]
    return exact or [document for document in documents if _folded(document.name).startswith(wanted)]


def _joined(before: str, after: str) -> str:
    """What stood before a name and after it, without a gap between."""
    if not before.strip():
        return after.lstrip(" ,;:")
    if after[:1] in {"", *_AFTER}:
        return before.rstrip(" ,;:") + after
    return f"{before.rstrip(' ')} {after.lstrip(' ')}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()
