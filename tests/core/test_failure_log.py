"""What fails again and again leaves a line a minute, which counts."""

from structlog.testing import capture_logs

from unisono.server.failure_log import INTERVAL, FailureLog


def test_the_first_failure_is_logged_and_later_ones_are_counted() -> None:
    times = [5.0, 6.0, 5.0 + INTERVAL - 0.1, 5.0 + INTERVAL, 6.0 + INTERVAL]
    failures = FailureLog("it failed", iter(times).__next__)

    with capture_logs() as lines:
        for _ in times:
            failures.add("STORE_FULL", OSError("no room"))

    line = {"event": "it failed", "log_level": "warning", "reason": "STORE_FULL", "error": "no room"}
    assert lines == [{**line, "failures": 1}, {**line, "failures": 3}]


def test_kinds_are_counted_together() -> None:
    failures = FailureLog("it failed", lambda: 0.0)

    with capture_logs() as lines:
        failures.add("STORE_FULL", OSError("no room"))
        failures.add("OUTCOME_UNKNOWN", OSError("broken"))

    assert [line["reason"] for line in lines] == ["STORE_FULL"]
