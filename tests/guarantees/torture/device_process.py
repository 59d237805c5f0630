"""A process with a recorded device of each user, which a trial may stop.

For each line that it reads, it prints what its devices hold: ids and revisions, by user. At the end of its
input it saves its history to a file, and ends. The next process goes on from what they stored.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tests.support import tokens
from unisono.client import Backoff, Device, FileStorage, Platform, Status, Timing, create_transport
from unisono.verify.history import History, Principal
from unisono.verify.history_file import Saved, save
from unisono.verify.recording import Recorder, steady_clock

APP: Final = tokens.APPS[0].app_id
PLATFORM: Final = Platform.LINUX

#: For how long a process may stand still before its devices resume, in seconds.
STALL_TIMEOUT: Final = 0.5

_TIMING: Final = Timing(
    stall_timeout=STALL_TIMEOUT,
    backoff=Backoff(initial=0.05, maximum=0.5),
    open_timeout=5.0,
    acknowledge_interval=0.2,
    heartbeat_interval=5.0,
)


async def _main(folder: Path, address: str, name: str, *users: str) -> History:
    """Run devices with the endpoint id `name` until the end of the input, and return what they recorded."""
    recorder = Recorder(steady_clock())
    async with AsyncExitStack() as open_:
        devices = {}
        for user_id in users:
            storage = FileStorage(folder / f"{name} {user_id}")
            devices[user_id] = await open_.enter_async_context(
                _device(address, name, user_id, storage, recorder)
            )
        for device in devices.values():
            await device.wait_for(lambda device: device.status is Status.LIVE)
        async for _ in _lines():
            held = {user: _held(device) for user, device in devices.items()}
            sys.stdout.write(json.dumps(held) + "\n")
            sys.stdout.flush()
    return recorder.history


@asynccontextmanager
async def _device(
    address: str, name: str, user_id: str, storage: FileStorage, recorder: Recorder
) -> AsyncIterator[Device]:
    principal = Principal(app_id=APP, user_id=user_id)
    transport = create_transport(address)
    device = Device(
        recorder.client(transport, principal),
        tokens.device(user_id),
        endpoint_id=name,
        platform=PLATFORM,
        storage=storage,
        timing=_TIMING,
    )
    listening = asyncio.create_task(recorder.listen(device, principal))
    async with device:
        yield device
    await listening
    await transport.close()


def _held(device: Device) -> list[list[Any]]:
    return sorted([row.id, row.revision] for row in device.notifications)


async def _lines() -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        yield line


if __name__ == "__main__":
    file, *arguments = sys.argv[1:]
    history = asyncio.run(_main(Path(file).parent, *arguments))
    with Path(file).open("w") as saved:
        save(Saved(history=history), saved)
