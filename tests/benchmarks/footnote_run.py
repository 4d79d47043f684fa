"""Add files to a library and ask one question; prints the seconds of each phase as JSON. The peer's is peer/llamaindex_run.py.

    python footnote_run.py {run,count,words} FOLDER QUESTION CHUNK_TOKENS FILE...

"count" also counts the tokens of each chunk, when all else is done. "words" stops as soon as a question finds something.
"""

import json
import resource
import sys
import time
from typing import NoReturn

CLOCK = [time.perf_counter()]
PHASES: dict[str, float] = {}


def done(phase: str, moment: float | None = None) -> None:
    """End a phase, now or at a moment that has passed: the next one begins."""
    CLOCK.append(moment or time.perf_counter())
    PHASES[phase] = CLOCK[-1] - CLOCK[-2]


def finish(**counts: object) -> NoReturn:
    """Say what was measured, and end."""
    peak = [resource.getrusage(who).ru_maxrss / 1e3 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"phases": PHASES, "memory_mb": peak, **counts}))
    sys.exit()


def main() -> None:
    """Run the phases, one after the other."""
    mode, folder, question, chunk_tokens, *files = sys.argv[1:]
    from rag import Library, Progress, Settings

    done("import")
    library = Library.open(folder, Settings(chunk_tokens=int(chunk_tokens)))
    done("open")
    found_by_words: dict[str, float] = {}

    def note(step: Progress) -> None:
        if step.state != "reading" and step.path not in found_by_words:
            found_by_words[step.path] = time.perf_counter()
            if mode == "words" and len(found_by_words) == len(files):
                found = library.retrieve(question)
                done("words")
                library.close()
                finish(found=len(found))

    report = library.add(files, progress=note)
    done("read", max(found_by_words.values()))
    done("index")
    found = library.retrieve(question)
    done("first query")
    texts: list[str] = []
    if mode == "count":
        records = library.documents()
        texts = [chunk.text for chunk in library.chunks((record.id, n) for record in records for n in range(record.chunks)).values()]
    tokens = [len(library.embedder.token_spans(text)) + 2 for text in texts]
    library.close()
    done("close")
    pages, chunks = (sum(getattr(outcome, name) for outcome in report.outcomes) for name in ("pages", "chunks"))
    finish(pages=pages, chunks=chunks, found=len(found), tokens=tokens)


if __name__ == "__main__":
    main()
