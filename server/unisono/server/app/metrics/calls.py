"""The metrics of calls and of what is refused.

Calls have the names of go-grpc-prometheus, which dashboards for gRPC know.
"""

from collections.abc import Iterator
from typing import Final

import grpc
from prometheus_client.metrics_core import Metric

from unisono.server.api.call_metrics import CallMetrics, MethodMetrics
from unisono.server.app.metrics.families import by_name, counter, gauge, histogram
from unisono.server.app.metrics.node_metrics import Refusals

_METHOD: Final = ("grpc_type", "grpc_service", "grpc_method")


def families(calls: CallMetrics) -> Iterator[Metric]:
    """Yield the metrics of calls."""
    methods = [(_labels(method), method) for method in calls.methods]
    yield counter(
        "grpc_server_started", "Calls that have begun.", _METHOD, ((one, m.started) for one, m in methods)
    )
    yield counter(
        "grpc_server_handled",
        "Calls that have ended, by their code.",
        (*_METHOD, "grpc_code"),
        (((*one, code_name(code)), count) for one, m in methods for code, count in m.handled.items()),
    )
    yield histogram(
        "grpc_server_handling_seconds",
        "How long calls took, and how long streams were open.",
        _METHOD,
        ((one, m.handling_seconds) for one, m in methods),
    )


def refusals(refusals: Refusals) -> Iterator[Metric]:
    """Yield the metrics of what is refused."""
    counts = {"calls": refusals.calls, "batch_items": refusals.batch_items}
    yield counter(
        "unisono_refusals",
        "Calls that were refused or failed, and items of batches, by reason.",
        ("of", "reason"),
        (((of, reason.value), n) for of, reasons in counts.items() for reason, n in reasons.items()),
    )
    yield counter(
        "unisono_calls_limited",
        "Calls that were refused by a limit on their caller.",
        ("limit",),
        by_name(refusals.limited),
    )
    yield gauge("unisono_refusals_held", "Refusals that are held back now.", (), (((), refusals.held()),))
    signatures = {"yes": refusals.signatures.spent, "no": refusals.signatures.refused}
    yield counter(
        "unisono_refused_signatures",
        "Tokens that were refused once their signature was checked, and those not even checked.",
        ("checked",),
        by_name(signatures),
    )


def code_name(code: grpc.StatusCode) -> str:
    """Return the name of a code as Go has it, which the dashboards expect: "OK", "NotFound", "Canceled"."""
    if code is grpc.StatusCode.OK:
        return "OK"
    return code.name.title().replace("_", "").replace("Cancelled", "Canceled")


def _labels(method: MethodMetrics) -> tuple[str, str, str]:
    service, _, name = method.name.partition("/")
    return ("server_stream" if method.streaming else "unary"), service, name
