"""Certificates are renewed while devices are connected, others come, and sends go on: nobody is lost."""

import asyncio
import ssl
from collections import Counter
from itertools import count, cycle
from pathlib import Path
from typing import Final

from tests.e2e.renewable import Renewable
from tests.support import tokens
from tests.support.http2 import fleet
from tests.support.http2.connection import Connection
from tests.support.http2.device import APP, Device
from tests.support.http2.trust import trusting
from tests.support.http2.unary import SEND, RecordedCaller
from tests.support.processes import TIMEOUT, serving
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.history import Principal
from unisono.verify.recording import Recorder, steady_clock

RENEWALS: Final = 8
STAYING: Final = 20

#: Who connect in the moment of a renewal.
MEANWHILE: Final = 10

#: Sends that are answered between two renewals.
SENDS: Final = 20

CONTENT: Final = notification_pb2.Payload(visual_content=notification_pb2.VisualContent(title="Hello"))


class Load:
    """Devices that stay, a backend that sends to them, and devices that come and leave."""

    def __init__(self, address: str, trust: ssl.SSLContext) -> None:
        self.recorder = Recorder(steady_clock())
        self.staying = fleet.devices(self.recorder, "staying", STAYING, per_user=4, tls=trust)
        self.sent = Counter[str]()
        self._address = address
        self._trust = trust
        self._numbers = count()
        self._answered = asyncio.Condition()

    async def send(self) -> None:
        """Send to who stays, one after the other, for ever. Raises `CallFailed`."""
        caller = RecordedCaller(self.recorder, Principal(app_id=APP), tokens.publisher())
        connection = await Connection.open(self._address, tls=self._trust)
        try:
            for user_id in cycle(fleet.users(self.staying)):
                request = pb.SendNotificationRequest(user_id=user_id, payload=CONTENT)
                await caller.call(connection, SEND, request)
                async with self._answered:
                    self.sent[user_id] += 1
                    self._answered.notify_all()
        finally:
            connection.abort()

    async def sends(self, more: int) -> None:
        """Wait until so many more sends are answered."""
        goal = self.sent.total() + more
        async with self._answered:
            await self._answered.wait_for(lambda: self.sent.total() >= goal)

    async def come(self) -> bytes | None:
        """Have a new device connect until it is live, and leave; return the certificate that it was shown."""
        device = Device(self.recorder, "coming", f"coming-{next(self._numbers)}", tls=self._trust)
        await device.connect(self._address)
        await device.caught_up()
        shown = device.connection.server_certificate
        device.leave()
        return shown


async def test_nobody_is_lost(tmp_path: Path) -> None:
    files = Renewable(tmp_path)
    with serving(tmp_path / "unisono.db", *files.flags) as server:
        load = Load(server.address, trusting(files.root))
        await fleet.connect_all(load.staying, server.address)
        sending = asyncio.create_task(load.send())
        async with asyncio.timeout(TIMEOUT):
            for _ in range(RENEWALS):
                # Given some who connect, and sends
                meanwhile = [asyncio.create_task(load.come()) for _ in range(MEANWHILE)]
                await load.sends(SENDS)
                # When the files are overwritten
                files.renew()
                # Then who comes afterwards is shown the new certificate, and who came meanwhile one of both
                assert await load.come() == files.issued[-1]
                assert {*await asyncio.gather(*meanwhile)} <= {*files.issued[-2:]}
                await load.sends(SENDS)
        assert not sending.done()
        sending.cancel()
        await asyncio.wait([sending])
        # And who was there has had every send on its first connection
        for device in load.staying:
            await device.until(lambda device: received(device) >= load.sent[device.user_id])
            assert len(device.streams) == 1
            assert not device.ended
            assert device.connection.server_certificate == files.issued[0]
            device.abort()
            await device.connection.closed.wait()


def received(device: Device) -> int:
    messages = (timed.message for timed in device.streams[0].messages)
    return len({event.notification.id for message in messages for event in message.event_batch.events})
