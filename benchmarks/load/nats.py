"""Clients of NATS, as JetStream needs them: backends who are acknowledged, and devices.

Knows what these two need of the protocol, and nothing of what JetStream is asked to keep.
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

#: The numbers that a client gives to its subscriptions: to answers of the API, and to what else it is told.
_ANSWERS: Final = b"1"
_TOLD: Final = b"2"

_ACKNOWLEDGED: Final = b" 4\r\n+ACK\r\n"

_PAYLOAD: Final = bytes(200)
_clients: Final = count()

Message = tuple[Sequence[bytes], bytes]
"""The words of its line, which are MSG, subject, subscription, perhaps whom to answer, size; and its body."""


class Client(PeerConnection):
    """A connection that is told what is sent to its `subject`."""

    def __init__(self, subject: str) -> None:
        super().__init__()
        self._subject = subject
        self._answers = f"_INBOX.answers-{next(_clients)}"

    async def connect(self, address: str) -> None:
        """See PeerConnection."""
        await super().connect(address)
        subscriptions = ((self._answers, _ANSWERS), (self._subject, _TOLD))
        said = [b"SUB " + subject.encode() + b" " + number + _END for subject, number in subscriptions]
        await self._request(_HELLO + b"".join(said) + _PING)

    async def ask(self, subject: str, question: Mapping[str, object]) -> None:
        """Ask something of the API of JetStream. Raises CallFailed."""
        body = json.dumps(question).encode()
        _check(await self._request(_publish(f"$JS.API.{subject}", self._answers, body)))

    async def settle(self) -> None:
        """Wait until the server has read all that was said so far."""
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
    """A device. It is told by a consumer of JetStream, which may want each message acknowledged."""

    def __init__(self, subject: str, arrivals: ArrivalCounter, *, acknowledges: bool) -> None:
        super().__init__(subject)
        self._arrivals = arrivals
        self._acknowledges = acknowledges

    def _on_messages(self, messages: Sequence[Message]) -> None:
        if self._acknowledges:
            self._transport.write(b"".join([b"PUB " + words[3] + _ACKNOWLEDGED for words, _ in messages]))
        self._arrivals.add(len(messages))


class Publisher(Client, PipelinedPublisher):
    """A backend."""

    def __init__(self) -> None:
        super().__init__(f"_INBOX.backend-{next(_clients)}")

    def packets(self, users: Sequence[str]) -> list[bytes]:
        """See PipelinedPublisher."""
        return [_publish(f"users.{user_id}", self._subject, _PAYLOAD) for user_id in users]

    def _on_messages(self, messages: Sequence[Message]) -> None:
        for _, body in messages:
            _check(body)
        self._packets_acknowledged(len(messages))


def _check(answer: bytes) -> None:
    """JetStream answers in JSON, and with a field `error` when it does not do it."""
    said: Mapping[str, Any] = json.loads(answer)
    if "error" in said:
        raise CallFailed(f"JetStream: {said['error']}")


def _publish(subject: str, answer_to: str, body: bytes) -> bytes:
    return f"PUB {subject} {answer_to} {len(body)}\r\n".encode() + body + _END
