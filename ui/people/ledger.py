"""What people used, day by day; whose the stored documents are; and limits of their own: one file, which any thread may use."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass, fields
from typing import Any

from ui.people.file import PeopleFile


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was used.

    Attributes:
        questions: That were asked, of whatever kind.
        files: That were added.
        bytes: Of these, where known.
        requests: To a chat model.
        prompt_tokens: Tokens that its server counted in what it was sent.
        completion_tokens: Tokens that it counted in what it wrote.
        unreported: Requests of which the server did not say what they cost.
        estimated_tokens: An estimate of the tokens of those.
    """

    questions: int = 0
    files: int = 0
    bytes: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unreported: int = 0
    estimated_tokens: int = 0

    @property
    def tokens(self) -> int:
        """All of them, as far as they are known."""
        return self.prompt_tokens + self.completion_tokens + self.estimated_tokens


@dataclass(frozen=True, slots=True)
class Used:
    """What a person used on a day in a library; `model` is the chat model, "" for what no chat model did."""

    day: str
    person: str
    library: str
    model: str
    amounts: Amounts


_NAMES = [each.name for each in fields(Amounts)]
_SUM = "coalesce(sum(CAST({} AS DOUBLE PRECISION)), 0)"  # a sum of integers may overflow, and raise
_SUMS = ", ".join(_SUM.format(name) for name in _NAMES)
_KEY = ("day", "person", "library", "model")
_ADD = f"""INSERT INTO used ({", ".join((*_KEY, *_NAMES))}) VALUES ({", ".join(f":{name}" for name in (*_KEY, *_NAMES))})
    ON CONFLICT ({", ".join(_KEY)}) DO UPDATE SET {", ".join(f"{name} = used.{name} + excluded.{name}" for name in _NAMES)}"""
_NOTE = """INSERT INTO stored (library, document, person, bytes) VALUES (:library, :document, :person, :bytes)
    ON CONFLICT (library, document) DO NOTHING"""
_LIMIT = """INSERT INTO limits (subject, kind, most) VALUES (:subject, :kind, :most)
    ON CONFLICT (subject, kind) DO UPDATE SET most = excluded.most"""
_DOCUMENTS = "SELECT library, document, bytes FROM stored WHERE person = :person ORDER BY library, document"


def today() -> str:
    """The day, where the server is."""
    return time.strftime("%Y-%m-%d")


class Ledger(PeopleFile):
    """The file."""

    noun = "usage"
    alone = False  # each statement stands by itself

    def add(self, person: str, library: str, amounts: Amounts, model: str = "") -> None:
        """Add to what a person used today."""
        with self.writing() as file:
            file.change(_ADD, day=today(), person=person, library=library, model=model, **asdict(amounts))

    def used_today(self, person: str) -> Amounts:
        """What a person used today, in all libraries."""
        rows = self.rows(f"SELECT {_SUMS} FROM used WHERE day = :day AND person = :person", day=today(), person=person)
        return Amounts(*map(int, rows[0])) if rows else Amounts()

    def used(self, since: str, person: str | None = None) -> list[Used]:
        """What was used since a day, by one person or all; the latest day first."""
        sql = f"SELECT {', '.join((*_KEY, *_NAMES))} FROM used WHERE day >= :since AND (:all OR person = :person)"
        rows = self.rows(f"{sql} ORDER BY day DESC, person, library, model", since=since, all=person is None, person=person)
        return [Used(day, user, library, model, Amounts(*amounts)) for day, user, library, model, *amounts in rows]

    def note_document(self, library: str, document: str, person: str, size: int) -> None:
        """Note who added a document: whoever was the first, as long as the library has it."""
        with self.writing() as file:
            file.change(_NOTE, library=library, document=document, person=person, bytes=size)

    def keep_documents(self, library: str, documents: Collection[str]) -> None:
        """Forget whose all other documents of a library were."""
        rows = self.rows("SELECT document FROM stored WHERE library = :library", library=library)
        if gone := [{"library": library, "document": document} for (document,) in rows if document not in documents]:
            with self.writing() as file:
                file.change_each("DELETE FROM stored WHERE library = :library AND document = :document", gone)

    def stored_bytes(self) -> dict[str, int]:
        """Bytes of the documents that each person added."""
        return {person: int(size) for person, size in self.rows(f"SELECT person, {_SUM.format('bytes')} FROM stored GROUP BY person")}

    def documents_of(self, person: str) -> list[tuple[str, str, int]]:
        """Library, id and bytes of each document that a person added."""
        return [(library, document, int(size)) for library, document, size in self.rows(_DOCUMENTS, person=person)]

    def limits(self) -> dict[str, dict[str, int]]:
        """The limits of their own that persons and groups have, by id and kind."""
        found: dict[str, dict[str, int]] = {}
        for subject, kind, most in self.rows("SELECT subject, kind, most FROM limits"):
            found.setdefault(subject, {})[kind] = most
        return found

    def set_limit(self, subject: str, kind: str, most: int | None) -> None:
        """Give a person or group a limit of its own; None takes it away."""
        with self.writing() as file:
            if most is None:
                file.change("DELETE FROM limits WHERE subject = :subject AND kind = :kind", subject=subject, kind=kind)
            else:
                file.change(_LIMIT, subject=subject, kind=kind, most=most)

    def forget(self, people: Collection[str]) -> None:
        """Delete what is known of people."""
        with self.writing() as file:
            for table, column in (("used", "person"), ("stored", "person"), ("limits", "subject")):
                file.change_each(f"DELETE FROM {table} WHERE {column} = :person", [{"person": person} for person in people])


def summed(amounts: Iterable[Amounts]) -> Amounts:
    """The sum of several."""
    columns = zip(*map(astuple, amounts), strict=True)
    return Amounts(*map(sum, columns))


def csv_rows(used: Iterable[Used], names: Mapping[str, str], libraries: Mapping[str, str]) -> Iterator[list[Any]]:
    """A table of what was used, its first row the names of the columns."""
    yield ["day", "person", "library", "model", *_NAMES]
    for each in used:
        yield [each.day, names.get(each.person, each.person), libraries.get(each.library, each.library), each.model, *astuple(each.amounts)]
