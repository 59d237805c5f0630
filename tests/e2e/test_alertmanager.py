"""A real Alertmanager tells by a hook what fires, and what is resolved is read."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.support import tokens
from tests.support.api_client import READ, UNREAD, ApiClient
from tests.support.nodes import Client
from tests.support.processes import TIMEOUT, serving
from unisono.client import create_channel
from unisono.server.app.new_hook import NewHook
from unisono.v1.notification_pb2 import Notification

PROGRAM: Final = "prometheus-alertmanager"

#: What fires again soon after it was resolved is told at once, and not after minutes as by default.
CONFIGURATION: Final = """
route: {{receiver: unisono, group_by: [alertname], group_wait: 10ms, group_interval: 100ms}}
receivers:
  - name: unisono
    webhook_configs:
      - url: http://{address}/hooks/{hook}
        http_config: {{authorization: {{credentials_file: {secret}}}}}
"""


@asynccontextmanager
async def alertmanager(folder: Path, configuration: str) -> AsyncIterator[httpx.AsyncClient]:
    """Run one, and yield a client of it. Without the program, skip the test, but fail it in CI."""
    if shutil.which(PROGRAM) is None:
        missing = f"Alertmanager is not installed: on Debian and Ubuntu it is in the package {PROGRAM}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    (folder / "alertmanager.yml").write_text(configuration)
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        *("--web.listen-address=127.0.0.1:0", "--cluster.listen-address="),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT), httpx.AsyncClient(base_url=await _address(process)) as client:
            yield client
    finally:
        process.terminate()
        await process.communicate()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = ""
    while line := (await process.stderr.readline()).decode():
        said += line
        if found := re.search(r"address=(127\.0\.0\.1:[0-9]+)", line):
            return f"http://{found[1]}"
    raise AssertionError(said)


async def tell(client: httpx.AsyncClient, *, since: datetime, until: datetime) -> None:
    """Tell Alertmanager of an alert as Prometheus does."""
    alert = {
        "labels": {"alertname": "DiskFull", "instance": "db-1", "severity": "critical"},
        "annotations": {"summary": "db-1 has 2 % left"},
        "startsAt": since.isoformat(),
        "endsAt": until.isoformat(),
        "generatorURL": "http://prometheus.example/graph",
    }
    answer = await client.post("/api/v2/alerts", json=[alert])
    assert answer.status_code == 200, answer.text


async def shown(ada: ApiClient, condition: Callable[[Notification], bool]) -> Notification:
    """Wait until there is one notification that meets a condition, and return it."""
    while True:
        found = (await ada.history()).notifications
        if len(found) == 1 and condition(found[0]):
            return found[0]
        assert len(found) <= 1
        await asyncio.sleep(0.05)


async def test_what_fires_is_shown_and_what_is_resolved_is_read(tmp_path: Path) -> None:
    made = NewHook.make("mail.test", "ada", "alertmanager", None)
    (tmp_path / "unisono.toml").write_text(made.lines)
    (tmp_path / "secret").write_text(made.secret)
    flags = ("--config", tmp_path / "unisono.toml", "--transport", "http")
    now = datetime.now(UTC)
    with serving(tmp_path / "unisono.db", *flags) as server:
        configuration = CONFIGURATION.format(
            address=server.address, hook=made.hook_id, secret=tmp_path / "secret"
        )
        async with (
            alertmanager(tmp_path, configuration) as client,
            create_channel(server.address) as channel,
        ):
            ada = ApiClient(Client(channel, tokens.device("ada")))
            # When an alert fires
            await tell(client, since=now - timedelta(minutes=3), until=now + timedelta(hours=1))
            fired = await shown(ada, lambda one: one.read_state == UNREAD)
            # And is resolved
            await tell(client, since=now - timedelta(minutes=3), until=now - timedelta(minutes=2))
            over = await shown(ada, lambda one: one.read_state == READ and one.payload != fired.payload)
            # And fires anew
            await tell(client, since=now - timedelta(minutes=1), until=now + timedelta(hours=1))
            again = await shown(ada, lambda one: one.read_state == UNREAD)

    assert fired.payload.visual_content.title == "DiskFull"
    assert fired.payload.visual_content.body == "db-1 has 2 % left"
    assert over.payload.visual_content.title == "DiskFull (resolved)"
    assert (again.id, again.alert_revision) == (fired.id, again.revision)
