"""TLS by certificate files, which are read again when they change."""

import logging
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from rag.errors import RagError

log = logging.getLogger(__name__)


class CertificateError(RagError):
    """A certificate or its key cannot be used."""


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What a server speaks TLS with; a connection after the files have changed gets the new certificate. Raises CertificateError."""
    current = _Current(certificate, key)
    current.context.sni_callback = current.renew
    return current.context


class _Current:
    """The certificate as it is on disk."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self._stamp = self._stamped()
        self._refused = ""
        self.context = _loaded(certificate, key)

    def renew(self, connection: ssl.SSLObject, *_: object) -> None:
        """Take changed files for a connection that begins, and for those after it; those that cannot be used change nothing."""
        if (stamp := self._stamped()) != self._stamp:
            try:
                self.context, self._stamp, self._refused = _loaded(*self._files), stamp, ""
            except CertificateError as error:  # a certificate may be written before its key
                if str(error) != self._refused:
                    log.warning("The certificate stays the one before: %s", error)
                self._refused = str(error)
        connection.context = self.context

    def _stamped(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_stamp_of(path) for path in self._files)


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino


def _loaded(certificate: Path, key: Path) -> ssl.SSLContext:
    for path in (certificate, key):
        try:
            path.read_bytes()
        except OSError as error:
            raise CertificateError(f"{path} cannot be read: {error.strerror}.") from error
    _check_dates(certificate)
    asked = list[bool]()

    def passphrase() -> str:
        asked.append(True)
        return ""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, passphrase)
    except (ssl.SSLError, ValueError) as error:
        if asked:
            why = f"{key} is encrypted with a passphrase. Give a key without one, which only the server's user can read."
        elif getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            why = f"{key} is not the key of {certificate}. Give the two that belong together."
        else:
            why = f"{certificate} and {key} cannot be used: {error}. Give PEM files, the certificate with its chain."
        raise CertificateError(why) from error
    return context


def _check_dates(certificate: Path) -> None:
    try:
        found = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except ValueError as error:
        raise CertificateError(f"{certificate} holds no PEM certificate. Give the certificate with its chain.") from error
    now = datetime.fromtimestamp(time.time(), UTC)
    if now > found.not_valid_after_utc:
        raise CertificateError(f"The certificate in {certificate} expired on {found.not_valid_after_utc:%d %b %Y}. Renew it.")
    if now < found.not_valid_before_utc:
        raise CertificateError(f"The certificate in {certificate} is valid from {found.not_valid_before_utc:%d %b %Y} on. Check the clock.")
