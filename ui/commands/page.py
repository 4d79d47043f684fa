"""Asking the page that holds a library, where a command cannot open it."""

from pathlib import Path
from typing import Any

from rag.errors import LibraryLockedError, RagError
from rag.settings import Settings
from rag.storing.lock import holder

TIMEOUT_SECONDS = 3600.0  # a repair may embed a whole library again


def ask_page(library: Path | None, method: str, path: str, locked: LibraryLockedError, **body: object) -> Any:
    """What the page that holds a library answers, as JSON; raises `locked` where no page does, `RagError` where it does not answer."""
    import httpx2

    from rag.remote.connection import trust

    url, token = holder(library or Settings().library)
    if not url:
        raise locked
    try:
        headers, verify = {"Authorization": f"Bearer {token}"}, trust(url, is_home=True)
        answer = httpx2.request(method, f"{url}{path}", json=body or None, headers=headers, timeout=TIMEOUT_SECONDS, verify=verify)
        if answer.status_code == httpx2.codes.CONFLICT:
            raise RagError(str(answer.json()["detail"]))
        answer.raise_for_status()
        return answer.json()
    except (httpx2.HTTPError, ValueError, TypeError, KeyError) as error:
        raise RagError(f"The page at {url} holds the library and did not answer: {error}. Stop it, or try again.") from error
