"""The page below a base path, behind a proxy that takes it off a request's path or leaves it on; and what a client may claim of it."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from pydantic import ValidationError

from rag import Library, Settings
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import PageServer, Visitor, config_in
from ui.http.access import COOKIE

SECRET = "correct horse battery"
BASE = "/team.one/notes"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("based") / "library"
    settings = Settings(base_path=f"{BASE}/")
    with Library.open(folder, settings, embedder=BagOfWordsEmbedder()) as library, PageServer(library) as started:
        started.people.add("Ada", SECRET, "administrator")
        yield started


@pytest.mark.parametrize("seen", ["", BASE], ids=["taken off", "left on"])
def test_everything_is_below_the_base_path(server: PageServer, seen: str) -> None:
    with httpx2.Client(base_url=f"{server.url}{seen}", verify=False) as http:
        assert http.get("/").headers["location"] == f"{BASE}/sign-in"
        assert http.get("/sign-in").status_code == 200
        got = http.post("/sign-in", data={"name": "Ada", "password": SECRET})
        assert got.headers["location"] == f"{BASE}/"
        http.cookies.set(COOKIE, got.cookies[COOKIE])
        assert all(f"Path={BASE};" in cookie for cookie in got.headers.get_list("set-cookie"))
        page = http.get("/")
        assert page.status_code == 200
        links = re.findall(r'(?:src|href)="(/[^"]*)"', page.text)
        assert links
        assert all(link.startswith(f"{BASE}/assets/") for link in links)
        assert config_in(page.text)["root"] == f"{server.url}{BASE}"
        for path in ("/theme.css", "/assets/footnote.js", "/api/library", "/v1/models", "/figures/plotly.min.js"):
            assert http.get(path).status_code == 200, path
        assert f"{server.url}{BASE}/api" in http.get("/api/docs").text
        assert f'action="{BASE}/account/tokens"' in http.get("/account").text
        assert http.post("/sign-out").headers["location"] == f"{BASE}/sign-in"


def test_the_base_path_itself_leads_to_the_page(server: PageServer) -> None:
    got = httpx2.get(f"{server.url}{BASE}", verify=False)
    assert (got.status_code, got.headers["location"]) == (303, f"{BASE}/")


def test_a_client_cannot_name_the_page_another_address(server: PageServer) -> None:
    claims = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-gradio-server": "http://evil.example"}
    with Visitor(server) as eve:
        eve.http.post(f"{BASE}/sign-in", data={"name": "Ada", "password": SECRET})
        page = eve.http.get(f"{BASE}/", headers=claims)
        assert page.status_code == 200
        assert "evil.example" not in page.text


@pytest.mark.parametrize("wrong", ["notes", "/a b", "/../x", "//evil.example", "/a?b", "/ä"])
def test_what_is_no_path_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="is not a path"):
        Settings(base_path=wrong)
