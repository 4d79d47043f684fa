"""The Model Context Protocol, by the client of its own package: in a process of its own, and over HTTP."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError

from tests.conftest import OpenLibrary
from tests.page_server import ApiServer

RAG = str(Path(sys.executable).with_name("rag"))
QUESTION = "Within how many days may I return an item?"


def use(server: Any, act: Callable[[Client], Awaitable[None]]) -> None:
    async def used() -> None:
        async with Client(server) as client:
            await act(client)

    asyncio.run(used())


async def called(client: Client, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content.get("result", result.structured_content)


async def act_as_agent(client: Client) -> None:
    tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == {"search", "ask", "verify", "list_documents", "open_page"}
    assert all(tool.description and tool.output_schema for tool in tools)
    (found, *_) = await called(client, "search", question=QUESTION, top_k=1)
    assert (found["document"], found["page"]) == ("returns-policy.txt", 1)
    answer = await called(client, "ask", question=QUESTION, documents=["returns-policy.txt"])
    assert answer["finish"] == "complete"
    assert answer["footnotes"][0]["verdict"] == "supported"
    assert " ".join(answer["footnotes"][0]["quote"].split()) in answer["text"]
    right, wrong = await called(client, "verify", text="You may return an item within 30 days. You may return an item within 90 days.")
    assert (right["verdict"], wrong["verdict"]) == ("supported", "unsupported")
    assert right["quotes"][0]["document"] == "returns-policy.txt"
    for refused, why in (("Why?", "no sentence that states something"), ("You may return it. " * 301, "301 sentences; 300 can be checked")):
        failed = await client.call_tool("verify", {"text": refused})
        assert failed.is_error
        assert why in str(failed.content)
    names = [each["name"] for each in await called(client, "list_documents")]
    assert "returns-policy.txt" in names
    page = await called(client, "open_page", document="returns-policy.txt")
    assert "within 30 days" in page["text"]

    failed = await client.call_tool("open_page", {"document": "nothing.pdf"})
    assert failed.is_error
    assert "There is no document 'nothing.pdf'" in str(failed.content)
    empty = await client.call_tool("ask", {"question": " "})
    assert empty.is_error
    assert "question is empty" in str(empty.content)

    listed: Any = (await client.read_resource("footnote://documents")).contents[0]
    assert "returns-policy.txt" in [each["name"] for each in json.loads(listed.text)]
    read: Any = (await client.read_resource("footnote://documents/returns-policy.txt/pages/1")).contents[0]
    assert read.text == page["text"]
    with pytest.raises(MCPError, match="nothing"):
        await client.read_resource("footnote://documents/nothing.pdf/pages/1")


def test_over_standard_input_and_output(sample_library: Path) -> None:
    use(StdioServerParameters(command=RAG, args=["mcp", "--library", str(sample_library)], env=dict(os.environ)), act_as_agent)


def test_over_http(open_library: OpenLibrary, samples: Path) -> None:
    library = open_library()
    library.add(samples / "returns-policy.txt")
    with ApiServer(library) as server:
        use(f"{server.url}/mcp", act_as_agent)
        for method in ("GET", "DELETE"):  # there is no session, nor a stream that would stay open
            assert httpx2.request(method, f"{server.url}/mcp", headers={"Accept": "text/event-stream"}, timeout=5).status_code == 405

        async def links(client: Client) -> None:
            (found, *_) = await called(client, "search", question=QUESTION, top_k=1)
            assert found["url"].startswith(f"{server.url}/#document=")

        use(f"{server.url}/mcp", links)


def test_a_token_is_needed_where_one_is_set(open_library: OpenLibrary) -> None:
    with ApiServer(open_library(api_token="s3cret")) as server:
        assert httpx2.post(f"{server.url}/mcp", json={}).status_code == 401
        assert httpx2.post(f"{server.url}/mcp", json={}, headers={"Authorization": "Bearer s3cret"}).status_code != 401
