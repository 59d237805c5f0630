"""Answers calls of methods that do not exist as gRPC would, but counts and delays callers who make many."""

import grpc

from unisono.server.api.call import Call, Rpc
from unisono.server.api.call_metrics import UNKNOWN
from unisono.server.api.pipeline import Pipeline


def unknown(pipeline: Pipeline) -> Rpc:
    """Return the handler of all methods that no other handler has: it answers UNIMPLEMENTED."""
    return pipeline.anonymous(UNKNOWN, _refuse, streaming=True)


async def _refuse(call: Call) -> None:
    await call.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")
