"""Sends by our SDK, against empty calls by `grpc.aio`: the client's own time is measured here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import grpc

from benchmarks.groups.alternating import side_by_side
from benchmarks.groups.sending import ECHO, IN_FLIGHT
from benchmarks.load import requests, sizes
from benchmarks.load.requests import Request
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure, never_void
from benchmarks.servers.servers import RunningServer, empty, folder, on_each_transport
from benchmarks.transports import BESIDE
from unisono.client import Publisher

_SENDS: Final = 20_000
_ECHOES: Final = 10_000

#: As the SDK has it for this machine, whatever proxy the environment names.
_NO_PROXY: Final = (("grpc.enable_http_proxy", 0),)

_USERS: Final = [f"user-{number}" for number in range(1000)]

Act = Callable[[], Awaitable[object]]


async def _echoed(server: RunningServer, request: Request, answer: int, amount: int) -> Sample:
    body = requests.padded(answer, len(request.body))
    metadata = (("authorization", f"Bearer {request.token}"),)
    async with grpc.aio.insecure_channel(server.address, options=_NO_PROXY) as channel:
        echo: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(requests.ECHO)
        await echo(body, metadata=metadata)
        return await _in_flight(server, [partial(echo, body, metadata=metadata)] * amount)


async def _sent(server: RunningServer, amount: int) -> Sample:
    async with Publisher(server.address, requests.publisher()) as publisher:
        send = partial(publisher.send, title=requests.TITLE, body=requests.BODY)
        await send(_USERS[0])
        return await _in_flight(
            server, [partial(send, _USERS[number % len(_USERS)]) for number in range(amount)]
        )


async def _in_flight(server: RunningServer, acts: Iterable[Act]) -> Sample:
    """Measure acts, `IN_FLIGHT` at a time: here the generator's core is meant to be busy."""
    waiting, done = iter(acts), 0

    async def work() -> None:
        nonlocal done
        for act in waiting:
            await act()
            done += 1

    with measure(server.pid) as run:
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        run.operations = done
    return never_void(run.sample)


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    sends, echoes = scale.of(_SENDS, minimum=2000), scale.of(_ECHOES, minimum=1000)
    with folder() as place, on_each_transport(place) as ours, empty() as floor:
        (sample,) = requests.sends(_USERS, 1)
        answer = await sizes.of_answer(ours[BESIDE].address, sample)
        yield {
            ECHO: partial(_echoed, floor, sample, answer, echoes),
            **side_by_side({name: {"send": partial(_sent, server, sends)} for name, server in ours.items()}),
        }


SDK: Final = Group(
    name="sdk",
    title="The SDK",
    floor=ECHO,
    noise="rate",
    open=_open,
    metrics=(
        Metric(
            name="sdk",
            title="sends a second by `Publisher.send`, 64 in flight"
            " / grpcio's echoes a second by `grpc.aio` in the same process",
            ratio=lambda of: of["send"]["rate"] / of[ECHO]["rate"],
            target=3,
            shown=(("send", "rate"), (ECHO, "rate")),
            at_least=True,
        ),
    ),
)
