"""Trial *golang*: the example device in Go beside devices of the SDK, through all that may happen to one."""

import asyncio
import signal
from typing import Final

from tests.guarantees.torture import go_inboxes
from tests.guarantees.torture.answering_proxy import AnsweringProxy, answering_proxy
from tests.guarantees.torture.context import ACCESS, TrialContext
from tests.guarantees.torture.server import Server
from tests.guarantees.torture.tools import GO
from tests.guarantees.torture.trial import Trial
from tests.support import tokens
from tests.support.go_device import GoDevice, write_anew
from tests.support.proxies import Proxy, carrying
from unisono.client import Publisher
from unisono.verify.history import Principal, Stall

USER: Final = "ada"
ENDPOINTS: Final = ("go-1", "go-2")
PRINCIPAL: Final = Principal(app_id=ACCESS.app_id, user_id=USER)

#: Seconds: how long a token is good, how long traffic flows in a round, and how long a process stands still.
_GOOD: Final = 3
_CALM: Final = 0.5
_STILL: Final = 12.0


class GoFleet:
    """Two devices of a user in Go, behind a proxy that is cut, and one that answers for the server."""

    def __init__(
        self, context: TrialContext, server: Server, answering: AnsweringProxy, proxy: Proxy
    ) -> None:
        self._context = context
        self._server = server
        self._answering = answering
        self._proxy = proxy
        self._devices = [
            GoDevice(context.folder / endpoint_id, proxy.target, self._token(), endpoint_id)
            for endpoint_id in ENDPOINTS
        ]
        #: What happens in a round, and in the next. A freeze takes long, so it comes last.
        self.faults = (self._cut, self._kill, self._end_streams, self._kill_server, self._freeze)

    async def start(self) -> None:
        """Start the devices, and wait until both are complete."""
        for device in self._devices:
            await device.start()
        await self.live()

    async def live(self) -> None:
        """Wait until each device has a stream that is complete."""
        for device in self._devices:
            await device.until(lambda device: device.live)

    async def renew_tokens(self) -> None:
        """Put a good token where the devices take their next one, until cancelled."""
        while True:
            for device in self._devices:
                write_anew(device.token, self._token())
            await asyncio.sleep(_GOOD / 3)

    async def handle(self) -> None:
        """Let a person read and dismiss on both devices."""
        for device in self._devices:
            rows = device.told("point")[-1]["rows"]
            for row in [row for row in rows if row["unread"]][:2]:
                device.say(f"{self._context.random.choice(('read', 'dismiss'))} {row['id']}")

    async def rest(self) -> None:
        """Let nothing happen any more, and wait until each device is complete on a new stream."""
        self._answering.calm = True
        begun = {device: len(device.told("subscribe")) for device in self._devices}
        self._proxy.cut()
        for device in self._devices:
            await device.until(lambda device: len(device.told("subscribe")) > begun[device] and device.live)

    async def agrees(self, backend: Publisher, timeout: float) -> None:
        """Wait until each device holds what the store lists; see `Settling`."""
        for device in self._devices:
            async with asyncio.timeout(timeout):
                while not await go_inboxes.agrees(device, backend, USER):
                    await asyncio.sleep(0.1)

    async def check(self) -> None:
        """Give the judge what happened to the devices."""
        for device in self._devices:
            await device.end()
            streams, history = device.streams(PRINCIPAL), self._context.recorder.history
            go_inboxes.check_points(device, streams)
            history.streams += streams
            history.rings += device.rings(PRINCIPAL)

    async def close(self) -> None:
        """End what runs."""
        for device in self._devices:
            await device.end()

    async def _cut(self) -> None:
        self._context.recorder.annotate("CUT")
        self._proxy.cut()

    async def _kill(self) -> None:
        for device in self._devices:
            await device.end(signal.SIGKILL)
            await device.start()

    async def _end_streams(self) -> None:
        """Wait until the proxy has ended as many streams again as there are devices."""
        enough = self._answering.ended + len(self._devices)
        while self._answering.ended < enough:
            await asyncio.sleep(0.05)

    async def _kill_server(self) -> None:
        await self._server.end(signal.SIGKILL)
        await self._server.start()

    async def _freeze(self) -> None:
        clock, history = self._context.recorder.clock, self._context.recorder.history
        for device in self._devices:
            device.send_signal(signal.SIGSTOP)
        began = clock()
        await asyncio.sleep(_STILL)
        ended = clock()
        for device in self._devices:
            device.send_signal(signal.SIGCONT)
            stall = Stall(principal=PRINCIPAL, endpoint_id=device.endpoint_id, began=began, ended=ended)
            history.stalls.append(stall)

    def _token(self) -> str:
        return tokens.device(USER, exp=int(self._context.recorder.clock()) + _GOOD)


async def be_a_device_in_go(context: TrialContext) -> None:
    """Let one thing after the other happen to the devices, with tokens that expire all the time."""
    async with (
        context.server() as server,
        answering_proxy(server.address, context.random) as answering,
        carrying(Proxy(answering.target)) as proxy,
    ):
        fleet = GoFleet(context, server, answering, proxy)
        renewing = asyncio.create_task(fleet.renew_tokens())
        try:
            async with context.traffic(server.address, users=[USER], beside=[fleet]):
                await fleet.start()
                for number in range(context.rounds):
                    await fleet.handle()
                    await asyncio.sleep(context.random.uniform(0, _CALM))
                    await fleet.faults[number % len(fleet.faults)]()
                    await fleet.live()
                    context.done()
                await fleet.rest()
            await fleet.check()
        finally:
            renewing.cancel()
            await fleet.close()


GOLANG: Final = Trial(
    name="golang",
    says="the device in Go: cuts, kills, freezes, expired tokens, proxies that answer",
    run=be_a_device_in_go,
    full=40,
    short=4,
    rounds_per_history=5,
    needs=(GO,),
)
