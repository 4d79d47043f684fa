"""Words of a question that say in which documents to look: "in the 2022 report" -> a phrase, and what it says.

They are of English, German, French, Spanish, Italian, Portuguese and Dutch.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.text.languages import FUNCTION_WORDS

MOST_WORDS = 8  # of a phrase
_STRONG = (
    r"according to|based on|in|from|within|inside|per|laut|gemäß|nach|im|aus|vom|dans|selon|d['’]après|en|según|nel|nello|nella|nei|secondo"
    r"|em|no|na|segundo|volgens|uit"
)
_CITING = re.compile(r"according to|based on|per|laut|gemäß|nach|selon|d['’]après|según|secondo|segundo|volgens")
"""What follows these is a source, with an article or without."""
_WEAK = r"of|von|des|du|de|del|della|dello|do|da|van"  # "the chairman of the 2022 report": less often where to look
_ARTICLE = (
    r"the|our|my|your|this|that|all|der|die|das|dem|den|des|unserem|unserer|meinem|diesem|dieser|le|la|les|notre|mon|el|los|las|nuestro"
    r"|il|lo|gli|i|o|a|os|as|het|de|l['’]"
)
_BEGIN = re.compile(
    rf"(?<![\w'’-])(?:(?P<strong>{_STRONG})|(?P<weak>{_WEAK}))\s+(?P<article>(?:{_ARTICLE})(?:\s+|(?<=['’])))?", re.IGNORECASE
)
TOKEN = re.compile(r"[^\W_]+(?:[-.&'’][^\W_]+)*")
_END = re.compile(r"[,;:!?()\"“”»«]|\.(?:\s|$)|\s[-–—]\s")
COMPARES = re.compile(
    r"\b(?:compar\w+|differ\w*|versus|vs|between|unlike|other than|rather than|vergl\w+|unterschied\w*|zwischen|différen\w+"
    r"|diferen\w+|entre|confront\w+|tra|fra)\b",
    re.IGNORECASE,
)
"""A question that sets one document against another names one of them at most in such words."""
_YEAR = re.compile(r"(?:fy|fiscal)?((?:19|20)\d\d)", re.IGNORECASE)
_MONTH_LISTS = (
    "january januar janvier enero gennaio janeiro jan",
    "february februar février febrero febbraio fevereiro feb",
    "march märz mars marzo março mar",
    "april avril abril aprile apr",
    "may mai mayo maggio maio",
    "june juni juin junio giugno junho jun",
    "july juli juillet julio luglio julho jul",
    "august août agosto aug",
    "september septembre septiembre settembre setembro sept sep",
    "october oktober octobre octubre ottobre outubro oct okt",
    "november novembre noviembre novembro nov",
    "december dezember décembre diciembre dicembre dezembro dec dez",
)
MONTHS = {name: number for number, names in enumerate(_MONTH_LISTS, start=1) for name in names.split()}
_LANGUAGES = {
    "en": "english englisch\\w* anglais\\w* ingl[eé]s\\w* engels\\w*",
    "de": "german deutsch\\w* allemand\\w* alem[aá]n\\w* tedesc\\w* duits\\w*",
    "fr": "french französisch\\w* français\\w* franc[eé]s\\w* frances[ei] frans\\w*",
    "es": "spanish spanisch\\w* espagnol\\w* español\\w* spagnol\\w* espanhol\\w* spaans\\w*",
    "it": "italian italienisch\\w* italien\\w* italian\\w* italiaans\\w*",
    "pt": "portuguese portugiesisch\\w* portugais\\w* portugu[eé]s\\w* portoghes\\w*",
    "nl": "dutch niederländisch\\w* néerlandais\\w* neerland[eé]s\\w* olandes\\w* nederlands\\w*",
}
LANGUAGE_WORDS = {code: re.compile("|".join(words.split())) for code, words in _LANGUAGES.items()}
ANY = re.compile(
    r"documents?|files?|dokumente?[ns]?|dateien?|fichiers?|documentos?|archivos?|ficheros?|documenti|documento|arquivos?|bestand(?:en)?"
)
_FORMATS = {
    "pdf": re.compile(r"pdfs?"),
    "sheets": re.compile(r"spreadsheets?|workbooks?|excel(?:-?(?:file|sheet|datei|tabelle))?|tabellenkalkulation|arbeitsmappe|tableur|csv"),
    "mail": re.compile(r"e-?mails?|mails?|courriels?|correos"),
    "slides": re.compile(r"slides|slidedeck|powerpoints?|folien|foliensatz|diapositivas|diapositives"),
}
_TYPE_LISTS = (
    r"reports?|\w*bericht(?:e[ns]?|s)?|rapports?|informes?|relazion[ei]|rapporto|relat[óo]rios?|\w*verslag(?:en)?|filings?|10-?k|10-?q|20-?f",
    r"contracts?|agreements?|leases?|\w*vertr[aä]g(?:e[ns]?|s)?|contrats?|bail|contratos?|contratt[oi]|contracten|overeenkomst(?:en)?",
    r"handbooks?|manuals?|\w*handb[uü]ch(?:er[ns]?|e?s)?|manuels?|manuale?s?|handleiding",
    r"guides?|guidelines?|\w*leitfaden|\w*anleitung(?:en)?|gu[íi]as?|guid[ae]",
    r"polic(?:y|ies)|\w*richtlinien?|politiques?|pol[íi]ticas?",
    r"invoices?|\w*rechnung(?:en)?|factures?|facturas?|fattur[ae]|faturas?",
    r"minutes|\w*protokolle?[ns]?|procès-verbal|verbale|actas?",
    r"letters?|\w*schreibens?|lettres?|cartas?|letter[ae]",
    r"presentations?|\w*präsentation(?:en)?|présentations?|presentaci[óo]n(?:es)?|presentazion[ei]|apresentaç(?:ão|ões)",
)
TYPES = tuple(re.compile(words) for words in _TYPE_LISTS)
"""Words for one type of document each: a contract may be called Mietvertrag."""
_BASES = ("bericht", "vertr", "handb", "leitf", "anleit", "richtl", "rechn", "protok", "schreib", "präsent", "verslag")
LEAD = re.compile(rf"(?:(?:{ANY.pattern})\s+)?[\"'“”„«»‘’ ]*")  # before a name: the file "notes.txt"
FOLDER = re.compile(r"folders?|directory|ordner|verzeichnis|dossier|carpeta|cartella|pasta|map")
_LINKS = re.compile(r"for|from|of|dated|fiscal|year|für|von|vom|aus|dem|jahr|pour|de|du|del|di|do|da|para|año|van", re.IGNORECASE)
"""Words within a phrase that lead to its year: "the report for 2022"."""
_FUNCTION_WORDS = frozenset[str]().union(*(FUNCTION_WORDS[each] for each in ("en", "de", "fr", "es", "it", "pt", "nl")))


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a preposition leads to: its words, casefolded, in a row that ends at the first that belongs to something else."""

    rest: str
    words: tuple[str, ...]
    preposition: str
    is_weak: bool
    has_article: bool

    @property
    def is_possessive(self) -> bool:
        """Whether it begins with whose it is: "Contoso's 2022 report"."""
        return bool(re.match(r"(?:[^\W_]+ ){0,3}[^\W_]+['’]s\b", self.rest))


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a phrase by what they say."""

    years: tuple[str, ...] = ()
    month: int = 0
    language: str = ""
    formats: tuple[str, ...] = ()
    types: tuple[re.Pattern[str], ...] = ()
    is_any: bool = False
    others: tuple[str, ...] = ()
    is_plural: bool = False
    begins_with_year: bool = False


def phrases(question: str) -> Iterator[Phrase]:
    """What each preposition of a question leads to, where that may name a document."""
    for match in _BEGIN.finditer(question):
        rest = question[match.end() :]
        if not _MARKS.search(rest) and not any(_is_document_word(token.casefold()) for token in TOKEN.findall(rest)[: 2 * MOST_WORDS]):
            continue  # most questions end here, without a look at any document
        is_weak, article = match["strong"] is None, match["article"] or ""
        yield Phrase(
            rest, _words(rest), (match["strong"] or match["weak"]).casefold(), is_weak, bool(article) or match[0].lower() in _FUSED
        )


def dated_types(question: str) -> int:
    """How many documents a question names by type and year, with a preposition or without: "from the 2021 report to the 2022 report"."""
    tokens = [token.casefold() for token in TOKEN.findall(question)]
    is_type = [any(pattern.fullmatch(token) for pattern in TYPES) for token in tokens]
    return sum(bool(_YEAR.fullmatch(token)) and any(is_type[max(0, place - 3) : place + 4]) for place, token in enumerate(tokens))


_FUSED = {"im ", "vom ", "nel ", "nello ", "nella ", "nei ", "no ", "na ", "du ", "del ", "della ", "dello ", "do ", "da "}
_MARKS = re.compile(r"[\w)]\.\w{2,5}\b|[\"“„«‘]")  # of a file's name, or of a quoted one


def _is_document_word(word: str) -> bool:
    patterns = (ANY, FOLDER, *_FORMATS.values(), *TYPES)
    return any(pattern.fullmatch(word) for pattern in patterns)


def _words(rest: str) -> tuple[str, ...]:
    """The content words up to a mark or a function word that leads to no year."""
    end = _END.search(rest)
    tokens = [token.casefold() for token in TOKEN.findall(rest[: end.start()] if end else rest)][: 2 * MOST_WORDS]
    words: list[str] = []
    for place, token in enumerate(tokens):
        if _LINKS.fullmatch(token) and words and _leads_to_year(tokens[place + 1 : place + 4]):
            continue
        if token in _FUNCTION_WORDS and not _YEAR.fullmatch(token) and token not in MONTHS:
            break
        words.append(token.removesuffix("'s").removesuffix("’s"))
    return tuple(words[:MOST_WORDS])


def _leads_to_year(tokens: Sequence[str]) -> bool:
    for token in tokens:
        if _YEAR.fullmatch(token):
            return True
        if token not in MONTHS and not _LINKS.fullmatch(token):
            return False
    return False


def said_in(words: Sequence[str]) -> Said | None:
    """What the words say; None where one of them cannot be part of a phrase for documents."""
    years, months, languages, formats, others = list[str](), list[int](), list[str](), list[str](), list[str]()
    types: list[re.Pattern[str]] = []
    is_any = is_plural = False
    for word in words:
        types_here = tuple(pattern for pattern in TYPES if pattern.fullmatch(word))
        formats_here = [kind for kind, pattern in _FORMATS.items() if pattern.fullmatch(word)]
        language = next((code for code, pattern in LANGUAGE_WORDS.items() if pattern.fullmatch(word)), "")
        if match := _YEAR.fullmatch(word):
            years.append(match[1])
        elif word in MONTHS:
            months.append(MONTHS[word])
        elif types_here or formats_here or ANY.fullmatch(word):
            types += types_here
            others += [word] if _is_compound(word) else []
            formats += formats_here
            is_any = is_any or not (types_here or formats_here)
            is_plural = is_plural or word.endswith("s")
        elif language:
            languages.append(language)
        else:
            others.append(word)
    if len(months) > 1 or len(languages) > 1 or not (is_any or formats or types):
        return None
    month, language = (months or [0])[0], (languages or [""])[0]
    begins_with_year = bool(_YEAR.fullmatch(words[0]))
    return Said(tuple(years), month, language, tuple(formats), tuple(types), is_any, tuple(others), is_plural, begins_with_year)


def _is_compound(word: str) -> bool:
    """Whether it says which type of a type: a Quartalsbericht is not any Bericht."""
    return any(base in word[1:] for base in _BASES)


def is_plain(said: Said, phrase: Phrase) -> bool:
    """Whether a phrase means documents: "in the 2022 report", and not "in 2022 reports of theft rose", "in an email"."""
    if phrase.is_weak and not (said.types or said.formats):
        return False
    if said.years:
        is_source = phrase.has_article or phrase.is_possessive or bool(_CITING.fullmatch(phrase.preposition))
        return is_source or not said.begins_with_year
    if said.month or not phrase.has_article:
        return False
    return bool(said.language) or (bool(said.formats) and not phrase.is_weak and ("mail" not in said.formats or said.is_plural))


def folded(word: str) -> str:
    """A word as file names spell it: without umlauts, hyphens and accents."""
    for letter, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("-", "")):
        word = word.replace(letter, written)
    return unicodedata.normalize("NFD", word).encode("ascii", "ignore").decode() or word


def plain_words(text: str) -> str:
    """Its words, casefolded, between single spaces."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
