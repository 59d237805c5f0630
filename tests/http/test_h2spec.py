"""The conformance tests of h2spec, against a listener; `make tools` installs it."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.http.authority import Authority
from tests.http.listening import echo, listening

H2SPEC = Path(__file__).parents[2] / ".cache" / "tools" / "h2spec"


@pytest.mark.skipif(not H2SPEC.exists(), reason="make tools has not installed h2spec")
@pytest.mark.parametrize("encrypted", [False, True], ids=["in the clear", "over TLS"])
async def test_keeps_all_rules_of_http2_that_h2spec_knows(encrypted: bool, tmp_path: Path) -> None:
    certificate = Authority(tmp_path).certificate if encrypted else None
    async with listening(echo, certificate=certificate) as served:
        where = ["-h", "127.0.0.1", "-p", str(served.port), *(["-t", "-k"] if encrypted else [])]
        process = await asyncio.create_subprocess_exec(
            H2SPEC, "--strict", *where, stdout=asyncio.subprocess.PIPE
        )
        output = (await process.communicate())[0].decode()

    counts = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", output)
    assert counts is not None, output
    assert counts.groups() == ("146", "146", "0", "0"), output
