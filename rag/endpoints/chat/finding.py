"""Chat servers that run on this machine, at their usual ports."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from urllib.parse import urlsplit

from rag.endpoints.addresses import without_secrets
from rag.endpoints.chat.endpoint import CHAT, chat_models, list_entries
from rag.endpoints.client import Endpoint
from rag.errors import RagError
from rag.settings import LOCAL_SERVERS

CONNECT_SECONDS = 1.0  # longest wait for a server
LIST_SECONDS = 3.0  # ... and for its list of models

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A chat server that answers; `models` are those that can chat, sorted."""

    name: str
    address: str
    models: tuple[str, ...]


async def find_servers(addresses: str) -> tuple[FoundServer, ...]:
    """The servers that answer at some addresses, separated by spaces; all are asked at once. "none" is no address."""
    asked = [address for address in addresses.split() if address != "none"]
    listens = await asyncio.gather(*map(_listens, asked))  # where nothing does, as on most machines, nothing more is loaded
    if not any(listens):
        return ()
    await asyncio.to_thread(import_module, "openai")  # takes longer than a server may
    found = await asyncio.gather(*(_at(address) for address, is_there in zip(asked, listens, strict=True) if is_there))
    return tuple(server for server in found if server)


async def _listens(address: str) -> bool:
    try:
        parts = urlsplit(address)
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    except (OSError, ValueError, TimeoutError):
        return False
    writer.close()
    return True


async def _at(address: str) -> FoundServer | None:
    try:
        entries = await list_entries(Endpoint(CHAT, address, None, "", LIST_SECONDS))
    except RagError:
        return None
    # another Footnote is no model
    models = chat_models([str(entry["id"]) for entry in entries or () if entry.get("owned_by") != "footnote"])
    return FoundServer(server_name(address, entries or ()), address, models) if models else None


def server_name(address: str, entries: Sequence[dict[str, object]] = ()) -> str:
    """What to call a server: some say it in their list of models, else its port tells."""
    owners = {str(entry.get("owned_by", "")).lower() for entry in entries}
    told = {"vllm": "vLLM", "llamacpp": "llama.cpp"}
    parts = urlsplit(address)
    by_port = {port: name for name, port in LOCAL_SERVERS.items() if parts.hostname in LOOPBACK}
    return next((told[owner] for owner in owners if owner in told), by_port.get(parts.port or 0, without_secrets(parts.netloc)))
