"""Answers calls of methods that do not exist as gRPC would, but counts and delays callers who make many."""

import grpc

from unisono.server.api.error_boundary import Context
from unisono.server.api.pipeline import Handler, Pipeline


class Unknown(grpc.GenericRpcHandler):
    """The handler of all methods that no other handler has: it answers UNIMPLEMENTED. Must be added last."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._handler: Handler = grpc.stream_stream_rpc_method_handler(pipeline.anonymous(_refuse))

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """Return the handler, whatever the method is; see `grpc.GenericRpcHandler`."""
        return self._handler


async def _refuse(context: Context) -> None:
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")
