"""Question -> answer with footnotes: quoted without a chat model, written with one."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rag import (
    Answer,
    ChatAuthenticationError,
    ChatConnectionError,
    ChatError,
    ChatModelNotFoundError,
    ChatNotConfiguredError,
    ChatProtocolError,
    ChatRateLimitError,
    ChatRequestError,
    ChatServerError,
    DocumentNotFoundError,
    EmptyQuestionError,
    Library,
    Message,
    Passage,
    Settings,
)
from rag.embedding.protocol import Embedder
from tests import documents
from tests.chat_server import MODEL, NOT_FOUND, ChatServer
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

QUESTION = "When may customers return benches?"
RETURN = "Customers may return unused benches within thirty days."
OIL = "Teak benches are oiled twice every year. Linseed does not do."

Ready = Callable[..., Library]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that holds a PDF about returns and a text about oil; no test changes it."""
    folder = tmp_path_factory.mktemp("asking")
    (folder / "returns.pdf").write_bytes(documents.plain_pdf("Contents", f"{RETURN}\nKeep the receipt."))
    (folder / "oil.txt").write_text(OIL)
    with Library.open(folder / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert library.add([folder / "returns.pdf", folder / "oil.txt"]).all_searchable
    return folder / "library"


@pytest.fixture
def ready(open_library: OpenLibrary, folder: Path) -> Ready:
    """Opens that library; keywords are settings."""
    return lambda **settings: open_library(str(folder), **settings)


def chatting(ready: Ready, server: ChatServer, path: str = "/ok/v1", **settings: Any) -> Library:
    return ready(chat_base_url=server.url(path), **settings)


def check_whole(library: Library, answer: Answer) -> None:
    """What holds for every answer."""
    assert answer.seconds >= 0
    assert list(dict.fromkeys(citation.number for citation in answer.citations)) == list(
        range(1, len({citation.number for citation in answer.citations}) + 1)
    )
    for citation in answer.citations:
        assert f"[{citation.number}]" in answer.text
        assert citation.passage in answer.passages
        page = library.pages.text(citation.passage.document_id, citation.passage.page)
        assert page[citation.quote_start : citation.quote_end] == citation.quote != ""


async def all_of(library: Library, question: str = QUESTION, history: list[Message] | None = None) -> list[Answer]:
    async with aclosing(library.stream(question, history=history or [])) as answers:
        return [answer async for answer in answers]


def test_without_a_chat_model_sentences_are_quoted(ready: Ready) -> None:
    library = ready()
    answer = library.ask(QUESTION)
    check_whole(library, answer)
    assert (answer.question, answer.model, answer.finish) == (QUESTION, "extractive", "complete")
    first = answer.citations[0]
    assert first.quote == RETURN
    assert (first.passage.document, first.passage.page, first.number) == ("returns.pdf", 2, 1)
    assert answer.text.startswith(f"“{RETURN}” [1]")
    assert "RAG_CHAT_BASE_URL" in answer.notice
    assert answer.passages == tuple(library.retrieve(QUESTION))


def test_an_extractive_answer_streams_as_one(ready: Ready) -> None:
    (answer,) = asyncio.run(all_of(ready()))
    assert answer.finish == "complete"


def test_what_the_documents_do_not_say_is_not_answered(sample_library: Path, minilm: Embedder) -> None:
    with Library.open(sample_library, embedder=minilm) as library:
        answer = library.ask("Which planets have rings?")
        check_whole(library, answer)
        assert (answer.finish, answer.model) == ("not_found", "extractive")
        assert answer.text.startswith(NOT_FOUND)
        assert 1 < len(answer.citations) <= 3
        assert all(" ".join(citation.quote.split()) in answer.text for citation in answer.citations if "|" not in answer.text)
        found = library.ask("Within how many days may I return an item?")
        check_whole(library, found)
        assert found.finish == "complete"
        assert "30 days" in found.citations[0].quote


def test_an_empty_library_says_so(open_library: OpenLibrary, chat_server: ChatServer) -> None:
    for url in (None, chat_server.url()):
        library = open_library("with" if url else "without", chat_base_url=url)
        answer = library.ask("Anything?")
        assert (answer.finish, answer.citations, answer.passages) == ("not_found", (), ())
        assert "no documents" in answer.text
    assert chat_server.requests == []


def test_an_empty_selection_and_documents_to_reindex_are_told_from_an_empty_library(
    open_library: OpenLibrary, tmp_path: Path, chat_server: ChatServer
) -> None:
    for url in (None, chat_server.url()):
        folder = "with" if url else "without"
        library = open_library(folder, chat_base_url=url)
        (tmp_path / "tea.txt").write_text("Tea is poured at four.")
        library.add(tmp_path / "tea.txt")
        answers = [library.ask(QUESTION, documents=[]), library.ask(QUESTION, chunks=[])]
        assert {answer.text for answer in answers} == {"No documents or passages are selected. Select some, or ask about all of them."}
        assert "no longer in the library" in library.ask(QUESTION, chunks=[("gone", 0)]).text
        library.close()
        answer = open_library(folder, chat_base_url=url, chunk_tokens=64).ask(QUESTION)
        assert (answer.finish, answer.passages) == ("not_found", ())
        assert answer.text == "1 document needs to be re-indexed (it was indexed with different settings). Run `rag reindex`."
    assert chat_server.requests == []


def test_a_chat_model_writes_and_its_footnotes_are_resolved(ready: Ready, chat_server: ChatServer) -> None:
    library = chatting(ready, chat_server)
    answer = library.ask(QUESTION)
    check_whole(library, answer)
    assert (answer.model, answer.finish, answer.notice) == (MODEL, "complete", "")
    assert answer.text == f"{RETURN.rstrip('.')}[1]."
    assert answer.citations[0].passage.document == "returns.pdf"


def test_a_streamed_answer_only_grows(ready: Ready, chat_server: ChatServer) -> None:
    chat_server.reply = lambda messages: "It is so [2], and so [9][1]. Or not [7]. " * 3
    library = chatting(ready, chat_server)
    answers = asyncio.run(all_of(library))
    assert len(answers) > 10
    assert [answer.finish for answer in answers] == ["streaming"] * (len(answers) - 1) + ["complete"]
    for earlier, later in pairwise(answers):
        assert later.text.startswith(earlier.text)
        assert numbered(later).items() >= numbered(earlier).items()
        assert later.seconds >= earlier.seconds
    assert answers[-1].text == "It is so[1], and so[2]. Or not. " * 2 + "It is so[1], and so[2]. Or not."
    assert [(citation.number, citation.passage.rank) for citation in answers[-1].citations] == [(1, 2), (2, 1)] * 3
    check_whole(library, answers[-1])


def numbered(answer: Answer) -> dict[int, Passage]:
    """The passage of each footnote number."""
    return {citation.number: citation.passage for citation in answer.citations}


def test_a_footnote_quotes_the_sentence_it_rests_on(ready: Ready, chat_server: ChatServer) -> None:
    chat_server.reply = lambda messages: f"As for the rest, cheese is blue [1]. {RETURN.rstrip('.')} [1]. [1]"
    other, quoted, again = chatting(ready, chat_server).ask(QUESTION).citations
    assert (other.verdict, quoted.verdict, again.verdict) == ("unsupported", "supported", "supported")
    assert quoted.quote == again.quote == RETURN
    assert quoted.sentence == RETURN
    assert quoted.quote_start == quoted.passage.start + quoted.passage.text.index(RETURN)


def test_thinking_is_no_part_of_an_answer(ready: Ready, chat_server: ChatServer) -> None:
    library = chatting(ready, chat_server, "/think-unopened/v1")
    for _ in range(2):
        assert library.ask(QUESTION).text == f"{RETURN.rstrip('.')}[1]."


def test_the_model_is_told_passages_and_earlier_turns(ready: Ready, chat_server: ChatServer) -> None:
    library = chatting(ready, chat_server)
    past = [Message("user", "Is there oil?"), Message("assistant", "There is [1], twice [2]."), Message("user", "Never answered")]
    library.ask(QUESTION, history=past)
    messages = chat_server.chats[-1].body["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"] == "Is there oil?"
    assert messages[2]["content"] == "There is, twice."
    assert QUESTION in messages[3]["content"]
    assert RETURN in messages[3]["content"]
    assert "returns.pdf, page 2" in messages[3]["content"]


@pytest.mark.parametrize("refusal", [NOT_FOUND, "The documents do not say."], ids=["now", "as in an old conversation"])
def test_a_model_that_finds_nothing_says_so(ready: Ready, chat_server: ChatServer, refusal: str) -> None:
    chat_server.reply = lambda messages: refusal
    answer = chatting(ready, chat_server).ask(QUESTION)
    assert answer.finish == "not_found"
    assert answer.text.startswith(refusal)
    assert answer.citations
    assert all(citation.quote in answer.text and citation.passage in answer.passages for citation in answer.citations)


@pytest.mark.parametrize(
    ("path", "finish", "notice"),
    [
        ("/length/v1", "length", "The answer was cut"),
        ("/no-finish/v1", "interrupted", "The answer is incomplete"),
        ("/cut/v1", "interrupted", "The answer is incomplete"),
    ],
)
def test_an_answer_that_is_not_whole_says_so(ready: Ready, chat_server: ChatServer, path: str, finish: str, notice: str) -> None:
    chat_server.reply = lambda messages: "A rather long answer [1] that goes on and on [2]."
    library = chatting(ready, chat_server, path)
    answer = library.ask(QUESTION)
    check_whole(library, answer)
    assert (answer.finish, answer.notice.partition(":")[0].startswith(notice)) == (finish, True)
    assert answer.text.startswith("A rather long")


def test_an_answer_without_footnotes_is_told_as_one(ready: Ready, chat_server: ChatServer) -> None:
    chat_server.reply = lambda messages: "It is so, believe me [9]."
    answer = chatting(ready, chat_server).ask(QUESTION)
    assert (answer.finish, answer.text, answer.citations) == ("complete", "It is so, believe me.", ())
    assert "no footnotes" in answer.notice


def test_a_model_without_words_is_told(ready: Ready, chat_server: ChatServer) -> None:
    chat_server.reply = lambda messages: "<think>Hm.</think>"
    answer = chatting(ready, chat_server).ask(QUESTION)
    assert answer.text == ""
    assert "reply was empty" in answer.notice


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/401/v1", ChatAuthenticationError),
        ("/403/v1", ChatAuthenticationError),
        ("/404/v1", ChatModelNotFoundError),
        ("/busy-long/v1", ChatRateLimitError),
        ("/500/v1", ChatServerError),
        ("/error-midway/v1", ChatServerError),
        ("/html/v1", ChatProtocolError),
        ("/empty/v1", ChatProtocolError),
        ("/many-models/v1", ChatNotConfiguredError),
    ],
)
def test_what_goes_wrong_at_the_endpoint_is_told(ready: Ready, chat_server: ChatServer, path: str, error: type[ChatError]) -> None:
    model = None if "many" in path else MODEL
    library = chatting(ready, chat_server, path, chat_model=model)
    with pytest.raises(error, match=chat_server.url(path)):
        library.ask(QUESTION)
    assert library.retrieve(QUESTION)  # the rest goes on


def test_an_endpoint_that_is_not_there_is_told(ready: Ready) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ChatConnectionError, match=f"Nothing answers at {url}. Start the server"):
        ready(chat_base_url=url, chat_model=MODEL).ask(QUESTION)


def test_it_may_be_asked_where_an_event_loop_runs(ready: Ready, chat_server: ChatServer) -> None:
    library = chatting(ready, chat_server)

    async def notebook() -> Answer:
        return library.ask(QUESTION)

    assert asyncio.run(notebook()).finish == "complete"


def test_closing_the_stream_ends_the_request(ready: Ready, chat_server: ChatServer) -> None:
    chat_server.reply = lambda messages: "word " * 500
    library = chatting(ready, chat_server, "/slow/v1")

    async def first() -> Answer:
        async with aclosing(library.stream(QUESTION)) as answers:
            async for answer in answers:
                if answer.text:
                    return answer
        raise AssertionError

    began = time.monotonic()
    assert asyncio.run(first()).finish == "streaming"
    assert chat_server.chats[-1].client_left.wait(5)
    assert time.monotonic() - began < 10


def test_a_long_conversation_is_shortened_and_the_reader_is_told(ready: Ready, chat_server: ChatServer) -> None:
    library = chatting(ready, chat_server, chat_context_tokens=1500)
    past = [Message(role, f"{role} {n} {'word ' * 60}") for n in range(10) for role in ("user", "assistant")]
    answer = library.ask(QUESTION, history=past)
    assert answer.text == f"{RETURN.rstrip('.')}[1]."
    sent = chat_server.chats[-1].body["messages"]
    assert [message["role"] for message in sent[1:]] == ["user", "assistant"] * ((len(sent) - 2) // 2) + ["user"]
    assert f"the {20 - (len(sent) - 2)} oldest messages were not sent" in answer.notice


def test_too_long_a_question_is_told_before_anything_is_sent(ready: Ready, chat_server: ChatServer) -> None:
    library = chatting(ready, chat_server, chat_model=MODEL, chat_context_tokens=1024)
    with pytest.raises(ChatRequestError, match="too long"):
        library.ask("Why? " * 799)
    assert chat_server.chats == []


def test_the_limit_for_answers_is_sent(ready: Ready, chat_server: ChatServer) -> None:
    chat_server.reply = lambda messages: "word " * 100
    answer = chatting(ready, chat_server, chat_max_tokens=16).ask(QUESTION)
    assert answer.finish == "length"
    assert "RAG_CHAT_MAX_TOKENS" in answer.notice


@pytest.mark.parametrize("key", [None, "mine"])
def test_openais_key_never_goes_to_another_endpoint(
    ready: Ready, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("RAG_CHAT_BASE_URL", chat_server.url())
    if key:
        monkeypatch.setenv("RAG_CHAT_API_KEY", key)
    ready().ask(QUESTION)
    assert len(chat_server.requests) == 2
    for request in chat_server.requests:
        assert request.headers.get("authorization") == (f"Bearer {key}" if key else None)
        assert "of-openai" not in str(request.headers)
        assert "org-of-mine" not in str(request.headers)


def test_openais_key_goes_to_openais_endpoint(ready: Ready, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", chat_server.url())
    ready().ask(QUESTION)
    assert chat_server.chats[-1].headers["authorization"] == "Bearer sk-of-openai"


def test_questions_are_checked_as_for_a_search(ready: Ready, chat_server: ChatServer) -> None:
    for url in (None, chat_server.url()):
        library = ready(chat_base_url=url)
        with pytest.raises(EmptyQuestionError):
            library.ask(" \n")
        with pytest.raises(DocumentNotFoundError):
            library.ask(QUESTION, documents=["nothing.pdf"])
        with pytest.raises(ValueError, match="top_k"):
            library.ask(QUESTION, top_k=0)
        assert {passage.document for passage in library.ask(QUESTION, documents=["oil.txt"]).passages} == {"oil.txt"}
        assert len(library.ask(QUESTION, top_k=1).passages) == 1
        assert library.ask("\ud83d benches").question == "? benches"
        library.close()
    assert len(chat_server.chats) == 3


def test_a_sentence_over_a_page_break_is_quoted_whole(open_library: OpenLibrary, tmp_path: Path) -> None:
    first, second = "Who damages a boat has to tell the boat master and must pay a share of", "200 euros towards the repair. Oars are free."
    (tmp_path / "club.pdf").write_bytes(documents.plain_pdf(f"The club has nine boats.\n{first}", second))
    library = open_library(embedder=BagOfWordsEmbedder(), min_confidence=0)
    library.add(tmp_path / "club.pdf")
    answer = library.ask("What share must who damages a boat pay?")
    assert f"“{first} 200 euros towards the repair.” [1][2]" in answer.text
    assert [(citation.passage.page, citation.quote) for citation in answer.citations[:2]] == [
        (1, first),
        (2, "200 euros towards the repair."),
    ]


def test_a_page_that_ends_a_sentence_is_quoted_alone(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "club.pdf").write_bytes(documents.plain_pdf("Who damages a boat has to pay.", "fees are due in May. Oars are free."))
    library = open_library(embedder=BagOfWordsEmbedder(), min_confidence=0)
    library.add(tmp_path / "club.pdf")
    assert "“Who damages a boat has to pay.” [1]" in library.ask("Who damages a boat?").text
