"""Groups of people, who are given rights together."""

import secrets
from dataclasses import dataclass

from ui.people.accounts import Person
from ui.people.file import PeopleFile, PersonError, account_key, checked_name, shortened

TAKEN = "There is a group {name!r} already."
UNKNOWN = "There is no group {name!r}."
GROUP_GONE = "This group has been removed."
GONE = "The user or the group has been removed."


@dataclass(frozen=True, slots=True)
class Group:
    """People with rights in common."""

    id: str
    name: str


class Groups(PeopleFile):
    """All groups. What is asked of one by its id, that has been removed meanwhile, raises PersonError."""

    def groups(self) -> list[Group]:
        """All groups, by name."""
        return [Group(*row) for row in self.rows("SELECT id, name FROM groups ORDER BY key")]

    def find_group(self, name: str) -> Group:
        """The group with a name; raises PersonError."""
        found = self.rows("SELECT id, name FROM groups WHERE key = :key", key=account_key(name))
        if not found:
            raise PersonError(UNKNOWN.format(name=shortened(name)))
        return Group(*found[0])

    def add_group(self, name: str) -> Group:
        """Add a group without members; raises PersonError."""
        group = Group(secrets.token_hex(16), checked_name(name))
        key = account_key(group.name)
        with self.writing() as file:
            if file.rows("SELECT 1 FROM groups WHERE key = :key", key=key):
                raise PersonError(TAKEN.format(name=group.name))
            file.change("INSERT INTO groups (id, key, name) VALUES (:id, :key, :name)", id=group.id, key=key, name=group.name)
        return group

    def group(self, group_id: str) -> Group:
        """The group with an id; raises PersonError."""
        found = self.rows("SELECT id, name FROM groups WHERE id = :id", id=group_id)
        if not found:
            raise PersonError(GROUP_GONE)
        return Group(*found[0])

    def rename_group(self, group_id: str, name: str) -> None:
        """Give a group another name; raises PersonError."""
        name = checked_name(name)
        key = account_key(name)
        with self.writing() as file:
            if file.rows("SELECT 1 FROM groups WHERE key = :key AND id != :id", key=key, id=group_id):
                raise PersonError(TAKEN.format(name=name))
            if not file.change("UPDATE groups SET key = :key, name = :name WHERE id = :id", key=key, name=name, id=group_id):
                raise PersonError(GROUP_GONE)

    def remove_group(self, group_id: str) -> bool:
        """Remove a group with its rights; whether there was one."""
        with self.writing() as file:
            return bool(file.change("DELETE FROM groups WHERE id = :id", id=group_id))

    def members(self, group_id: str) -> list[Person]:
        """Who belongs to a group, by name."""
        sql = "SELECT people.id, name, role FROM members JOIN people ON people.id = person WHERE team = :team ORDER BY key"
        return [Person(*row) for row in self.rows(sql, team=group_id)]

    def groups_of(self, person_id: str) -> list[Group]:
        """The groups that a person belongs to, by name."""
        sql = "SELECT id, name FROM members JOIN groups ON id = team WHERE person = :person ORDER BY key"
        return [Group(*row) for row in self.rows(sql, person=person_id)]

    def join(self, group_id: str, person_id: str) -> None:
        """Make a person a member, who may be one already; raises PersonError."""
        with self.writing() as file:
            if not file.rows(
                "SELECT 1 FROM groups, people WHERE groups.id = :team AND people.id = :person", team=group_id, person=person_id
            ):
                raise PersonError(GONE)
            sql = "INSERT INTO members (team, person) VALUES (:team, :person) ON CONFLICT DO NOTHING"
            file.change(sql, team=group_id, person=person_id)

    def leave(self, group_id: str, person_id: str) -> bool:
        """Take a person out of a group; whether it was a member."""
        with self.writing() as file:
            return bool(file.change("DELETE FROM members WHERE team = :team AND person = :person", team=group_id, person=person_id))
