"""One owner's conversations, kept on the server; the browser holds a conversation's id and nothing else."""

import copy
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Self

from rag.errors import RagError
from rag.types import Answer, ChunkKey, Citation, Message
from ui import text
from ui.chats.cache import ConversationCache
from ui.chats.filtering import AskedFilter
from ui.chats.schema import LOCAL
from ui.chats.store import ConversationKey, ConversationStore, Summary
from ui.chats.turns import AskedDocument, Turn, Vote, searchable, valid
from ui.limits import MOST_NAME_CHARACTERS, MOST_SEARCH_CHARACTERS, MOST_TURNS, ConversationFullError, limited

MOST_LISTED = 200
LINK_BYTES = 16

OWNER = ContextVar("owner", default=LOCAL)
"""Whose request is being answered. What answers it after the request has ended has `Conversations.mine` from its beginning."""


class SharingError(RagError):
    """A conversation cannot be shared."""


@dataclass(frozen=True, slots=True)
class SharedConversation:
    """What a link shows; the `owner` has shared it."""

    owner: str
    title: str
    turns: tuple[Turn, ...]


class Conversations:
    """The conversations of one owner, or of each request's; several threads and tasks may use it.

    No verb reaches those of another owner, but `shared` with a link that the owner has made, and `expire`. A turn is written to the file
    when it begins and when it ends. `listed`, `title`, `rename`, `delete` and those after it raise StorageError where the disk refuses,
    TextTooLongError for too long a text.
    """

    def __init__(self, store: ConversationStore | Callable[[], ConversationStore] | None = None, *, owner: str | None = None) -> None:
        """Keep them in `store`, or in what that opens with the first use; without one, as long as this object lasts.

        Without an owner they are those of `OWNER`.
        """
        self._cache = ConversationCache((lambda: store) if isinstance(store, ConversationStore) else store or ConversationStore.in_memory)
        self._fixed = owner

    def of(self, owner: str) -> Self:
        """Another owner's conversations in the same store."""
        others = copy.copy(self)
        others._fixed = owner
        return others

    def mine(self) -> Self:
        """Those of this request's owner, also after its end."""
        return self.of(self._owner)

    @property
    def _owner(self) -> str:
        return OWNER.get() if self._fixed is None else self._fixed

    @property
    def notice(self) -> str:
        """What became of a file of conversations that could not be used, and what to do; "" where all is well."""
        return self._cache.store.notice

    @property
    def problem(self) -> str:
        """Why the last turn could not be written, and what to do; "" where it could."""
        return self._cache.problem

    def resume(self, conversation_id: str | None) -> str:
        """The id itself where it is known, else that of a new conversation, which is kept from its first question on."""
        with self._cache.lock:
            if conversation_id is not None and self._cache.turns(self._key(conversation_id)) is not None:
                return conversation_id
            new = secrets.token_urlsafe(16)
            self._cache.keep(self._key(new), ())
            return new

    def turns(self, conversation_id: str) -> tuple[Turn, ...]:
        """The turns so far, oldest first; none for an unknown id."""
        with self._cache.lock:
            return self._cache.turns(self._key(conversation_id)) or ()

    def turn(self, conversation_id: str, turn_id: str) -> Turn | None:
        """One turn, or None."""
        return next((turn for turn in self.turns(conversation_id) if turn.id == turn_id), None)

    def listed(self, query: str = "") -> list[Summary]:
        """The conversations that have all words of `query` in their titles, questions or answers; the last changed first."""
        words = searchable(limited(query, MOST_SEARCH_CHARACTERS, text.SEARCH)).split()
        return self._cache.use(lambda store: store.listed(self._owner, words, MOST_LISTED))

    def title(self, conversation_id: str) -> str:
        """A conversation's name, else its first question; "" for an unknown id."""
        return self._cache.use(lambda store: store.title(self._key(conversation_id)))

    def begin(
        self,
        conversation_id: str,
        question: str,
        documents: tuple[AskedDocument, ...] = (),
        instead_of: str = "",
        passages: tuple[ChunkKey, ...] = (),
        filters: tuple[AskedFilter, ...] = (),
    ) -> Turn:
        """Add a turn about these documents or passages, else the whole library, within filters; `instead_of` goes, with the turns after it.

        Raises ConversationFullError, or KeyError where the id did not come from `resume`, or its conversation was deleted.
        """
        turn = Turn(secrets.token_hex(4), question, documents=documents, passages=passages, filters=filters)
        key = self._key(conversation_id)
        with self._cache.lock:
            turns = self._cache.turns(key)
            if turns is None:
                raise KeyError(conversation_id)
            place = next((place for place, old in enumerate(turns) if old.id == instead_of), len(turns))
            if place >= MOST_TURNS:
                raise ConversationFullError(text.CONVERSATION_FULL.format(count=MOST_TURNS))
            self._cache.add(key, [turn], tuple(old.id for old in turns[place:]))
        return turn

    def update(self, conversation_id: str, turn: Turn) -> bool:
        """Replace a growing turn; False where it has ended or is gone, and nothing was changed."""
        return self._change(conversation_id, lambda old: turn if old.id == turn.id and old.state == "growing" else old, turn.id)

    def stop(self, conversation_id: str, turn_id: str | None = None) -> None:
        """End a growing turn, or all of them; the answer so far stays."""

        def stopped(turn: Turn) -> Turn:
            return replace(turn, state="stopped") if turn.state == "growing" and turn_id in {None, turn.id} else turn

        self._change(conversation_id, stopped)

    def rate(self, conversation_id: str, turn_id: str, vote: Vote, note: str) -> None:
        """Rate an answer."""
        self._change(conversation_id, lambda turn: replace(turn, vote=vote, note=valid(note)) if turn.id == turn_id else turn)

    def correct(self, conversation_id: str, turn_id: str, answer: Answer) -> None:
        """Put a corrected answer in the place of the one that was shown."""
        self._change(conversation_id, lambda turn: replace(turn, answer=answer) if turn.id == turn_id else turn)

    def rename(self, conversation_id: str, title: str) -> None:
        """Name a conversation; an empty name gives it its first question's again."""
        name = " ".join(valid(limited(title, MOST_NAME_CHARACTERS, text.NAME)).split())
        self._cache.use(lambda store: store.rename(self._key(conversation_id), name))

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation; an answer that grows in it ends."""
        self._cache.delete([self._key(conversation_id)])

    def erase(self) -> None:
        """Delete all conversations of this owner; answers that grow end."""
        with self._cache.lock:
            kept = self._cache.use(lambda store: store.keys(self._owner))
            self._cache.delete({*kept, *(key for key in self._cache.open if key.owner == self._owner)})

    def expire(self, since: float) -> None:
        """Delete the conversations of all owners that nobody has changed since a time, in seconds since 1970."""
        with self._cache.lock:
            old = self._cache.use(lambda store: store.unchanged(since))
            self._cache.delete([key for key in old if not self._cache.is_busy(key)])

    def ids(self) -> list[str]:
        """The ids of all conversations of this owner, the last changed last."""
        return [key.id for key in self._cache.use(lambda store: store.keys(self._owner))]

    @property
    def can_share(self) -> bool:
        """Whether this owner is somebody who has signed in."""
        return self._owner != LOCAL

    def share(self, conversation_id: str) -> str:
        """The link that shares a conversation, the same each time; raises SharingError."""
        if not self.can_share:
            raise SharingError(text.NOBODY_TO_SHARE_WITH)
        if link := self._cache.use(lambda store: store.share(self._key(conversation_id), secrets.token_urlsafe(LINK_BYTES))):
            return link
        raise SharingError(text.NOT_SHARED)

    def unshare(self, conversation_id: str) -> None:
        """Take a link back."""
        self._cache.use(lambda store: store.unshare(self._key(conversation_id)))

    def shared(self, link: str) -> "SharedConversation | None":
        """What a link leads to, whosever it is, as it stands now; None where it leads nowhere."""
        key = self._cache.use(lambda store: store.shared(link)) if link.isascii() else None
        if key is None:
            return None
        theirs = self.of(key.owner)
        return SharedConversation(key.owner, theirs.title(key.id), theirs.turns(key.id))

    def copied(self, shared: "SharedConversation") -> str:
        """The id of a copy of one's own, without the other's votes and notes, and what still grows."""
        key = self._key(self.resume(None))
        turns = tuple(replace(turn, vote="", note="") for turn in shared.turns if turn.state != "growing")
        with self._cache.lock:
            self._cache.add(key, turns)
        self.rename(key.id, shared.title)
        return key.id

    def citation(self, conversation_id: str, turn_id: str, index: int) -> Citation | None:
        """The citation that a footnote's link names, or None."""
        turn = self.turn(conversation_id, turn_id)
        if turn and turn.answer and 0 <= index < len(turn.answer.citations):
            return turn.answer.citations[index]
        return None

    def history(self, conversation_id: str, until: str = "") -> list[Message]:
        """The questions answered before the turn `until`, if it is there, as messages for a chat model."""
        messages = []
        for turn in self.turns(conversation_id):
            if turn.id == until:
                break
            if turn.answer and turn.answer.text and turn.state in {"done", "stopped"}:
                messages += [Message("user", turn.answer.question), Message("assistant", turn.answer.text)]
        return messages

    def close(self) -> None:
        """End what grows, of all owners; write what can be written, and close the file."""
        with self._cache.lock:
            for key, turn_id in list(self._cache.growing):
                self.of(key.owner).stop(key.id, turn_id)
        self._cache.close()

    def _key(self, conversation_id: str) -> ConversationKey:
        return ConversationKey(self._owner, conversation_id)

    def _change(self, conversation_id: str, changed: Callable[[Turn], Turn], growing: str = "") -> bool:
        """Replace the turns that `changed` changes, and write those that have ended; whether there were any.

        A turn that is `growing` here is changed without asking what other servers wrote: they only end it, which is noticed within seconds.
        """
        key = self._key(conversation_id)
        with self._cache.lock:
            before = (self._cache.open.get(key) if (key, growing) in self._cache.growing else self._cache.turns(key)) or ()
            after = tuple(map(changed, before))
            changes = [new for old, new in zip(before, after, strict=True) if new is not old]
            if changes:
                self._cache.keep(key, after)
            for new in changes:
                if new.state != "growing":
                    self._cache.write(key, new.id)
            return bool(changes)
