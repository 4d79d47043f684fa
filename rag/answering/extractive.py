"""An answer without a chat model: what the reader finds in the passages, quoted word for word, each with its footnote."""

from dataclasses import replace

from rag.answering.notices import CONNECT, NOT_FOUND, PERHAPS, in_language
from rag.answering.question import EXTRACTIVE, RetrievedQuestion
from rag.answering.quoting import SURE, quoted
from rag.answering.several import nothing_about
from rag.types import Answer


def answer_by_quoting(question: RetrievedQuestion, least_confidence: float) -> Answer:
    """Answer with quotations; with a caveat where it is doubtful that they answer, with a refusal below `least_confidence`."""
    if question.confidence < least_confidence or not question.quotes:
        return question.refusal(NOT_FOUND, EXTRACTIVE, CONNECT)
    caveat = "" if question.confidence >= SURE or question.quotes[0].title else in_language(PERHAPS, question.language)
    text, citations, sentences = quoted(question.quotes, question.passages, caveat)
    text = "\n\n".join([text.rstrip(), *nothing_about(question, least_confidence)])
    return replace(question.answer(text, citations, EXTRACTIVE, "complete", CONNECT), sentences=sentences)
