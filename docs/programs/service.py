"""A service with FastAPI. To start it: uvicorn service:app"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request

from rag import EmptyQuestionError, Library


@dataclass
class Reply:
    """An answer, and the words that it rests on."""

    text: str
    sources: list[str]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the library for as long as the service runs: one process writes to a library."""
    with Library.open("library") as library:
        library.add_text("Returns are accepted within 30 days of delivery.", "returns.txt", metadata={"shop": "north"})
        app.state.library = library
        yield


def held_library(request: Request) -> Library:
    """The library."""
    library: Library = request.app.state.library
    return library


app = FastAPI(lifespan=lifespan)


@app.get("/ask")
async def ask(question: str, library: Annotated[Library, Depends(held_library)], shop: str | None = None) -> Reply:
    """Answer a question from one shop's documents, or from all."""
    try:
        answer = await library.ask_async(question, where={"shop": shop} if shop else None)
    except EmptyQuestionError as error:
        raise HTTPException(400, str(error)) from error
    return Reply(answer.text, [f"{each.passage.document}: {each.quote}" for each in answer.citations])
