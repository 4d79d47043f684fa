"""Questions about whole documents: outlines and lists without a chat model, summaries of all parts with one."""

import asyncio
import re
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from rag import Answer, Library, Settings
from rag.embedding.protocol import Embedder
from tests.chat_server import ChatServer
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

SAMPLES = ["harbour-handbook.pdf", "returns-policy.txt", "tide-notes.pdf", "workshop-faq.md"]
CHAPTERS = ["1 Welcome", "2 Working time", "3 Annual leave", "4 Sickness", "5 Pay and expenses", "6 Travel", "7 Equipment and security"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A library of all samples; no test changes it."""
    folder = tmp_path_factory.mktemp("whole") / "library"
    with Library.open(folder, Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert library.add([samples / name for name in SAMPLES]).all_searchable
    return folder


@pytest.fixture
def quoting(open_library: OpenLibrary, folder: Path) -> Library:
    return open_library(str(folder))


def chatting(open_library: OpenLibrary, folder: Path, server: ChatServer, **settings: Any) -> Library:
    return open_library(str(folder), chat_base_url=server.url(), **settings)


def check_quotations(library: Library, answer: Answer) -> None:
    """Every citation's words are on its page, and every number is in the text."""
    assert answer.finish == "complete"
    assert answer.citations
    for citation in answer.citations:
        page = library.pages.text(citation.passage.document_id, citation.passage.page)
        assert page[citation.quote_start : citation.quote_end] == citation.quote != ""
        assert answer.text[citation.position :].startswith(f"[{citation.number}]")
        assert citation.passage in answer.passages


def test_an_outline_cites_the_pages_of_the_headings(quoting: Library) -> None:
    answer = quoting.ask("What is this document about?", documents=["harbour-handbook.pdf"])
    check_quotations(quoting, answer)
    assert answer.text.startswith("An outline of harbour-handbook.pdf, in its own words:")
    labels = re.findall(r"(?m)^- \*\*(.+?)\*\*", answer.text)
    assert labels[: len(CHAPTERS)] == CHAPTERS
    assert [citation.heading.partition(" > ")[0] for citation in answer.citations] == labels
    assert {sentence.verdict for sentence in answer.sentences} == {"supported"}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_has_an_outline_of_few_lines(quoting: Library, name: str) -> None:
    answer = quoting.ask(f"Summarise {name}")
    check_quotations(quoting, answer)
    assert 3 <= len(answer.citations) <= 12
    assert {citation.passage.document for citation in answer.citations} == {name}


def test_of_several_documents_each_is_named_with_a_sentence(quoting: Library) -> None:
    answer = quoting.ask("What are these documents about?")
    check_quotations(quoting, answer)
    assert [citation.passage.document for citation in answer.citations] == SAMPLES
    assert all(f"**{name}**" in answer.text for name in SAMPLES)


@pytest.mark.parametrize(
    ("question", "codes"),
    [
        ("List all error codes", ["E-04", "E-11", "E-17", "E-23", "E-31"]),
        ("How many error codes are there?", ["E-04", "E-11", "E-17", "E-23", "E-31"]),
        ("Which spare parts are there in the FAQ?", ["HP-2210-K", "HP-2215-K", "HP-1107-S", "HP-3040-F", "HP-4120-W", "HP-5002-O"]),
        ("List all warranty periods", ["Teak frames", "Pine frames", "Bolts and fittings", "Cushions and covers"]),
    ],
)
def test_a_listing_finds_all_rows(quoting: Library, question: str, codes: list[str]) -> None:
    answer = quoting.ask(question)
    check_quotations(quoting, answer)
    assert [citation.quote.lstrip("| ")[: len(code)] for citation, code in zip(answer.citations, codes, strict=True)] == codes
    if "How many" in question:
        assert answer.text.startswith(f"I found {len(codes)} entries:")


def test_what_a_sentence_answers_is_answered_by_it(sample_library: Path, minilm: Embedder) -> None:
    with Library.open(sample_library, embedder=minilm) as library:
        assert "30 days" in library.ask("Within how many days may I return an item?").citations[0].quote
        assert library.ask("List all planets that have rings").finish == "not_found"


def test_chosen_chunks_alone_are_outlined(quoting: Library) -> None:
    record = quoting.document("harbour-handbook.pdf")
    chosen = [(record.id, n) for n in range(12, 16)]
    answer = quoting.ask("What is this about?", chunks=chosen)
    check_quotations(quoting, answer)
    pages = {chunk.page for chunk in quoting.chunks(chosen).values()}
    assert {citation.passage.page for citation in answer.citations} <= pages


def cites_each(messages: list[dict[str, str]]) -> str:
    """Quote the first sentence of each passage or note that is sent."""
    prompt = messages[-1]["content"]
    if "<passage" in prompt:
        blocks = re.findall(r"(?s)\[(\d+)\] [^\n]*\n(.*?)\n</passage>", prompt)
        return " ".join(f"{' '.join(re.split(r'(?<=[.!?])', text)[0].split()).rstrip('.')} [{number}]." for number, text in blocks[:2])
    return prompt.partition("\n\nQuestion:")[0].replace("Part ", "\n\nPart ")


def test_a_document_that_fits_is_read_in_one_call(open_library: OpenLibrary, folder: Path, chat_server: ChatServer) -> None:
    chat_server.reply = cites_each
    library = chatting(open_library, folder, chat_server, chat_context_tokens=32_000)
    answer = library.ask("Summarise the tide notes")
    check_quotations(library, answer)
    assert len(chat_server.chats) == 1
    assert len(answer.passages) == library.document("tide-notes.pdf").chunks
    assert answer.sent is not None
    assert not answer.sent.dropped_passages


def test_a_longer_one_is_read_part_by_part_and_cited(open_library: OpenLibrary, folder: Path, chat_server: ChatServer) -> None:
    chat_server.reply = cites_each
    library = chatting(open_library, folder, chat_server, chat_context_tokens=4096)

    async def grown() -> list[Answer]:
        async with aclosing(library.stream("Summarise this document", documents=["harbour-handbook.pdf"])) as answers:
            return [answer async for answer in answers]

    answers = asyncio.run(grown())
    answer = answers[-1]
    check_quotations(library, answer)
    parts = len(chat_server.chats) - 1
    assert 2 <= parts <= 8
    assert [f"Part {n} of {parts}: reading …" for n in range(1, parts + 1)] == [
        line for each in answers[:parts] for line in each.reasoning.split("\n\n") if line.endswith("…")
    ]
    assert len({citation.passage.page for citation in answer.citations}) >= parts
    assert [passage.rank for passage in answer.passages] == sorted(passage.rank for passage in answer.passages)
    assert "supported" in {sentence.verdict for sentence in answer.sentences}
    for chat in chat_server.chats:
        assert sum(len(message["content"].encode()) for message in chat.body["messages"]) / 3 < 4096


def test_of_a_very_long_one_it_is_said_how_much_was_read(open_library: OpenLibrary, folder: Path, chat_server: ChatServer) -> None:
    chat_server.reply = cites_each
    library = chatting(open_library, folder, chat_server, chat_context_tokens=1024)
    answer = library.ask("Summarise this document", documents=["harbour-handbook.pdf"])
    check_quotations(library, answer)
    assert len(chat_server.chats) <= 9
    assert re.search(r"The text is very long: \d\d? % of it", answer.notice)


def test_the_rows_of_a_list_are_what_the_chat_model_reads(open_library: OpenLibrary, folder: Path, chat_server: ChatServer) -> None:
    chat_server.reply = cites_each
    library = chatting(open_library, folder, chat_server)
    answer = library.ask("List all error codes")
    check_quotations(library, answer)
    assert "E-31" in chat_server.chats[0].body["messages"][-1]["content"]


@pytest.mark.parametrize("text", ["7 8 9\n" * 300, "no", "|---|\n" * 40])
def test_a_document_without_sentences_is_no_failure(open_library: OpenLibrary, tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.txt").write_text(text)
    library = open_library()
    library.add(tmp_path / "odd.txt")
    assert library.ask("What is this document about?").finish in {"complete", "not_found"}
    assert library.ask("List all boats").finish in {"complete", "not_found"}
