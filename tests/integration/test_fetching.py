"""Files from the web: what is downloaded, what it is called, and what is never opened."""

import gzip
import socket
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rag import DocumentError, Library, Outcome, Progress
from rag.fetching.addresses import is_address, is_public, is_public_or_local
from rag.fetching.fetcher import MOST_REDIRECTS, Fetcher
from tests.conftest import OpenLibrary
from tests.documents import plain_pdf
from tests.web_server import WebServer, drops
from ui.commands.cli import main

WORDS = b"The ferry leaves at seven in the morning.\n"
CHANGED = b"The ferry leaves at eight in the morning.\n"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def library(open_library: OpenLibrary) -> Library:
    return open_library(fetch_private=True, fetch_seconds=5)


def add(library: Library, address: str) -> Outcome:
    (outcome,) = library.add(address).outcomes
    return outcome


def fetcher(**options: object) -> Fetcher:
    return Fetcher(**{"max_bytes": 1_000_000, "seconds": 5} | options)  # type: ignore[arg-type]


def fetch(address: str, folder: Path, **options: object) -> str:
    """The name of what is downloaded, or the message of why it is not."""
    try:
        return fetcher(**options).fetch(address, folder, lambda _: None).name
    except DocumentError as error:
        return str(error)


def test_an_address_is_added_and_replaced_when_it_has_changed(library: Library, web: WebServer) -> None:
    address = web.put("/ferry.txt", WORDS)
    outcome = add(library, address)
    assert (outcome.path, outcome.document, outcome.status) == (address, "ferry.txt", "added")
    assert library.documents()[0].sources == (address,)
    assert add(library, address + "#times").status == "unchanged"
    web.put("/ferry.txt", CHANGED)
    assert add(library, address).status == "replaced"
    assert [record.sources for record in library.documents()] == [(address,)]
    assert "eight" in library.ask("When does the ferry leave?").text
    assert not list((library.folder / "incoming").iterdir())


def test_progress_is_told_while_it_comes(library: Library, web: WebServer) -> None:
    steps: list[Progress] = []
    body = iter([WORDS] * 4)
    library.add(web.put("/ferry.txt", body, Content_Length=str(4 * len(WORDS))), progress=steps.append)
    fractions = [step.fraction for step in steps if step.state == "queued"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert steps[-1].outcome is not None


def test_a_web_address_and_files_are_added_together_on_the_command_line(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "boats.txt").write_text("Boats pass at noon.")
    monkeypatch.setenv("RAG_FETCH_PRIVATE", "true")
    library = str(tmp_path / "library")
    monkeypatch.setattr(sys, "argv", ["rag", "add", web.put("/a/ferry.txt", WORDS), str(tmp_path / "boats.txt"), "--library", library])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "2 of 2 files are searchable" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "headers", "body", "name"),
    [
        ("/report.pdf", ("application/pdf", ""), plain_pdf(), "report.pdf"),
        ("/get?id=3", ("application/octet-stream", ""), plain_pdf(), "get.pdf"),
        ("/get", ("text/html", ""), plain_pdf(), "get.pdf"),  # the bytes say more than the server
        ("/get", ("text/plain", 'attachment; filename="../../etc/plan.md"'), WORDS, "plan.md"),
        ("/get", ("", "attachment; filename*=UTF-8''%C3%A9t%C3%A9.txt"), WORDS, "été.txt"),
        ("/notes.md", ("text/plain", ""), WORDS, "notes.md"),
        ("/notes", ("text/plain; charset=utf-8", ""), WORDS, "notes.txt"),
        ("/d%C3%A9j%C3%A0.txt?x=1", ("text/plain", ""), WORDS, "déjà.txt"),
        ("/list.aspx", ("text/plain", ""), WORDS, "list.aspx.txt"),
        ("/", ("text/plain", ""), WORDS, "127.0.0.1.txt"),
        ("/a/7", ("text/html", ""), b"<!doctype html><title> Tides &amp;\n Times </title>", "Tides & Times.html"),
        ("/index.html", ("application/octet-stream", ""), b"<html><head><title>TCP/IP</title>", "TCP-IP.html"),
        ("/a/tides.html", ("text/html", ""), b"<p>No title</p>", "tides.html"),
        ("/film", ("video/mp4", ""), b"\0\0\0\x18ftypmp42", "film.mp4"),
        ("/" + "x" * 500 + ".txt", ("text/plain", ""), WORDS, "x" * 120 + ".txt"),
    ],
)
def test_it_is_called_as_its_server_title_or_address_says(
    web: WebServer, tmp_path: Path, path: str, headers: tuple[str, str], body: bytes, name: str
) -> None:
    media_type, disposition = headers
    more = {"Content_Disposition": disposition} if disposition else {}
    assert fetch(web.put(path, body, media_type, 200, **more), tmp_path, is_allowed=is_public_or_local) == name


def test_a_text_in_the_charset_that_its_server_names_is_read_right(library: Library, web: WebServer) -> None:
    words = "Паром отходит в семь часов утра. Пассажиры ждут его на причале у старого маяка."
    assert add(library, web.put("/ferry.txt", words.encode("cp866"), "text/plain; charset=ibm866")).status == "added"
    assert words in library.pages.text(library.documents()[0].id, 1)


def test_what_is_compressed_on_its_way_is_unpacked(library: Library, web: WebServer) -> None:
    assert add(library, web.put("/a.txt", gzip.compress(WORDS), Content_Encoding="gzip")).status == "added"
    assert add(library, web.put("/b.txt", zlib.compress(CHANGED), Content_Encoding="deflate")).status == "added"
    assert "too early" in add(library, web.put("/c.txt", gzip.compress(WORDS)[:-9], Content_Encoding="gzip")).message
    assert "damaged" in add(library, web.put("/d.txt", WORDS, Content_Encoding="gzip")).message
    assert "unknown encoding (br)" in add(library, web.put("/e.txt", WORDS, Content_Encoding="br")).message


def test_redirects_are_followed_and_counted(library: Library, web: WebServer) -> None:
    web.put("/end.txt", WORDS)
    for number in range(10):
        web.put(f"/{number}", b"", status=302, Location=f"/{number - 1}" if number else "end.txt")
    outcome = add(library, f"{web.url}/{MOST_REDIRECTS - 1}")
    assert (outcome.status, outcome.document) == ("added", "end.txt")
    assert library.documents()[0].sources == (f"{web.url}/{MOST_REDIRECTS - 1}",)
    assert "redirects more than" in add(library, f"{web.url}/9").message


@pytest.mark.parametrize("target", ["file:///etc/passwd", "data:text/plain,hello", "ftp://example.com/x", "http://a:b@example.com/"])
def test_a_redirect_leads_to_web_addresses_alone(library: Library, web: WebServer, target: str) -> None:
    outcome = add(library, web.put("/go", b"", status=301, Location=target))
    assert outcome.status == "not_downloaded"
    assert "only addresses that begin with http" in outcome.message or "password" in outcome.message


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 503])
def test_a_servers_refusal_is_told(library: Library, web: WebServer, status: int) -> None:
    outcome = add(library, web.put("/x.txt", b"Sorry", status=status))
    assert outcome.status == "not_downloaded"
    assert f"(status {status})" in outcome.message
    assert library.documents() == []


def test_what_is_empty_or_of_another_kind_has_a_clear_outcome(library: Library, web: WebServer) -> None:
    assert add(library, web.put("/x.txt", b"")).message == "x.txt is empty (0 bytes)."
    film = add(library, web.put("/film", b"\0\0\0\x18ftypmp42" * 9, "video/mp4"))
    assert (film.status, film.document) == ("unsupported", "film.mp4")


def test_what_is_too_large_is_not_stored(open_library: OpenLibrary, web: WebServer) -> None:
    library = open_library(fetch_private=True, max_file_megabytes=1)
    announced = add(library, web.put("/a.txt", WORDS, Content_Length=str(5 * 10**9)))
    assert (announced.status, "5,000.0 MB" in announced.message) == ("too_large", True)
    assert add(library, web.put("/b.txt", iter([b"x" * 1_000_000] * 3))).status == "too_large"
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert add(library, web.put("/c.txt", bomb, Content_Encoding="gzip")).status == "too_large"


def test_a_server_that_never_ends_is_left(web: WebServer, tmp_path: Path) -> None:
    began = time.monotonic()
    assert "longer than 0.3 seconds" in fetch(web.put("/x.txt", drops()), tmp_path, is_allowed=is_public_or_local, seconds=0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def dribble() -> None:
            connection, _ = silent.accept()
            with connection, suppress(OSError):
                for byte in b"HTTP/1.1 200 OK\r\nA: aaaaaaaaaaaaa":
                    connection.sendall(bytes([byte]))
                    time.sleep(0.02)

        threading.Thread(target=dribble, daemon=True).start()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert "longer than 0.3 seconds" in fetch(address, tmp_path, is_allowed=is_public_or_local, seconds=0.3)
    assert time.monotonic() - began < 20


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert "connection failed" in fetch(f"http://127.0.0.1:{port}/", tmp_path, is_allowed=is_public_or_local)

    async def nothing(host: str, port: int) -> list[str]:
        raise socket.gaierror("unknown")

    assert "no server called no.example" in fetch("http://no.example/", tmp_path, resolve=nothing)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data",
        "http://192.168.1.1/",
    ],
)
def test_an_address_of_this_machine_or_network_is_not_opened(library: Library, tmp_path: Path, address: str) -> None:
    assert "address of this machine or of a local network" in fetch(address, tmp_path)


@pytest.mark.parametrize(
    "ip",
    [
        *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.8.8.8", "169.254.1.1", "172.16.0.1", "192.0.0.1", "192.168.0.1", "198.18.0.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1"),
        *("2001:0:1::1", "2001:db8::1", "fc00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    ],
)
def test_addresses_that_are_not_public(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_that_are_public(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(("ip", "is_so"), [("10.0.0.1", True), ("::1", True), ("169.254.169.254", False), ("ff02::1", False)])
def test_local_addresses_that_may_be_allowed(ip: str, is_so: bool) -> None:
    assert is_public_or_local(ip) == is_so


def test_a_name_is_resolved_once_and_every_address_of_it_counts(web: WebServer, tmp_path: Path) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    resolved: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        resolved.append(host)
        return next(answers)

    web.put("/x.txt", WORDS)
    address = f"http://a.example:{web.port}/x.txt"
    assert fetch(address, tmp_path, is_allowed=is_public_or_local, resolve=rebinding) == "x.txt"
    assert resolved == ["a.example"]
    assert web.asked[-1][1]["Host"] == f"a.example:{web.port}"

    async def mixed(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.1"]

    assert "local network" in fetch("http://b.example/", tmp_path, resolve=mixed)


def test_each_redirect_is_checked(web: WebServer, tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["10.0.0.1"] if host == "in.example" else ["127.0.0.1"]

    web.put("/go", b"", status=302, Location="http://in.example/x.txt")
    address = f"http://out.example:{web.port}/go"
    assert "in.example is an address of" in fetch(address, tmp_path, resolve=resolve, is_allowed=lambda ip: ip == "127.0.0.1")


def test_the_next_address_of_a_name_is_tried(web: WebServer, tmp_path: Path) -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2" if sys.platform == "linux" else "::1", "127.0.0.1"]

    web.put("/x.txt", WORDS)
    assert fetch(f"http://a.example:{web.port}/x.txt", tmp_path, is_allowed=is_public_or_local, resolve=two) == "x.txt"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("file:///etc/passwd", "only addresses that begin"),
        ("data:text/plain,hello", "only addresses that begin"),
        ("javascript:alert(1)", "only addresses that begin"),
        ("ftp://example.com/a.txt", "only addresses that begin"),
        ("https://reader:secret@example.com/", "user name or password"),
        ("http:///nowhere", "no valid host"),
        ("http://exa mple.com/", "no valid host"),
        ("http://[fe80::1%25eth0]/", "not a web address"),
        ("http://example.com:99999999/", "no valid host name or port"),
        ("http://" + "a" * 5000, "too long"),
        ("http://\x00.com/", "not a web address"),
    ],
)
def test_what_is_no_web_address_is_told_and_hides_passwords(library: Library, address: str, told: str) -> None:
    outcome = add(library, address)
    assert outcome.status == "not_downloaded"
    assert told in outcome.message
    assert "secret" not in outcome.message


def test_paths_are_no_addresses() -> None:
    assert not any(map(is_address, ["a.txt", "C:\\files", "notes: old.txt", "./http", "", " ", Path("x")]))
    assert all(map(is_address, ["http://x", "HTTPS://x", " ftp://x", "file:///x", "data:,x"]))
