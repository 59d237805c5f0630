"""What a client meets on a transport of our own alone: see `OF_HTTP_ALONE` in `tests.support.transports`."""

from dataclasses import replace
from pathlib import Path

import httpx

from tests.api.test_door import ANNOUNCED, GOOD, STREAM, Http2Client, data, headers, serving_with, wire
from tests.support import transports
from tests.support.api_client import ApiClient
from tests.support.http2 import frames
from tests.support.http2.call import framed
from tests.support.nodes import TRANSPORT, Running

#: A subscription of the endpoint "phone" on Linux.
SUBSCRIBE = framed(b"\x12\x05phone\x18\x06")

#: The error of a stream that the server gives up (RFC 9113, section 7).
CANCEL = 8

LARGE = b"x" * 32 * 1024


async def test_who_looks_at_the_port_with_a_browser_is_told_what_is_there(serving: Running) -> None:
    async with httpx.AsyncClient() as client:
        found = await client.get(f"http://{serving.target}/")

    assert (found.status_code, found.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "Unisono" in found.text


async def test_a_request_that_is_too_large_is_refused_as_soon_as_it_says_so(tmp_path: Path) -> None:
    async with (
        serving_with(tmp_path, replace(TRANSPORT, request_timeout=0.5)) as node,
        wire(node) as device,
    ):
        device.send(headers(1, GOOD), data(1, ANNOUNCED))
        await device.until(lambda: device.gone(1))

        status = device.status(1)
    assert status["grpc-status"] == "8"
    assert "7900000" in status["grpc-message"]


async def test_a_device_that_does_not_read_is_ended_before_its_connection(tmp_path: Path) -> None:
    # Given a time for devices that take nothing, and a longer one for connections. Where only that ends
    # them, the test is to fail soon.
    age = 3600 if transports.NAME == "http" else 1
    transport = replace(TRANSPORT, stalled_write_timeout=0.2, connection_age=age, connection_age_grace=1)
    async with serving_with(tmp_path, transport) as node, wire(node) as device:
        device.send(headers(1, STREAM), data(1, SUBSCRIBE, frames.END_STREAM))
        await device.until(lambda: device.of(frames.DATA, 1))
        # When more is sent than the window of a device takes that makes no room.
        backend = ApiClient(node.publisher, user_id="ada")
        await backend.send_all(*(backend.new(payload={"raw_content": LARGE}) for _ in range(5)))
        await device.until(lambda: device.gone(1) or device.of(frames.GOAWAY, 0))
        # Then its stream ends, and the connection goes on.
        assert [frames.first_number(end.payload) for end in device.of(frames.RST_STREAM, 1)] == [CANCEL]
        assert not device.of(frames.GOAWAY, 0)
        await goes_on(device)


async def goes_on(device: Http2Client) -> None:
    """Wait until a ping is answered."""
    device.send(frames.frame(frames.PING, 0, 0, b"still up"))
    await device.until(lambda: b"still up" in [ping.payload for ping in device.of(frames.PING, 0)])
