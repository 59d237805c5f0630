"""Clients of NATS for JetStream: backends whose messages are acknowledged, and devices.

Implements only what these two need of the protocol.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final

from benchmarks.load.callers import CallFailed
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.peer_connections import PeerConnection, PipelinedPublisher

_END: Final = b"\r\n"
_HELLO: Final = b'CONNECT {"verbose":false,"pedantic":false,"lang":"python","version":"0"}\r\n'
_PING: Final = b"PING\r\n"
_PONG: Final = b"PONG\r\n"

#: The subscription ids of a client: for answers of the API, and for other messages.
_ANSWERS: Final = b"1"
_TOLD: Final = b"2"

_ACKNOWLEDGED: Final = b" 4\r\n+ACK\r\n"

_PAYLOAD: Final = bytes(200)
_clients: Final = count()

Message = tuple[Sequence[bytes], bytes]
"""A message: the fields of its line (MSG, subject, subscription id, perhaps reply-to, size), and its body."""


class Client(PeerConnection):
    """A connection that is subscribed to one subject, and can call the API of JetStream."""

    def __init__(self, subject: str) -> None:
        super().__init__()
        self._subject = subject
        self._answers = f"_INBOX.answers-{next(_clients)}"

    async def connect(self, address: str) -> None:
        """See `PeerConnection`."""
        await super().connect(address)
        subscriptions = ((self._answers, _ANSWERS), (self._subject, _TOLD))
        said = [b"SUB " + subject.encode() + b" " + number + _END for subject, number in subscriptions]
        await self._request(_HELLO + b"".join(said) + _PING)

    async def ask(self, subject: str, question: Mapping[str, object]) -> None:
        """Send a request to the API of JetStream, and wait for the answer. Raises CallFailed for an error."""
        body = json.dumps(question).encode()
        _check(await self._request(_publish(f"$JS.API.{subject}", self._answers, body)))

    async def settle(self) -> None:
        """Wait until the server has read everything that was sent so far."""
        await self._request(_PING)

    def _on_messages(self, messages: Sequence[Message]) -> None:
        raise NotImplementedError

    def _data_received(self, data: bytes) -> bytes:
        received: list[Message] = []
        at = 0
        while (end := data.find(_END, at)) >= 0:
            words, at_body = data[at:end].split(b" "), end + len(_END)
            if words[0] != b"MSG":
                self._control(words)
                at = at_body
                continue
            end = at_body + int(words[-1])
            if len(data) < end + len(_END):
                break
            if words[2] == _TOLD:
                received.append((words, data[at_body:end]))
            else:
                self._answered(data[at_body:end])
            at = end + len(_END)
        if received:
            self._on_messages(received)
        return data[at:]

    def _control(self, words: Sequence[bytes]) -> None:
        match words[0]:
            case b"PING":
                self._transport.write(_PONG)
            case b"PONG":
                self._answered(b"")
            case b"-ERR":
                raise CallFailed(b" ".join(words).decode())


class Device(Client):
    """A device, to which a consumer of JetStream sends; it acknowledges each message where asked to."""

    def __init__(self, subject: str, arrivals: ArrivalCounter, *, acknowledges: bool) -> None:
        super().__init__(subject)
        self._arrivals = arrivals
        self._acknowledges = acknowledges

    def _on_messages(self, messages: Sequence[Message]) -> None:
        if self._acknowledges:
            self._transport.write(b"".join([b"PUB " + words[3] + _ACKNOWLEDGED for words, _ in messages]))
        self._arrivals.add(len(messages))


class Publisher(Client, PipelinedPublisher):
    """A backend, which receives an acknowledgement for each message that it publishes."""

    def __init__(self) -> None:
        super().__init__(f"_INBOX.backend-{next(_clients)}")

    def packets(self, users: Sequence[str]) -> list[bytes]:
        """See `PipelinedPublisher`."""
        return [_publish(f"users.{user_id}", self._subject, _PAYLOAD) for user_id in users]

    def _on_messages(self, messages: Sequence[Message]) -> None:
        for _, body in messages:
            _check(body)
        self._packets_acknowledged(len(messages))


def _check(answer: bytes) -> None:
    """Raise CallFailed for an answer of JetStream, which is JSON, with a field `error`."""
    said: Mapping[str, Any] = json.loads(answer)
    if "error" in said:
        raise CallFailed(f"JetStream: {said['error']}")


def _publish(subject: str, answer_to: str, body: bytes) -> bytes:
    return f"PUB {subject} {answer_to} {len(body)}\r\n".encode() + body + _END
