"""Bodies of any size, both ways, in any windows, arrive as they were: against a client by `h2`."""

import random
from collections import deque
from typing import Final

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.http2.choices import Choices
from tests.http2.peer import REQUEST, RESPONSE
from unisono.server.api.http.h2.connection import Connection
from unisono.server.api.http.h2.events import DataReceived, RequestReceived, StreamReset
from unisono.server.api.http.h2.state import Http2Limits

TRAILERS = ((b"grpc-status", b"0"),)
SIZES = (0, 1, 100, 5_000, 20_000, 70_000)


class Exchanged:
    """One body of a request, and one of a response: what was sent, and what has arrived."""

    def __init__(self, request: bytes, response: bytes) -> None:
        self.request: Final = request
        self.response: Final = response
        self.to_send = request
        self.to_answer = response
        self.received = bytearray()
        self.answered = bytearray()
        self.request_ended = self.response_ended = self.sent_all = self.answered_all = False

    @property
    def is_over(self) -> bool:
        return self.request_ended and self.response_ended


class Conversation:
    """A client and a server that take turns in any order, until all bodies have arrived."""

    def __init__(self, choices: Choices, source: random.Random) -> None:
        self.choices: Final = choices
        self.server = Connection(
            Http2Limits(stream_window=choices.one((65_535, 1000, 20_000, 300_000)), connection_window=100_000)
        )
        self.client = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding=False)
        )
        self.client.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: choices.one((65_535, 100, 500, 30_000)),
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 10_000,
            },
        )
        self.client.initiate_connection()
        self.now = 0.0
        self.to_server: bytes = b""
        self.to_client: bytes = b""
        self.paused = False
        self.returns: deque[DataReceived] = deque()
        self.acknowledged: deque[tuple[int, int]] = deque()
        self.streams: dict[int, Exchanged] = {}
        for _ in range(1 + choices.below(4)):
            sizes = choices.one(SIZES), choices.one(SIZES)
            stream_id = self.client.get_next_available_stream_id()
            self.client.send_headers(stream_id, list(REQUEST))
            self.streams[stream_id] = Exchanged(*map(source.randbytes, sizes))

    def run(self) -> None:
        # Where the choices are used up, all of this is done in turn.
        steps = (self.client_sends, self.wire, self.server_answers, self.server_takes, self.client_takes)
        more = (self.server_pauses, self.client_changes_windows)
        for _ in range(100_000):
            if all(one.is_over for one in self.streams.values()):
                return
            if self.choices.are_left:
                self.choices.one((*steps, *steps, *more))()
            else:
                self.server_resumes()
                for step in steps:
                    step()
        raise AssertionError(f"bodies do not arrive: {[len(one.received) for one in self.streams.values()]}")

    def client_sends(self) -> None:
        stream_id = self.choices.one(tuple(self.streams))
        for one, stream in ((stream_id, self.streams[stream_id]), *self.streams.items()):
            if stream.sent_all:
                continue
            room = min(self.client.local_flow_control_window(one), self.client.max_outbound_frame_size)
            size = max(0, min(room, len(stream.to_send), self.choices.one((16_384, 1, 1000))))
            padding = None if room - size < 20 or not self.choices.below(3) else self.choices.below(10)
            if size:
                self.client.send_data(one, stream.to_send[:size], pad_length=padding)
                stream.to_send = stream.to_send[size:]
            if not stream.to_send:
                if self.choices.below(2):
                    self.client.send_headers(one, [(b"checksum", b"1")], end_stream=True)
                else:
                    self.client.end_stream(one)
                stream.sent_all = True
            return

    def wire(self) -> None:
        self.to_server += self.client.data_to_send()
        self.to_client += self.server.take_output()
        to_server = self.choices.one((len(self.to_server), 1, 1000))
        to_client = self.choices.one((len(self.to_client), 1, 1000))
        data, self.to_server = self.to_server[:to_server], self.to_server[to_server:]
        # However small the parts are, they come slowly enough.
        self.now += 1.0
        events = list(self.server.receive(data, self.now))
        while self.server.has_more:
            events += self.server.receive(b"", self.now)
        for event in events:
            assert not isinstance(event, StreamReset)
            if isinstance(event, RequestReceived):
                self.server.send_headers(event.stream_id, RESPONSE)
            elif isinstance(event, DataReceived):
                self.streams[event.stream_id].received += event.data
                self.streams[event.stream_id].request_ended |= event.ended
                self.returns.append(event)
        assert self.server.error is None
        data, self.to_client = self.to_client[:to_client], self.to_client[to_client:]
        for found in self.client.receive_data(data):
            assert not isinstance(found, h2.events.StreamReset | h2.events.ConnectionTerminated)
            if isinstance(found, h2.events.DataReceived):
                stream_id, length = found.stream_id, found.flow_controlled_length
                assert stream_id is not None
                assert length is not None
                self.streams[stream_id].answered += found.data or b""
                self.acknowledged.append((stream_id, length))
            elif isinstance(found, h2.events.StreamEnded):
                assert found.stream_id is not None
                self.streams[found.stream_id].response_ended = True

    def server_answers(self) -> None:
        for stream_id, stream in self.streams.items():
            # The request is to arrive as a whole, so it is not refused by an early end.
            if stream.answered_all or not stream.request_ended or self.server.waiting(stream_id) > 50_000:
                continue
            size = self.choices.one((100_000, 1, 3000))
            self.server.send_data(stream_id, stream.to_answer[:size])
            stream.to_answer = stream.to_answer[size:]
            if not stream.to_answer:
                self.server.finish(stream_id, self.choices.one((TRAILERS, ())))
                stream.answered_all = True

    def server_takes(self) -> None:
        if self.returns:
            event = self.returns.popleft()
            self.server.give_back(event.stream_id, event.taken)

    def client_takes(self) -> None:
        if self.acknowledged:
            stream_id, size = self.acknowledged.popleft()
            if size:
                self.client.acknowledge_received_data(size, stream_id)

    def server_pauses(self) -> None:
        if self.paused:
            self.server_resumes()
        else:
            self.paused = True
            self.server.pause()

    def server_resumes(self) -> None:
        self.paused = False
        self.server.resume()

    def client_changes_windows(self) -> None:
        if self.choices.once_in(4):
            window = self.choices.one((100, 1000, 65_535))
            self.client.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})


def check(choices: Choices, seed: int) -> None:
    conversation = Conversation(choices, random.Random(seed))  # noqa: S311

    conversation.run()

    for stream in conversation.streams.values():
        assert bytes(stream.received) == stream.request
        assert bytes(stream.answered) == stream.response


@settings(max_examples=100)
@given(st.binary(max_size=400))
def test_chosen_bodies(data: bytes) -> None:
    check(Choices(data), len(data))


@pytest.mark.parametrize("seed", range(40))
def test_random_bodies(seed: int) -> None:
    check(Choices(random.Random(seed).randbytes(2000)), seed)  # noqa: S311
