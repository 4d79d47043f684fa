"""A follow-up question and the questions before it -> what to search for: by a plain rule, without a model.

"And for Plus?" after "What is the deductible of the Standard plan?" means "What is the deductible of the Plus plan?".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.retrieving.follow_up_words import (
    DEFINITE,
    DETERMINERS,
    FUNCTION_WORDS,
    GERMAN,
    JUNCTIONS,
    OPEN_PREPOSITIONS,
    PREPOSITIONS,
    PRONOUNS,
    SPEAKERS,
)
from rag.types import Message

WALK_BACK = 3
"""Earlier questions looked at, while each is a follow-up itself."""

LONGEST_FOLLOW_UP = 200
"""Characters; a longer question says what it is about."""

MANY_WORDS = 8
"""A question with more content words than these says what it is about, whatever pronouns it has."""

CARRIED_WORDS = 12
CARRIED_CHARACTERS = 300
"""The most that is taken over from earlier questions."""

OPENERS = re.compile(
    r"\s*[¿¡\"“'(]*\s*(?:(?:ok(?:ay)?|alright|thanks|thank you|danke|merci|gracias|well|hm+)\b[\s,.!…-]*)?(?:"
    r"(?P<focus>(?:and |but |so |or )?(?:what|how) about|what if|same for"
    r"|(?:und |aber )?(?:was ist mit|wie (?:ist|steht|sieht) es (?:mit|bei))"
    r"|(?:et )?qu['’]en est-il (?:de|du|des|pour)|(?:y )?qué (?:pasa con|hay de|tal)|(?:e )?che ne è di|(?:e )?quanto (?:a|al|alla|ao|à)"
    r"|en (?:hoe zit het met|wat is er met))"
    r"|(?P<joint>and|but|or|also|then|so|und|aber|oder|auch|dann|et|mais|ou|alors|aussi|y|e|pero|o|también|entonces|ma|mas|anche"
    r"|en|maar|и|а|но|или))\b[\s,:]*",
    re.IGNORECASE,
)
"""How a question begins that goes on from another. After a `joint` one, a whole question may follow."""

CJK_FOLLOW_UP = re.compile(
    r"^(?:那|那么|那麼|还有|還有|另外|以及|では|じゃあ?|それ|また|そして|그럼|그러면|그리고|그건)|它|他们|這個|这个|那个|那個|这些|那些|这里|那里|其中"
    r"|それ|これ|その|この(?!度)|そこ|그것|이것|^.{1,10}呢[？?]?$|^.{1,10}は[？?]$"
)
CJK_ASKING = re.compile(
    r"请问|請問|是?多少|是什么|是什麼|什么|什麼|怎么样?|如何|吗|嗎|呢|^那么?|^还有|ですか|ますか|いくら|何|では|[？?。！，、\s]+"
)
"""What is left out of an earlier question in these scripts: words that ask."""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W_]+(?:[-'’.&/+][^\W_]+)*[+#]*")

_EXPLETIVE = re.compile(
    r"\b(?:is|was|will|does|would|can)\s+it\s+(?:be\s+)?(?:possible|allowed|legal|safe|true|necessary|mandatory|required|ok|okay|better|take\b.*\bto|cost\s+to|matter)\b"
    r"|\bit\s+(?:takes|costs|is\s+(?:possible|allowed|true|necessary|required))\b|\bgibt\s+es\b|\best-il\b|\bist\s+es\s+(?:möglich|erlaubt|nötig)\b"
    r"|\bdauert\s+es\b|\bil\s+(?:y\s+a|faut)\b|\ball\s+this\s+time\b|\b(?:this|these|those|diese[rsmn]?|cette|esta?|este)\s+"
    r"(?:year|month|week|library|documents?|files?|jahr|monat|woche|année|semaine|año|mes|semana)\b",
    re.IGNORECASE,
)
"""Pronouns that stand for nothing said before."""

_THAT = re.compile(
    r"^\W*that\b|\bthat\W*$|\b(?:is|was|does|did|do|are|of|for|about|like|with|to|from|after|before|by|in|than|why|how|what|when)\s+that\b(?!\s+the\b)"
    r"|\b(?:gilt|geht|kostet|ist|heißt|macht|bedeutet)\s+das\s*(?:auch|so|genau|noch|für|bei|in|mit)?\b(?=\W*$|\s+(?:auch|so|genau|noch|für|bei|in|mit)\b)"
    r"|\b(?:this|that|which|the|other|first|second|last|cheaper|better|new|old)\s+ones?\b|\bwhich of (?:them|these|those)\b"
    r"|(?<!are )(?<!is )(?<!was )(?<!were )(?<!be )\bthere\W*$|\b[a-zá-ú]{3,}(?:ar|er|ir)l[oa]s?\b"
    r"|\b(?:ist|kostet|hat|kann|wird|deckt|enthält|umfasst|läuft|endet|beginnt|gilt)\s+es\b|\bwhat else\b"
    r"|\b(?:too|as well|also|auch|aussi|también|anche)\s*[?？]|^\W*which\s+(?:is|are|was|were)\b|\bin (?:such|this|that) case\b",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"^\W*(?:(?:what|who)(?:\s+(?:is|are|was|were)|['’]s)|define|explain|describe|erkläre|explique|explica|was\s+(?:ist|sind)|wer\s+ist|qu['’]est-ce\s+que?|qui\s+est|qué\s+(?:es|son)|quién\s+es|che\s+cos['’]è|o\s+que\s+é)\b",
    re.IGNORECASE,
)
_EXISTENTIAL = re.compile(r"\b(?:is|are|was|were)\s+there\b|\bthere\s+(?:is|are)\b|\bgibt\s+es\b|\by\s+a-t-il\b|\bhay\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Searched:
    """What is searched for a question.

    Attributes:
        text: The words.
        by: "question" where these are the question's own, "rule" or "model" where something was taken over from the conversation.
    """

    text: str
    by: Literal["question", "rule", "model"]


def needs_history(question: str, history: Sequence[Message]) -> bool:
    """Whether a question can hardly be understood without the questions before it.

    Args:
        question: What is asked.
        history: Earlier turns, oldest first. Without an earlier question, every question stands on its own.
    """
    return bool(earlier_questions(history)) and _is_follow_up(question)


def standalone_by_rule(question: str, history: Sequence[Message]) -> Searched:
    """Take over into a follow-up what it leaves out: the content words of the question before, or that question with one name exchanged.

    Args:
        question: What is asked.
        history: Earlier turns, oldest first.

    Returns:
        The question as it is where it stands on its own; else at most some 500 characters.
    """
    text = _resolved(question, earlier_questions(history), WALK_BACK)
    return Searched(text, "question" if text == question else "rule")


def earlier_questions(history: Sequence[Message]) -> list[str]:
    """The questions of a conversation that have words, oldest first."""
    return [message.content for message in history if message.role == "user" and _WORD.search(message.content)]


def subject_words(text: str) -> list[str]:
    """The words that tell what a question is about, in their order, each once; in scripts without spaces, what is left of its phrases."""
    if _CJK.search(text):
        return list(dict.fromkeys(part for part in CJK_ASKING.sub(" ", text).split() if part))
    words = [word for word in _WORD.findall(text) if _plain(word) not in FUNCTION_WORDS or (len(word) > 1 and word.isupper())]
    return list({_plain(word): word for word in reversed(words)}.values())[::-1]


def _resolved(question: str, earlier: Sequence[str], steps: int) -> str:
    if not (steps and earlier and _is_follow_up(question)):
        return question
    before = earlier[-1][: 2 * CARRIED_CHARACTERS]
    return _joined(question, _resolved(before, earlier[:-1], steps - 1))


def _is_follow_up(question: str) -> bool:
    """The rule: how it begins, what it points at, what it leaves out."""
    if len(question) > LONGEST_FOLLOW_UP:
        return False
    if _CJK.search(question):
        return bool(CJK_FOLLOW_UP.search(question.strip()))
    subject = subject_words(question)
    opener = OPENERS.match(question)
    if opener and _WORD.search(question, opener.end()):
        is_whole = opener["joint"] and len(subject) >= 3 and len(_WORD.findall(question)) >= 6
        if not is_whole:
            return True
    return len(subject) <= MANY_WORDS and (_points_back(question) or _is_elliptic(question, subject))


def _points_back(question: str) -> bool:
    """Whether a pronoun or a demonstrative has nothing in the question that it could stand for."""
    text = _EXPLETIVE.sub(" ", question)
    words = _WORD.findall(text)
    places = [n for n, word in enumerate(words) if _plain(word) in PRONOUNS and word != "IT"]
    if places and not _has_antecedent(text, words, places[0]):
        return True
    found = _THAT.search(text)
    return found is not None and not _has_antecedent(text, words, len(_WORD.findall(text[: found.start()])))


def _has_antecedent(text: str, words: Sequence[str], place: int) -> bool:
    """Whether a thing is named in an earlier clause than the word at `place`."""
    before = [_plain(word) for word in words[:place]]
    if place and re.search(r"[,;.!?:]\s", text[: _nth_word_start(text, place)]):
        return any(word not in FUNCTION_WORDS for word in before)
    last = max((n for n, word in enumerate(before) if word in JUNCTIONS), default=0)
    return any(before[n] in DETERMINERS and before[n + 1] not in FUNCTION_WORDS for n in range(last - 1))


def _nth_word_start(text: str, number: int) -> int:
    return next((match.start() for n, match in enumerate(_WORD.finditer(text)) if n == number), len(text))


def _is_elliptic(question: str, subject: Sequence[str]) -> bool:
    """Whether a question is too short to say what it is about."""
    words = [_plain(word) for word in _WORD.findall(question)]
    if not subject:
        return bool(words)
    asks = any(word in FUNCTION_WORDS and word not in PREPOSITIONS and word not in DETERMINERS for word in words)
    if not asks:  # "In Spain?", "The Plus plan?", but not two words as one types them into a search box
        return len(subject) <= 2 and (question.rstrip().endswith("?") or words[0] in PREPOSITIONS)
    if len(subject) > 1 or SPEAKERS & set(words) or _EXISTENTIAL.search(question):
        return False
    place = words.index(_plain(subject[0]))
    return (place > 0 and words[place - 1] in DEFINITE) or not _DEFINITION.match(question)


def _joined(question: str, before: str) -> str:
    """A follow-up with what it takes over from the question before."""
    opener = None if _CJK.search(question) else OPENERS.match(question)
    rest = question[opener.end() :].strip() if opener else question.strip()
    if exchanged := _exchanged(rest or question, before):
        return exchanged
    own = {_plain(word) for word in subject_words(rest)}
    carried: list[str] = []
    for word in subject_words(before)[:CARRIED_WORDS]:
        if _plain(word) not in own and len(" ".join([*carried, word])) <= CARRIED_CHARACTERS:
            carried.append(word)
    return f"{' '.join(carried)}: {rest}" if carried and rest else question


def _exchanged(rest: str, before: str) -> str | None:
    """The question before with its one name exchanged for the follow-up's, where both stand in the same place."""
    new, old_words = _WORD.findall(rest), _WORD.findall(before)
    if GERMAN & {_plain(word) for word in old_words} or len(subject_words(rest)) > 2:
        return None
    preposition = _plain(new[0]) if new and _plain(new[0]) in PREPOSITIONS else ""
    names = [word for word in subject_words(rest) if _shape(word)]
    heads = [_plain(word) for word in subject_words(rest) if not _shape(word)]
    is_fragment = all(word in PREPOSITIONS or word in DETERMINERS or word not in FUNCTION_WORDS for word in map(_plain, new))
    if len(names) != 1 or not is_fragment:
        return None
    slots = [n for n, word in enumerate(old_words) if n and _shape(word) == _shape(names[0]) and _plain(word) not in FUNCTION_WORDS]
    slots = [n for n in slots if _same_place(old_words, n, preposition, heads)]
    if len(slots) != 1 or _plain(old_words[slots[0]]) == _plain(names[0]):
        return None
    start = _nth_word_start(before, slots[0])
    return before[:start] + names[0] + before[start + len(old_words[slots[0]]) :]


def _same_place(words: Sequence[str], place: int, preposition: str, heads: Sequence[str]) -> bool:
    """Whether the name at `place` can be the one meant.

    Args:
        words: Those of the question before.
        place: Of a name among them.
        preposition: What the follow-up begins with, or "".
        heads: The follow-up's words besides its name: "plan" in "the Plus plan".
    """
    neighbours = [words[n] for n in (place - 1, place + 1) if 0 < n < len(words)]
    if any(_shape(word) for word in neighbours):  # a part of a longer name
        return False
    following = _plain(words[place + 1]) if place + 1 < len(words) else ""
    if heads:
        return [following] == list(heads)
    governing = [_plain(word) for word in words[max(0, place - 2) : place]]
    governor = next((word for word in reversed(governing) if word not in DETERMINERS or word in PREPOSITIONS), "")
    return governor in PREPOSITIONS and (preposition in OPEN_PREPOSITIONS or preposition == governor)


def _shape(word: str) -> str:
    """What kind of name a word is, or "" where it is none."""
    if word.isdigit():
        return "year" if len(word) == 4 else ""
    if len(word) > 1 and word.isupper():
        return "letters"
    return "name" if word[0].isupper() else ""


def _plain(word: str) -> str:
    return word.casefold().replace("’", "'")
