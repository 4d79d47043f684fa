"""The forms in which a document gives its facts, and the marks that keep their places.

While a text is put together, a fact's answer stands between two equal characters of a private range, and its evidence between two of
another; `spans` takes them out again and says where they were. So a text can be wrapped, joined and framed without any counting.
"""

import re
from dataclasses import dataclass

from tools.reader.grammar import Clause, Field, Filler, Opposites, Table

_ANSWER, _EVIDENCE = 0xE000, 0xE800
_MARKS = re.compile("[\ue000-\uefff]")
WIDTHS = {"zh": 1, "ja": 1, "th": 1}  # written without spaces: not wrapped, and no typos


@dataclass(frozen=True, slots=True)
class Fact:
    """What a passage says in one place: its questions, and the names that they use."""

    key: int
    questions: list[str]
    known: dict[str, str]
    label: str = ""
    opposite: tuple[str, ...] = ()


def plain(text: str) -> str:
    """The text without marks."""
    return _MARKS.sub("", text)


def spans(marked: str, keys: list[int]) -> tuple[str, list[list[int]], list[list[int]]]:
    """The text without marks, and where the answers and the evidence of the facts stand in it."""
    found: dict[str, list[int]] = {}
    for taken, match in enumerate(_MARKS.finditer(marked)):
        found.setdefault(match[0], []).append(match.start() - taken)
    answers = sorted(found[chr(_ANSWER + key)] for key in keys)
    evidence = sorted({tuple(found[chr(_EVIDENCE + key)]) for key in keys})
    return plain(marked), answers, [list(span) for span in evidence]


def _answer(key: int, text: str) -> str:
    return f"{chr(_ANSWER + key)}{text}{chr(_ANSWER + key)}"


def _evidence(keys: list[int], text: str) -> str:
    marks = "".join(chr(_EVIDENCE + key) for key in keys)
    return f"{marks}{text}{marks}"


def wrapped(filler: Filler, text: str) -> str:
    """The text broken into lines, as a PDF reader gives it, or as it is."""
    if filler.vocabulary.language in WIDTHS or filler.rng.random() < 0.5:
        return text
    width, line, lines = filler.rng.randint(45, 95), "", []
    for word in text.split(" "):
        if line and len(plain(line)) + len(plain(word)) >= width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def write_fields(filler: Filler, entries: list[Field], facts: list[Fact], known: dict[str, str], first: int = 0) -> str:
    """Labels and values in one of the forms of everyday documents."""
    pairs = []
    for entry in entries:
        names, label = dict(known), filler.fill(filler.rng.choice(entry.labels), {})
        key = first + len(facts)
        facts.append(Fact(key, entry.questions, names, label))
        pairs.append((key, label, _answer(key, filler.fill(entry.value, names))))
    return filler.rng.choice(_FIELD_FORMS)(filler, pairs)


Pairs = list[tuple[int, str, str]]


def _lines(filler: Filler, pairs: Pairs) -> str:
    colon = filler.setting("colon", ": ").replace("_", " ")
    before = filler.rng.choice(("", "", "", "- ", "• "))
    between = filler.rng.choice((colon, colon, colon, " ", " ", "\t", "\n", ":\n", "   ", " ........ ", " – "))
    return "\n".join(before + _evidence([key], f"{label}{between}{value}") for key, label, value in pairs)


def _twin(filler: Filler, pairs: Pairs) -> str:
    between = filler.rng.choice((" ", filler.setting("colon", ": ").replace("_", " ")))
    texts = [_evidence([key], f"{label}{between}{value}") for key, label, value in pairs]
    gap = filler.rng.choice((" ", "   ", " | ", "\t"))
    width = filler.rng.choice((2, 2, 3))
    return "\n".join(gap.join(texts[n : n + width]) for n in range(0, len(texts), width))


def _header(filler: Filler, pairs: Pairs) -> str:
    gap, width, lines = filler.rng.choice((" ", "  ", "\t", "    ")), filler.rng.choice((3, 4)), []
    for n in range(0, len(pairs), width):
        part = pairs[n : n + width]
        lines.append(gap.join(label for _, label, _ in part))
        lines.append(_evidence([key for key, _, _ in part], gap.join(value for _, _, value in part)))
    return "\n".join(lines)


def _markdown(_: Filler, pairs: Pairs) -> str:
    rows = [_evidence([key], f"| {label} | {value} |") for key, label, value in pairs]
    return "\n".join([rows[0], "| --- | --- |", *rows[1:]])


def _labels_then_values(filler: Filler, pairs: Pairs) -> str:
    if len(pairs) > 4:
        return _lines(filler, pairs)
    return "\n".join([label for _, label, _ in pairs] + [_evidence([key], value) for key, _, value in pairs])


_FIELD_FORMS = (_lines, _lines, _lines, _lines, _twin, _twin, _header, _markdown, _labels_then_values)


def write_clauses(filler: Filler, entries: list[Clause], facts: list[Fact], known: dict[str, str], title: str) -> str:
    """Sentences as running text, as numbered clauses or as list items."""
    # a sentence about named people or things may come twice, about others
    again = [e for e in entries if _about_named(e) and filler.rng.random() < 0.4]
    sentences, said = [], set[tuple[str, ...]]()
    for entry in [*entries, *again]:
        before = len(facts)
        sentences.append(_sentence(filler, entry, facts, known))
        about = tuple(_names(facts[-1]))
        if about and about in said:  # else it could contradict itself
            del facts[before:], sentences[-1]
        said.add(about)
    filler.rng.shuffle(sentences)
    form = filler.rng.choice(("prose", "prose", "numbered", "items", "lines"))
    if form == "prose":
        return wrapped(filler, ("" if filler.vocabulary.language in ("zh", "ja") else " ").join(sentences))
    sentences = [wrapped(filler, sentence) for sentence in sentences]
    if form == "numbered":
        style, start = filler.setting("number", "{n}."), filler.rng.randint(1, 12)
        chapter = str(filler.rng.randint(2, 9))
        numbers = [style.replace("{n}", str(n)).replace("{c}", chapter) for n in range(start, start + len(sentences))]
        return "\n".join(f"{number} {sentence}" for number, sentence in zip(numbers, sentences, strict=True))
    if form == "items":
        mark, colon = filler.rng.choice(("- ", "• ", "* ")), filler.setting("colon", ": ").replace("_", " ").rstrip()
        lead = f"{title}{colon}\n" if title and filler.rng.random() < 0.5 else ""
        return lead + "\n".join(mark + _without_stop(sentence) for sentence in sentences)
    return "\n".join(sentences)


def _about_named(entry: Clause) -> bool:
    """Whether each of the questions names what the sentence is about."""
    names = re.findall(r"{(\w+)=", entry.sentence)
    return bool(names) and all(any(f"{{{n}}}" in question for n in names) for asked in entry.questions.values() for question in asked)


def _names(fact: Fact) -> list[str]:
    """What the fact is about: the values of its names."""
    return [fact.known[name[1:]] for name in sorted(fact.known) if name.startswith("*") and name[1:] in fact.known]


def _without_stop(sentence: str) -> str:
    """A sentence as a list item: without its full stop, the marks kept."""
    return re.sub("[.。।]([\ue000-\uefff]*)$", r"\1", sentence)


def _sentence(filler: Filler, entry: Clause, facts: list[Fact], known: dict[str, str]) -> str:
    """A sentence with marks; each of its answers is a fact."""
    names = dict(known)
    first = facts[-1].key + 1 if facts else 0
    # the angle brackets mark answers; filling first keeps the order of names
    text = filler.fill(entry.sentence, names)
    keys = []
    for number, piece in enumerate(re.findall("<[^<>]*>", text), 1):
        key = first + number - 1
        keys.append(key)
        text = text.replace(piece, _answer(key, piece[1:-1]), 1)
        facts.append(Fact(key, entry.questions.get(number, []), names))
    text = re.sub(r"\.([\ue000-\uefff]*)\.$", r".\1", text)  # "Foods Co.."
    start = re.match("[\ue000-\uefff]*", text)
    at = start.end() if start else 0
    return _evidence(keys, text[:at] + text[at : at + 1].upper() + text[at + 1 :])


def write_opposites(filler: Filler, entry: Opposites, facts: list[Fact], known: dict[str, str]) -> str:
    """Lines some of which say a thing and some its opposite, often of the same thing."""
    # what is not the answer is shared by many lines: both "contains milk" and "free of milk"
    shared = {f"!{n}": filler.fill(f"{{{slot}}}", {}) for n, slot in re.findall(r"{(\w+)=(\w+)}(?![^<]*>)", entry.sentences[0])}
    lines, said = [], set[tuple[str, ...]]()
    for _ in range(filler.rng.randint(3, 6)):
        side = filler.rng.randint(0, 1)
        own: list[Fact] = facts[-1:]
        given = known | (shared if filler.rng.random() < 0.6 else {})
        line = _sentence(filler, Clause(entry.sentences[side], {1: entry.questions[side]}), own, given)
        fact = own[-1]
        about = tuple(_names(fact))
        if about not in said:  # else it could contradict itself
            said.add(about)
            lines.append(line)
            facts.append(Fact(fact.key, fact.questions, fact.known, opposite=tuple(entry.questions[1 - side])))
    form = filler.rng.choice(("lines", "items", "prose"))
    if form == "prose" and all(line != _without_stop(line) for line in lines):
        return wrapped(filler, ("" if filler.vocabulary.language in ("zh", "ja") else " ").join(lines))
    return "\n".join(lines if form != "items" else ["- " + _without_stop(line) for line in lines])


def write_table(filler: Filler, table: Table, facts: list[Fact], known: dict[str, str]) -> str:
    """A table, as Markdown, with tabs, as rows of a PDF or as a block for each row."""
    headers, names = _headers(filler, table)
    labels = sorted({filler.fill(table.row, {}) for _ in range(filler.rng.randint(4, 8))})
    days = filler.vocabulary.settings["days"]
    if labels[0] in days:
        labels.sort(key=days.index)
    elif table.row not in ("{time}", "{date}"):
        filler.rng.shuffle(labels)
    rows = [_row(filler, table, label, names, facts, known) for label in labels]
    return filler.rng.choice((_table_markdown, _table_gaps, _table_gaps, _table_gaps, _table_blocks))(
        filler, [table.corner, *headers], rows
    )


def _headers(filler: Filler, table: Table) -> tuple[list[str], list[dict[str, str]]]:
    """The headers of the value columns, and the names by which questions speak of each."""
    if not table.columns:
        return [header for header, _, _ in table.cells], [{} for _ in table.cells]
    if table.columns == "year":
        last = filler.year
        headers = [str(year) for year in range(last - filler.rng.randint(1, 3), last + 1)]
        if filler.rng.random() < 0.5:
            headers.reverse()
        return headers, [{"col": header, "*col": "{column_year}"} for header in headers]
    every = filler.vocabulary.slots.get(table.columns) or filler.vocabulary.settings[table.columns]
    count = min(len(every), filler.rng.randint(2, 4))
    start = filler.rng.randint(0, len(every) - count)
    headers = every[start : start + count]
    slot = "{weekday}" if table.columns == "days" else f"{{{table.columns}}}"
    return headers, [{"col": header, "*col": slot} for header in headers]


def _row(
    filler: Filler, table: Table, row: str, names: list[dict[str, str]], facts: list[Fact], known: dict[str, str]
) -> tuple[list[int], list[str]]:
    """The facts and the marked cells of one row."""
    keys, cells = [], []
    reverse = [question[1:].strip() for _, _, asked in table.cells for question in asked if question.startswith("^")]
    values: dict[str, str] = {}
    cell_types = table.cells * len(names) if table.columns else table.cells
    for number, ((header, value, asked), name) in enumerate(zip(cell_types, names, strict=True)):
        key = facts[-1].key + 1 if facts else 0
        text = filler.fill(value, {})
        values[f"val{number + 1}"] = text
        own = {**known, **name, "row": row, "*row": table.row}
        facts.append(Fact(key, [q for q in asked if not q.startswith("^")], own, name.get("col", header)))
        keys.append(key)
        cells.append(_answer(key, text))
    if reverse:
        key = facts[-1].key + 1
        facts.append(Fact(key, reverse, {**known, **values}))
        keys.append(key)
        return keys, [_answer(key, row), *cells]
    return keys, [row, *cells]


def _table_markdown(_: Filler, headers: list[str], rows: list[tuple[list[int], list[str]]]) -> str:
    lines = ["| " + " | ".join(headers) + " |", "|" + " --- |" * len(headers)]
    return "\n".join(lines + [_evidence(keys, "| " + " | ".join(cells) + " |") for keys, cells in rows])


def _table_gaps(filler: Filler, headers: list[str], rows: list[tuple[list[int], list[str]]]) -> str:
    gap = filler.rng.choice((" ", " ", "  ", "\t", "    ", ";"))
    return "\n".join([gap.join(headers)] + [_evidence(keys, gap.join(cells)) for keys, cells in rows])


def _table_blocks(filler: Filler, headers: list[str], rows: list[tuple[list[int], list[str]]]) -> str:
    colon = filler.setting("colon", ": ").replace("_", " ")
    gap = filler.rng.choice((", ", "; ", " · "))
    lines = []
    for keys, cells in rows:
        rest = gap.join(f"{header}{colon}{cell}" for header, cell in zip(headers[1:], cells[1:], strict=True))
        lines.append(_evidence(keys, f"{cells[0]} – {rest}"))
    return "\n".join(lines)
