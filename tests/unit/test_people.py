"""People, their sessions and tokens, and guesses at their passwords."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from rag.errors import StorageError
from rag.storing.places import Places
from ui.people.accounts import BAD_PASSWORD, Person
from ui.people.file import BAD_NAME, PersonError
from ui.people.store import People
from ui.people.throttle import FREE_TRIES, MOST_KEYS, MOST_SECONDS, Throttle

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "correct horse battery"


@pytest.fixture
def people(places: Places) -> Iterator[People]:
    with People(places.database("people"), QUICK) as opened:
        yield opened


def added(people: People, name: str, role: str = "reader") -> Person:
    person = people.add(name, SECRET, role)  # type: ignore[arg-type]
    assert person
    return person


def test_nobody_needs_no_file(people: People, places: Places) -> None:
    assert not people.exist()
    assert (people.checked("ada", SECRET), people.of_session("x"), people.of_token("x")) == (None, None, None)
    assert not list(places.folder.iterdir())
    added(people, "Ada")
    assert people.exist()
    files = [file.name for file in places.folder.iterdir()]
    assert all(file.startswith("people.sqlite3") for file in files)
    assert bool(files) == (not places.are_shared)


def test_a_password_opens_what_it_is_for_alone(people: People) -> None:
    ada = added(people, "Ada Lovelace", "administrator")
    assert people.checked(" ADA lovelace ", SECRET) == ada  # as names are typed
    assert people.checked("Ada Lovelace", SECRET.upper()) is people.checked("Ada", SECRET) is None
    assert people.checked("Ada Lovelace", SECRET + " " * 2_000) is people.checked("x" * 10_000, SECRET) is None
    zoe = added(people, "Zoë 博士")
    assert people.checked("Zoe\u0308 博士", SECRET) == zoe
    people.set_password(zoe, "another long password")
    assert people.checked("Zoë 博士", SECRET) is None
    assert [each.name for each in people.listed()] == ["Ada Lovelace", "Zoë 博士"]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[2J", "a\u202eb", "x" * 101, "\ud800"])
def test_a_name_that_cannot_be_shown_is_refused(people: People, name: str) -> None:
    with pytest.raises(PersonError, match=BAD_NAME):
        added(people, name)


def test_a_weak_password_and_a_name_that_is_taken_are_refused(people: People) -> None:
    for password in ("", "short", "x" * 1_001, "Ada of Lovelace"):
        with pytest.raises(PersonError, match=BAD_PASSWORD):
            people.add("ada of lovelace", password, "reader")
    added(people, "Ada")
    with pytest.raises(PersonError, match="There is a user 'ａｄａ' already"):
        added(people, "ａｄａ")


def test_no_name_or_password_breaks_it(people: People) -> None:
    added(people, "Ada")
    for odd in ("", "\0", "\ud800", "ﷺ" * 10_000, "' OR 1=1 --", "\u202e", "İ"):
        assert (people.checked(odd, odd), people.checked("Ada", odd), people.of_session(odd), people.of_token(odd)) == (None,) * 4


def test_nothing_secret_is_stored(people: People, places: Places) -> None:
    ada = added(people, "Ada")
    secrets = [SECRET, people.begin_session(ada), people.add_token(ada, "mine", "ask", 1), people.make_link(ada)]
    tables = ("people", "sessions", "tokens", "links")
    stored = str([people.rows(f"SELECT * FROM {table}") for table in tables]).encode()
    people.close()
    stored += b"".join(path.read_bytes() for path in places.folder.iterdir())
    assert not [secret for secret in secrets if secret.encode() in stored]
    assert b"$argon2id$" in stored


def test_a_session_ends(people: People) -> None:
    ada, zoe = added(people, "Ada"), added(people, "Zoë")
    one, other, hers = people.begin_session(ada), people.begin_session(ada), people.begin_session(zoe)
    assert people.of_session(one) == ada
    people.end_session(one)
    assert (people.of_session(one), people.of_session(other)) == (None, ada)
    people.end_sessions(ada)
    assert (people.of_session(other), people.of_session(hers)) == (None, zoe)
    people.set_password(zoe, "another long password")
    assert people.of_session(hers) is None
    late = people.begin_session(zoe)
    _expire(people, "sessions")
    assert people.of_session(late) is None


def test_a_token_has_its_scope_and_its_person_as_that_is_now(people: People) -> None:
    ada, zoe = added(people, "Ada", "administrator"), added(people, "Zoë", "writer")
    secret = people.add_token(zoe, "all", "admin", 30)
    assert people.of_token(secret) == (zoe, "admin")
    people.set_role("zoë", "reader")
    assert people.of_token(secret) == (people.find("zoë"), "admin")
    (token,) = people.tokens(zoe)
    assert not people.revoke(ada, token.id)  # another's
    assert people.revoke(zoe, token.id)
    assert people.of_token(secret) is None
    late = people.add_token(zoe, "late", "read", 1)
    _expire(people, "tokens")
    assert people.of_token(late) is None
    for name, days in (("x" * 10_000, 1), ("", 1), ("fine", 0), ("fine", 9_999)):
        with pytest.raises(PersonError):
            people.add_token(zoe, name, "read", days)


def test_who_is_removed_is_out_at_once_and_does_not_come_back_by_name(people: People) -> None:
    added(people, "Ada", "administrator")
    zoe = added(people, "Zoë")
    session, token = people.begin_session(zoe), people.add_token(zoe, "mine", "ask", 1)
    people.remove("zoë")
    assert (people.of_session(session), people.of_token(token)) == (None, None)
    assert people.of_session(people.begin_session(zoe)) is None
    assert added(people, "Zoë").id != zoe.id
    with pytest.raises(PersonError, match="There is no user"):
        people.remove("x" * 10_000)


def test_the_last_administrator_stays_while_there_are_others(people: People) -> None:
    added(people, "Ada", "administrator")
    added(people, "Zoë")
    for change in (lambda: people.remove("Ada"), lambda: people.set_role("Ada", "writer")):
        with pytest.raises(PersonError, match="the last administrator"):
            change()
    people.remove("Zoë")
    people.remove("Ada")
    assert not people.exist()


def test_two_first_administrators_at_once_are_one(places: Places) -> None:
    done: list[Person | None] = []

    def add(name: str) -> None:
        with People(places.database("people"), QUICK) as people:
            done.append(people.add(name, SECRET, "administrator", only_first=True))

    threads = [threading.Thread(target=add, args=[name]) for name in ("Ada", "Zoë", "Eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == 3
    assert len([each for each in done if each]) == 1


def test_a_file_that_is_damaged_lets_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "people.sqlite3"
    path.write_bytes(b"this is no database, whatever it is" * 100)
    with People(path, QUICK) as people, pytest.raises(StorageError, match=r"people\.sqlite3 cannot be used"):
        people.exist()


def test_guesses_take_longer_and_longer() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    for _ in range(FREE_TRIES["name"]):
        assert throttle.begin("ada", "1.2.3.4") == 0
    waits = []
    for _ in range(12):
        now += (wait := throttle.begin("ada", "5.6.7.8"))
        waits.append(wait)
        assert throttle.begin("ada", "9.9.9.9") == 0  # counts again
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) == MOST_SECONDS
    assert throttle.begin("zoë", "5.6.7.8") == 0  # another account, an address that was refused alone
    throttle.succeed("ada", "1.2.3.4")
    assert throttle.begin("ada", "1.2.3.4") == 0


def test_an_address_is_held_back_whatever_names_it_tries() -> None:
    throttle = Throttle(lambda: 0.0)
    allowed = [name for name in range(100) if throttle.begin(str(name), "1.2.3.4") == 0]
    assert len(allowed) == FREE_TRIES["address"]
    throttle.succeed("0", "1.2.3.4")  # one's own account does not open the way to others'
    assert throttle.begin("x", "1.2.3.4") == 0
    assert throttle.begin("y", "1.2.3.4") > 0
    for number in range(MOST_KEYS):
        throttle.begin("x" * 8, str(number))
    assert throttle.begin("y", "1.2.3.4") >= 0


def _expire(people: People, table: str) -> None:
    with people.writing() as file:
        file.change(f"UPDATE {table} SET expires = 1")
