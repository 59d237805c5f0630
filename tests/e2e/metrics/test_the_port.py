"""Prometheus reads the metrics of a server on a port of their own, and learns nothing of anybody."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support import tokens, transports
from tests.support.processes import ServerProcess, run, serving, url
from unisono.client import BlockingPublisher, FailedPrecondition, NotFound

SECRET = "known-to-ada-alone"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    flags = ("--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
    with serving(tmp_path / "unisono.db", *flags) as server:
        yield server


def read(server: ServerProcess, path: str = "/metrics", method: str = "GET") -> httpx.Response:
    """Return what is answered at a path of the port for metrics."""
    address = server.until("serving metrics")["address"]
    return httpx.request(method, f"http://{address}{path}")


def samples(text: str) -> dict[tuple[str, frozenset[str]], float]:
    """Return the values by the names of their samples and the values of their labels."""
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_is_told(server: ServerProcess) -> None:
    with BlockingPublisher(server.address, tokens.publisher()) as publisher:
        for number in range(3):
            publisher.send(SECRET, title=SECRET, app_notification_id=f"{SECRET}-{number}")
        with pytest.raises((NotFound, FailedPrecondition)):
            publisher.get(SECRET, "nothing")
    response = read(server)
    told = samples(response.text)

    def value(name: str, *labels: str) -> float:
        return told[name, frozenset(labels)]

    get = ("unary", "unisono.v1.NotificationService", "GetNotification")
    assert value("grpc_server_started_total", *get) == 1
    assert value("grpc_server_handled_total", *get, "NotFound") == 1
    assert value("grpc_server_handling_seconds_count", *get) == 1
    assert value("grpc_server_handling_seconds_bucket", *get, "+Inf") == 1
    assert value("unisono_open_streams", "linux", transports.NAME) == 0
    assert value("unisono_commit_items_sum", "feeds") == 3
    assert value("unisono_commit_seconds_count", "feeds") >= 1
    assert value("process_resident_memory_bytes") > 10_000_000
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert SECRET not in response.text


@pytest.mark.parametrize(("path", "method", "status"), [("/", "GET", 404), ("/metrics", "POST", 405)])
def test_nothing_else_is_there(server: ServerProcess, path: str, method: str, status: int) -> None:
    assert read(server, path, method).status_code == status


def test_the_port_of_the_metrics_knows_no_methods(server: ServerProcess) -> None:
    address = server.until("serving metrics")["address"]
    with BlockingPublisher(address, tokens.publisher()) as publisher, pytest.raises(Exception, match="404"):
        publisher.send("ada", title="Hello", timeout=5)


def test_a_port_that_is_taken_stops_the_start(server: ServerProcess, tmp_path: Path) -> None:
    taken = server.address
    store = url(tmp_path / "another.db")
    done = run("serve", "--store", store, "--listen", "127.0.0.1:0", "--metrics-listen", taken)
    assert done.returncode != 0
    assert f"cannot listen on {taken}" in done.stderr
    assert "--metrics-listen" in done.stderr
