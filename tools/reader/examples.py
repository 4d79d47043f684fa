"""Examples for the reader: one question, one passage, and where the answer stands in it."""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

SHORTEST, LONGEST = 300, 1_000
SENTENCE_END = re.compile(r"(?<=[.!?…][\"'”»)\]]) +|(?<=[.!?…።؟]) +|(?<=[。！？।])|\n+")
WORD = re.compile(r"\w+")

Span = tuple[int, int]
Example = dict[str, Any]
Where = tuple[str, str, str, str]


def example(where: Where, question: str, passage: str, answers: Iterable[Span], evidence: Iterable[Span] = ()) -> Example:
    """One line of the output; `where` is source, language, document and heading."""
    source, language, document, heading = where
    spans = {"answers": sorted(set(answers)), "evidence": sorted(set(evidence))}
    for start, end in (*spans["answers"], *spans["evidence"]):
        if not 0 <= start < end <= len(passage) or not passage[start:end].strip():
            raise ValueError(f"{where}: span {start}-{end} is not in the passage of {len(passage)} characters")
    named = {"source": source, "language": language, "document": f"{source}/{document}", "heading": heading.replace("_", " ").strip()}
    return named | {"question": " ".join(question.split()), "passage": passage} | spans


@lru_cache(maxsize=20_000)
def words(text: str) -> frozenset[str]:
    """The words of a text; pairs of characters where the script has no spaces."""
    found: set[str] = set()
    for word in WORD.findall(text.lower()):
        spaceless = word[0] > "\u2e7f" or "\u0e00" <= word[0] <= "\u0eff"
        found.update({word[at : at + 2] for at in range(len(word))} if spaceless else {word})
    return frozenset(found)


def pieces(text: str) -> list[Span]:
    """Sentences or lines, as spans without the white space around them."""
    cuts = [0, *(match.end() for match in SENTENCE_END.finditer(text)), len(text)]
    spans = []
    for start, end in pairwise(cuts):
        part = text[start:end]
        if part.strip():
            spans.append((start + len(part) - len(part.lstrip()), start + len(part.rstrip())))
    return spans


def window(text: str, spans: list[Span], rng: random.Random) -> tuple[str, list[Span]] | None:
    """Cut a long text to whole sentences around the spans, at a random offset."""
    if len(text) <= LONGEST:
        return text, spans
    parts = pieces(text)
    low, high = min(start for start, _ in spans), max(end for _, end in spans)
    touched = [number for number, (start, end) in enumerate(parts) if start < high and end > low]
    if not touched:
        return None
    first, last = touched[0], touched[-1]
    wanted = rng.randint(SHORTEST, LONGEST)
    before = rng.random()
    while parts[last][1] - parts[first][0] < wanted and (first or last < len(parts) - 1):
        if first and (rng.random() < before or last == len(parts) - 1):
            first -= 1
        else:
            last += 1
        if parts[last][1] - parts[first][0] > LONGEST and (first, last) != (touched[0], touched[-1]):
            break
    start, end = parts[first][0], parts[last][1]
    if end - start > 2 * LONGEST:
        return None
    return text[start:end], [(low - start, high - start) for low, high in spans]


def hard_negatives(question: str, answers: list[str], others: Iterable[str], rng: random.Random) -> list[str]:
    """One or two passages that share most words with the question and do not hold the answer."""
    asked = words(question)
    clean = [other for other in others if len(other) > 60 and not any(answer.lower() in other.lower() for answer in answers)]
    ranked = sorted(clean, key=lambda other: -len(asked & words(other)))
    return [other if len(other) <= LONGEST else other[:LONGEST].rsplit(" ", 1)[0] for other in ranked[: rng.choice((1, 1, 2))]]


def paragraphs_of(text: str) -> list[str]:
    """A document's text in passages of the usual length."""
    passages, start = [], 0
    spans = pieces(text)
    for number, (_, end) in enumerate(spans):
        last = number + 1 == len(spans)
        if last or spans[number + 1][1] - spans[start][0] > LONGEST * 0.8:
            passages.append(text[spans[start][0] : end])
            start = number + 1
    return passages


def located(context: str, answer: dict[str, Any]) -> Span | None:
    """Where the answer stands; a wrong offset moves to the nearest occurrence within 40 characters."""
    text = answer["text"].strip()
    stated = int(answer["answer_start"])
    places = [match.start() for match in re.finditer(re.escape(text), context)] if text else []
    nearest = min(places, key=lambda place: abs(place - stated), default=None)
    return (nearest, nearest + len(text)) if nearest is not None and abs(nearest - stated) <= 40 else None


def squad(source: str, language: str, articles: Iterable[dict[str, Any]], rng: random.Random) -> Iterator[list[Example]]:
    """Sets in the form of SQuAD: articles of paragraphs, each with questions."""
    articles = list(articles)
    for number, article in enumerate(articles):
        title = article.get("title") or ""
        where = (source, language, title or str(number), title)
        contexts = [paragraph["context"] for paragraph in article["paragraphs"]]
        for at, paragraph in enumerate(article["paragraphs"]):
            others = [part for place, context in enumerate(contexts) if place != at for part in paragraphs_of(context)]
            if not others and len(paragraph["context"]) <= LONGEST:
                strangers = [rng.choice(article["paragraphs"])["context"] for article in rng.sample(articles, min(40, len(articles)))]
                others = [stranger[:LONGEST] for stranger in strangers if stranger != paragraph["context"]]
            for asked in paragraph["qas"]:
                yield squad_question(where, paragraph["context"], asked, others, rng)


def squad_question(where: Where, context: str, asked: dict[str, Any], others: list[str], rng: random.Random) -> list[Example]:
    """A question with the passage that answers it, and hard negatives."""
    spans = [span for answer in asked.get("answers", []) if (span := located(context, answer))]
    if asked.get("is_impossible"):
        passage = rng.choice(paragraphs_of(context) or [context])
        return [example(where, asked["question"], passage, [])]
    found = window(context, spans[:1], rng) if spans else None
    if found is None:
        return []
    passage, answers = found
    texts = [context[start:end] for start, end in spans]
    if [passage[start:end] for start, end in answers] != texts[:1]:
        raise ValueError(f"{where}: the answer has moved")
    others = others + [part for part in paragraphs_of(context) if part not in passage and passage not in part]
    negatives = hard_negatives(asked["question"], texts, others, rng)
    return [example(where, asked["question"], passage, answers)] + [example(where, asked["question"], other, []) for other in negatives]


def read(path: Path) -> Any:
    """A JSON file, or the list of a JSON-lines file."""
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()] if "jsonl" in path.name else json.loads(text)


def grouped(rows: Iterable[dict[str, Any]], title: str) -> list[dict[str, Any]]:
    """Flat rows of (title, context, question) as articles."""
    articles: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        answers = [{"text": t, "answer_start": s} for t, s in zip(row["answers"]["text"], row["answers"]["answer_start"], strict=False)]
        articles[row[title]][row["context"]].append({"question": row["question"], "answers": answers})
    return [{"title": name, "paragraphs": [{"context": c, "qas": q} for c, q in found.items()]} for name, found in articles.items()]
