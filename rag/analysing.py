"""Text -> terms: what the lexical index holds, what a question looks for, and what sentences are compared by.

One analysis in plain Python serves all three, so they cannot disagree; the index only counts the terms it is handed.
"""

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

import regex
import Stemmer

VERSION = 1
"""Raised whenever the same text would give other terms: an index of another version is made anew."""

LONGEST = 64
"""Characters of the longest term; a longer run of letters is cut into several."""

CACHED = 1 << 16
"""Analysed words kept for each of `terms` and `query_terms`; about 400 bytes each."""

LANGUAGE_SAMPLE = 4_000
"""Characters looked at from the beginning and from the middle of a text to tell its language."""

FEWEST_HITS = 3
"""A language is believed when so many function words of it were seen..."""

SMALLEST_SHARE = 0.12
"""... and they are at least this share of all words. Running text has 0.3 to 0.5; a list of names in another language under 0.1."""

_FUNCTION_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to a in is that it for was as on with are be at by this from or an have not but which they were we you his "
        "her had has been their its will would can could should may might must do does did what when where who whom whose why "
        "how if then than there these those he she i my your our me him them us so no into about any all am being dont doesnt "
        "didnt cant isnt arent wont",
        "de": "der die das und in den von zu mit ist des im für auf nicht ein eine dem sich als auch es an werden aus er hat dass sie "
        "nach bei um einer am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch kann wird "
        "wenn ich wir ihr was wer wo wann warum welche welcher welches dieser diese dieses man mein kein keine sein seine muss "
        "darf ihre",
        "fr": "le la les de des du et en un une est que qui dans pour pas au aux sur ne se ce il elle avec son sa ses par plus sont "
        "ou mais nous vous cette été être ont a je tu on leur comme si tout quel quelle quels quelles où quand comment pourquoi "
        "quoi ils elles ces l d qu n",
        "es": "el la los las de del y en un una que es por con para se no su al lo como más o pero sus le ha este esta ya cuando muy "
        "sin sobre también me hasta hay donde quien desde todo nos son fue ser qué cómo cuándo dónde cuál quién porqué está "
        "están si yo ella él unos",
        "it": "il lo la i gli le di del della dei delle dello degli e è in un una uno che per con non si da dal dalla nel nella sono "
        "come anche più ma se al alla questo questa ha o su sul sulla ci quando dove chi cosa quale quali perché essere loro "
        "suo sua ai alle l d",
        "pt": "o a os as de do da dos das e em no na nos nas um uma que é por para com não se ao mais como mas foi seu sua ou quando "
        "muito já está também só pelo pela até isso ela ele entre depois sem mesmo aos seus quem onde qual quais porque são ser "
        "tem às lhe",
        "nl": "de het een en van in is dat op te voor met zijn niet aan er om ook als bij maar dan nog uit naar door over wordt "
        "worden heeft of kan deze dit die ik je we hij zij ze u wat wie waar wanneer waarom hoe welke geen meer was tot moet "
        "hun mijn uw",
        "sv": "och att det som en på är av för med den till inte har de ett om men var jag från vi så kan när eller hur ska vad vem "
        "efter också där han hon nu bara vid under sig detta denna dessa måste får alla blir mellan vilken vilket varför",
        "da": "og at det som en på er af for med den til ikke har de et om men var jeg fra vi så kan når eller hvordan skal hvad hvem "
        "efter også der han hun nu kun ved under sig dette denne disse må får alle bliver mellem hvilken hvilket hvorfor blev "
        "være",
        "no": "og at det som en på er av for med den til ikke har de et om men var jeg fra vi så kan når eller hvordan skal hva hvem "
        "etter også der han hun nå bare ved under seg dette denne disse må får alle blir mellom hvilken hvilket hvorfor ble "
        "være",
        "fi": "ja on ei se että hän oli olla ovat mutta kun niin myös tai jos kuin joka jotka sen ole siitä mitä mikä kuka missä "
        "milloin miksi miten tämä nämä voi vain sekä ovat hänen minä sinä me he ne siinä sitä jonka ennen jälkeen kanssa",
        "hu": "a az és hogy nem is egy van de ez ezt azt meg volt csak mint vagy ha már el még ki be fel le mi ami aki kell lehet "
        "minden után hol mikor miért hogyan melyik mely ezek azok nincs alatt között által",
        "pl": "i w nie na się z do to że jest o jak po co za od ale czy przez dla tak ten ta te jego jej są był była było być oraz "
        "lub tym tego które który która kiedy gdzie dlaczego kto może już tylko przy ich we ze pod",
        "cs": "a v se na je že s z do o to i jako za by ale po od pro který která které jsou byl byla bylo být nebo ve k jak tak ze "
        "si také když kde proč kdo co může již jen při jeho její jejich není této tento tato podle",
        "ro": "și în de la cu nu o un este pe că din a se care pentru mai sunt al ale sau dar ca prin fi să au cum când unde cine ce "
        "după fost această acest aceasta această lui ei lor fără între dacă poate unei unui",
        "tr": "ve bir bu da de için ile olarak çok daha olan gibi ne o en ama veya kadar sonra her var değil ki mi mı mu mü nasıl "
        "neden nerede kim hangi şu olduğu ise biz ben siz onlar tarafından göre bunu zaman",
        "id": "yang dan di dari untuk dengan pada ini itu adalah tidak dalam akan oleh atau ke juga sebagai karena telah dapat bisa "
        "ada mereka kami kita saya anda apa siapa kapan dimana mengapa bagaimana lebih sudah jika harus setelah antara",
        "ca": "el la els les de del dels i en un una que és per amb no es al als seu seva com més o però són aquest aquesta ha han va "
        "ser si quan on qui què quin quina perquè també molt des fins entre sobre pel pels hi l d",
        "lt": "ir kad yra į su iš tai kaip bet ne apie už po jis ji jo jos buvo ar šis ši gali prie dėl tik nuo kai kur kas kodėl "
        "kuris kuri būti per arba jų mes jie taip nėra turi",
        "et": "ja on ei et see oli mis kui ka ning või ta oma aga kes selle kuid siis nii seda tema mida ole olla kus millal miks "
        "kuidas milline võib pärast enne veel üks need nende pole",
        "eu": "eta da ez bat du dira zen ere baina den hau hori duen ziren izan egin dute edo bere dago zer nor non noiz zergatik "
        "nola baino gero",
        "eo": "la kaj de en estas ne ke al mi vi li ŝi ĝi ni ili kun por sed pri kiel kiu kio kie kiam kial tiu ĉi estis aŭ ankaŭ el "
        "per oni",
        "ga": "an na agus ar is i le go a ní tá bhí do sé sí siad seo sin ach nó ag ó mar don leis den cé cad cá conas cathain bhfuil",
        "ru": "и в не на что с по как это но он она они к у из за от а так же для вы мы я было был была быть или при его ее их если о "
        "об когда где кто почему какой какая какие чтобы до после может этот эта эти все также только нет есть который которые",
        "sr": "и у је да се на за од са су не као који која које или то је би али из по до што како када где ко зашто овај ова ово "
        "нису није бити био била може након пре само",
        "uk": "і в не на що з по як це але він вона вони до у із за від а так для ви ми я було був була бути або при його її їх якщо "
        "про коли де хто чому який яка які щоб після може цей ця ці також тільки немає та є",
        "bg": "и в не на че с по как това но той тя те към у из за от а така да се са е ще или при му ѝ им ако кога къде кой защо "
        "който която които след може този тази тези само няма съм бъде беше",
        "el": "και το η ο να του της των τα τη την τον οι είναι με για που από στο στη στην στον σε δεν θα ότι ένα μια ένας αυτό αυτή "
        "ως αλλά ή αν τι πώς πότε πού ποιος γιατί έχει ήταν μετά μόνο τους τις",
        "ar": "في من على إلى أن عن التي الذي هذا هذه كان مع لا ما هو هي أو كل بعد قد ذلك بين كما لم إن وقد كانت ثم حتى عند غير أي متى "
        "كيف أين لماذا هل يمكن يكون تكون منذ",
        "fa": "و در به از که این را با است برای آن یک تا بر شد هم نیز می شده خود بود او ما شما آنها اما یا هر پس کرد چه چرا کجا چگونه "
        "اگر باید نیست دارد باشد بین",
        "hi": "के में की है और से का को पर यह हैं ने एक कि लिए इस भी नहीं तो था थे थी ही वह या जो कर हो गया किया अपने क्या कब कहाँ "
        "कौन कैसे क्यों बाद तक आप हम",
        "ne": "र को मा छ का ले पनि भने छन् यो हो गर्न गरेको लागि थियो एक तर त्यो यस नै गर्ने भएको के कहाँ कहिले किन कसरी हुन् छैन पछि सबै",
        "hy": "է և որ են մեջ այս ու էր հետ որը նաև համար մի նա եմ ես իր չի բայց կամ ինչ երբ որտեղ ինչու ինչպես պետք հետո",
        "ta": "ஒரு மற்றும் என்று இந்த என அது இது அல்லது உள்ள என்ற ஆகும் இல்லை அந்த தான் மூலம் வரை பின்னர் எப்போது எங்கே யார் ஏன் எப்படி இருந்து போது",
        "yi": "די און איז פון אין דער צו דאס מיט אויף ער אז א נישט זיך ניט האט פאר אבער זיין איר מען ווי ווען וואו ווער וואס",
    }.items()
}
"""Small lists: they tell a language, and they are the words a question can do without."""

_UNSTEMMED = frozenset({"uk", "bg"})
"""Known only so that they are not taken for their stemmed neighbours."""

_OTHER_SCRIPTS = frozenset({"ru", "sr", "el", "ar", "fa", "hi", "ne", "hy", "ta", "yi"})
"""Languages in whose texts an ASCII word is most likely an English one."""

_LANGUAGES_OF: dict[str, tuple[str, ...]] = {
    word: tuple(language for language, listed in _FUNCTION_WORDS.items() if word in listed)
    for word in frozenset[str]().union(*_FUNCTION_WORDS.values())
}

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc\uff70\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_INSIDE = r"\p{M}\u00ad\u200c\u200d\u2060"  # marks, and joiners that are not seen
_START = rf"[[\p{{L}}\p{{N}}]--[{_UNSPACED}\p{{Hangul}}]]"
_ATOM_OF = rf"{_START}[[\p{{L}}\p{{N}}{_INSIDE}]--[{_UNSPACED}\p{{Hangul}}]]{{0,{LONGEST - 1}}}+"
_JOINER = rf"(?:[-‐‑./:_@&'’ʼ＇]|(?<=\p{{N}}),(?=\p{{N}})|\)?\((?={_START}{{1,4}}\)))"

_RUN = re.compile(r"\S+")
_PLAIN = re.compile(rf"[\"'(\[“‘]*([A-Za-z]?[a-z]{{1,{LONGEST - 1}}}|[A-Z]{{1,{LONGEST}}}|[0-9]{{1,{LONGEST}}})[.,;:!?)\]\"'”’]*")
_PIECE = regex.compile(
    rf"(?V1)(?P<compound>(?:(?<![\p{{L}}\p{{N}}.])\.(?=\p{{L}}))?{_ATOM_OF}(?:{_JOINER}{_ATOM_OF}){{0,15}}+"
    rf"(?:(?:\+{{1,2}}|\#)(?![\p{{L}}\p{{N}}+\#]))?)"
    rf"|(?P<hangul>\p{{Hangul}}{{1,{LONGEST}}}+)"
    rf"|(?P<unspaced>[[\p{{L}}\p{{N}}]&&[{_UNSPACED}]][{_UNSPACED}{_INSIDE}\uff9e\uff9f]*+)"
    r"|(?P<sign>§)"
)
_ATOM = regex.compile(rf"(?V1){_ATOM_OF}")
_CLUSTER = regex.compile(r"[\p{L}\p{N}][\p{M}\uff9e\uff9f]{0,8}")  # one written character with what hangs on it
_HAN = regex.compile(r"\p{Han}")
_NOT_WRITTEN = regex.compile(r"[^\p{L}\p{N}\p{M}⁄]+")
_MARKS = regex.compile(r"([\p{Latin}\p{Greek}])\p{Mn}+|[\u0591-\u05c7\u064b-\u065f\u0670\u0640]+")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h", "ё": "е"})
_CLITIC = regex.compile(r"['’ʼ＇](?:s|ll|re|ve|d|m)$", regex.IGNORECASE)
_NEGATION = regex.compile(r"\p{L}+n['’ʼ＇]t$", regex.IGNORECASE)
_CASE_CHANGE = regex.compile(r"(?<=\p{Ll}\p{M}*)(?=\p{Lu})|(?<=\p{Lu}\p{M}*)(?=\p{Lu}\p{M}*\p{Ll}\p{M}*\p{Ll})")
_DIGIT_CHANGE = regex.compile(r"(?<=\p{L}\p{M}*)(?=\p{N})|(?<=\p{N}\p{M}*)(?=\p{L})")
_POINT_THOUSANDS = regex.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_WORD = regex.compile(r"[\p{L}\p{M}]+")

_stemming = threading.Lock()  # a stemmer has state, and must not be called by two threads at once
_stemmers: dict[str, Stemmer.Stemmer] = {}


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a text.

    Attributes:
        text: As it is indexed: no white space, never empty.
        start: Offset of its first character in the analysed text.
        end: Offset after its last.
    """

    text: str
    start: int
    end: int


class _Form(NamedTuple):
    """A word, part or compound as it is written, casefolded: what does not depend on the language.

    `kind` is "word" (may be stemmed), "exact", or "single": one character of an unspaced script, which only the index holds.
    """

    text: str
    start: int
    end: int
    kind: Literal["word", "exact", "single"]
    is_acronym: bool = False


def language_of(text: str) -> str:
    """Tell the language of a text by its share of function words.

    Args:
        text: Any; the beginning and the middle of a long one are looked at.

    Returns:
        An ISO 639-1 code ("en", "de", ...) of a language that is stemmed, or "" where it cannot be told.
    """
    middle = len(text) // 2
    sample = text if len(text) <= 2 * LANGUAGE_SAMPLE else f"{text[:LANGUAGE_SAMPLE]} {text[middle : middle + LANGUAGE_SAMPLE]}"
    words = _WORD.findall(sample.casefold())
    hits = Counter(language for word in words for language in _LANGUAGES_OF.get(word, ()))
    if not hits:
        return ""
    language, count = hits.most_common(1)[0]
    return language if count >= max(FEWEST_HITS, SMALLEST_SHARE * len(words)) and language not in _UNSTEMMED else ""


def terms(text: str, language: str) -> list[Term]:
    """Analyse a text for the index.

    Words are NFKC, casefolded, stemmed, and free of accents where those do not make another word. What has inner punctuation gives its
    parts and its whole ("RJ-45/2": rj, 45, 2, rj45.2), unspaced scripts give overlapping pairs of characters.

    Args:
        text: Any.
        language: Of `language_of`. With "", and for ASCII words in other scripts' texts, the English stemmer is used: most such text is
            English or code, and elsewhere both sides are cut alike, so that nothing written alike is lost.

    Returns:
        In order of their beginning in the text, but for compounds, which follow their parts. Empty where there is no word.
    """
    found: list[Term] = []
    for run in _RUN.finditer(text):
        characters, at = run.group(), run.start()
        for term, start, end, _ in _analysed_run(characters, language) if len(characters) <= LONGEST else _analysed(characters, language):
            found.append(Term(term, at + start, at + end))
    return found


def indexed_terms(text: str, language: str) -> tuple[list[str], list[str]]:
    """The terms of a text, without their places, and its pairs: two terms that follow each other, function words left out.

    Returns:
        The terms of `terms`, in half the time, and pairs such as "prior_author".
    """
    found: list[str] = []
    telling: list[str] = []
    for run in text.split():
        for term, _, _, is_telling in _analysed_run(run, language) if len(run) <= LONGEST else _analysed(run, language):
            found.append(term)
            if is_telling:
                telling.append(term)
    return found, [f"{first}_{second}" for first, second in pairwise(telling)]


def query_terms(text: str, languages: Collection[str]) -> list[tuple[str, ...]]:
    """Analyse a question.

    Args:
        text: Any.
        languages: Those that the searched texts were analysed in.

    Returns:
        For each different word, part and compound, in order, the terms any of which stands for it. Function words are left out unless
        nothing else is there, or they are written as an acronym ("IT" among small letters).
    """
    known = tuple(sorted(languages))
    forms = [form for run in _RUN.finditer(text) for form in _forms(run.group()) if form.kind != "single"]
    asked_in = _asked_in(text, known, forms)
    is_shouted = text.upper() == text
    spoken = [form for form in forms if asked_in.isdisjoint(_LANGUAGES_OF.get(form.text, ())) or (form.is_acronym and not is_shouted)]
    return list(dict.fromkeys(_alternatives(form, known) for form in spoken or forms))


def _asked_in(text: str, known: Collection[str], forms: Collection[_Form]) -> set[str]:
    """The languages whose function words are left out of a question: "war" is a word to ask for in English, and none in German."""
    candidates = {language or "en" for language in known or ("en",)} | ({language_of(text)} - {""})
    hits = Counter(language for form in forms for language in _LANGUAGES_OF.get(form.text, ()) if language in candidates)
    most = max(hits.values(), default=0)
    return {language for language, count in hits.items() if count == most} if most > 1 or len(candidates) == 1 else set()


def _alternatives(form: _Form, languages: Collection[str]) -> tuple[str, ...]:
    if form.kind != "word":
        return (form.text,)
    plain = _folded(form.text)
    stems = [_term(word, language) for language in languages or ("",) for word in (form.text, plain)]
    return tuple(dict.fromkeys([*stems, plain]))


@lru_cache(CACHED)
def _analysed_run(run: str, language: str) -> tuple[tuple[str, int, int, bool], ...]:
    if plain := _PLAIN.fullmatch(run):  # nine of ten words, at a tenth of the time
        word = plain[1].lower()
        return ((_term(word, language), plain.start(1), plain.end(1), word not in _FUNCTION_WORDS[language or "en"]),)
    return tuple(_analysed(run, language))


def _analysed(run: str, language: str) -> Iterator[tuple[str, int, int, bool]]:
    """Terms with their places, and whether they are no function words."""
    for form in _forms(run):
        is_telling = form.kind != "single" and form.text not in _FUNCTION_WORDS[language or "en"]
        yield _term(form.text, language) if form.kind == "word" else form.text, form.start, form.end, is_telling


def _forms(run: str) -> Iterator[_Form]:
    """Take apart what stands between two white spaces."""
    for piece in _PIECE.finditer(run):
        match piece.lastgroup:
            case "compound":
                yield from _compound_forms(piece.group(), piece.start())
            case "hangul":
                yield from _hangul_forms(piece.group(), piece.start())
            case "unspaced":
                yield from _unspaced_forms(piece.group(), piece.start())
            case _:
                yield _Form(piece.group(), piece.start(), piece.end(), "exact")


def _compound_forms(text: str, at: int) -> Iterator[_Form]:
    """A word, or several that are joined: the parts, and the whole where that says more."""
    if _NEGATION.fullmatch(text):
        yield _word(text, at, at + len(text))  # don't: dont
        return
    if clitic := _CLITIC.search(text):
        text = text[: clitic.start()]
    bare = text.rstrip("+#")
    tail, head = text[len(bare) :], "." if text.startswith(".") else ""
    parts = _parts(bare, at)
    is_elided = len(parts) > 1 and len(parts[0].text) <= 2 and bare[parts[0].end - at] in "'’ʼ＇"  # l'eau, O'Brien
    for part in parts[is_elided:]:
        yield part
        yield from _inner_parts(bare[part.start - at : part.end - at], part.start)
    whole = _joined(parts)
    end = at + len(text)
    if len(parts) > 1 and len(whole) <= LONGEST:
        yield _form(whole, parts[0].start, parts[-1].end)
    if _POINT_THOUSANDS.fullmatch(bare):  # a number in much of Europe, a version elsewhere
        yield _Form(bare.replace(".", ""), at, end, "exact")
    if (head or tail) and len(whole) <= LONGEST:
        yield _Form(f"{head}{_folded(whole)}{tail}", at, end, "exact")


def _parts(text: str, at: int) -> list[_Form]:
    """The words between the joints; "1,500" is one."""
    parts: list[_Form] = []
    for atom in _ATOM.finditer(text):
        part = _word(atom.group(), at + atom.start(), at + atom.end())
        before = parts[-1] if parts else None
        if (
            before
            and len(part.text) == 3
            and part.text.isdecimal()
            and before.text.isdecimal()
            and text[before.end - at : atom.start()] in {",", "'", "’"}
            and before.text[0] != "0"
        ):
            parts[-1] = _Form(before.text + part.text, before.start, part.end, "exact")
        elif part.text:
            parts.append(part)
    return parts


def _joined(parts: list[_Form]) -> str:
    """One word for all spellings of a compound: marks are dropped, but for a point between digits, where they tell numbers apart."""
    whole = ""
    for part in parts:
        whole += ("." if whole[-1:].isdecimal() and part.text[0].isdecimal() else "") + part.text
    return whole


def _inner_parts(text: str, at: int) -> Iterator[_Form]:
    """The parts of camelCase, and of letters followed by digits or the other way round (ISO9001, 10mg), those of one letter apart."""
    digit_changes = [found.start() for found in _DIGIT_CHANGE.finditer(text)]
    cuts = {found.start() for found in _CASE_CHANGE.finditer(text)} | set(digit_changes if len(digit_changes) == 1 else ())
    if cuts:
        edges = [0, *sorted(cuts), len(text)]
        for start, end in pairwise(edges):
            part = _word(text[start:end], at + start, at + end)
            if len(part.text) > 1 or part.text.isdecimal():
                yield part


def _hangul_forms(text: str, at: int) -> Iterator[_Form]:
    """The word between spaces, and its pairs of syllables: particles stick to words."""
    word = _written(text)
    yield _Form(word, at, at + len(text), "exact")
    is_aligned = len(word) == len(text)
    for first in range(len(word) - 1 if len(word) > 2 else 0):
        place = (at + first, at + first + 2) if is_aligned else (at, at + len(text))
        yield _Form(word[first : first + 2], *place, "exact")


def _unspaced_forms(text: str, at: int) -> Iterator[_Form]:
    """Overlapping pairs of characters; a lone one as such, and each Han character for the question that is no longer."""
    clusters = [(_written_character(found.group()), at + found.start(), at + found.end()) for found in _CLUSTER.finditer(text)]
    if len(clusters) == 1:
        yield _Form(*clusters[0], "exact")
    for (first, start, middle), (second, _, end) in pairwise(clusters):
        if _HAN.match(first):
            yield _Form(first, start, middle, "single")
        yield _Form(first + second, start, end, "exact")
    if len(clusters) > 1 and _HAN.match(clusters[-1][0]):
        yield _Form(*clusters[-1], "single")


def _word(text: str, start: int, end: int) -> _Form:
    letters = unicodedata.normalize("NFC", text)
    if len(letters) > 2 and letters[-1] == "s" and letters[:-1].isupper():
        letters = letters[:-1]  # PDFs: the stemmer leaves what has no vowel
    return _form(_written(letters), start, end, is_acronym=len(letters) > 1 and letters.isupper())


def _form(written: str, start: int, end: int, is_acronym: bool = False) -> _Form:
    if written.isalpha() or _WORD.fullmatch(written):
        return _Form(written, start, end, "word", is_acronym)
    return _Form(_folded(written), start, end, "exact", is_acronym)


def _written(text: str) -> str:
    """Compatibility forms, case and digits as one; nothing that is not letter, digit or mark. Never longer input than `LONGEST`."""
    if text.isascii():
        plain: str = _NOT_WRITTEN.sub("", text.lower())
        return plain
    written = _NOT_WRITTEN.sub("", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))[:LONGEST]
    return "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in written)


@lru_cache(CACHED)
def _written_character(cluster: str) -> str:
    return _written(cluster)


def _folded(text: str) -> str:
    """Without accents on Latin and Greek letters, Hebrew points and Arabic vowel signs; other scripts' marks make another letter."""
    if text.isascii():
        return text
    bare = _MARKS.sub(r"\1", unicodedata.normalize("NFD", text).translate(_LETTERS))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS) or text


@lru_cache(CACHED)
def _term(word: str, language: str) -> str:
    """The stem of a casefolded word, without accents."""
    if language in {"", "en"} or (language in _OTHER_SCRIPTS and word.isascii()):
        word = _folded(word)  # English has no accents for its stemmer to read
        return _stem(word, "en") if word.isascii() else word
    return _folded(_stem(word, language))


def _stem(word: str, language: str) -> str:
    with _stemming:
        if language not in _stemmers:
            _stemmers[language] = Stemmer.Stemmer(language, 0)
        stem: str = _stemmers[language].stemWord(word)
    return stem or word
