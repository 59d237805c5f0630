"""What a send takes more when the server serves metrics and is scraped."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing
from functools import partial
from itertools import chain
from typing import Final

from benchmarks.groups.sending import ECHO, IN_FLIGHT, calls
from benchmarks.load import requests, sizes
from benchmarks.load.requests import Request
from benchmarks.machine import usage
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample
from benchmarks.servers.scraper import OPERATORS, Scraper
from benchmarks.servers.servers import RunningServer, empty, folder, on_each_transport
from benchmarks.transports import BESIDE, TRANSPORTS, on

#: Seconds of the server's processor time from one scrape to the next: a round has not got several of what
#: operators have. A machine that is busy with others has no more scrapes for as many sends.
_INTERVAL: Final = 1.0

_PIECES: Final = 12

#: Sends and echoes of a piece.
_SENDS: Final = 2000
_ECHOES: Final = 1000

_USERS: Final = [f"user-{number}" for number in range(1000)]

_NOTES: Final = f"""\
With `metrics_listen` the server has a second port, which times its event loop and looks at the files of its
store by itself, and answers scrapes. That is what can be switched on, and what is measured here. **Counting
cannot be switched off**: what it takes is in each figure of this page, and in this one on both sides.

Operators scrape each {OPERATORS:g} to 15 seconds. Here there is a scrape at first and after each second of
processor time that the server takes for sends, so that a round has several: the metric has what scrapes take
{OPERATORS / _INTERVAL:g} times over, or more. The server is busy throughout; at rest, a scrape takes as long,
and has fewer sends beside it. The scraper is on the core of whoever makes the work. As it is about a few
percent, a round is {_PIECES} small pieces, in each of which every workload has its turn.
"""


async def _sent(server: RunningServer, scraper: Scraper | None = None) -> Sample:
    sends, beside = requests.sends(_USERS, _SENDS), scraper.at_work() if scraper else None
    return await calls(server, IN_FLIGHT, sends, beside=beside)


async def _echoed(floor: RunningServer, sample: Request, answer: int) -> Sample:
    return await calls(floor, IN_FLIGHT, requests.echoes(sample, answer, _ECHOES))


@asynccontextmanager
async def _open(_scale: Scale) -> AsyncIterator[Workloads]:
    (sample,) = requests.sends(_USERS, 1)
    with (
        folder() as place,
        folder() as other,
        on_each_transport(place, metrics=False) as without,
        on_each_transport(other, metrics=True) as telling,
        empty() as floor,
        ExitStack() as scrapers,
    ):
        answer = await sizes.of_answer(without[BESIDE].address, sample)

        def workloads(transport: str) -> Workloads:
            told = telling[transport]
            clock = partial(usage.processor_time, told.pid)
            scraper = scrapers.enter_context(closing(Scraper(told.metrics, _INTERVAL, clock)))
            return {
                "send": partial(_sent, without[transport]),
                "scraped": partial(_sent, told, scraper),
            }

        # With and without come one right after the other, rather than the transports.
        ours = [on(one.name, workloads(one.name)).items() for one in TRANSPORTS]
        yield {ECHO: partial(_echoed, floor, sample, answer), **dict(chain.from_iterable(ours))}


SCRAPING: Final = Group(
    name="scraping",
    title="Metrics served, and scraped",
    floor=ECHO,
    noise="cpu",
    open=_open,
    pieces=_PIECES,
    notes=_NOTES,
    metrics=(
        Metric(
            name="scraped",
            title="`SendNotification`, 64 in flight, with `metrics_listen` on and scraped each second of"
            " processor time / the same without",
            ratio=lambda of: of["scraped"]["cpu"] / of["send"]["cpu"],
            target=1.02,
            shown=(("scraped", "cpu"), ("send", "cpu")),
        ),
    ),
)
