"""`/v1`, by the client that OpenAI gives."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import openai
import pytest

from rag import Library
from tests.chat_server import ChatServer
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import ApiServer

QUESTION = "Within how many days may I return an item?"
ASKED: Any = [{"role": "user", "content": QUESTION}]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "returns.txt").write_text("Returns\n\nYou may return an item within 30 days of delivery.\n\nThe refund comes within a week.")
    (folder / "ferry.txt").write_text("The ferry to the island leaves at seven in the morning.")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, texts: Path) -> Iterator[ApiServer]:
    with Library.open(tmp_path_factory.mktemp("library"), embedder=BagOfWordsEmbedder()) as library:
        assert library.add(texts).all_searchable
        with ApiServer(library) as server:
            yield server


@pytest.fixture
def client(server: ApiServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_chat_completions_have_the_footnotes_as_annotations(client: openai.OpenAI, server: ApiServer) -> None:
    assert client.models.list().data[0].id == client.models.retrieve("footnote:returns.txt").id.partition(":")[0] == "footnote"
    answer = client.chat.completions.create(model="footnote", messages=ASKED)
    message = answer.choices[0].message
    assert message.content
    assert answer.choices[0].finish_reason == "stop"
    assert message.annotations
    cited = message.annotations[0].url_citation
    assert message.content[cited.start_index : cited.end_index] == "[1]"
    record = server.library.document("returns.txt")
    assert re.fullmatch(rf"{server.url}/#document={record.id}&page=1&start=\d+&end=\d+", cited.url)
    assert cited.title == "returns.txt"
    ours: Any = answer.model_extra
    quoted = ours["footnote"]["citations"][0]
    assert (quoted["verdict"], quoted["passage"]["document"], quoted["passage"]["page"]) == ("supported", "returns.txt", 1)
    assert quoted["quote"] in message.content
    assert "sent" not in ours["footnote"]
    assert (ours["footnote"]["support"], ours["footnote"]["changes"]) == (1.0, [])


def test_chat_completions_grow(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(model="footnote", messages=ASKED, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == client.chat.completions.create(model="footnote", messages=ASKED).choices[0].message.content
    (last,) = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert last.choices[0].finish_reason == "stop"
    extra: Any = last.choices[0].delta.model_extra
    assert text[extra["annotations"][0]["url_citation"]["start_index"] :].startswith("[1]")
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 0  # quotations cost none


def test_a_chat_model_s_words_are_passed_on_as_they_come(open_library: OpenLibrary, texts: Path, chat_server: ChatServer) -> None:
    chat_server.reply = lambda messages: "An item may be returned within 30 days of delivery. The refund comes within a week [1]."
    library = open_library(chat_base_url=chat_server.url())
    library.add(texts)
    with ApiServer(library) as server, openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        stream = client.chat.completions.create(model="footnote", messages=ASKED, stream=True)
        chunks = list(stream)
        pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content]
        text = "".join(pieces)
        assert len(pieces) > 1
        assert text.count("An item may be returned") == 1  # no word comes twice, though a footnote was added to the first sentence
        extra: Any = chunks[-1].choices[0].delta.model_extra
        for each in extra["annotations"]:
            cited = each["url_citation"]
            assert re.fullmatch(r"\[\d+\]", text[cited["start_index"] : cited["end_index"]])
        whole = client.chat.completions.create(model="footnote", messages=ASKED)
        assert whole.usage
        assert whole.usage.prompt_tokens > 0


def test_responses(client: openai.OpenAI) -> None:
    answer = client.responses.create(model="footnote", input=QUESTION)
    assert "30 days" in answer.output_text
    message: Any = answer.output[0]
    cited = message.content[0].annotations[0]
    assert (cited.type, answer.output_text[cited.start_index : cited.end_index]) == ("url_citation", "[1]")
    events = list(client.responses.create(model="footnote", input=ASKED, stream=True))
    assert [event.type for event in events][:2] == ["response.created", "response.in_progress"]
    deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    last: Any = events[-1]
    assert last.type == "response.completed"
    assert deltas == last.response.output_text == answer.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_embeddings(client: openai.OpenAI, server: ApiServer) -> None:
    embedded = client.embeddings.create(model="any", input=["ferry", "an item " * 500])
    assert np.allclose(embedded.data[0].embedding, server.library.embedder.embed_documents(["ferry"])[0])
    assert len(embedded.data) == 2
    plain = client.embeddings.create(model="any", input="ferry", encoding_format="float")
    assert np.allclose(plain.data[0].embedding, embedded.data[0].embedding)


def test_a_conversation_and_chosen_documents(client: openai.OpenAI) -> None:
    turns: Any = [
        {"role": "system", "content": "Be brief."},
        *ASKED,
        {"role": "assistant", "content": "Within 30 days [1]."},
        {"role": "user", "content": [{"type": "text", "text": "And when does the refund come?"}]},
    ]
    assert "week" in str(client.chat.completions.create(model="footnote", messages=turns).choices[0].message.content)
    elsewhere = client.chat.completions.create(model="footnote:ferry.txt", messages=ASKED)
    assert "30 days" not in str(elsewhere.choices[0].message.content)
    chosen = client.chat.completions.create(
        model="footnote", messages=ASKED, extra_body={"footnote": {"documents": ["ferry.txt"], "top_k": 1}}
    )
    assert "30 days" not in str(chosen.choices[0].message.content)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"messages": ASKED, "model": "gpt-9"}, 400, "model"),
        ({"messages": ASKED, "model": "footnote:nothing.pdf"}, 404, None),
        ({"messages": []}, 400, "messages"),
        ({"messages": "Hello"}, 400, "messages"),
        ({"messages": [{"role": "assistant", "content": "Hello"}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, 400, None),
        ({"messages": [{"role": "user", "content": "a" * 5000}]}, 400, None),
        ({"messages": [5]}, 400, "messages"),
        ({"messages": ASKED, "footnote": {"top_k": "many"}}, 400, "footnote.top_k"),
        ({"messages": ASKED, "footnote": {"documents": "a.pdf"}}, 400, "footnote.documents"),
        ({"messages": ASKED, "footnote": 5}, 400, "footnote"),
        ({"messages": ASKED, "footnote": {"top_k": True}}, 400, "footnote.top_k"),
    ],
)
def test_what_cannot_be_asked_is_said(server: ApiServer, body: dict[str, Any], status: int, param: str | None) -> None:
    refused = httpx2.post(f"{server.url}/v1/chat/completions", json=body)
    assert (refused.status_code, refused.json()["error"]["param"]) == (status, param)
    assert refused.json()["error"]["message"]


def test_errors_are_those_that_clients_know(client: openai.OpenAI, server: ApiServer) -> None:
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")
    with pytest.raises(openai.BadRequestError, match="input"):
        client.embeddings.create(model="any", input=[])
    with pytest.raises(openai.NotFoundError, match=r"no document 'nothing\.pdf'"):
        client.chat.completions.create(model="footnote:nothing.pdf", messages=ASKED)
    with pytest.raises(openai.BadRequestError, match="not of tokens"):
        client.embeddings.create(model="any", input=[[1, 2, 3]])
    with pytest.raises(openai.BadRequestError, match="Earlier responses are not kept"):
        client.responses.create(model="footnote", input=QUESTION, previous_response_id="resp_1")
    with pytest.raises(openai.NotFoundError, match="/v1 has models"):
        client.completions.create(model="footnote", prompt=QUESTION)
    odd: Any = "all"
    assert list(client.chat.completions.create(model="footnote", messages=ASKED, stream=True, stream_options=odd))
    for content in (b"{", b"[]", b""):
        refused = httpx2.post(f"{server.url}/v1/responses", content=content, headers={"Content-Type": "application/json"})
        assert refused.status_code == 400


def test_the_token_is_an_api_key(open_library: OpenLibrary) -> None:
    with ApiServer(open_library(api_token="s3cret")) as server:
        with (
            openai.OpenAI(base_url=f"{server.url}/v1", api_key="wrong", max_retries=0) as client,
            pytest.raises(openai.AuthenticationError),
        ):
            client.models.list()
        with openai.OpenAI(base_url=f"{server.url}/v1", api_key="s3cret", max_retries=0) as client:
            assert client.models.list().data
