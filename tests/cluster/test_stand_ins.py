"""What the tests of a cluster take its stand-ins for granted to do."""

import time
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.cluster.proxy import Proxy
from tests.s3_server import S3Server


def test_s3_keeps_objects_refuses_and_comes_back(s3: S3Server) -> None:
    address = f"{s3.endpoint}/{s3.bucket}/stand-in"
    assert httpx2.put(address, content=b"words").status_code == 200
    assert s3.keys("stand-in") == {"stand-in": 5}
    with s3.refusing():
        assert "AccessDenied" in httpx2.get(address).text
    s3.stop()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(address)
    s3.start()
    assert s3.keys("stand-in") == {"stand-in": 5}


def test_a_proxy_delays_cuts_off_and_mends(s3: S3Server) -> None:
    with Proxy(urlsplit(s3.endpoint).port or 0) as proxy, httpx2.Client(base_url=f"http://127.0.0.1:{proxy.port}") as client:
        assert client.get("/").status_code == 200
        proxy.delay_seconds = 0.5
        began = time.monotonic()
        assert client.get("/").status_code == 200
        assert time.monotonic() - began >= 0.5
        proxy.cut()
        with pytest.raises(httpx2.TransportError):
            client.get("/")
        proxy.mend()
        assert client.get("/").status_code == 200
