"""A collector of OpenTelemetry on a real socket: takes what OTLP over gRPC brings, and keeps it."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as pb_grpc
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.processes import TIMEOUT

if TYPE_CHECKING:
    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer


class Collector(pb_grpc.TraceServiceServicer):
    """Has all `spans` that came, and says whose they are in `resource`."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.spans: list[Span] = []
        self.resource: dict[str, str] = {}
        self._came = threading.Condition()

    def Export(  # noqa: N802  the name of the RPC
        self, request: pb.ExportTraceServiceRequest, context: Any
    ) -> pb.ExportTraceServiceResponse:
        """Take spans."""
        with self._came:
            for resource in request.resource_spans:
                self.resource = texts(resource.resource.attributes)
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]
            self._came.notify_all()
        return pb.ExportTraceServiceResponse()

    def until(self, count: int) -> list[Span]:
        """Wait for so many spans, and return all."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.spans) >= count, TIMEOUT), self.spans
            return list(self.spans)


def texts(attributes: "RepeatedCompositeFieldContainer[KeyValue]") -> dict[str, str]:
    """Return attributes that are texts."""
    return {attribute.key: attribute.value.string_value for attribute in attributes}


def attributes_of(span: Span) -> Mapping[str, str]:
    """Return what a span says."""
    return texts(span.attributes)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector inside the context."""
    collector, server = Collector(), grpc.server(ThreadPoolExecutor(2))
    pb_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    collector.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(0).wait(TIMEOUT)
