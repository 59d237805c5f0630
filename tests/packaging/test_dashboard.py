"""The dashboard that is shipped asks for metrics that there are, and for all that are the service's own."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.e2e.metrics.exposed import exposed, metrics_in, without_process
from tests.packaging.sources import ROOT
from tests.support.promtool import promtool

DASHBOARD: Final[dict[str, Any]] = json.loads((ROOT / "deploy" / "grafana" / "unisono.json").read_text())

#: What Grafana puts in the place of its variables.
VARIABLES: Final = {"$__rate_interval": "1m", "$instance": ".*", "$job": "unisono"}

ROWS: Final = (
    "At a glance", "Calls", "Streams", "Commits and store", "Refusals and strangers", "Process"
)  # fmt: skip


def expressions() -> list[str]:
    """Return all that is asked for, as Prometheus is asked."""
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    asked += [annotation["expr"] for annotation in DASHBOARD["annotations"]["list"]]
    for name, value in VARIABLES.items():
        asked = [expression.replace(name, value) for expression in asked]
    return asked


def panels() -> Iterator[dict[str, Any]]:
    """Yield the panels that show something."""
    return (panel for panel in DASHBOARD["panels"] if panel["type"] != "row")


async def test_it_asks_for_metrics_that_there_are_and_for_all_of_ours(tmp_path: Path) -> None:
    there = await exposed(tmp_path)
    asked = {metric for expression in expressions() for metric in metrics_in(expression)}
    assert asked <= set(there)
    assert without_process(there) <= asked


def test_promtool_understands_what_it_asks_for(tmp_path: Path) -> None:
    rules = [
        {"record": f"asked:{number}", "expr": expression} for number, expression in enumerate(expressions())
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    promtool("check", "rules", "rules.yml", folder=tmp_path)


def test_it_has_its_rows() -> None:
    assert tuple(panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row") == ROWS


def test_panels_have_names_of_their_own_and_do_not_overlap() -> None:
    titles = [panel["title"] for panel in DASHBOARD["panels"]]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(titles)) == len(titles)
    assert len(set(ids)) == len(ids)
    for one, other in itertools.combinations((panel["gridPos"] for panel in DASHBOARD["panels"]), 2):
        apart = (
            one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        )  # fmt: skip
        assert apart, (one, other)
        assert one["x"] + one["w"] <= 24
