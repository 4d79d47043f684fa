"""The first minute: an empty library, samples on their way in."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SAMPLE_COUNT, FirstLook
from tests.browser.reader import Reader
from tests.browser.serving import RagServer


def test_the_list_shows_samples_being_read_and_then_their_pages(first_look: FirstLook) -> None:
    assert any(stage in words for words in first_look.lists for stage in ("queued", "reading", "indexing"))
    last = first_look.lists[-1]
    assert last.count("harbour-handbook.pdf") == 1
    assert "17 pages" in last
    assert "1 page" in last
    assert "queued" not in last
    assert "reading" not in last


def test_the_page_asks_its_own_server_alone(first_look: FirstLook, quoting: RagServer) -> None:
    assert len(first_look.requests) > 10
    assert {url for url in first_look.requests if not url.startswith((f"{quoting.url}/", "data:", "blob:"))} == set()


def test_an_empty_conversation_offers_questions_that_the_samples_answer(quoted: Reader) -> None:
    quoted.page.locator("#chat .example").first.click()

    assert quoted.wait_for_answer()
    expect(quoted.footnotes.first).to_be_visible()


def test_health_answers(quoting: RagServer) -> None:
    assert quoting.documents >= SAMPLE_COUNT


@pytest.mark.parametrize(
    "path", ["/", "/health", "/config", "/theme.css", "/gradio_api/info", "/nothing-here", "/documents/0123456789/pages/1.png"]
)
def test_every_response_carries_the_headers_that_keep_a_page_at_home(path: str, quoting: RagServer) -> None:
    headers = httpx2.get(quoting.url + path, timeout=60).headers

    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_a_name_that_is_not_this_machine_is_refused(quoting: RagServer) -> None:
    refused = httpx2.get(quoting.url, headers={"Host": "rebound.example"}, timeout=60)

    assert refused.status_code == 400


def test_the_pages_events_are_no_public_interface(quoting: RagServer) -> None:
    for path in ("/gradio_api/info", "/gradio_api/openapi.json", "/config"):
        assert httpx2.get(f"{quoting.url}{path}", timeout=60).status_code == 404


def test_files_beside_the_library_are_not_served(quoting: RagServer) -> None:
    for path in (__file__, "/etc/passwd"):
        assert httpx2.get(f"{quoting.url}/gradio_api/file={path}", timeout=60).status_code in {403, 404}
