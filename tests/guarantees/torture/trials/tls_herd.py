"""Trial *tls-herd*: thousands of devices come back at once under TLS; who is there does not wait for it."""

from collections.abc import Sequence
from random import Random
from typing import Final

from benchmarks.machine.usage import processor_time
from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.server import Server
from tests.guarantees.torture.trial import Trial
from tests.guarantees.torture.trials.thundering_herd import FEW, MANY, SHORT, ImmediateReconnect, caught_up
from tests.support.good_caller import good_caller
from tests.support.http2 import fleet
from tests.support.http2.device import Device
from tests.support.process_stats import resident
from tests.support.processes import ONE_ADDRESS
from tests.support.server_certificate import ServerCertificate, issued
from unisono.client import Publisher

#: Seconds allowed until all are live, and the longest wait of a good call meanwhile, in milliseconds.
SLOWEST: Final = 60.0
LONGEST: Final = 1_000.0

MIB: Final = 1024 * 1024


async def come_back_under_tls(context: TrialContext) -> None:
    """Cut all devices off in each round, and measure until all are live again, beside other sends."""
    certificate = issued(context.folder)
    context.root = certificate.root
    count = fleet.fitting(MANY if context.rounds > SHORT else FEW)
    everybody = fleet.devices(context.recorder, "herd", count, bare=True, tls=certificate.trust())
    flags = (*certificate.flags, "--transport", "http")
    async with (
        context.server(*flags, env=ONE_ADDRESS) as server,
        context.backend(server.address) as publisher,
    ):
        await fleet.connect_all(everybody, server.address)
        reconnect = ImmediateReconnect(server, Random(f"{context.seed} haste"))  # noqa: S311
        with context.apart(server.process.pid):
            async with reconnect.bind(everybody):
                for _ in range(context.rounds):
                    await cut_off(context, server, certificate, reconnect, everybody, publisher)
                    await caught_up(context, publisher, everybody, fleet.users(everybody))
                    context.done()
        fleet.abort_all(everybody)


async def cut_off(
    context: TrialContext,
    server: Server,
    certificate: ServerCertificate,
    reconnect: ImmediateReconnect,
    everybody: Sequence[Device],
    publisher: Publisher,
) -> None:
    """Cut all off, send to each user, let them come back, and measure what that takes."""
    pid, clock = server.process.pid, context.recorder.clock
    reconnect.there.clear()
    since = clock()
    fleet.abort_all(everybody)
    for user_id in fleet.users(everybody):
        await publisher.send(user_id, title="Hello")
    async with good_caller(server.address, certificate.root_file) as caller:
        before, memory, began = processor_time(pid), resident(pid), clock()
        reconnect.there.set()
        await fleet.until_all(everybody, lambda device: device.live and device.streams[-1].began > since)
        took, cpu = clock() - began, processor_time(pid) - before
    grown = (resident(pid) - memory) / MIB
    context.took("all are live again after, in s", took, SLOWEST, devices=len(everybody), cpu=cpu, mib=grown)
    context.took(
        "the slowest good call meanwhile, in ms", caller.waits.longest, LONGEST, median=caller.waits.median
    )


TLS_HERD: Final = Trial(
    name="tls-herd",
    says="all devices come back within the same second under TLS, beside sends to somebody else",
    run=come_back_under_tls,
    full=4,
    short=SHORT,
)
