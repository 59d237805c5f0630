"""What answers calls of methods that do not exist: as gRPC would, but callers who make many are held back."""

import grpc

from unisono.server.api.error_boundary import Context
from unisono.server.api.pipeline import Handler, Pipeline


class Unknown(grpc.GenericRpcHandler):
    """The last of a server's handlers: it has one for every method."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._handler: Handler = grpc.stream_stream_rpc_method_handler(pipeline.anonymous(_refuse))

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """See grpc."""
        return self._handler


async def _refuse(context: Context) -> None:
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")
