"""One publisher serves the workers that gunicorn and Celery fork, also where it was used before."""

import asyncio
import http.client
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.sdk.fake_send_service import FakeSendService
from tests.support.processes import TIMEOUT
from tests.support.stub_server import StubServer

PUBLISHER = """
import os
from unisono.client import BlockingPublisher

publisher = BlockingPublisher(os.environ["SERVER"], "a token")
publisher.send("ada", title="before")
"""


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch, script: StubServer) -> None:
    monkeypatch.delenv("GRPC_ENABLE_FORK_SUPPORT", raising=False)
    monkeypatch.setenv("SERVER", script.target)
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")


class Master:
    """A process that forks workers, and what it logs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.log = ""

    async def until(self, text: str, count: int = 1) -> str:
        """Read the log until a text is in it so often, and return its last line."""
        assert self._process.stdout is not None
        while self.log.count(text) < count:
            line = await asyncio.wait_for(self._process.stdout.readline(), TIMEOUT)
            assert line, self.log
            self.log += line.decode()
        return self.log.splitlines()[-1]

    async def end(self) -> int | None:
        """Ask it to end, and return its exit status."""
        self._process.terminate()
        said, _ = await asyncio.wait_for(self._process.communicate(), TIMEOUT)
        self.log += said.decode()
        return self._process.returncode


@asynccontextmanager
async def master(folder: Path, *arguments: str) -> AsyncIterator[Master]:
    """Run a module of Python in a folder, and end it at the end of the context at the latest."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Master(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


APP = (
    PUBLISHER
    + """
def app(environ, start_response):
    publisher.send("ada", title="worker")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""
)


def ask(port: int) -> int:
    """Make a request, and return the process id of the worker that answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.status == 200
        return int(answer.read())
    finally:
        connection.close()


class Crowd:
    """Makes requests until several workers have answered."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests = 0

    async def workers(self, count: int) -> set[int]:
        found: set[int] = set()
        async with asyncio.timeout(TIMEOUT):
            while len(found) < count:
                self.requests += 4
                found.update(await asyncio.gather(*(asyncio.to_thread(ask, self.port) for _ in range(4))))
        return found


async def test_gunicorn_that_loads_the_app_before_it_forks(
    tmp_path: Path, script: StubServer, service: FakeSendService
) -> None:
    (tmp_path / "web.py").write_text(APP)
    options = ("--preload", "--workers", "2", "--bind", "127.0.0.1:0", "--no-control-socket")

    async with master(tmp_path, "gunicorn", *options, "web:app") as gunicorn:
        listening = await gunicorn.until("Listening at: http://127.0.0.1:")
        crowd = Crowd(int(listening.partition("127.0.0.1:")[2].split()[0]))
        workers = await crowd.workers(2)

        # And those that it forks later, in place of others.
        for worker in workers:
            os.kill(worker, signal.SIGTERM)
        await gunicorn.until("Worker exiting", count=2)
        later = await crowd.workers(2)
        status = await gunicorn.end()

    assert not later & workers
    assert (status, "was sent" in gunicorn.log) == (0, False), gunicorn.log
    assert service.titles == ["before", *["worker"] * crowd.requests]


BROKER = """
from celery import Celery

app = Celery("jobs", broker="filesystem://", backend="file://" + os.path.abspath("results"))
folders = ("data_folder_in", "data_folder_out", "control_folder")
app.conf.broker_transport_options = dict.fromkeys(folders, "queue")
app.conf.worker_max_tasks_per_child = 2
"""
JOBS = (
    PUBLISHER
    + BROKER
    + """
@app.task
def send(number):
    publisher.send("ada", title=f"job {number}")
    return os.getpid()
"""
)
ORDER = (
    "import os"
    + BROKER
    + """
jobs = [app.send_task("jobs.send", [number]) for number in range(8)]
print("workers", len({job.get(timeout=120, interval=0.05) for job in jobs}))
"""
)


async def test_celery_with_its_pool_of_processes(
    tmp_path: Path, script: StubServer, service: FakeSendService
) -> None:
    (tmp_path / "jobs.py").write_text(JOBS)
    (tmp_path / "order.py").write_text(ORDER)
    for folder in ("queue", "results"):
        (tmp_path / folder).mkdir()
    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    options = ("--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO", *alone)

    async with master(tmp_path, "celery", "-A", "jobs", "worker", *options) as celery:
        await celery.until("ready.")
        async with master(tmp_path, "order") as order:
            workers = int((await order.until("workers ")).split()[1])
        status = await celery.end()

    assert workers >= 4
    assert (status, "WorkerLost" in celery.log) == (0, False), celery.log
    assert sorted(service.titles) == ["before", *(f"job {number}" for number in range(8))]
