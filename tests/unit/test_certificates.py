"""TLS by certificate files: those that cannot be used, and new ones."""

import asyncio
import logging
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from rag.errors import ServerError
from rag.remote.connection import Connection
from ui.commands.cli import app
from ui.http.certificates import CertificateError, tls_context


def write_certificate(folder: Path, name: str, *, days: tuple[float, float] = (-1, 9), passphrase: bytes = b"") -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now, names = datetime.now(UTC), x509.SubjectAlternativeName([x509.DNSName("localhost")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(now + timedelta(days[0])).not_valid_after(now + timedelta(days[1])).add_extension(names, False)
    hidden = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden))
    return files


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    good, other = write_certificate(tmp_path, "good"), write_certificate(tmp_path, "other")
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    late, early = write_certificate(tmp_path, "late", days=(-9, -1)), write_certificate(tmp_path, "early", days=(2, 9))
    hidden = write_certificate(tmp_path, "hidden", passphrase=b"secret")
    for (certificate, key), words in (
        ((tmp_path / "none.pem", good[1]), "none.pem cannot be read: No such file"),
        ((good[0], tmp_path), "cannot be read: Is a directory"),
        ((good[0], other[1]), "other.key is not the key of"),
        ((text, good[1]), "text.pem holds no PEM certificate"),
        ((good[0], text), "good.pem and .*text.pem cannot be used"),
        (late, "late.pem expired on"),
        (early, "early.pem is valid from"),
        (hidden, "hidden.key is encrypted with a passphrase"),
    ):
        with pytest.raises(CertificateError, match=words):
            tls_context(certificate, key)


def test_a_renewed_certificate_is_taken_without_a_restart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate, key = write_certificate(tmp_path, "first")
    context = tls_context(certificate, key)
    first = certificate.read_bytes()
    assert shown(context) == first
    renewed, its_key = write_certificate(tmp_path, "second")
    renewed.replace(certificate)
    with caplog.at_level(logging.WARNING):
        assert [shown(context), shown(context)] == [first, first]  # its key has not been written yet
    assert len(caplog.records) == 1
    its_key.replace(key)
    assert shown(context) != first
    second = certificate.read_bytes()
    certificate.unlink()
    assert shown(context) == second


class Answering(BaseHTTPRequestHandler):
    """Answers a request with the host that it was for."""

    def do_POST(self) -> None:
        body = b"event: told\ndata: 1\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def test_programs_hold_a_servers_certificate_against_the_authorities_that_they_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = write_certificate(tmp_path, "own")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.socket = tls_context(certificate, key).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def told(host: str, is_home: bool = False) -> int:
        connection = Connection(f"https://{host}:{server.server_port}", "token", is_home=is_home)

        async def ask() -> int:
            async with connection.async_events("/x", {}) as events:
                return len([each async for each in events])

        try:
            found = len(list(connection.events("/x")))
            assert asyncio.run(ask()) == found
            return found
        finally:
            connection.close()

    try:
        with pytest.raises(ServerError, match=r"cannot be verified .*SSL_CERT_FILE"):
            told("localhost")
        assert told("127.0.0.1", is_home=True) == 1  # as the library's own folder says
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert told("localhost") == 1
        with pytest.raises(ServerError, match="use the name that the certificate has"):
            told("127.0.0.1")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--tls-key", "x"), "Set both RAG_TLS_CERTIFICATE and RAG_TLS_KEY"),
        (("--tls-key", "x", "--tls-certificate", "y"), "y cannot be read"),
        (("--no-login",), "Single sign-on is set"),
    ],
)
def test_a_server_that_cannot_start_says_why_at_once(
    options: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_TRUSTED_PROXIES", "127.0.0.1")
    monkeypatch.setenv("RAG_PROXY_USER_HEADER", "X-Remote-User")
    result = CliRunner().invoke(app, ["serve", "--port", "0", "--library", str(tmp_path / "library"), *options])
    assert words in str(result.exception)


def shown(context: ssl.SSLContext) -> bytes:
    """The certificate that a client is shown."""

    async def ask() -> str:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
        async with server:
            anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), ssl=anyone)
            found = writer.get_extra_info("ssl_object").getpeercert(True)
            writer.close()
            return ssl.DER_cert_to_PEM_cert(found)

    return asyncio.run(ask()).encode()
