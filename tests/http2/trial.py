"""One connection between a random client and a server that answers at random, judged after each step."""

import gc
import sys
from collections import deque
from types import FunctionType, ModuleType
from typing import Final

from tests.http2.choices import Choices
from tests.http2.output_judge import OutputJudge
from tests.http2.peer import DATA, RESPONSE, Peer, Sent
from tests.http2.random_client import TRAILERS, RandomClient
from unisono.server.api.http.h2.errors import ErrorCode
from unisono.server.api.http.h2.events import DataReceived, Event, RequestReceived, StreamReset
from unisono.server.api.http.h2.state import Http2Limits

LIMITS: Final = Http2Limits(
    max_streams=8, max_header_bytes=7000, stream_window=65_535, connection_window=100_000
)
MOST_OF_A_BODY: Final = 40_000
SOURCE: Final = bytes(range(251)) * 200


class Trial:
    """Steps of a client and of a server, as choices say. Each raises where something is wrong."""

    def __init__(self, choices: Choices) -> None:
        self._choices: Final = choices
        self._peer: Final = Peer(LIMITS)
        self._client: Final = RandomClient(choices)
        self._judge: Final = OutputJudge(LIMITS.connection_window)
        self._open: Final[dict[int, int]] = {}
        self._arrived: Final[dict[int, int]] = {}
        self._begun: Final[set[int]] = set()
        self._held: Final[deque[DataReceived]] = deque()
        self.frames = 0

    def run(self) -> None:
        """Go on until the choices are used up, or the connection has ended."""
        while self._choices.are_left and self._peer.error() is None:
            if self._choices.below(3):
                self._client_step()
            else:
                self._server_step()
            self._see()
        self._check_room()
        self._check_size()

    def _client_step(self) -> None:
        data = self._client.frame()
        self.frames += 1
        self._peer.now += self._choices.below(3) / 8
        self._judge.client_sent(data)
        self._happened(self._peer.send(data))

    def _happened(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RequestReceived):
                assert event.stream_id not in self._open
                self._open[event.stream_id] = 0
                self._judge.began(event.stream_id)
            elif isinstance(event, DataReceived):
                self._held.append(event)
            elif isinstance(event, StreamReset):
                self._peer.connection.lingered()
                self._open.pop(event.stream_id, None)
                self._judge.over(event.stream_id)

    def _server_step(self) -> None:
        choices, connection = self._choices, self._peer.connection
        turn = choices.below(16)
        if turn < 6 and self._held:
            event = self._held.popleft()
            connection.give_back(event.stream_id, event.taken)
        elif turn < 12 and self._open:
            self._answer(choices.one(tuple(self._open)), turn)
        elif turn == 12:
            connection.pause()
        elif turn == 13:
            self._happened(list(connection.resume()))
        elif turn == 14 and choices.once_in(20):
            connection.announce_end()
        elif turn == 15 and choices.once_in(30):
            connection.end()

    def _answer(self, stream_id: int, turn: int) -> None:
        connection, choices = self._peer.connection, self._choices
        if stream_id not in self._begun:
            self._begun.add(stream_id)
            connection.send_headers(stream_id, RESPONSE, end_stream=turn == 6)
            if turn == 6:
                del self._open[stream_id]
        elif turn < 10:
            at = self._open[stream_id]
            size = min(choices.one((0, 1, 100, 5000, 20_000)), MOST_OF_A_BODY - at)
            connection.send_data(stream_id, SOURCE[at : at + size])
            self._open[stream_id] = at + size
        elif turn == 10:
            connection.finish(stream_id, choices.one(((), TRAILERS)))
            del self._open[stream_id]
        else:
            connection.reset(stream_id, ErrorCode.INTERNAL_ERROR)
            del self._open[stream_id]

    def _see(self) -> None:
        sent = self._peer.sent()
        self._judge.server_sent(sent)
        for one in sent:
            if one.type == DATA:
                self._check_data(one)

    def _check_data(self, one: Sent) -> None:
        at = self._arrived.get(one.stream_id, 0)
        assert one.payload == SOURCE[at : at + len(one.payload)], "bytes are lost, or in disorder"
        self._arrived[one.stream_id] = at + len(one.payload)

    def _check_room(self) -> None:
        """When all that came was taken, the client may send again nearly as much as at first."""
        while self._held:
            event = self._held.popleft()
            self._peer.connection.give_back(event.stream_id, event.taken)
        self._see()
        if self._peer.error() is None:
            assert self._judge.room > LIMITS.connection_window // 2, "room is lost"

    def _check_size(self) -> None:
        """Whatever a client sends, a connection stays small."""
        assert self._peer.connection.open_streams <= LIMITS.max_streams
        assert held_bytes(self._peer) <= 400_000


def held_bytes(peer: Peer) -> int:
    """Return how many bytes a connection and all that it holds take, but for what is shared by all."""
    seen: set[int] = set()
    total, waiting = 0, [peer.connection]
    while waiting:
        one: object = waiting.pop()
        if id(one) in seen or isinstance(one, type | ModuleType | FunctionType):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        waiting.extend(gc.get_referents(one))
    return total
