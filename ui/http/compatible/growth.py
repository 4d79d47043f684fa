"""An answer that grows and changes -> text that only grows, as clients of the protocol expect it, with its citations as annotations."""

from collections.abc import Mapping
from typing import Any

from rag.remote.wire import encoded
from rag.text.markers import without_markers
from rag.types import Answer
from ui.places import address, place

LEFT_OUT = {"sent", "reasoning"}  # of an answer's fields: long, and for the page


class Growth:
    """What a client has been sent of an answer.

    The text that was sent is not taken back. Where the finished answer has more footnotes, they are in its annotations and in the field
    `footnote` alone; where it says something else, it is sent as a paragraph of its own.
    """

    def __init__(self) -> None:
        self.text = ""
        self._shown: Answer | None = None

    def take(self, answer: Answer) -> str:
        """What is to be sent now."""
        is_final = answer.finish != "streaming"
        if answer.text.startswith(self.text):
            new = answer.text[len(self.text) :]
            self._shown = answer
        elif is_final and without_markers(answer.text).split() != without_markers(self.text).split():
            new = f"\n\n{answer.text}"
        else:
            return ""
        self.text += new
        return new

    def annotations(self, final: Answer, server: str) -> list[dict[str, Any]]:
        """The citations of the text that was sent."""
        shown = final if self.text.endswith(final.text) else self._shown
        return annotations(shown, server, len(self.text) - len(shown.text)) if shown and self.text.endswith(shown.text) else []


def annotations(answer: Answer, server: str, before: int = 0) -> list[dict[str, Any]]:
    """Citations as `url_citation`s, whose address opens the page with the words marked; offsets are those of the numbers in the text."""
    return [
        {
            "type": "url_citation",
            "start_index": before + each.position,
            "end_index": before + each.position + len(f"[{each.number}]"),
            "url": address(server, each.passage.document_id, each.passage.page, each.quote_start, each.quote_end),
            "title": place(each.passage),
        }
        for each in answer.citations
    ]


def whole(answer: Answer) -> Mapping[str, Any]:
    """The answer as Footnote knows it: passages, pages, quotes and verdicts."""
    return {name: value for name, value in encoded(answer).items() if name not in LEFT_OUT}


def tokens(answer: Answer) -> tuple[int, int]:
    """Tokens of what the chat model was sent and of what it wrote, as far as known; quotations cost none."""
    if answer.sent is None:
        return 0, 0
    written = answer.usage.completion_tokens if answer.usage else 0
    return answer.sent.prompt_tokens or answer.sent.tokens, written or len(answer.text.encode()) // 4
