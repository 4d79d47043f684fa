"""An answer on a terminal: its footnotes with what was found of them."""

from rich.console import Console
from rich.live import Live
from rich.text import Text

from rag.types import Answer, Citation
from ui.places import place

VERDICTS = {"supported": "supported", "related": "related, but does not say it", "unsupported": "does not support it"}
UNSUPPORTED = "Not supported:"
RELATED = "Not quite said by its source:"
LONGEST_QUOTE = 240
"""Characters."""


def growing(out: Console) -> Live:
    """Shows an answer while it grows, on a terminal alone: what it is in the end is printed once, after its check."""
    return Live(console=out, transient=True, auto_refresh=False, vertical_overflow="crop")


def print_answer(answer: Answer, out: Console) -> None:
    """Print the text, each footnote with the words that its sentences rest on, and the sentences that do not hold."""
    out.print(Text(answer.text), end="\n\n")
    by_number: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        by_number.setdefault(citation.number, []).append(citation)
    for number, citations in sorted(by_number.items()):
        out.print(f"[{number}] {place(citations[0].passage)}", markup=False)
        if citations[0].heading:
            out.print(f"    {citations[0].heading}", style="dim", markup=False)
        for line in dict.fromkeys(_found(citation) for citation in citations if citation.sentence):
            out.print(f"    {line}", style="dim", markup=False)
    for verdict, words in (("related", RELATED), ("unsupported", UNSUPPORTED)):
        for sentence in answer.sentences:
            if sentence.verdict == verdict:
                out.print(f"{words} {' '.join(answer.text[sentence.start : sentence.end].split())}", style="yellow", markup=False)


def is_supported(answer: Answer) -> bool:
    """Whether the documents answer, and support at least one sentence."""
    if answer.finish in {"not_found", "interrupted"}:
        return False
    return any(sentence.verdict == "supported" for sentence in answer.sentences)


def _found(citation: Citation) -> str:
    quote = " ".join(citation.quote.split())
    if len(quote) > LONGEST_QUOTE:
        quote = f"{quote[:LONGEST_QUOTE].rsplit(' ', 1)[0]} …"
    return f"{VERDICTS[citation.verdict]}: “{quote}”"
