"""What a server of a cluster says of itself: whether it is ready, and its metrics."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from rag.errors import StorageError
from rag.tracing import calling, failures
from ui.http.health import health_routes
from ui.http.metrics import Metrics
from ui.http.standing import MOST_SECONDS_BEHIND


@dataclass
class FakeCluster:
    """Says what it is told to."""

    role: str = "replica"
    epoch: int = 7
    heartbeat_seconds: float | None = 2.5
    takeovers: int = 0
    is_open: bool = True
    records: int = 0
    seconds: float | None = 0.4

    @property
    def membership(self) -> Any:
        return SimpleNamespace(state=lambda: self)

    @property
    def following(self) -> Any:
        return SimpleNamespace(state=lambda: self)


@dataclass
class FakeLibrary:
    """A library without documents, which may not be waited for before its index is open."""

    cluster: FakeCluster | None = field(default_factory=FakeCluster)

    def documents(self) -> list[Any]:
        assert self.cluster is None or self.cluster.is_open or self.cluster.role == "writer"
        return []


def ready(library: FakeLibrary, *, is_draining: bool = False) -> tuple[int, dict[str, str]]:
    app = FastAPI()
    app.include_router(health_routes(library, is_draining=lambda: is_draining))  # type: ignore[arg-type]
    with TestClient(app) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        answer = client.get("/readyz")
    return answer.status_code, answer.json()


@pytest.mark.parametrize("role", ["writer", "standby", "replica"])
def test_a_server_that_can_answer_is_ready_and_says_its_role(role: str) -> None:
    assert ready(FakeLibrary(FakeCluster(role))) == (200, {"status": "ok", "role": role})


@pytest.mark.parametrize("role", ["standby", "replica"])
def test_who_follows_is_not_ready_before_its_index_is_open_nor_far_behind(role: str) -> None:
    assert ready(FakeLibrary(FakeCluster(role, is_open=False))) == (503, {"detail": "The index is being opened.", "role": role})
    assert ready(FakeLibrary(FakeCluster(role, seconds=None))) == (503, {"detail": "The index is not complete yet.", "role": role})
    status, about = ready(FakeLibrary(FakeCluster(role, seconds=MOST_SECONDS_BEHIND + 1)))
    assert (status, about["detail"]) == (503, "This server is 31 seconds behind the one that writes.")
    assert ready(FakeLibrary(FakeCluster("writer", is_open=False, seconds=1e6)))[0] == 200  # it is behind nobody


def test_a_server_that_is_stopping_is_not_ready() -> None:
    assert ready(FakeLibrary(None), is_draining=True) == (503, {"detail": "The server is stopping."})
    assert ready(FakeLibrary(), is_draining=True) == (503, {"detail": "The server is stopping.", "role": "replica"})


def measured(library: FakeLibrary) -> dict[str, float]:
    metrics = Metrics()
    metrics.watch("", library, SimpleNamespace(jobs=[]))  # type: ignore[arg-type]
    samples = [sample for family in metrics.collect() for sample in family.samples]
    return {
        f"{sample.name}{sorted(value for name, value in sample.labels.items() if name != 'library')}": sample.value for sample in samples
    }


def test_metrics_tell_the_role_the_lease_and_how_far_a_server_is_behind() -> None:
    found = measured(FakeLibrary(FakeCluster(records=3, takeovers=2)))
    assert {role: found[f"footnote_role['{role}']"] for role in ("writer", "standby", "replica")} == {
        "writer": 0,
        "standby": 0,
        "replica": 1,
    }
    assert found["footnote_lease_epoch[]"] == 7
    assert found["footnote_takeovers[]"] == 2
    assert found["footnote_writer_heartbeat_seconds[]"] == 2.5
    assert (found["footnote_lag_records[]"], found["footnote_lag_seconds[]"]) == (3, 0.4)


def test_there_is_nothing_of_it_on_one_machine_and_no_lag_of_the_writer() -> None:
    assert not [name for name in measured(FakeLibrary(None)) if "lease" in name or "role" in name or "lag" in name]
    assert not [
        name for name in measured(FakeLibrary(FakeCluster("writer", heartbeat_seconds=None))) if "lag" in name or "heartbeat" in name
    ]


def test_calls_that_fail_are_counted_by_what_was_called(tmp_path: Path) -> None:
    before = failures().get("bucket", 0)
    with pytest.raises(StorageError), calling("bucket", verb="get"):
        raise StorageError("It is away.")
    with pytest.raises(ValueError, match="a bug"), calling("bucket"):
        raise ValueError("a bug")
    assert failures()["bucket"] == before + 1
    assert measured(FakeLibrary(None))["footnote_storage_errors_total['bucket']"] == before + 1
