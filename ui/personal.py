"""What a server has of one person: as one file for that person, and erased."""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from rag.errors import StorageError
from rag.storing.places import Places
from ui.chats.conversations import Conversations
from ui.chats.exporting import file_name, to_markdown
from ui.chats.keeping import conversation_places, stored
from ui.chats.turns import to_row
from ui.people.accounts import Person
from ui.people.folders import folder_of
from ui.people.ledger import Ledger
from ui.people.sessions import SESSION_SECONDS
from ui.people.store import People

NOT_READABLE = "The answer is left out: its library may not be read any more."


def export_person(
    file: Path | IO[bytes], people: People, person: Person, server: Places, export: Callable[[str, Path], object] | None = None
) -> None:
    """Write what a server has of a person to a ZIP file, also while it runs; raises StorageError.

    It holds `account.json`, `conversations/LIBRARY/NUMBER TITLE.json` with votes and notes, the same as `.md`, and `libraries/NAME.zip`.

    Args:
        file: The ZIP file.
        people: Who has the account.
        person: Whose data.
        server: Where the server's tables are.
        export: Writes the library with an id to a file; called for those of the person's own.
    """
    found = conversation_places(server, [library.id for library in people.libraries()])
    try:
        with ZipFile(file, "w", ZIP_DEFLATED) as packed:
            packed.writestr("account.json", _json(_account(people, person) | _counted(person, server)))
            for library in people.libraries():
                name = file_name(f"{library.id} {library.name}")
                may_read = people.right_in(person, library.id) is not None
                if library.id in found:
                    with stored(found[library.id]) as conversations:
                        _pack_conversations(packed, name, conversations.of(person.id), may_read=may_read)
                if export and library.owner == person.id and folder_of(server.folder, library.id).is_dir():
                    _pack_library(packed, name, library.id, export)
    except OSError as error:
        raise StorageError(f"The data of {person.name} cannot be written: {error}. Free some disk space or choose another file.") from error


def _account(people: People, person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "role": person.role,
        "groups": [group.name for group in people.groups() if person in people.members(group.id)],
        "libraries": [{"name": library.name, "right": right} for library, right in people.libraries_of(person)],
        "sessions": [{"began": _date(until - SESSION_SECONDS), "ends": _date(until)} for until in people.sessions(person)],
        "tokens": [{"name": each.name, "scope": each.scope, "expires": _date(each.expires)} for each in people.tokens(person)],
    }


def _counted(person: Person, server: Places) -> dict[str, Any]:
    """What was counted of a person; documents are named by their ids, which are hashes of the files."""
    with Ledger(server.database("usage")) as ledger:
        documents = [{"library": library, "id": id_, "bytes": size} for library, id_, size in ledger.documents_of(person.id)]
        return {"documents": documents, "usage": [asdict(each) for each in ledger.used("", person.id)]}


def _pack_conversations(packed: ZipFile, library: str, conversations: Conversations, *, may_read: bool) -> None:
    """Write conversations in a library; of one that the person may not read any more, without the answers, which are of its documents."""
    for number, conversation_id in enumerate(conversations.ids(), 1):
        title, turns = conversations.title(conversation_id), conversations.turns(conversation_id)
        turns = turns if may_read else tuple(replace(turn, answer=None, state="failed", problem=NOT_READABLE) for turn in turns)
        name = f"conversations/{library}/{number:04} {file_name(title)}"
        bodies = [json.loads(to_row(turn).body) for turn in turns]
        packed.writestr(f"{name}.json", _json({"id": conversation_id, "title": title, "turns": bodies}))
        packed.writestr(f"{name}.md", to_markdown(title, turns).encode("utf-8", "replace"))


def _pack_library(packed: ZipFile, name: str, library_id: str, export: Callable[[str, Path], object]) -> None:
    with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
        export(library_id, file := Path(folder, "library.zip"))
        packed.write(file, f"libraries/{name}.zip", ZIP_STORED)


def _json(plain: object) -> bytes:
    return json.dumps(plain, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
