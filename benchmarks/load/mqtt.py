"""Clients of MQTT 3.1.1 with quality of service 1: backends, and devices with persistent sessions.

Implements only what these two need of the protocol.
"""

from collections.abc import Sequence
from itertools import count
from typing import Final

from benchmarks.load.callers import CallFailed
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.peer_connections import PeerConnection, PipelinedPublisher

#: First bytes of packets: the packet type and flags (MQTT 3.1.1, section 2.2).
_CONNECT: Final = 0x10
_CONNACK: Final = 0x20
_PUBLISH: Final = 0x32
_PUBACK: Final = 0x40
_SUBSCRIBE: Final = 0x82
_PINGREQ: Final = 0xC0
_DISCONNECT: Final = 0xE0

#: The bits of a first byte that are the packet type.
_KIND: Final = 0xF0

_PROTOCOL: Final = b"\x00\x04MQTT\x04"
_CLEAN_SESSION: Final = b"\x02"
_KEPT_SESSION: Final = b"\x00"
_NO_KEEP_ALIVE: Final = b"\x00\x00"
_AT_LEAST_ONCE: Final = b"\x01"

_SUBSCRIBED: Final = b"\x00\x01" + _AT_LEAST_ONCE

#: Every PUBACK, and the CONNACK, has four bytes (MQTT 3.1.1, sections 3.2 and 3.4).
_ACK_SIZE: Final = 4
_ACKNOWLEDGED: Final = bytes([_PUBACK, 2])

_PAYLOAD: Final = bytes(200)
_clients: Final = count()


class Publisher(PipelinedPublisher):
    """A backend, with a clean session."""

    async def connect(self, address: str) -> None:
        """See `PeerConnection`."""
        await super().connect(address)
        _check(await self._request(_connect(f"backend-{next(_clients)}", _CLEAN_SESSION)))

    def packets(self, users: Sequence[str]) -> list[bytes]:
        """See `PipelinedPublisher`. Packet identifiers are never zero (MQTT 3.1.1, section 2.3.1)."""
        return [
            _packet(_PUBLISH, _text(f"users/{user_id}") + _short(number % 0xFFFF + 1) + _PAYLOAD)
            for number, user_id in enumerate(users)
        ]

    def _data_received(self, data: bytes) -> bytes:
        whole = len(data) // _ACK_SIZE
        if whole and data[0] == _CONNACK:
            self._answered(data[2:])
            return b""
        if data[: whole * _ACK_SIZE : _ACK_SIZE].count(_PUBACK) != whole:
            raise CallFailed("a publish was not acknowledged")
        self._packets_acknowledged(whole)
        return data[whole * _ACK_SIZE :]


class Device(PeerConnection):
    """A device of a user, which acknowledges every message. Its session outlives its connections."""

    def __init__(self, user_id: str, endpoint_id: str, arrivals: ArrivalCounter) -> None:
        super().__init__()
        self._user_id = user_id
        self._client = f"{user_id}/{endpoint_id}"
        self._arrivals = arrivals

    async def connect(self, address: str) -> None:
        """See `PeerConnection`. Once subscribed, the broker sends what was missed without being asked."""
        await super().connect(address)
        _check(await self._request(_connect(self._client, _KEPT_SESSION)))

    async def subscribe(self) -> None:
        """Subscribe the session to the topic of the user. Raises CallFailed where the broker refuses."""
        topic = _text(f"users/{self._user_id}")
        if await self._request(_packet(_SUBSCRIBE, _short(1) + topic + _AT_LEAST_ONCE)) != _SUBSCRIBED:
            raise CallFailed("a subscription was not granted")

    async def settle(self) -> None:
        """Wait until the broker has read everything that the device has sent so far."""
        await self._request(_packet(_PINGREQ, b""))

    async def leave(self) -> None:
        """Disconnect, and wait until the broker has closed the connection; the session stays."""
        self._transport.write(_packet(_DISCONNECT, b""))
        await self._closed.wait()

    def _data_received(self, data: bytes) -> bytes:
        received: list[bytes] = []
        at, last = 0, len(data)
        while last - at >= 2:
            size, body = data[at + 1], at + 2
            if size > 0x7F:
                if last - at < 3:
                    break
                size, body = size & 0x7F | data[body] << 7, body + 1
            end = body + size
            if end > last:
                break
            if data[at] & _KIND == _PUBLISH & _KIND:
                identifier = body + 2 + (data[body] << 8 | data[body + 1])
                received.append(_ACKNOWLEDGED + data[identifier : identifier + 2])
            else:
                self._answered(data[body:end])
            at = end
        if received:
            self._transport.write(b"".join(received))
            self._arrivals.add(len(received))
        return data[at:]


def _check(answer: bytes) -> None:
    """Raise CallFailed unless the second byte, a return code, is 0 (MQTT 3.1.1, section 3.2.2.3)."""
    if answer[1]:
        raise CallFailed(f"a connection was not accepted: {answer[1]}")


def _connect(client: str, session: bytes) -> bytes:
    return _packet(_CONNECT, _PROTOCOL + session + _NO_KEEP_ALIVE + _text(client))


def _packet(first: int, body: bytes) -> bytes:
    """Encode a packet; its length has seven bits in each of at most two bytes (MQTT 3.1.1, section 2.2.3)."""
    size = len(body)
    length = bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])
    return bytes([first]) + length + body


def _text(value: str) -> bytes:
    return _short(len(value)) + value.encode()


def _short(value: int) -> bytes:
    return value.to_bytes(2, "big")
