"""Has promtool look at files for Prometheus. Debian and Ubuntu have it in the package prometheus."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import TIMEOUT


def promtool(*arguments: str, folder: Path) -> None:
    """Run it in a folder, and fail where it finds fault. Without it, skip the test, but fail it in CI."""
    if shutil.which("promtool") is None:
        missing = "promtool is not installed: on Debian and Ubuntu it is in the package prometheus"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    done = subprocess.run(
        ("promtool", *arguments), cwd=folder, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode == 0, done.stdout + done.stderr
