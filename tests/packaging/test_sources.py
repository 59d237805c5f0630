"""Files stay small enough to be read at once."""

from tests.packaging.sources import ROOT

MAX_LINES = 300
HAND_WRITTEN = ("benchmarks", "clients", "server", "tests")


def test_no_file_is_too_long() -> None:
    files = [path for folder in HAND_WRITTEN for path in (ROOT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}
