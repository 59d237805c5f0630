"""Calls are traced for a collector of OpenTelemetry, where that is asked for; nothing says who called."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.support import tokens
from tests.support.otlp_collector import Collector, attributes_of, collecting
from tests.support.processes import TESTERS, ServerProcess, run, serving, url
from unisono.client import BlockingPublisher, bearer
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2
from unisono.v1.feed_service_pb2_grpc import FeedServiceStub

SECRET = "known-to-ada-alone"
GET_FEED = "unisono.v1.FeedService/GetFeed"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
SAMPLED = ("traceparent", f"00-{TRACE}-{PARENT}-01")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def server(tmp_path: Path, collector: Collector) -> Iterator[ServerProcess]:
    """A server that traces those calls alone whose callers say so."""
    with traced(tmp_path, collector, "0") as server:
        yield server


def traced(folder: Path, collector: Collector, ratio: str) -> AbstractContextManager[ServerProcess]:
    flags = ("--traces-endpoint", collector.endpoint, "--traces-ratio", ratio)
    # The library sends each tenth of a second what it has.
    return serving(folder / "unisono.db", *flags, env={**TESTERS, "OTEL_BSP_SCHEDULE_DELAY": "100"})


def ask(server: ServerProcess, *said: tuple[str, str], token: str | None = None) -> None:
    """Ask for a feed, with these metadata besides the token."""
    metadata = (*bearer(tokens.device(SECRET) if token is None else token), *said)
    with grpc.insecure_channel(server.address) as channel:
        FeedServiceStub(channel).GetFeed(pb.GetFeedRequest(), metadata=metadata)


def test_a_call_is_part_of_the_trace_of_its_caller(server: ServerProcess, collector: Collector) -> None:
    ask(server, SAMPLED)

    (span,) = collector.until(1)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert (span.name, span.kind) == (GET_FEED, Span.SPAN_KIND_SERVER)
    assert attributes_of(span) == {
        "rpc.system.name": "grpc",
        "rpc.method": GET_FEED,
        "rpc.response.status_code": "OK",
    }
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 60e9
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert collector.resource["service.name"] == "unisono-server"


def test_nothing_says_who_called(server: ServerProcess, collector: Collector) -> None:
    with BlockingPublisher(server.address, tokens.publisher()) as publisher:
        publisher.send(SECRET, title=SECRET, app_notification_id=SECRET)
    ask(server, SAMPLED, ("x-request-id", SECRET), ("tracestate", f"vendor={SECRET}"), ("baggage", SECRET))

    told = "".join(map(str, collector.until(1))) + str(collector.resource)
    assert SECRET not in told
    assert "127.0.0.1" not in told
    assert "mail" not in told


def test_a_stream_is_a_span_once_it_has_ended(server: ServerProcess, collector: Collector) -> None:
    request = pb.SubscribeRequest(endpoint_id="phone", platform=notification_pb2.DEVICE_PLATFORM_LINUX)
    with grpc.insecure_channel(server.address) as channel:
        stream = FeedServiceStub(channel).Subscribe(request, metadata=(*bearer(tokens.device()), SAMPLED))
        next(stream)
        assert collector.spans == []
        stream.cancel()

    (span,) = collector.until(1)
    assert span.name == "unisono.v1.FeedService/Subscribe"
    assert attributes_of(span)["rpc.response.status_code"] == "CANCELLED"


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        f"00-{TRACE}-{PARENT}-00",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-01" + "x" * 5000,
    ],
    ids=["nothing", "not sampled", "capitals", "no version", "no trace", "more", "long"],
)
def test_whoever_does_not_say_so_is_not_traced(
    server: ServerProcess, collector: Collector, traceparent: str
) -> None:
    ask(server, ("traceparent", traceparent))
    ask(server, SAMPLED)

    assert [span.parent_span_id.hex() for span in collector.until(1)] == [PARENT]


def test_who_is_refused_decides_nothing(server: ServerProcess, collector: Collector) -> None:
    with pytest.raises(grpc.RpcError):
        ask(server, SAMPLED, token="nonsense")
    ask(server, SAMPLED)

    (span,) = collector.until(1)
    assert attributes_of(span)["rpc.response.status_code"] == "OK"


def test_a_share_of_calls_is_traced_without_a_caller_who_says_so(
    tmp_path: Path, collector: Collector
) -> None:
    with traced(tmp_path, collector, "1") as server:
        ask(server)
        with grpc.insecure_channel(server.address) as channel:
            says: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/a.stranger/Says")
            with pytest.raises(grpc.RpcError):
                says(b"")
        one, other = collector.until(2)
    assert (one.name, one.parent_span_id) == (GET_FEED, b"")
    assert one.trace_id != other.trace_id
    # Whatever a stranger calls is not in it, and the server is to blame for not having it.
    assert attributes_of(other) == {
        "rpc.system.name": "grpc",
        "rpc.method": "_OTHER",
        "rpc.response.status_code": "UNIMPLEMENTED",
        "error.type": "UNIMPLEMENTED",
    }
    assert other.status.code == Status.STATUS_CODE_ERROR


def test_what_waits_is_sent_before_the_end(tmp_path: Path, collector: Collector) -> None:
    flags = ("--traces-endpoint", collector.endpoint)
    # Given a library that would wait for an hour
    env = {**TESTERS, "OTEL_BSP_SCHEDULE_DELAY": "3600000"}
    with serving(tmp_path / "unisono.db", *flags, env=env) as server:
        ask(server, SAMPLED)
    assert len(collector.spans) == 1


def test_a_collector_that_is_away_fails_no_call(tmp_path: Path) -> None:
    with collecting() as gone:
        pass
    with traced(tmp_path, gone, "1") as server:
        ask(server, SAMPLED)
        line = server.until("traces could not be sent")
        ask(server, SAMPLED)
    assert line["level"] == "warning"
    assert server.status == 0


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4317", "http://", "ftp://127.0.0.1", "http://a/v1/traces"])
def test_an_address_that_is_none_stops_the_start(tmp_path: Path, endpoint: str) -> None:
    done = run("serve", "--store", url(tmp_path / "unisono.db"), "--traces-endpoint", endpoint)
    assert done.returncode != 0
    assert "traces_endpoint" in done.stderr or "--traces-endpoint" in done.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    hidden = (
        "import sys; sys.modules['opentelemetry'] = None; from unisono.server.cli import main; "
        "main(['serve', '--store', sys.argv[1], '--traces-endpoint', 'http://127.0.0.1:4317'])"
    )
    command = (sys.executable, "-c", hidden, url(tmp_path / "unisono.db"))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "unisono-server[otel]" in done.stderr


def test_nothing_is_imported_unless_it_is_asked_for() -> None:
    program = (
        "import sys, unisono.server.cli, unisono.server.app.run, unisono.server.api.http_server; "
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
