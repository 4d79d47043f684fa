"""Everybody, and everything about them, in one file."""

from ui.people.groups import Groups
from ui.people.identities import Identities
from ui.people.libraries import Libraries
from ui.people.links import Links
from ui.people.sessions import Sessions


class People(Identities, Links, Sessions, Groups, Libraries):
    """People, their sessions and tokens, their groups, the libraries and the rights in them."""
