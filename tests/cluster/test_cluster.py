"""A writer, another server that stands by, and two replicas: real processes, on loopback, with Chroma, PostgreSQL and S3."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx2
import pytest

from rag import LibraryError, ServerError
from tests.cluster import pages
from tests.cluster.harness import LEASE_SECONDS, PATIENCE, Cluster, Member, until
from tests.cluster.whole import check_whole, has, made_files, own_word, undisturbed

FOLLOWS_WITHIN = 10
"""Seconds until a replica has what the writer has: one or two on a machine that does nothing else."""


def replicas(cluster: Cluster) -> tuple[Member, Member]:
    return cluster.members["replica-1"], cluster.members["replica-2"]


def holding(word: str, member: Member) -> list[str]:
    """The documents that hold a word, as a server finds them."""
    return [passage.document for passage in member.library.retrieve(word) if word in passage.chunk_text]


def names_on(member: Member) -> set[str]:
    return {record.name for record in member.library.documents()}


def wait_for_the_middle(member: Member, files: dict[str, bytes]) -> None:
    """Until some of the files are embedded, and others are not."""

    def done() -> int:
        return len([record for record in member.library.documents() if record.name in files and record.state == "ready"])

    until(lambda: done() >= 2, "some files are embedded")
    assert done() < len(files)


@pytest.mark.soak
def test_one_server_writes_and_the_others_say_what_they_are(cluster: Cluster) -> None:
    assert sorted(member.role for member in cluster.running()) == ["replica", "replica", "standby", "writer"]


def test_what_is_added_anywhere_is_answered_everywhere_alike(cluster: Cluster) -> None:
    one, other = replicas(cluster)
    assert cluster.writer().library.add_text("The fee is forty euros.\nIt is paid in May.\n", "terms.md").status == "added"
    assert one.library.add_text("The harbour master counts the boats at noon.\n", "harbour.md").status == "added"
    cluster.on_each(lambda member: {"terms.md", "harbour.md"} <= names_on(member), "both are there")
    for question, words in {"What is the fee?": "forty euros", "When does the harbour master count the boats?": "noon"}.items():
        answers = [replace(member.library.ask(question), seconds=0.0) for member in cluster.running()]
        assert words in answers[0].text
        assert answers == [answers[0]] * len(answers)
    assert one.library.set_metadata("terms.md", {"year": 2026}).metadata == {"year": 2026}
    cluster.on_each(lambda member: member.library.document("terms.md").metadata == {"year": 2026}, "the metadata are there")
    other.library.remove("harbour.md")
    cluster.on_each(lambda member: "harbour.md" not in names_on(member), "the document is removed")
    check_whole(cluster)


@pytest.mark.soak
def test_keyword_search_follows_within_seconds(cluster: Cluster) -> None:
    took = []
    for n in range(900, 905):
        cluster.writer().library.add_text(f"{own_word(n)} is in the shed.", f"{n}.md")
        began = time.monotonic()
        cluster.on_each(lambda member, n=n: holding(own_word(n), member) == [f"{n}.md"], "the word is found", FOLLOWS_WITHIN)  # type: ignore[misc]
        took.append(time.monotonic() - began)
    print(f"a word is found on both replicas {sorted(took)[len(took) // 2]:.2f} s after it was added (most: {max(took):.2f} s)")


@pytest.mark.soak
def test_a_conversation_goes_on_on_any_server(cluster: Cluster) -> None:
    cluster.writer().library.add_text("The gate opens at seven.\nIts keeper is Ada.\n", "gate.md")
    cluster.on_each(partial(holding, "keeper"), "the gate is found")
    begun, went_on = replicas(cluster)
    conversation = pages.ask(begun.http, "When does the gate open?")
    until(lambda: pages.turns(went_on.http, conversation), "the other has the conversation")
    pages.ask(went_on.http, "Who is its keeper?", conversation)
    cluster.on_each(lambda member: len(pages.turns(member.http, conversation)) == 2, "both turns are there")
    for member in cluster.running():
        (_, first), (_, second) = pages.turns(member.http, conversation)
        assert ["seven" in first, "Ada" in second] == [True, True]


@pytest.mark.soak
def test_settings_changed_anywhere_count_everywhere(cluster: Cluster) -> None:
    for member, values in ((replicas(cluster)[0], {"instructions": "Give amounts in euros.", "top_k": 3}), (cluster.writer(), {})):
        member.library.change_settings(lambda kept, values=values: replace(kept, values=values))  # type: ignore[misc]
        cluster.on_each(lambda member, values=values: member.library.kept_settings.values == values, "the settings are there")  # type: ignore[misc]


@pytest.mark.soak
def test_uploads_to_a_replica_are_read_by_the_writer(cluster: Cluster, tmp_path: Path) -> None:
    files = made_files(100, 4, paragraphs=3)
    listing = pages.upload(replicas(cluster)[0].http, files)
    assert all(name in listing for name in files)
    expected = undisturbed(tmp_path / "undisturbed", files)
    cluster.on_each(partial(has, expected), "the uploads are there")


def test_a_killed_writer_is_replaced_and_nothing_is_lost_or_doubled(cluster: Cluster, tmp_path: Path) -> None:
    files = made_files(200, 12)
    expected = undisturbed(tmp_path / "undisturbed", files)
    killed = cluster.writer()
    pages.upload(replicas(cluster)[0].http, files)
    wait_for_the_middle(killed, files)
    began = time.monotonic()
    killed.kill()
    successor = cluster.writer()
    print(f"another server writes {time.monotonic() - began:.1f} s after the writer was killed; a lease lasts {LEASE_SECONDS} s")
    assert successor.name != killed.name
    until(partial(has, expected, successor), "the successor completes the work")
    cluster.start(killed.name).ready()
    assert cluster.members[killed.name].role == "standby"
    cluster.on_each(partial(has, expected), "all is there")
    assert [holding(own_word(211), member) for member in cluster.running()] == [["211.txt"]] * 4
    check_whole(cluster)


@pytest.mark.soak
def test_a_writer_that_slept_writes_nothing_any_more(cluster: Cluster, tmp_path: Path) -> None:
    files = made_files(300, 12)
    expected = undisturbed(tmp_path / "undisturbed", files)
    sleeper = cluster.writer()
    pages.upload(replicas(cluster)[1].http, files)
    wait_for_the_middle(sleeper, files)
    sleeper.pause()
    try:
        successor = cluster.writer(besides=sleeper)
        until(partial(has, expected, successor), "the successor completes the work")
        before = successor.library.documents()
    finally:
        sleeper.resume()
    until(lambda: sleeper.role == "standby", "the sleeper stands by")
    time.sleep(1)
    assert successor.role == "writer"
    assert successor.library.documents() == before
    check_whole(cluster)


@pytest.mark.soak
def test_who_signs_in_on_one_server_is_known_to_all(cluster: Cluster, tmp_path: Path) -> None:
    secret = "correct horse battery"
    (tmp_path / "password").write_text(secret)
    one, other = replicas(cluster)
    cluster.rag("user", "add", "Ada", "--role", "administrator", "--password-file", tmp_path / "password")
    try:
        cluster.on_each(lambda member: member.http.get("/api/documents").status_code == 401, "nobody comes in unasked")
        with httpx2.Client(timeout=PATIENCE) as ada:
            assert ada.post(f"{one.url}/sign-in", data={"name": "Ada", "password": secret}).status_code == 303
            assert [ada.get(f"{member.url}/api/documents").status_code for member in cluster.running()] == [200] * 4
            sent = ada.post(f"{other.url}/api/documents", files={"file": ("ada.txt", b"Ada was here.")})
            assert (sent.status_code, sent.json()["outcomes"][0]["status"]) == (200, "added")
            assert ada.post(f"{other.url}/sign-out").status_code == 303
            until(lambda: ada.get(f"{one.url}/api/documents").status_code == 401, "she is signed out everywhere")
    finally:
        cluster.rag("user", "remove", "Ada")
    cluster.on_each(lambda member: "ada.txt" in names_on(member), "there are no users any more")


@pytest.mark.soak
def test_without_a_writer_a_replica_answers_and_keeps_what_is_uploaded(cluster: Cluster) -> None:
    reader = replicas(cluster)[0]
    cluster.writer().library.add_text("The toll is nine crowns.", "toll.md")
    until(lambda: "nine" in reader.library.ask("What is the toll?").text, "the toll is known")
    for name in ("one", "two"):
        cluster.members[name].kill()
    time.sleep(LEASE_SECONDS + 1)
    assert "nine" in reader.library.ask("What is the toll?").text
    with pytest.raises((ServerError, LibraryError), match="writes"):
        reader.library.add_text("Nobody reads this.", "nobody.md")
    files = made_files(400, 2, paragraphs=2)
    pages.upload(reader.http, files)
    for member in [cluster.start("one"), cluster.start("two")]:
        member.ready()
    until(lambda: files.keys() <= names_on(reader), "what waited is read")
    assert "nobody.md" not in names_on(reader)
    check_whole(cluster)
