"""The table of metrics in the docs has each that a server exposes, and no other."""

import re
from pathlib import Path

from tests.e2e.metrics.exposed import exposed, without_process

DOCS = Path(__file__).parents[3] / "docs" / "monitoring.md"


def documented() -> set[str]:
    """Return the names in the first columns of the tables of the section."""
    _, _, rest = DOCS.read_text().partition("\n## Metrics\n")
    section, _, _ = rest.partition("\n## ")
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z_]+)`", row.split(" | ")[0])}


async def test_the_table_has_each_metric_and_no_other(tmp_path: Path) -> None:
    assert documented() == without_process(await exposed(tmp_path))


async def test_names_are_those_of_the_field(tmp_path: Path) -> None:
    for name, kind in (await exposed(tmp_path)).items():
        assert name.startswith(("grpc_server_", "unisono_", "process_")), name
        assert name.endswith("_total") == (kind == "counter"), name
