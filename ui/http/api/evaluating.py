"""The route that measures how well the library finds what is known to be in it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response

from rag.errors import QuestionFileError
from rag.evaluating import Evaluation, Question, evaluate, read_questions
from rag.library import Library
from ui.http.api.answers import worked

GIVEN = Path("questions")  # what the file is called in messages
ABOUT_EVALUATING = """The body is a file of questions as `rag eval` reads it: one JSON object a line, `{"question": "...", "gold":
[{"document": "handbook.pdf", "page": 7}]}`. With `Accept: text/event-stream` the answer is a `progress` event for each question, then
`report` or `problem`; closing the connection ends the work."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """How many questions of an evaluation are done.

    Attributes:
        done: So many.
        questions: Of so many.
    """

    done: int
    questions: int


def evaluating_api(library: Library) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["questions"])

    @router.post(
        "/eval", response_model=Evaluation, summary="Measure how well the library finds what answers", description=ABOUT_EVALUATING
    )
    async def run(
        request: Request,
        questions: Annotated[bytes, Body(media_type="application/x-ndjson", description="The questions.")],
        top_k: Annotated[int | None, Query(ge=1, le=1000, description="The k of recall@k; the library's own number if not given.")] = None,
    ) -> Response:
        def measured(tell: Callable[[Evaluated], None]) -> Evaluation:
            read = _read(questions, library)
            return evaluate(library, read, top_k or library.settings.top_k, lambda done, count: tell(Evaluated(done, count)))

        return await worked(request, measured)

    return router


def _read(given: bytes, library: Library) -> list[Question]:
    with TemporaryDirectory(prefix="eval-", dir=library.scratch) as folder:
        path = Path(folder) / "questions.jsonl"
        path.write_bytes(given)
        try:
            return read_questions(path, library)
        except QuestionFileError as error:
            raise QuestionFileError(GIVEN, error.problems) from error
