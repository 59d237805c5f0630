"""The methods that calls on exchanges name, by their paths."""

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass

from unisono.server.api.call import Rpc, Rpcs
from unisono.server.api.rpc.json_codec import JsonCodec
from unisono.server.core.turns import Turns


class Method(NamedTuple):
    """A method: what handles its calls, and what translates its messages from and to JSON.

    `only_reads` is as its definition says: whoever calls it by GET changes nothing. `exists` is false of what
    answers for all others.
    """

    rpc: Rpc
    json: JsonCodec | None = None
    only_reads: bool = False
    exists: bool = True


MethodTable: TypeAlias = Mapping[bytes, Method]
"""Methods by their paths, such as b"/unisono.v1.FeedService/GetFeed"."""

_NO_SIDE_EFFECTS: Final = MethodOptions.NO_SIDE_EFFECTS


def method_table(services: Mapping[str, Rpcs], turns: Turns) -> MethodTable:
    """Return the methods of services, which are by their full names, and by the names of their methods.

    What nobody has defined has messages of its own, and no JSON. Translating long messages takes turns.
    """
    return {
        f"/{service}/{name}".encode(): _method(service, name, rpc, turns)
        for service, rpcs in services.items()
        for name, rpc in rpcs.items()
    }


def _method(service: str, name: str, rpc: Rpc, turns: Turns) -> Method:
    try:
        found: MethodDescriptor = Default().FindMethodByName(f"{service}.{name}")
    except KeyError:
        return Method(rpc)
    codec = JsonCodec(GetMessageClass(found.input_type), GetMessageClass(found.output_type), turns)
    return Method(rpc, codec, found.GetOptions().idempotency_level == _NO_SIDE_EFFECTS)
