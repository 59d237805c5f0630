"""The alerts that are shipped name metrics that there are, fire for what they are for, and say what to do."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.headings import HEADING, anchor
from tests.e2e.metrics.exposed import exposed, metrics_in
from tests.packaging.sources import ROOT
from tests.support.promtool import promtool

FOLDER = ROOT / "deploy" / "prometheus"


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize(
    "check",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_finds_no_fault(check: tuple[str, ...]) -> None:
    promtool(*check, folder=FOLDER)


async def test_alerts_name_metrics_that_there_are(tmp_path: Path) -> None:
    named = {metric for alert in alerts() for metric in metrics_in(alert["expr"])}
    assert named <= set(await exposed(tmp_path))


def test_each_alert_was_seen_to_fire() -> None:
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    fired = {
        sample["labels"]
        for test in tests
        for expected in test["promql_expr_test"]
        for sample in expected.get("exp_samples", ())
    }
    assert fired == {f'{{alertname="{alert["alert"]}"}}' for alert in alerts()}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("warning", "critical")
    assert alert["annotations"]["summary"].endswith(".")
    assert len(alert["annotations"]["description"]) > 40


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_leads_to_the_section_that_names_it(alert: dict[str, Any]) -> None:
    document, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert alert["alert"] in sections(ROOT / document)[anchor]


def sections(document: Path) -> dict[str, str]:
    """The text under each heading of a document, as links name it."""
    parts = HEADING.split(document.read_text(encoding="utf-8"))
    return {anchor(title): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}
