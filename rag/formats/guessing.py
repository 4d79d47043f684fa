"""Bytes in an older encoding -> the likeliest one: chardet's ranking, put right where it makes words that no language has."""

import regex

_SAMPLE_BYTES = 20_000  # what the detector sees, whose time grows with it
_BEFORE = 500  # bytes of a line before its first character beyond ASCII
_SEEN = 12  # candidates, of which each is decoded
_FLOOR = 0.4  # share of the best candidate's confidence below which another is not considered
_CLEARLY = 0.02  # how much larger than the least share of odd characters that of a candidate may be
_WESTERN = 0.1  # how much more often these are met than all others: as if so much more of a character spoke for them
_ENGLISH = 0.5
_FOREIGN = 2  # the power to which the share of letters of its language counts

# Of the many that can be told apart, those that text files are found in. An encoding stands for those that it contains.
_ENCODINGS = (
    *(f"cp{page}" for page in (1252, 1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258, 874, 850, 437, 852, 866, 857, 862, 775, 737)),
    *(f"iso8859-{part}" for part in (1, 2, 5, 6, 7, 8, 9, 13, 15)),
    *("koi8-r", "koi8-u", "mac-roman", "gb18030", "big5hkscs", "cp932", "euc-jp", "cp949"),
)
_USUAL = "Windows-1252"
_WESTERNS = {_USUAL, "ISO-8859-1", "iso8859-15", "MacRoman", "cp850", "cp437"}

# The letters beyond ASCII of languages in Latin script; the other case is meant too.
_LETTERS = {
    "ca": "àçèéíïòóúü·",
    "cs": "áčďéěíňóřšťúůýž",
    "da": "åæøéü",
    "de": "äöüßéàè",
    "en": "éèïëöüçñáíóúâêôàäåæøœ",
    "es": "áéíñóúüªº",
    "et": "äõöüšž",
    "fi": "åäöéšž",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "is": "áéíóúýæðöþ",
    "it": "àèéìíîòóùú",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "nl": "áèéêëíïóöüûà",
    "no": "åæøéèêóòôü",
    "pl": "ąćęłńóśźż",
    "pt": "áâãàçéêíóôõúüªº",
    "ro": "ăâîșțşţ",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sl": "čšžćđ",
    "sv": "åäöéèàü",
    "tr": "âçğıîöşüûi\u0307",
}

_NOT_ASCII = regex.compile(rb"[\x80-\xff]")
_ASCII_END = regex.compile(rb"(?s).*[\n -/]")  # bytes below "0" are never the second half of a character, in no encoding of the list

# Signs where they belong in English; there may be no letter beyond ASCII that tells the language.
_SIGN = regex.compile(
    r"""(?<=\p{L})’(?=(?:[sdmt]|re|ve|ll)\b)|(?<![\p{L}\d])[“‘](?=[\p{L}\d])|(?<=[\p{L}\d.,!?…])[”’](?![\p{L}\d])
    |(?<=\s)[–—](?=\s)|(?<=\d)[–×](?=\d)|(?<=\p{L})[®™](?!\p{L})
    |(?<=\d\ ?)[°€£×²³\u00a0]|(?<!\p{L})[½¼¾](?!\p{L})|[§±€£©×](?=\ ?\d)|µ(?=[mgslAFVW]\b)|(?<=\b[ckm]?m)[²³]|^\s*[•·](?=\s)""",
    regex.VERBOSE | regex.MULTILINE,
)
# What is in no text that was decoded rightly: a sign or a control character within a word ("za³o¿ony"), a capital letter after a small
# one ("seĄor"), letters of two scripts in one word, one letter of another script between words, and a corner of a frame by itself.
_OTHERS = r"\p{Cyrillic}\p{Greek}\p{Hebrew}\p{Arabic}\p{Thai}\p{Hangul}\p{Han}"
_ODD = regex.compile(
    rf"""\p{{L}}(?:(?=[^\x00-\x7f])[\p{{S}}\p{{Cc}}\p{{Nd}}\p{{No}}]|[\u00a0¡§¶«»¿‚„†‡•‰‹›…])(?=\p{{L}})
    |\p{{L}}[‚„‹ˆ‗≥≤≈√∩∞∙]|[†‡‰‹•]\p{{L}}
    |\p{{Ll}}(?=[^\x00-\x7f])\p{{Lu}}
    |\p{{Latin}}(?=[{_OTHERS}])|[{_OTHERS}](?=\p{{Latin}})
    |(?<=\p{{Latin}}\ )[{_OTHERS}](?=\ \p{{Latin}})
    |(?<![\u2500-\u259f])[\u2552-\u256c](?![\u2500-\u259f])
    |[\x80-\x9f\ufffd¤]""",
    regex.VERBOSE,
)


def guess(data: bytes) -> str:
    """The name of an encoding that Python knows, as people write it: "Windows-1250"."""
    import chardet  # only old files need it

    sample = _telling_lines(data)
    western = sample.decode("cp1252", errors="replace")
    beyond = len(western) - len(western.encode("ascii", "ignore"))
    if not oddness(western) and len(_SIGN.findall(western)) == beyond:
        return _USUAL  # English with signs: no letter tells the language
    ranked = chardet.detect_all(sample, ignore_threshold=True, include_encodings=_ENCODINGS)[:_SEEN]
    floor = _FLOOR * max(each["confidence"] for each in ranked)
    candidates = []
    for each in ranked:
        encoding, confidence = each["encoding"], each["confidence"]
        if encoding and confidence >= floor:
            bonus = _WESTERN * (encoding in _WESTERNS) + _ENGLISH * (each["language"] == "en")
            text = sample.decode(encoding, errors="replace")
            likelihood = confidence * (1 + bonus / beyond) * (1 - _foreign(text, each["language"])) ** _FOREIGN
            candidates.append((oddness(text), likelihood, encoding == _USUAL, encoding))
    least = min(candidates)[0] if candidates else 0.0
    return max((each[1:] for each in candidates if each[0] <= least + _CLEARLY), default=(0.0, True, _USUAL))[2]


def oddness(text: str) -> float:
    """How many of a text's characters beyond ASCII stand where they make no sense, as a share."""
    return len(_ODD.findall(text)) / max(1, len(text) - len(text.encode("ascii", "ignore")))


def _foreign(text: str, language: str | None) -> float:
    """The share of a text's letters beyond ASCII that its language does not have."""
    letters = [letter for letter in text.lower() if letter > "\x7f" and letter.isalpha()]
    known = _LETTERS.get(language or "")
    return sum(letter not in known for letter in letters) / len(letters) if known and letters else 0.0


def _telling_lines(data: bytes) -> bytes:
    """Lines that are not ASCII, as many as the sample takes, never cut within a character."""
    lines: list[bytes] = []
    size = end = 0
    while size < _SAMPLE_BYTES and (accent := _NOT_ASCII.search(data, end)):
        start = max(data.rfind(b"\n", end, accent.start()) + 1 or end, accent.start() - _BEFORE)
        end = data.find(b"\n", accent.start()) + 1 or len(data)
        lines.append(data[start:end])
        size += end - start
    sample = b"".join(lines)[:_SAMPLE_BYTES]
    if size <= _SAMPLE_BYTES:
        return sample
    whole = _ASCII_END.match(sample)
    return whole[0] if whole else sample
