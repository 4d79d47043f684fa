"""An answer without a chat model: sentences quoted from the passages, each cited."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answering.notices import CONNECT
from rag.answering.prompt import NOT_FOUND
from rag.answering.question import EXTRACTIVE, RetrievedQuestion
from rag.embedding.protocol import Embedder
from rag.text.sentences import content_words, count_words, sentence_spans
from rag.types import Answer, CheckedSentence, Citation, Passage

MAX_QUOTES = 3  # sentences quoted, at most
LEAST_SHARE = 0.8  # a further sentence is quoted when its score is at least this share of the best one's
WORDS_WEIGHT = 0.3  # weight of the share of the question's words that a sentence has, next to its cosine
PASSAGE_WEIGHT = 0.4  # weight of its passage's cosine: a good sentence stands in a passage on the subject
NO_STATEMENT_PENALTY = 0.15  # subtracted for headings, scraps of tables and questions
MIN_WORDS = 4  # shorter ones are headings and scraps
MAX_SENTENCES = 80  # sentences compared, at most: more take seconds to embed
_QUESTION = re.compile(r"[?？؟]['\"”’)\]]*\Z")
_STATEMENT = re.compile(r"(?!\s*#)(?s:.*)[.!…。！:|]['\"”’)\]]*\Z")


@dataclass(frozen=True, slots=True)
class ComparedSentence:
    """A sentence of a passage, `passages[index].text[start:end]`, with its cosine to the question."""

    index: int
    start: int
    end: int
    text: str
    cosine: float


def answer_by_quoting(question: RetrievedQuestion, sentences: Sequence[ComparedSentence]) -> Answer:
    """Answer with the best of the passages' sentences, word for word; a refusal where there are none."""
    passages = question.passages
    quotes = best_quotes(question.searched, passages, sentences)
    if not quotes:
        return question.refusal(NOT_FOUND, EXTRACTIVE, CONNECT)
    text, citations, checked = "", list[Citation](), list[CheckedSentence]()
    numbers: dict[int, int] = {}
    for index, quote in enumerate(quotes):
        words = " ".join(quote.text.split())
        text += "\n\n" if text else ""
        start = len(text)
        text += f"“{words}” "
        number = numbers.setdefault(quote.index, len(numbers) + 1)
        citation = Citation.of_words(number, passages[quote.index], quote.start, quote.end, position=len(text))
        citations.append(replace(citation, verdict="supported", sentence=words))
        text += f"[{number}]"
        checked.append(CheckedSentence(start, len(text), "supported", (index,)))
    return replace(question.answer(text, citations, EXTRACTIVE, "complete", CONNECT), sentences=tuple(checked))


def compare_sentences(question: str, passages: Sequence[Passage], embedder: Embedder) -> list[ComparedSentence]:
    """Compare the sentences of passages with a question, in order; of very long passages, the first `MAX_SENTENCES`."""
    candidates = [
        (index, start, end)
        for index, passage in enumerate(passages)
        for start, end in sentence_spans(passage.text)
        if count_words(passage.text[start:end]) >= MIN_WORDS or end - start == len(passage.text)
    ][:MAX_SENTENCES]
    if not candidates:
        return []
    texts = [passages[index].text[start:end] for index, start, end in candidates]
    cosines = embedder.embed_documents(texts) @ embedder.embed_query(question)
    return [ComparedSentence(*place, text, float(cosine)) for place, text, cosine in zip(candidates, texts, cosines, strict=True)]


def best_quotes(question: str, passages: Sequence[Passage], sentences: Sequence[ComparedSentence]) -> list[ComparedSentence]:
    """Choose the sentences that answer a question best: at most `MAX_QUOTES`, best first, no two with the same words."""
    words = content_words(question)
    scores = [
        sentence.cosine
        + WORDS_WEIGHT * len(words & content_words(sentence.text)) / max(len(words), 1)
        + PASSAGE_WEIGHT * passages[sentence.index].cosine
        - (0.0 if _STATEMENT.match(sentence.text) else NO_STATEMENT_PENALTY)
        for sentence in sentences
    ]
    for i in range(len(scores)):
        if _QUESTION.search(sentences[i].text) and content_words(sentences[i].text) <= words:  # what follows a question is its answer
            if i + 1 < len(scores) and sentences[i + 1].index == sentences[i].index:
                scores[i + 1] = max(scores[i], scores[i + 1])
            scores[i] = -math.inf
    quotes: dict[str, ComparedSentence] = {}
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        if scores[i] < LEAST_SHARE * max(scores) or scores[i] == -math.inf:
            break
        quotes.setdefault(" ".join(sentences[i].text.split()), sentences[i])
    return list(quotes.values())[:MAX_QUOTES]
