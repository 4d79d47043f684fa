"""The examples of docs/deploying.md, run: nginx and Caddy with TLS before the page, where they are installed."""

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from rag.remote.library import connect
from tests.browser.conftest import browser
from tests.browser.serving import RagServer
from tests.chat_server import MODEL, ChatServer
from tests.unit.test_certificates import write_certificate
from ui.people.store import People

__all__ = ["browser"]  # a fixture
ROOT = Path(__file__).parents[2]
EXAMPLES = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
PASSWORD = "correct horse battery"
SECONDS = 20


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def example(kind: str, folder: Path, port: int, server: RagServer, base: str) -> str:
    """An example of the docs with this test's names, ports and files."""
    found = re.search(rf"```{kind}\n(.*?)```", EXAMPLES, re.DOTALL)
    assert found
    text = (
        found[1]
        .replace("/etc/footnote/fullchain.pem", f"{folder}/localhost.pem")
        .replace("/etc/footnote/privkey.pem", f"{folder}/localhost.key")
    )
    text = text.replace("127.0.0.1:7860", server.url.removeprefix("http://"))
    if kind == "nginx":
        named = "proxy_set_header X-Remote-User $http_x_test_user;\n        proxy_pass"  # any login would do
        return (
            text.replace("443", str(port))
            .replace("docs.example.com", "localhost")
            .replace("location /", f"location {base}/")
            .replace("proxy_pass", named)
        )
    text = text.replace("docs.example.com", f"https://localhost:{port}").replace(
        "reverse_proxy", f"reverse_proxy {base}/*" if base else "reverse_proxy"
    )
    return text.replace("flush_interval", "header_up X-Remote-User {http.request.header.X-Test-User}\n        flush_interval")


@contextmanager
def proxy(kind: str, folder: Path, server: RagServer, base: str) -> Iterator[str]:
    port = free_port()
    text = example(kind, folder, port, server, base)
    if kind == "nginx":
        places = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        text = f"pid {folder}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{places}{text}\n}}\n"
        command = ["nginx", "-p", str(folder), "-e", f"{folder}/error.log", "-g", "daemon off;", "-c"]
    else:
        text = f"{{\nadmin off\nauto_https disable_redirects\n}}\n{text}"
        command = ["caddy", "run", "--adapter", "caddyfile", "--config"]
    config = folder / f"{kind}.conf"
    config.write_text(text)
    with (folder / f"{kind}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, str(config)], stdout=log, stderr=log, env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/bin"}
        )
    try:
        until = time.monotonic() + SECONDS
        while True:
            assert process.poll() is None, (folder / f"{kind}.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)
        yield f"https://localhost:{port}{base}"
    finally:
        process.terminate()
        process.wait(SECONDS)


@pytest.mark.parametrize(("kind", "base"), [("nginx", "/footnote"), ("caddy", ""), ("nginx", ""), ("caddy", "/footnote")])
def test_the_page_works_behind_a_proxy(kind: str, base: str, tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which(kind, path="/usr/sbin:/usr/bin"):
        pytest.skip(f"{kind} is not installed")
    write_certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
    (tmp_path / "library").mkdir()
    with People(tmp_path / "library" / "people.sqlite3") as people:
        people.add("Ada", PASSWORD, "administrator")
        token = people.add_token(people.find("Ada"), "x", "admin", 1)
        settings = {
            "RAG_TRUSTED_PROXIES": "127.0.0.1",
            "RAG_BASE_PATH": base,
            "RAG_PROXY_USER_HEADER": "X-Remote-User",
            "RAG_PROXY_ROLE": "reader",
        }
        with ChatServer() as chat:
            settings |= {"RAG_CHAT_BASE_URL": chat.url("/slow/v1"), "RAG_CHAT_MODEL": MODEL}
            with RagServer(tmp_path, ROOT / "data" / "samples", port=0, **settings) as server, proxy(kind, tmp_path, server, base) as url:
                check_library(url, token, tmp_path)
                check_requests(url, token)
                check_page(browser, url)
    assert "Traceback" not in server.log, server.log


def check_requests(url: str, token: str) -> None:
    """Who asks is told by the proxy, and by nobody else; cookies are for HTTPS."""
    with httpx2.Client(verify=ssl.create_default_context(), timeout=60) as http:
        lives = http.get(f"{url}/healthz")
        assert (lives.json(), "Secure" in lives.headers["set-cookie"]) == ({"status": "ok"}, True)
        page = http.get(
            f"{url}/sign-in", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil", "X-Forwarded-For": "8.8.8.8"}
        )
        assert page.status_code == 200
        assert "evil" not in page.text
        for lie in ("X-Remote-User", "X_Remote_User"):
            assert "Sign out" not in http.get(f"{url}/account", headers={lie: "Ada"}).text
        assert "sam" in http.get(f"{url}/account", headers={"X-Test-User": "sam"}).text
        assert http.get(f"{url}/account", headers={"X-Test-User": "Ada"}).status_code == 403  # there is a password
        question = {
            "model": "footnote",
            "stream": True,
            "messages": [{"role": "user", "content": "Within how many days can goods be returned?"}],
        }
        came = []
        with http.stream("POST", f"{url}/v1/chat/completions", json=question, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status_code == 200
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    came.append(time.monotonic())
        assert came[-1] - came[0] > 0.25, "the words came all at once"
        assert len(came) > 3


def check_library(url: str, token: str, folder: Path) -> None:
    """50 MB go through, for a program too."""
    path = folder / "large.pdf"
    path.write_bytes((ROOT / "data" / "samples" / "harbour-handbook.pdf").read_bytes() + b"\n%" + b"." * 50_000_000)
    with connect(url, token=token) as library:
        outcome = library.add_upload(path, "large.pdf")
        assert outcome.status == "added", outcome
        until = time.monotonic() + 3 * SECONDS
        while len(library.documents()) < 5:
            assert time.monotonic() < until
            time.sleep(0.2)


def check_page(browser: Browser, url: str) -> None:
    """Sign in, and ask."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    heard: list[str] = []
    page.on("requestfailed", lambda request: heard.append(request.url))
    page.on("response", lambda answer: heard.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.goto(f"{url}/")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#documents [data-open]").first).to_be_visible(timeout=60_000)
    page.locator("#question textarea").fill("Within how many days can goods be returned?")
    page.keyboard.press("Enter")
    answer = page.locator("#chat [data-testid=bot]").last
    expect(answer.locator("a[href^='#src-']").first).to_be_visible(timeout=60_000)
    answer.locator("a[href^='#src-']").first.click()
    expect(page.locator("#source-view .fn-quote")).to_be_visible(timeout=30_000)
    context.close()
    assert not [each for each in heard if "/gradio_api/heartbeat" not in each and "queue/data" not in each], heard
