"""S3 as moto plays it, in this process: it can refuse, be slow, and be stopped and started again at the same address."""

import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from xml.etree import ElementTree

import httpx

KEY, SECRET, REGION = "footnote", "s3cret-s3cret", "us-east-1"
_numbers = itertools.count(1)


class S3Server:
    """Runs while it is entered, with a bucket in it.

    Attributes:
        url: The bucket, as RAG_ORIGINALS_URL takes it: s3://NAME.
        environment: Variables with which a program finds the server, and signs in.
        refuses: The status with which it answers every request (such as 403), None if it does what it is asked.
        delay_seconds: How long it takes over each request.
        requests: How many there were, by method.
    """

    def __init__(self) -> None:
        self.bucket = f"footnote-{os.getpid()}-{next(_numbers)}"
        self.url = f"s3://{self.bucket}"
        self.refuses: int | None = None
        self.delay_seconds = 0.0
        self.requests: dict[str, int] = {}
        self._port = 0
        self._server: Any = None
        self._thread: threading.Thread | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make_bucket(self, name: str) -> str:
        """Another bucket; its address."""
        httpx.put(f"{self.endpoint}/{name}").raise_for_status()
        return f"s3://{name}"

    def keys(self, prefix: str = "", bucket: str = "") -> dict[str, int]:
        """The objects in the bucket, with their sizes."""
        found: dict[str, int] = {}
        asked = {"list-type": "2", "prefix": prefix}
        while asked:
            page = ElementTree.fromstring(httpx.get(f"{self.endpoint}/{bucket or self.bucket}", params=asked).raise_for_status().content)
            found |= {each.findtext("{*}Key", ""): int(each.findtext("{*}Size", "0")) for each in page.iterfind("{*}Contents")}
            more = page.findtext("{*}NextContinuationToken")
            asked = asked | {"continuation-token": more} if more else {}
        return found

    @contextmanager
    def refusing(self, status: int = 403) -> Iterator[None]:
        """Every request is refused for a while."""
        self.refuses = status
        try:
            yield
        finally:
            self.refuses = None

    def start(self) -> None:
        """Start it, with the objects that it had."""
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        app = self._around(DomainDispatcherApplication(create_backend_app))
        self._server = make_server("127.0.0.1", self._port, app, threaded=True)
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="s3", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer nobody until it is started again. Doing so twice is harmless."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        self.make_bucket(self.bucket)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _around(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        def answered(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            method = environ["REQUEST_METHOD"]
            self.requests[method] = self.requests.get(method, 0) + 1
            time.sleep(self.delay_seconds)
            if not self.refuses:
                return app(environ, start_response)
            code = "AccessDenied" if self.refuses == 403 else "InternalError"
            start_response(f"{self.refuses} {code}", [("Content-Type", "application/xml")])
            return [b"" if method == "HEAD" else f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()]

        return answered
