"""Runs the handler of one call, within the time of its client, and ends the call as the handler did."""

import asyncio
from typing import Final

import grpc
import structlog

from unisono.server.api.call import Rpc
from unisono.server.api.http.exchange import ClientGone
from unisono.server.api.rpc.call import CallAborted, ExchangeCall
from unisono.server.api.rpc.deadline import Deadline

log = structlog.get_logger(__name__)

_OVERDUE: Final = "the deadline of the call has passed"


async def run(rpc: Rpc, call: ExchangeCall, seconds: float | None) -> None:
    """Handle a call. `seconds` is how long its client waits, None for ever: then it is told so.

    A cancellation from outside passes through: there is nobody to tell.
    """
    deadline = Deadline(seconds)
    try:
        response = await rpc.handle(call)
        if response is not None:
            await call.write(response)
        await call.succeed()
    except (CallAborted, ClientGone):
        pass
    except asyncio.CancelledError:
        if not deadline.take_back():
            raise
        await call.fail(grpc.StatusCode.DEADLINE_EXCEEDED, _OVERDUE)
    except Exception:
        log.exception("a handler failed")
        await call.fail(grpc.StatusCode.UNKNOWN, "a fault of the server")
    finally:
        deadline.close()
        call.close()
