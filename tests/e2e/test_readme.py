"""The README's programs, run as they stand there."""

import asyncio
import os
import re
import sys
from pathlib import Path

from demo.server import mint, serving

ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.1:50051"


def programs() -> list[str]:
    """The Python blocks of the README: the one that sends, and the one that listens."""
    return re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


async def start(program: str, address: str, token: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program.replace(ADDRESS, address)),
        env={**os.environ, "UNISONO_TOKEN": token},
        stdout=asyncio.subprocess.PIPE,
    )


async def test_what_the_first_program_sends_the_second_one_shows(tmp_path: Path) -> None:
    # Given a server as `make serve` starts one
    send, listen = programs()
    store = f"sqlite:///{tmp_path / 'readme.db'}"
    async with serving(store) as address:
        app_token, user_token = await mint(store), await mint(store, "--user", "ada")

        # When the README's backend sends
        sender = await start(send, address, app_token)
        sent, _ = await sender.communicate()

        # Then it gets a result, and the README's device prints the title
        assert sender.returncode == 0
        assert b"revision: 1" in sent
        listener = await start(listen, address, user_token)
        assert listener.stdout is not None
        shown = await listener.stdout.readline()
        listener.terminate()
        await listener.communicate()
    assert shown == b"Your parcel is at the door\n"


def test_ci_runs_the_commands_that_the_readme_names_first() -> None:
    first = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert first is not None
    assert first[1].split("\n")[:2] == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text()
    ci = re.search(r"^ci: (.*?) ##", makefile, re.MULTILINE)
    assert ci is not None
    assert {"demo", "test"} <= set(ci[1].split())
