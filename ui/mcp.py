"""A library for agents, by the Model Context Protocol: tools that search, ask and verify, documents and pages as resources."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, ParamSpec, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError
from pydantic import Field

from rag.errors import RagError
from rag.library import Library
from rag.types import Citation, Passage
from ui.limits import checkable
from ui.people.limits import ACCOUNT, answered
from ui.places import address, place
from ui.text import CHECK_IN_PARTS

INSTRUCTIONS = (
    "Footnote answers from the user's own documents and gives the page for each sentence. Use `search` for passages, `ask` for an answer "
    "with footnotes, `verify` to check a sentence before you state it, `open_page` to read a page. Cite document and page as given."
)

P = ParamSpec("P")
R = TypeVar("R")

Server = Callable[[], str]
"""Tells the address at which pages can be opened in a browser, or "" where there is none."""

# The values that follow have no slots: `MCPServer` would take those for defaults.

Documents = Annotated[list[str] | None, Field(description="Names or ids of the documents to look in; all if not given.")]
TopK = Annotated[int | None, Field(ge=1, le=50, description="The most passages; the library's own number if not given.")]


@dataclass(frozen=True)
class FoundPassage:
    """A passage: where it stands, and its words. `url` opens the page with the words marked, where a server runs."""

    document: str
    page: int
    place: str
    heading: str
    text: str
    score: float
    url: str


@dataclass(frozen=True)
class Quoted:
    """A footnote: the words that a sentence rests on, and the verdict on them."""

    number: int
    document: str
    page: int
    place: str
    quote: str
    verdict: str
    url: str


@dataclass(frozen=True)
class CitedAnswer:
    """An answer with numbers such as [1], its footnotes, and whether the documents answer at all (`complete` or `not_found`).

    `support` is the share of its sentences that the documents support, from 0 to 1.
    """

    text: str
    finish: str
    notice: str
    support: float | None
    footnotes: list[Quoted]


@dataclass(frozen=True)
class VerifiedSentence:
    """A sentence with its verdict, `supported`, `related` or `unsupported`, and the nearest words of the documents.

    `missing` are words of it that the documents do not say, `is_contradicted` whether they say otherwise.
    """

    sentence: str
    verdict: str
    missing: list[str]
    is_contradicted: bool
    quotes: list[Quoted]


@dataclass(frozen=True)
class ListedDocument:
    """A document."""

    name: str
    id: str
    title: str
    pages: int
    state: str


@dataclass(frozen=True)
class PageText:
    """A page's text as it is on the page; rows of tables are lines, their cells parted by tabs."""

    document: str
    page: int
    pages: int
    text: str
    url: str


def build_mcp(library: Library, server: Server) -> MCPServer:
    """Put the tools and resources together."""
    quiet = logging.NullHandler()
    logging.root.addHandler(quiet)  # else it would take the process's log for its own
    try:
        mcp = MCPServer("footnote", title="Footnote", instructions=INSTRUCTIONS)
    finally:
        logging.root.removeHandler(quiet)
    _add_questions(mcp, library, server)
    _add_documents(mcp, library, server)
    return mcp


def _add_questions(mcp: MCPServer, library: Library, server: Server) -> None:
    @mcp.tool(description="Find the passages of the user's documents that answer a question best.")
    @_told_later
    async def search(question: str, documents: Documents = None, top_k: TopK = None) -> list[FoundPassage]:
        with ACCOUNT.get().question():
            found = await asyncio.to_thread(library.retrieve, question, documents=documents, top_k=top_k)
        return [_found(passage, server) for passage in found]

    @mcp.tool(description="Answer a question from the user's documents, with a footnote for each sentence.")
    @_told_later
    async def ask(question: str, documents: Documents = None, top_k: TopK = None) -> CitedAnswer:
        with ACCOUNT.get().question():
            async with aclosing(answered(library, library.stream(question, documents=documents, top_k=top_k))) as answers:
                async for each in answers:
                    answer = each
        return CitedAnswer(answer.text, answer.finish, answer.notice, answer.support, [_quoted(each, server) for each in answer.citations])

    @mcp.tool(description="Check a text, sentence by sentence: do the user's documents support it, and in which words on which page?")
    @_told_later
    async def verify(text: str, documents: Documents = None) -> list[VerifiedSentence]:
        given, account = checkable(text, CHECK_IN_PARTS), ACCOUNT.get()
        with account.question():
            async with account.turn(library):
                checked = await asyncio.to_thread(library.check, given, documents=documents)
        if not checked.passages and checked.notice:
            raise ValueError(checked.notice)
        return [
            VerifiedSentence(
                " ".join(checked.text[each.start : each.end].split()),
                each.verdict,
                [checked.text[gap.start : gap.end] for gap in each.gaps],
                any(gap.is_contradicted for gap in each.gaps),
                [_quoted(checked.citations[index], server) for index in each.citations],
            )
            for each in checked.sentences
        ]


def _add_documents(mcp: MCPServer, library: Library, server: Server) -> None:
    @mcp.tool(description="List the user's documents.")
    @_told
    def list_documents() -> list[ListedDocument]:
        return [ListedDocument(each.name, each.id, each.title, each.pages, each.state) for each in library.documents()]

    @mcp.tool(description="Read a page of one of the user's documents. Pages are numbered from 1: slides, sheets and chapters too.")
    @_told
    def open_page(document: str, page: int = 1) -> PageText:
        record = library.document(document)
        return PageText(record.name, page, record.pages, library.pages.text(record.id, page), _url(server, record.id, page))

    @mcp.resource("footnote://documents", mime_type="application/json", description="The user's documents.")
    @_told
    def documents() -> str:
        listed = [{"name": each.name, "id": each.id, "title": each.title, "pages": each.pages} for each in library.documents()]
        return json.dumps(listed, ensure_ascii=False)

    @mcp.resource("footnote://documents/{document}/pages/{page}", mime_type="text/plain", description="A page's text.")
    @_told
    def page_text(document: str, page: str) -> str:
        return library.pages.text(document, int(page))


def _found(passage: Passage, server: Server) -> FoundPassage:
    url = _url(server, passage.document_id, passage.page, passage.start, passage.end)
    return FoundPassage(passage.document, passage.page, place(passage), passage.heading, passage.headed_text, passage.score, url)


def _quoted(citation: Citation, server: Server) -> Quoted:
    passage = citation.passage
    url = _url(server, passage.document_id, passage.page, citation.quote_start, citation.quote_end)
    return Quoted(citation.number, passage.document, passage.page, place(passage), citation.quote, citation.verdict, url)


def _url(server: Server, document_id: str, page: int, start: int = 0, end: int = 0) -> str:
    return address(here, document_id, page, start, end) if (here := server()) else ""


def _told(function: Callable[P, R]) -> Callable[P, R]:
    """A tool or resource whose errors are told to the agent, which can do something about them."""

    @wraps(function)
    def telling(*args: P.args, **kwargs: P.kwargs) -> R:
        with _telling():
            return function(*args, **kwargs)

    return telling


def _told_later(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """The same of one that is async."""

    @wraps(function)
    async def telling(*args: P.args, **kwargs: P.kwargs) -> R:
        with _telling():
            return await function(*args, **kwargs)

    return telling


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except (RagError, ValueError) as error:
        raise ResourceError(str(error)) from error
