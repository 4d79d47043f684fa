"""A follow-up question and the questions before it -> a standalone question, by a rule.

"And for Plus?" after "What is the deductible of the Standard plan?" means "What is the deductible of the Plus plan?". A question is a
follow-up if it begins like one, points back, or has no subject of its own. The question as it was asked is searched beside the standalone
one, so a question wrongly taken for a follow-up is still found.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.text.languages import FUNCTION_WORDS
from rag.types import Message, QuestionPart

WALK_BACK = 3  # earlier questions looked at, while each is a follow-up itself
LONGEST_FOLLOW_UP = 200  # characters; a longer question says what it is about
MANY_WORDS = 8  # a question with more content words than these says what it is about, whatever pronouns it has
CARRIED_CHARACTERS = 300  # the most that is taken over from an earlier question


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_POINTERS = _words(
    "it its it's they them their theirs this these those he she him his hers both latter former else another er ihn ihm ihre ihren dieser "
    "diese dieses diesen diesem davon dafür damit dazu daran darauf darin dort auch elle ils elles celui-ci celle-ci ça cela cette cet ces "
    "eux aussi él ella ellos ellas eso esto esa ese esas esos este estas estos allí ahí también questo questa quello quella esso essa ciò "
    "ele ela eles elas isso isto esse deze также он она оно они его её их этот эта эти это там ذلك هناك इसमें उसमें इसके उसके वहाँ"
)
"""Words that stand for something in an earlier question."""
_POSSESSIVES = _words("its their his her ihre ihren esse leur son sa ses")

_ASKING = _words(
    "after again also before continue detail details during each elaborate every example examples exactly explain get gets give happen "
    "happened happens just know less like long make many mean means more most much need off often once one only other others please same "
    "since some soon still summarise summarize sure tell too under until up very within without yes erkläre bitte lange viel viele genau "
    "gilt gibt hoch combien y-a-t-il qu'est-ce est-ce cuánto cuánta cuántos cuántas algo quanto quanti fait сколько "
    "neden niçin dlaczego proč لماذا क्यों nerede kim nedir demek gdzie kto kde kdo"
)
_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "ru", "ar", "hi")
_NO_SUBJECT = _POINTERS.union(_ASKING, *map(FUNCTION_WORDS.__getitem__, _LANGUAGES)) - {"plus"}
"""Words that do not tell what a question is about. "Plus" is more often a product than the French word."""

_POINTING = re.compile(
    r"\b(?:that|(?<!\bis )(?<!\bare )there|too|das|so)\W*$|^\W*(?:which|that)\s+(?:is|are|was|were|ones?)\b"
    r"|\b(?:is|was|does|did|like|for|of|about)\s+that\b(?!\s+the\b)|\bdas\b(?=\s+(?:auch|für|bei|in|mit)\b)|\b(?!gibt|ist|dauert|geht)\w+t\s+es\b",
    re.IGNORECASE,
)
"""The same for words that point back in some places only."""

_EXPLETIVE = re.compile(
    r"\bit\s+(?:be\s+)?(?:takes?|costs?|possible|allowed|legal|safe|necessary|required|ok|okay)\b(?=.*\bto\b)"
    r"|\b(?:this|diese[ms]?|cette|est[ae])\s+(?:year|month|week|jahr|monat|woche|année|semaine|año|mes|semana)\b",
    re.IGNORECASE,
)
"""Pointers that stand for nothing: "Is it possible to ...?"."""

_OPENER = re.compile(
    r"\s*[¿¡\"“'(]*\s*(?:(?:ok(?:ay)?|alright|thanks|thank you|danke|merci|gracias|well|hm+)\b[\s,.!…-]*)?(?:"
    r"(?P<topic>(?:and |but |so |or )?(?:what about|how about|what if|same for)"
    r"|(?:und |aber )?(?:was ist mit|wie (?:ist|steht|sieht) es (?:mit|bei))|(?:et )?qu['’]en est-il (?:de|du|des|pour)"
    r"|(?:y )?qué (?:pasa con|hay de|tal)|(?:e )?che ne è di|en hoe zit het met|و?ماذا عن)"
    r"|and|but|or|also|then|so|und|aber|oder|auch|dann|et|mais|ou|alors|aussi|y|e|pero|o(?!\s+que\b)|también|entonces|ma|mas|anche|en|maar|и|а|но|или|ve|peki(?:\s+ya)?|और|तो)"
    r"(?:[\s,:]+|$)",
    re.IGNORECASE,
)
"""How a follow-up begins. A whole question may follow, but for a `topic`."""

_CLAUSE_END = re.compile(
    r"[,;:.!?]\s|\b(?:and|or|but|if|when|because|und|oder|wenn|weil|et|ou|si|quand|y|cuando|e|se|и|если)\b", re.IGNORECASE
)
_GERMAN_ARTICLES = _words("der die das den dem")
_DEFINITE = _GERMAN_ARTICLES | _words("the le la les el los las il lo gli het its")
_DETERMINERS = _DEFINITE | _words("a an my our your any ein eine einem einen einer un une una o os de")
_OPEN_PREPOSITIONS = _words("for of about with pour para de du für von per di")
"""With these a follow-up may name another thing of any kind; with "in" or "after", only another place or time."""
_PREPOSITIONS = _OPEN_PREPOSITIONS | _words(
    "at by during from in on since to under until within without after before bei im mit nach vor seit ab en au aux dans des chez avec à "
    "avant après depuis con por desde hasta a voor met bij в на для с"
)

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CJK_FOLLOW_UP = re.compile(
    r"^(?:那|还有|還有|另外|以及|では|じゃあ?|それ|また|そして|그럼|그러면|그리고|그건)|它|他们|這個|这个|那个|那個|这些|那些|这里|那里|其中"
    r"|これ|その|この(?!度)|そこ|그것|이것|^.{1,10}呢[？?]?$|^.{1,10}は[？?]$"
    r"|^(?:为什么|為什麼|为何|怎么办?|什么时候|谁|哪里|多少|なぜ|どうして|いつ|どこ|誰が?|왜|언제|어디서?)(?:ですか|なの)?[？?]?$"
)
_LETTERS = r"(?:[^\W_][\u0300-\u036f\u064b-\u0652\u0900-\u0903\u093c-\u094d]*)+"  # with vowel signs
_WORD = re.compile(rf"{_LETTERS}(?:[-'’.&/+]{_LETTERS})*[+#]*")

_NAMED = rf"(?:(?i:{'|'.join(sorted(_DETERMINERS))})\s+)?(?P<name>[^\W_a-z][\w&+-]*)"
_PREPOSITION = rf"(?P<preposition>(?i:{'|'.join(sorted(_PREPOSITIONS))}))\s+"
_FRAGMENT = re.compile(rf"(?:{_PREPOSITION})?{_NAMED}(?P<noun>(?:\s+[^\W\dA-Z_]\w*)?)\W*")
_SLOT = re.compile(rf"(?<=\s){_PREPOSITION}{_NAMED}(?!\w|\s+[^\W_a-z])(?=(?P<noun>(?:\s+\w+)?))")
"""A name behind a preposition, in a follow-up and in the question before it: "for Plus", "of the Standard plan"."""


@dataclass(frozen=True, slots=True)
class StandaloneQuestion:
    """A question that can be searched without the conversation: as it was asked, or as the `source` completed it.

    `parts` are those of a question about several documents, things or times, each with what is searched for it.
    """

    text: str
    source: Literal["question", "rule", "model"]
    parts: tuple[QuestionPart, ...] = ()


def standalone_by_rule(question: str, history: Sequence[Message]) -> StandaloneQuestion:
    """Complete a follow-up, to some 1,000 characters at most, with the question before it; another question stays as it is."""
    text = _resolved(question, earlier_questions(history), WALK_BACK)
    return StandaloneQuestion(text, "question" if text == question else "rule")


def earlier_questions(history: Sequence[Message]) -> list[str]:
    """The questions of a conversation that have words, oldest first."""
    return [message.content for message in history if message.role == "user" and _WORD.search(message.content)]


def subject_words(text: str) -> list[str]:
    """The words that tell what a question is about, in order: all but function words, and names."""
    words = _WORD.findall(text)
    names = {word for n, word in enumerate(words) if len(word) > 1 and (word.isupper() or (n and word[0].isupper()))}
    return [word for word in words if word in names or word.casefold() not in _NO_SUBJECT]


def _resolved(question: str, earlier: Sequence[str], steps: int) -> str:
    if not (steps and earlier and _is_follow_up(question)):
        return question
    return _completed(question, _resolved(earlier[-1][:CARRIED_CHARACTERS], earlier[:-1], steps - 1))


def _is_follow_up(question: str) -> bool:
    if len(question) > LONGEST_FOLLOW_UP:
        return False
    if _CJK.search(question):
        return bool(_CJK_FOLLOW_UP.search(question.strip()))
    subject, words = subject_words(question), _WORD.findall(question)
    opener = _OPENER.match(question)
    if opener and opener.end() < len(question.rstrip(" ?!.")) and (opener["topic"] or len(subject) < 3 or len(words) < 6):
        return True
    return len(subject) <= MANY_WORDS and (_points_back(question) or _lacks_subject(question, words, subject))


def _points_back(question: str) -> bool:
    """Whether a pointer has nothing before it in the question that it could stand for."""
    text = _EXPLETIVE.sub(" ", question)
    pointers = [word for word in _WORD.finditer(text) if word[0].casefold() in _POINTERS and word[0] != "IT"] + [*_POINTING.finditer(text)]
    if not pointers:
        return False
    first = min(pointers, key=re.Match.start)
    before = text[: first.start()]
    if first[0].casefold() in _POSSESSIVES and len(subject_words(before)) > 1:
        return False  # "What did the Berlin office do with its garden?"
    *earlier_clauses, _ = _CLAUSE_END.split(before)
    return not any(map(subject_words, earlier_clauses))


def _lacks_subject(question: str, words: Sequence[str], subject: Sequence[str]) -> bool:
    """Whether a question is too short to say what it is about: "Why?", "In Spain?", "Who decides?", "What is the deductible?"."""
    if not subject:
        return bool(words)
    plain = [word.casefold() for word in words]
    is_asked = question.rstrip().endswith(("?", "？", "؟"))
    if all(word in _PREPOSITIONS or word in _DETERMINERS for word in plain if word in _NO_SUBJECT):
        return len(subject) <= 2 and (is_asked or plain[0] in _PREPOSITIONS)
    if len(subject) > 1:
        return False
    place = words.index(subject[0])
    article = plain[place - 1] if place else ""
    is_name = subject[0][0].isupper() and not (article in _GERMAN_ARTICLES and subject[0][1:].islower())
    return not is_name and (article in _DEFINITE or (len(words) == 2 and is_asked))


def _completed(question: str, before: str) -> str:
    """A follow-up with what it takes over from the question before."""
    opener = None if _CJK.search(question) else _OPENER.match(question)
    rest = question[opener.end() :] if opener else question
    return _exchanged(rest.strip(), before) or " ".join(f"{before} {rest}".split())


def _exchanged(fragment: str, before: str) -> str | None:
    """The question before with its one name exchanged for the fragment's, where both look alike and stand in the same place."""
    new = _FRAGMENT.fullmatch(fragment)
    if not new or new["name"].casefold() in _NO_SUBJECT:
        return None
    preposition = (new["preposition"] or "for").casefold()
    slots = [
        slot
        for slot in _SLOT.finditer(before)
        if _shape(slot["name"]) == _shape(new["name"])
        and new["noun"] in {"", slot["noun"]}
        and preposition in {*_OPEN_PREPOSITIONS, slot["preposition"]}
    ]
    return before[: slots[0].start("name")] + new["name"] + before[slots[0].end("name") :] if len(slots) == 1 else None


def _shape(name: str) -> str:
    """How a name is written, which tells its kind: a year, an acronym, another name."""
    return f"{len(name)} digits" if name.isdecimal() else "capitals" if len(name) > 1 and name.isupper() else "name"
