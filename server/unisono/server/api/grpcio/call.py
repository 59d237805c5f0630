"""A call as grpcio's server has it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, NoReturn

import grpc

from unisono.server.api.call import Metadata
from unisono.server.api.http.networks import is_this_machine
from unisono.server.api.sizes import check_size
from unisono.server.model.client_certificate import ClientCertificate

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[bytes, bytes]


class GrpcioCall:
    """The `Call` on a context of grpcio. Writes go to that directly: each open stream has one of these."""

    __slots__ = ("_context", "code", "write")

    transport: ClassVar = "grpcio"
    aborted: ClassVar[type[Exception]] = grpc.aio.AbortError
    gone: ClassVar[type[Exception]] = grpc.aio.InternalError

    def __init__(self, context: "Context") -> None:
        self._context = context
        self.code = grpc.StatusCode.OK
        self.write: Callable[[bytes], Awaitable[None]] = context.write

    @property
    def metadata(self) -> Metadata:
        """See `Call.metadata`. gRPC copies all of it each time it is read."""
        return self._context.invocation_metadata() or ()

    def peer(self) -> str:
        """See `Call.peer`."""
        return self._context.peer()

    @property
    def is_local(self) -> bool:
        """See `Call.is_local`. A proxy on this machine cannot be told from it, but by what it adds."""
        return is_this_machine(self._context.peer())

    @property
    def client_certificate(self) -> ClientCertificate | None:
        """See `Call.client_certificate`: gRPC can ask for them of everybody only, so it asks nobody."""
        return None

    @property
    def origin(self) -> None:
        """See `Call.origin`: browsers cannot speak gRPC."""

    def known(self) -> None:
        """See `Call.known`. What gRPC reads of whom cannot be bounded."""

    async def read(self, limit: int) -> bytes | None:
        """See `Call.read`. gRPC has received it as a whole then, within the limit of its server."""
        request: object = await self._context.read()
        if not isinstance(request, bytes):
            return None
        check_size(request, limit)
        return request

    def set_trailing_metadata(self, metadata: Sequence[tuple[str, str | bytes]]) -> None:
        """See `Call.set_trailing_metadata`."""
        self._context.set_trailing_metadata(tuple(metadata))

    async def abort(
        self, code: grpc.StatusCode, message: str, trailing_metadata: Sequence[tuple[str, str | bytes]] = ()
    ) -> NoReturn:
        """See `Call.abort`. The context does not tell its code afterwards."""
        self.code = code
        await self._context.abort(code, message, tuple(trailing_metadata))
