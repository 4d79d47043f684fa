"""A question with the passages retrieved for it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answering.notices import CLOSEST_PASSAGES, in_language
from rag.answering.quoting import Quote, quoted
from rag.text.languages import likely_language
from rag.types import Answer, Citation, Finish, Message, Passage, QuestionPart, Wording

EXTRACTIVE = "extractive"  # the `model` of an answer that quotes


@dataclass(frozen=True, slots=True)
class RetrievedQuestion:
    """A question with what was `searched` for it, and the passages that this found, best first.

    `quotes` are what the reader takes for the answer, best first, or of each of the `parts` in turn; `confidence` is the probability that
    it is one, of the part that is answered best. `began` is `time.monotonic()` when it was asked; `notice` is added to any answer. `only`
    and `wordings` are as in `Answer`.
    """

    question: str
    searched: str
    passages: tuple[Passage, ...]
    history: tuple[Message, ...]
    began: float
    notice: str = ""
    quotes: tuple[Quote, ...] = ()
    confidence: float = 1.0
    only: str = ""
    parts: tuple[QuestionPart, ...] = ()
    wordings: tuple[Wording, ...] = ()

    @property
    def language(self) -> str:
        """The language that it is asked in, in which its notices are; "" where it is not known."""
        return likely_language(self.question)

    def answer(self, text: str, citations: Sequence[Citation], model: str, finish: Finish, notice: str = "") -> Answer:
        """An answer to it, as of now; a text or notice that is one of ours is put into the question's language."""
        language = self.language
        text, notice = in_language(text, language), in_language(notice, language)
        seconds = time.monotonic() - self.began
        notices = " ".join(filter(None, (notice, self.notice)))
        answer = Answer(self.question, text, tuple(citations), self.passages, model, finish, notices, seconds, self.searched)
        return replace(answer, only=self.only, parts=self.parts, wordings=self.wordings)

    def refusal(self, text: str, model: str, notice: str = "") -> Answer:
        """A refusal in these words, followed by the nearest that the passages say."""
        text = in_language(text, self.language)
        quotes = [quote for quote in self.quotes if quote.index < len(self.passages)]
        if not quotes:
            return self.answer(text, (), model, "not_found", notice)
        text, citations, _ = quoted(quotes, self.passages, f"{text} {in_language(CLOSEST_PASSAGES, self.language)}")
        related = [replace(citation, verdict="related", sentence="") for citation in citations]
        return self.answer(text, related, model, "not_found", notice)
