"""The door for hooks: hands each exchange at an address of one to what handles it."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, Final

from unisono.server.api.call import Rpc
from unisono.server.api.hooks.call import HookCall
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.rpc.running import run

PATH: Final = b"/hooks/"
"""What the path of a hook begins with; its id follows."""

_WRONG_METHOD: Final = json.dumps({"code": "unimplemented", "message": "a hook takes POST"}).encode()


class HookDoor:
    """Handles exchanges at the addresses of hooks."""

    def __init__(self, rpc: Callable[[str], Rpc]) -> None:
        """`rpc` returns the handler of requests to the address of the hook with an id."""
        self._rpc: Final = rpc

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """Return what handles an exchange, from its headers to its end; None where it is for another door."""
        if not exchange.path.startswith(PATH):
            return None
        if exchange.method != b"POST":
            return _refuse(exchange)
        hook_id = exchange.path.partition(b"?")[0].removeprefix(PATH)
        return run(self._rpc(hook_id.decode("latin-1")), HookCall(exchange), None)


async def _refuse(exchange: Exchange) -> None:
    length = (b"content-length", b"%d" % len(_WRONG_METHOD))
    exchange.respond(405, ((b"allow", b"POST"), (b"content-type", b"application/json"), length))
    await exchange.write(_WRONG_METHOD)
    exchange.finish()
