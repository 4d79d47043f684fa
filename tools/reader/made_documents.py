"""Makes everyday documents by script, with questions whose answers' places are known, to train the reader on.

    python -m tools.reader.made_documents OUT.jsonl --count 30000 --seed 13

Names, amounts and dates are invented; the vocabularies beside this file hold the words of each language. One example a line:
question, passage, and the spans of the answers and of the rows or sentences that give them; both are empty where the passage does not
answer. The same seed makes the same file.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.reader.forms import WIDTHS, Fact, plain, spans, write_clauses, write_fields, write_opposites, write_table
from tools.reader.grammar import FOLDER, Clause, Field, Filler, Kind, Opposites, Table, read_vocabulary

ENGLISH_SHARE, GERMAN_SHARE = 0.4, 0.08
UNANSWERABLE, SECOND_PASSAGE, KEYWORDS, TYPO = 0.25, 0.33, 0.1, 0.06
DENSE = {"zh", "ja"}  # write in one character what others write in three
NATIVE_DIGITS = {"ar": "٠١٢٣٤٥٦٧٨٩", "hi": "०१२३४५६७८९", "th": "๐๑๒๓๔๕๖๗๘๙"}

Entry = Field | Clause | Opposites
Example = dict[str, object]


@dataclass(slots=True)
class Passage:
    """A passage with marks in its text, and the facts in it."""

    text: str
    facts: list[Fact]
    entries: list[Entry] = field(default_factory=list)
    table: Table | None = None


@dataclass(slots=True)
class Document:
    """A document of one kind: its title, and the passages made so far."""

    name: str
    kind: Kind
    title: str
    identity: str
    passage: Passage
    other: Passage


class Maker:
    """Makes documents and examples in one language."""

    def __init__(self, language: str, rng: random.Random) -> None:
        self.vocabulary = read_vocabulary(language)
        self.language, self.rng = language, rng
        self.filler = Filler(self.vocabulary, rng)
        self.made = 0

    def document(self) -> Document:
        """A document with a passage to ask about and another one."""
        self.filler.begin()
        self.made += 1
        # kinds with more to say are drawn more often
        kind = self.rng.choices(self.vocabulary.kinds, [len(k.entries) + 5 * len(k.tables) for k in self.vocabulary.kinds])[0]
        identity = self.filler.fill(kind.identity, {})
        title = self.rng.choice(kind.titles)
        entries: list[Entry] = list(kind.entries)
        self.rng.shuffle(entries)
        if kind.identity and len([e for e in entries if isinstance(e, Field)]) > 4 and self.rng.random() < 0.15:
            passage = self._records(kind, title, identity)
        else:
            table = self.rng.choice(kind.tables) if kind.tables and (not entries or self.rng.random() < 0.7) else None
            passage = self._passage(kind, title, identity, entries, table)
        rest = [entry for entry in entries if not any(entry is used for used in passage.entries)]
        other = self._passage(kind, title, identity, rest, None)
        return Document(f"made/{self.language}/{kind.name}/{self.made}", kind, title, identity, passage, other)

    def _passage(self, kind: Kind, title: str, identity: str, entries: list[Entry], table: Table | None) -> Passage:
        """A passage of one document: a title, some of the entries, a table, boilerplate."""
        short = 0.65 if self.language in DENSE else 1
        target = self.rng.randint(300, 850) * short
        known = {"id": identity}
        blocks, facts, used = [], list[Fact](), list[Entry]()
        length = 0
        if table:
            blocks.append(write_table(self.filler, table, facts, known))
            length += len(blocks[0])
        for entry in entries:
            # two lists of opposites, or one beside a table, could both answer
            if isinstance(entry, Opposites) and (table or any(isinstance(e, Opposites) for e in used)):
                continue
            if length > target or len(used) > max(3, 0.65 * len(kind.entries)):
                break
            used.append(entry)
            length += int((45 if isinstance(entry, Field) else 110) * (0.45 if short < 1 else 1))
        for shape in (Field, Clause, Opposites):
            chosen = [entry for entry in used if isinstance(entry, shape)]
            blocks += self._written(chosen, facts, known, title)
        self.rng.shuffle(blocks)
        head = f"{title} {identity}".strip() if self.rng.random() < 0.8 else ""
        return Passage(self._framed(kind, head, blocks, short), facts, used, table)

    def _written(self, entries: list[Entry], facts: list[Fact], known: dict[str, str], title: str) -> list[str]:
        """Blocks of text that give the entries of one shape; some fields are said in sentences."""
        blocks: list[str] = []
        while entries:
            count = self.rng.randint(min(3, len(entries)), len(entries))
            part, entries = entries[:count], entries[count:]
            if isinstance(part[0], Field):
                said = [e for e in part if e.sentences] if self.rng.random() < 0.3 else []  # type: ignore[union-attr]
                listed = [e for e in part if not any(e is s for s in said)]
                blocks += [write_fields(self.filler, listed, facts, known)] if listed else []  # type: ignore[arg-type]
                clauses = [Clause(self.rng.choice(e.sentences), {1: e.questions}) for e in said]  # type: ignore[union-attr]
                blocks += [write_clauses(self.filler, clauses, facts, known, "")] if clauses else []
            elif isinstance(part[0], Clause):
                blocks.append(write_clauses(self.filler, part, facts, known, title))  # type: ignore[arg-type]
            else:
                blocks.append(write_opposites(self.filler, part[0], facts, known))
        return blocks

    def _records(self, kind: Kind, title: str, identity: str) -> Passage:
        """A passage with the same labels in two or three sections, each of another document of its kind."""
        fields = self.rng.sample([e for e in kind.entries if isinstance(e, Field)], self.rng.randint(3, 5))
        identities = [identity, *(self.filler.fill(kind.identity, {}) for _ in range(self.rng.randint(1, 2)))]
        facts: list[Fact] = []
        blocks = []
        for name in identities:
            own: list[Fact] = []
            blocks.append(f"{title} {name}\n" + write_fields(self.filler, fields, own, {"id": name, "*many": "1"}, first=len(facts)))
            facts += own
        return Passage(self._framed(kind, "", blocks, 1), facts, list(fields))

    def _framed(self, kind: Kind, head: str, blocks: list[str], short: float) -> str:
        """Title, blocks, boilerplate and page furniture as one text of 300 to 1,000 characters."""
        pool = [self.filler.fill(sentence, {}) for sentence in kind.boilerplate + self.vocabulary.boilerplate]
        self.rng.shuffle(pool)
        room = 1000 * short - sum(len(plain(block)) + 1 for block in blocks) - len(head)
        extra = [pool.pop() for _ in range(min(len(pool), self.rng.choice((0, 0, 1, 2, 3))))]
        while pool and 1000 * short - room + sum(map(len, extra)) < 300 * short:
            extra.append(pool.pop())
        while extra and sum(map(len, extra)) > room:
            extra.pop()
        before = extra[: self.rng.randint(0, len(extra))]
        after = extra[len(before) :]
        joint = "" if self.language in DENSE else " "
        parts = [head, joint.join(before), *blocks, joint.join(after)]
        text = self.rng.choice(("\n", "\n", "\n\n")).join(part for part in parts if part)
        return self._with_furniture(text) if self.rng.random() < 0.2 else text

    def _with_furniture(self, text: str) -> str:
        """The text with a page number inside, not within an answer."""
        lines = text.split("\n")
        page = self.filler.fill(self.filler.setting("page", "{int:2-6} / {int:6-12}"), {})
        places = [n for n in range(1, len(lines)) if not lines[n].startswith("|") and closed("\n".join(lines[:n]))]
        if places:
            lines.insert(self.rng.choice(places), page)
        return "\n".join(lines)

    # questions

    def examples(self) -> Iterator[Example]:
        """The examples of one new document."""
        document = self.document()
        digits = NATIVE_DIGITS.get(self.language, "") if self.rng.random() < 0.06 else ""
        for _ in range(self.rng.randint(1, 3)):
            asked = self._unanswerable(document) if self.rng.random() < UNANSWERABLE else self._answerable(document)
            if not asked:
                continue
            question, keys = asked
            yield self._example(document, question, document.passage, keys, digits)
            if (
                keys
                and self.rng.random() < SECOND_PASSAGE
                and document.other.facts
                and not self._answered(document, question, document.other)
            ):
                yield self._example(document, question, document.other, [], digits)

    def _answerable(self, document: Document) -> tuple[str, list[int]] | None:
        """A question and the facts that answer it."""
        facts = [fact for fact in document.passage.facts if fact.questions]
        if not facts:
            return None
        fact = self.rng.choice(facts)
        many = "*many" in fact.known
        template = self._with_identity(document, self.rng.choice(fact.questions), certain=many)
        if fact.label and self.rng.random() < KEYWORDS:
            template = self._keywords(document, fact)
        question = self.filler.fill(template, fact.known)
        # others that the same words ask for answer as well
        frames = template.startswith("\0")
        same = [f for f in facts if f is fact or (not frames and self._asks(f, question, document, many))]
        if frames and any(f.label == fact.label and f is not fact for f in facts):
            return None
        return question, [f.key for f in same]

    def _asks(self, fact: Fact, question: str, document: Document, many: bool) -> bool:
        """Whether one of the fact's own questions is this one, however it names the document."""
        names = [fact.known.get("id", "")] if many else [document.identity]
        wraps = ["{q}", *(f"{title} {name}: {{q}}" for title in document.kind.titles for name in names)]
        for own in fact.questions:
            for of in ["", *document.kind.of]:
                words = self.filler.fill(own.replace("{of}", " " + of if of else ""), fact.known)
                if any(wrap.replace("{q}", words) == question for wrap in wraps):
                    return True
        return False

    def _with_identity(self, document: Document, question: str, certain: bool = False) -> str:
        """The question's template, sometimes with the document's own number or name in it."""
        kind, named = document.kind, certain or self.rng.random() < 0.25
        if "{of}" in question and kind.of:
            return question.replace("{of}", " " + self.rng.choice(kind.of) if named else "")
        question = question.replace("{of}", "")
        if kind.identity and named and (certain or self.rng.random() < 0.6):
            return f"{document.title} {{id}}: {question}"
        return question

    def _keywords(self, document: Document, fact: Fact) -> str:
        """A question as people type it into a search field."""
        words = [fact.label, document.title, "{id}" if document.kind.identity else ""]
        if "row" in fact.known:
            words = [fact.label, "{row}"]
        if self.rng.random() < 0.5:
            words.reverse()
        text = " ".join(word for word in words if word)
        return "\0" + "".join(c if "{" in text[max(0, n - 4) : n + 1] else c.lower() for n, c in enumerate(text))

    def _unanswerable(self, document: Document) -> tuple[str, list[int]] | None:
        """A question near the passage that it does not answer."""
        ways = [self._missing, self._absent, self._absent, self._twisted, self._twisted, self._reversed, self._other_identity]
        self.rng.shuffle(ways)
        text = plain(document.passage.text)
        for way in ways:
            question = way(document, text)
            if question and not self._answered(document, question, document.passage):
                return question, []
        return None

    def _answered(self, document: Document, question: str, passage: Passage) -> bool:
        """Whether a fact of the passage answers the question after all."""
        return any(self._asks(fact, question, document, "*many" in fact.known) for fact in passage.facts)

    def _missing(self, document: Document, _: str) -> str:
        """A question that no document of this kind answers."""
        known = {"id": document.identity}
        return self.filler.fill(self.rng.choice(document.kind.missing).replace("{of}", ""), known) if document.kind.missing else ""

    def _absent(self, document: Document, text: str) -> str:
        """A question that another passage of the document could answer."""
        used = document.passage.entries
        entries = [e for e in document.kind.entries if not any(e is u for u in used)]
        if not entries:
            return ""
        entry = self.rng.choice(entries)
        if isinstance(entry, Opposites):
            return ""
        known = {"id": document.identity}
        if isinstance(entry, Field):
            if any(label.lower() in text.lower() for label in entry.labels):
                return ""
            questions = entry.questions
        else:
            self.filler.fill(entry.sentence, known)
            if any(known[name[1:]].lower() in text.lower() for name in known if name.startswith("*")):
                return ""
            questions = entry.questions[self.rng.choice(list(entry.questions))]
        if not questions:
            return ""
        return self.filler.fill(self._with_identity(document, self.rng.choice(questions)), known)

    def _twisted(self, document: Document, text: str) -> str:
        """A question of the passage with another name, row, year or thing in it, which the passage does not hold."""
        facts = [f for f in document.passage.facts if f.questions]
        if not facts:
            return ""
        fact = self.rng.choice(facts)
        template = self.rng.choice(fact.questions).replace("{of}", "")
        names = [n for n in fact.known if "{" + n + "}" in template and "*" + n in fact.known]
        if not names:
            return ""
        name = self.rng.choice(names)
        for _ in range(8):
            value = self._another(name, fact)
            if value and value.lower() not in text.lower():
                return self.filler.fill(template, {**fact.known, name: value})
        return ""

    def _another(self, name: str, fact: Fact) -> str:
        """Another value of a name in a question."""
        slot = fact.known["*" + name]
        if slot == "{column_year}":
            return str(int(fact.known[name]) + self.rng.choice((-5, -4, 4, 5)))
        return self.filler.fill(slot, {})

    def _reversed(self, document: Document, _: str) -> str:
        """A question for the opposite of what the passage says."""
        facts = [fact for fact in document.passage.facts if fact.opposite]
        if not facts:
            return ""
        fact = self.rng.choice(facts)
        return self.filler.fill(self.rng.choice(fact.opposite), fact.known)

    def _other_identity(self, document: Document, text: str) -> str:
        """A question of the passage about another document than this."""
        facts = [f for f in document.passage.facts if f.questions]
        if not document.kind.identity or not facts or document.identity not in text:
            return ""
        fact = self.rng.choice(facts)
        template = self._with_identity(document, self.rng.choice(fact.questions), certain=True)
        other = self.filler.fill(document.kind.identity, {})
        return self.filler.fill(template, {**fact.known, "id": other}) if other not in text and "{id}" in template else ""

    def _example(self, document: Document, question: str, passage: Passage, keys: list[int], digits: str) -> Example:
        """One line of the file."""
        text, answers, evidence = spans(passage.text, keys)
        question = with_typo(question, self.rng) if self.rng.random() < TYPO and self.language not in WIDTHS else question
        question = question[1:] if question.startswith("\0") else question[:1].upper() + question[1:]
        if digits:
            text, question = (part.translate(str.maketrans("0123456789", digits)) for part in (text, question))
        heading = f"{document.title} {document.identity}".strip()
        return {
            "source": "made", "language": self.language, "document": document.name, "heading": heading, "question": question,
            "passage": text, "answers": answers, "evidence": evidence,
        }  # fmt: skip


def closed(text: str) -> bool:
    """Whether no answer begins in the text and goes on after it."""
    return all(count % 2 == 0 for mark, count in Counter(text).items() if "\ue000" <= mark < "\ue800")


def with_typo(question: str, rng: random.Random) -> str:
    """The question with two letters of a long word swapped, or one left out or doubled."""
    words = question.split(" ")
    long = [n for n, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return question
    n = rng.choice(long)
    at = rng.randint(1, len(words[n]) - 2)
    a, b, rest = words[n][at], words[n][at + 1], words[n][at + 2 :]
    words[n] = words[n][:at] + rng.choice((b + a, b, a + a + b)) + rest
    return " ".join(words)


def languages_of(wanted: list[str]) -> dict[str, float]:
    """The share of each language."""
    known = wanted or sorted(path.stem for path in FOLDER.glob("*.txt"))
    others = [code for code in known if code not in ("en", "de")]
    rest = (1 - ENGLISH_SHARE - GERMAN_SHARE) / max(1, len(others))
    return {code: {"en": ENGLISH_SHARE, "de": GERMAN_SHARE}.get(code, rest) for code in known}


def make(count: int, seed: int, wanted: list[str]) -> Iterator[Example]:
    """As many examples as asked for, in the languages wanted."""
    rng = random.Random(seed)
    shares = languages_of(wanted)
    makers = {code: Maker(code, rng) for code in shares}
    made = 0
    seen: set[tuple[object, object]] = set()
    while made < count:
        code = rng.choices(list(shares), list(shares.values()))[0]
        for example in makers[code].examples():
            key = (example["question"], example["passage"])
            if made < count and key not in seen:
                seen.add(key)
                made += 1
                yield example


def main() -> None:
    """Writes the file and prints what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=30000)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--languages", nargs="*", default=[])
    options = parser.parse_args()
    by_language, by_kind, unanswerable = Counter[str](), Counter[str](), 0
    with options.out.open("w", encoding="utf-8") as out:
        for example in make(options.count, options.seed, options.languages):
            out.write(json.dumps(example, ensure_ascii=False) + "\n")
            by_language[str(example["language"])] += 1
            by_kind[str(example["document"]).split("/")[2]] += 1
            unanswerable += not example["evidence"]
    sys.stdout.write(f"{options.count} examples, {unanswerable / options.count:.1%} unanswerable\n")
    for counts in (by_language, by_kind):
        sys.stdout.write(", ".join(f"{name} {count}" for name, count in counts.most_common()) + "\n")


if __name__ == "__main__":
    main()
