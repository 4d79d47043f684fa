"""What a cluster is built on is gone, slow, read-only or refuses: each is told, nothing is lost, and all goes on when it is back."""

import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from rag import RagError
from tests.cluster import pages
from tests.cluster.harness import LEASE_SECONDS, PATIENCE, Cluster, until
from tests.cluster.proxy import Proxy
from tests.cluster.test_cluster import holding, names_on, replicas
from tests.cluster.whole import check_whole, made_files, own_word

pytestmark = pytest.mark.soak  # half a dozen processes

SECONDS_TO_END = 10

MISSING = ["RAG_DATABASE_URL", "RAG_CHROMA_URL", "AWS_ENDPOINT_URL"]


@pytest.mark.parametrize("setting", MISSING)
def test_a_server_says_what_it_misses_at_its_start_and_starts_when_that_is_back(cluster: Cluster, setting: str) -> None:
    address = cluster.settings[setting]
    port = urlsplit(address).port or 0
    with Proxy(port) as proxy:
        proxy.cut()
        changed: dict[str, Any] = {setting: address.replace(f":{port}", f":{proxy.port}")}
        late = cluster.start("late", replica=True, fresh=True, **changed)
        try:
            until(lambda: (cluster.s3.bucket if setting.startswith("AWS") else str(proxy.port)) in late.log, "it says what it misses")
            assert (urlsplit(address).password or "\0") not in late.log
            assert "Traceback" not in late.log
            proxy.mend()
            ends = time.monotonic() + SECONDS_TO_END
            while late.is_running and time.monotonic() < ends:  # who starts it starts it again
                time.sleep(0.1)
            if not late.is_running:
                late = cluster.start("late", replica=True, **changed)
            assert late.ready().role == "replica"
            until(lambda: names_on(late) == names_on(cluster.writer()), "it has what the others have")
        finally:
            cluster.drop("late")


def test_while_chroma_is_gone_each_request_says_so(cluster: Cluster) -> None:
    writer, reader = cluster.writer(), replicas(cluster)[0]
    word = own_word(500)
    cluster.chroma_proxy.cut()
    try:
        for member in (writer, reader):
            with pytest.raises(RagError):
                member.library.add_text(f"{word} is not read.", "500.md")
            answer = member.http.post("/api/search", json={"question": "Who is the keeper?"})
            assert answer.is_success or (answer.status_code == 503 and "Chroma server" in answer.json()["detail"])
    finally:
        cluster.chroma_proxy.mend()
    outcome = until(lambda: writer.library.add_text(f"{word} is read.", "500.md"), "it is added")
    assert outcome.status in {"added", "replaced"}  # the words of what could not be embedded may have been there already
    cluster.on_each(lambda member: holding(word, member) == ["500.md"], "it is found")
    assert cluster.writer() is writer
    check_whole(cluster)


def test_without_the_database_nobody_writes_and_all_goes_on_when_it_is_back(cluster: Cluster) -> None:
    writer, reader = cluster.writer(), replicas(cluster)[0]
    cluster.database_proxy.cut()
    try:
        time.sleep(LEASE_SECONDS + 1)
        with pytest.raises(RagError):
            writer.library.add_text("Nobody reads this.", "nobody.md")
        assert reader.http.get("/api/documents").status_code == 503  # nobody knows who asks
        assert reader.http.get("/healthz").status_code == 200
    finally:
        cluster.database_proxy.mend()
    until(lambda: cluster.writer().library.add_text(f"{own_word(501)} is read.", "501.md"), "a writer adds again")
    cluster.on_each(lambda member: holding(own_word(501), member) == ["501.md"], "it is found")
    assert sorted(member.role for member in cluster.running()) == ["replica", "replica", "standby", "writer"]
    assert "nobody.md" not in names_on(reader)
    check_whole(cluster)


def test_a_read_only_database_is_told_and_nothing_is_half_done(cluster: Cluster) -> None:
    reader, writer = replicas(cluster)[0], cluster.writer()
    writer.library.add_text("The gate opens at seven.", "gate.md")
    cluster.on_each(lambda member: "gate.md" in names_on(member), "the gate is found")
    with cluster.postgres.read_only(cluster.database_url):
        with pytest.raises(RagError):
            writer.library.add_text("Nobody reads this.", "nobody.md")
        assert "seven" in reader.library.ask("When does the gate open?").text
    until(lambda: cluster.writer().library.add_text(f"{own_word(502)} is read.", "502.md"), "a writer adds again")
    cluster.on_each(lambda member: holding(own_word(502), member) == ["502.md"], "it is found")
    assert "nobody.md" not in names_on(reader)
    check_whole(cluster)


def test_s3_that_refuses_is_told_and_uploads_are_read_later(cluster: Cluster) -> None:
    writer, reader = cluster.writer(), replicas(cluster)[0]
    with cluster.s3.refusing(403):
        with pytest.raises(RagError, match=r"s3://.* refuses"):
            writer.library.add_text(f"{own_word(503)} is not read.", "503.md")
        assert "seven" in reader.library.ask("When does the gate open?").text
    assert writer.library.add_text(f"{own_word(503)} is read.", "503.md").status == "added"
    files = made_files(504, 1, paragraphs=2)
    pages.upload(reader.http, files)
    cluster.on_each(lambda member: files.keys() <= names_on(member), "the upload is read")
    check_whole(cluster)


def test_slow_servers_slow_answers_down_and_lose_nothing(cluster: Cluster) -> None:
    reader = replicas(cluster)[0]
    with cluster.slow(0.2):
        assert reader.library.add_text(f"{own_word(505)} is read.", "505.md").status == "added"
        cluster.on_each(lambda member: holding(own_word(505), member) == ["505.md"], "it is found")
    check_whole(cluster)


def test_a_second_cluster_does_not_touch_the_library_of_the_first(cluster: Cluster) -> None:
    """It has a database of its own, but the same Chroma server and the same place for originals."""
    before = {(record.id, record.name) for record in cluster.writer().library.documents()}
    other = cluster.start("other", fresh=True, RAG_DATABASE_URL=cluster.postgres.database())
    try:
        until(lambda: "another cluster" in other.log, "it says what is wrong", 2 * PATIENCE)
        until(lambda: not other.is_running or other.http.get("/readyz").status_code == 503, "it does not serve")
        assert "Traceback" not in other.log
    finally:
        cluster.drop("other")
    assert {(record.id, record.name) for record in cluster.writer().library.documents()} == before
    check_whole(cluster)
