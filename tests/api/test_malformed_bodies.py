"""A body that is not the message that the method takes is the service's own, typed error."""

import grpc
import pytest

from tests.support.methods import HEALTH, Method, methods
from tests.support.nodes import Running
from tests.support.rpc_errors import raises_status
from unisono.client import bearer

#: Field 1 of each: cut short; of a reserved wire type; a number that never ends; not UTF-8.
BODIES = {
    "cut short": b"\x0a\x05abc",
    "no wire type": b"\x0f",
    "an endless number": b"\x08" + b"\xff" * 11,
    "field 0": b"\x00\x00",
    "not protobuf at all": b"GET / HTTP/1.1\r\n\r\n",
}
NOT_UTF8 = b"\x0a\x02\xc3\x28"
SURROGATE = b"\x0a\x03\xed\xa0\x80"


@pytest.mark.parametrize(
    ("method", "body"),
    [
        pytest.param(method, body, id=f"{method.path}-{name}")
        for method in methods()
        for name, body in BODIES.items()
        # Protobuf lets it pass in a message without fields.
        if (name, method.name) not in (("field 0", "GetServerInfo"), ("field 0", "GetStats"))
    ],
)
async def test_every_method_refuses_it(serving: Running, method: Method, body: bytes) -> None:
    with raises_status("INVALID_ARGUMENT", "REQUEST_MALFORMED"):
        await method.call(serving.channel, body, bearer(method.token()))


@pytest.mark.parametrize("body", [NOT_UTF8, SURROGATE], ids=["not UTF-8", "a surrogate"])
@pytest.mark.parametrize(
    "method", [m for m in methods() if m.takes("user_id")], ids=lambda method: method.name
)
async def test_strings_are_utf8(serving: Running, method: Method, body: bytes) -> None:
    with raises_status("INVALID_ARGUMENT", "REQUEST_MALFORMED"):
        await method.call(serving.channel, body, bearer(method.token()))


@pytest.mark.parametrize("method", HEALTH, ids=lambda method: method.name)
async def test_health_says_nothing_of_the_inside(serving: Running, method: Method) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await method.call(serving.channel, b"\x0a\x05abc")
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "Exception" not in str(raised.value.details())
