"""Whether a full stop ends a sentence, or an abbreviation, an initial, an ordinal number."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALWAYS = _words(  # another word follows: titles, places, amounts
    """dr dra prof mr mrs ms st ste sr sra srta dña dn ud uds vd lic ing arq mme mlle mons dott avv sig sigra rev hon gen col capt lt sgt
    maj cmdr gov sen rep pres supt messrs exmo fr hr nr abs ziff kap bd hrsg vgl ca cca bzw inkl exkl zzgl abzgl mio mrd tsd evtl ggf
    sog bspw str tel cf cfr vs viz approx incl núm pág págs alin ул кв стр рис табл гл ст пп им см тыс млн млрд руб проф акад обл пос ср
    напр doç av sn yrd mah cad sok bkz hz dl fa sf ul inż mgr hab św godz tzw np tj wg čl odst sv tzv např tř nám mudr judr
    αρ σελ δρ βλ αγ κα e.g i.e z.b d.h u.a i.d.r o.ä s.o p.ex c.-à-d т.е т.к т.н π.χ m.a.w b.v tp ths ts gs pgs bs ee डॉ श्री प्रो पं सं"""
)
_BEFORE_NUMBERS = _words(
    """no nos n pag art arts sec secs ch chap fig figs eq eqs vol vols p pp ed tab abb par pkt poz ust lit pct ok c č
    s sz jan jän feb febr mär mar apr avr avril jun juin jul juil aug août sep sept set oct okt out nov dec dez déc dic ene abr ago mag giu
    lug янв фев апр авг сен сент окт ноя дек oca şub nis haz tem ağu eyl eki kas"""
)
_MAYBE = _words("inc ltd co corp llc plc al jr sr bros uu ff др")  # may end a sentence too: the next word tells
_TIMES = frozenset(["a.m", "p.m"])
_ENDINGS = "str"  # Goethestr. 12
_UNITS = frozenset(["hz", "hr"])
_CAPITALS = _words("TP TS GS PGS BS EE")
_STARTERS = _words(  # words that begin sentences and no names
    """the a an in it he she they this these that those we you i at on but and as if for its his her their our there when while after before
    since from by to with however although under no not all each some most many both such what who why how where
    der die das den dem er sie es ein eine im am auf und aber wir dies diese dieser nach bei mit für von zu wenn als auch dann
    danach dort doch damals el la los las un una en se lo su y pero il le les une ce cette elle ils on dans et mais gli nel per ma si sua
    o os as um uma em ele ela no na un în la cu este au din το τα οι στο στην και αλλά он она они оно в на это и но по с при
    bu o ve bir bunun ancak trong các những nó ông"""
)
_ORDINALS_AFTER = _words("am im der dem den des die das vom zum bis ab seit zur und dieser jeder beim")
_ORDINAL_LETTERS = re.compile("[äößğışİ]")  # of languages that write "1." for "first" and capitals after it
_MONTH = re.compile(r"(?:Jan|Jän|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)\w*")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,3}[.-])+[^\W\d_]{1,3}")  # U.S., J.-C.
_DATE_YEAR = re.compile(r"(?:1\d|20)\d\d")
_ROMAN = re.compile(r"[IVXLC]+")
_LEFT = "\"'“„«(["
_NEAR = 120  # characters: where an ordinal's language is told by its letters
_SHORT = 4  # letters
_LONGEST = 24  # characters looked at before the full stop


def is_abbreviation(text: str, dot: int, following: int) -> bool:
    """Whether the word before the full stop at `dot` is cut short or an ordinal, so that the sentence goes on at `following`."""
    words = text[max(0, dot - _LONGEST) : dot].split()
    token = words[-1].lstrip(_LEFT) if words else ""
    before = words[-2].strip(_LEFT) if len(words) > 1 else ""
    following_word = text[following : following + _LONGEST].split()[0].strip("\"'“”„«»()[],.;:!?’")
    if token.isdecimal():
        return _is_ordinal(text, dot, token, before, following_word)
    is_start = following_word.casefold() in _STARTERS and len(following_word) > 1
    if len(token) == 1:  # an initial; a unit of a number may end
        is_initial = len(before) == 2 and before[0].isupper() and before[1] == "."
        return is_initial or (not is_start and (token.isupper() or not before.isdecimal()))
    if (following_word[:1].isdecimal() or _ROMAN.fullmatch(following_word)) and _precedes_number(token):
        return True
    return _is_known(token, before, is_start)


def _precedes_number(token: str) -> bool:
    """Whether a word may be cut short before a number: "Jan. 5", "Abs. 2"."""
    return token.casefold() in _BEFORE_NUMBERS or (len(token) <= _SHORT and token.istitle())


def _is_known(token: str, before: str, is_start: bool) -> bool:
    key = token.casefold()
    if token.isupper() and token.isalpha():  # DNA is no "dna."
        return token in _CAPITALS
    if key in _ALWAYS or key.endswith(_ENDINGS):
        return not (key in _UNITS and before.isdecimal())
    return (key in _MAYBE or (key not in _TIMES and bool(_DOTTED.fullmatch(token)))) and not is_start


def _is_ordinal(text: str, dot: int, number: str, before: str, following_word: str) -> bool:
    """Whether a number with a full stop is "first" or a part of a date, as in German: "am 1. Juni"."""
    if len(number) > 2:
        return False
    if following_word[:1].isdecimal():  # 1. 6. 2026
        return len(following_word) <= 2 or bool(_DATE_YEAR.fullmatch(following_word))
    if _MONTH.fullmatch(following_word) or before.casefold() in _ORDINALS_AFTER:
        return True
    return following_word.casefold() not in _STARTERS and bool(_ORDINAL_LETTERS.search(text, max(0, dot - _NEAR), dot + _NEAR))
