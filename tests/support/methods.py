"""Lists every method of the service from the proto's descriptors, and calls them with any bytes."""

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

import unisono.v1
from tests.support import tokens

#: The names of the methods that no device may call.
FOR_PUBLISHERS = ("BatchSendNotifications", "DeleteFeed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method. `path` is the `:path` of its requests; `descriptor` is None outside `unisono.v1`."""

    path: str
    descriptor: MethodDescriptor | None = None
    server_streaming: bool = False

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[1]

    @property
    def for_admins(self) -> bool:
        """Return whether admins may call it, and nobody else."""
        return "AdminService" in self.path

    def token(self) -> str:
        """Return a token of somebody who may call it."""
        if self.for_admins:
            return tokens.admin()
        return (
            tokens.publisher(scope=tokens.ERASER_SCOPES) if self.name in FOR_PUBLISHERS else tokens.device()
        )

    def takes(self, field: str) -> bool:
        """Return whether the request has a field of this name."""
        return self.descriptor is not None and field in self.descriptor.input_type.fields_by_name

    def body(self, **fields: Any) -> bytes:
        """Return an encoded request with these fields."""
        assert self.descriptor is not None
        return GetMessageClass(self.descriptor.input_type)(**fields).SerializeToString()

    async def call(
        self, channel: grpc.aio.Channel, body: bytes, metadata: Sequence[tuple[str, str]] = ()
    ) -> bytes:
        """Send these bytes, and return the first response.

        A single message looks the same on the wire whether the client may send more or not.
        """
        if self.server_streaming:
            stream: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(self.path)
            return await anext(aiter(stream(body, metadata=metadata)))
        unary: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(self.path)
        return await unary(body, metadata=metadata)


@cache
def methods() -> tuple[Method, ...]:
    """Return all methods that need a token: those of `unisono.v1`, and reflection in both versions."""
    modules = (
        importlib.import_module(f"unisono.v1.{m.name}") for m in pkgutil.iter_modules(unisono.v1.__path__)
    )
    services = [
        service
        for module in modules
        if hasattr(module, "DESCRIPTOR")
        for service in module.DESCRIPTOR.services_by_name.values()
    ]
    return tuple(_method(m) for service in services for m in service.methods) + REFLECTION


REFLECTION = tuple(
    Method(
        path=f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        server_streaming=True,
    )
    for version in ("v1", "v1alpha")
)

#: What needs no token.
HEALTH = (
    Method(path="/grpc.health.v1.Health/Check"),
    Method(path="/grpc.health.v1.Health/Watch", server_streaming=True),
)


def _method(descriptor: MethodDescriptor) -> Method:
    return Method(
        path=f"/{descriptor.containing_service.full_name}/{descriptor.name}",
        descriptor=descriptor,
        server_streaming=descriptor.server_streaming,
    )
