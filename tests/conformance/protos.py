"""The messages of Connect's conformance suite, from the image that `make tools` compiles of its protos.

Nothing of them is kept here, so that whoever checks types knows none of their fields.
"""

from pathlib import Path
from typing import Any, Final

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, empty_pb2, message_factory, struct_pb2

TOOLS: Final = Path(__file__).parents[2] / ".cache" / "tools"
IMAGE: Final = TOOLS / "connectconformance.binpb"
PACKAGE: Final = "connectrpc.conformance.v1"

_KNOWN: Final = {module.DESCRIPTOR.name for module in (any_pb2, empty_pb2, struct_pb2)}


def load() -> None:
    """Add the files of the suite to the pool of the process, from which the web door takes messages."""
    pool = descriptor_pool.Default()
    for file in descriptor_pb2.FileDescriptorSet.FromString(IMAGE.read_bytes()).file:
        if file.name not in _KNOWN:
            pool.AddSerializedFile(file.SerializeToString())


def message(name: str) -> Any:
    """Return the class of a message of the suite, once its files are loaded."""
    descriptor = descriptor_pool.Default().FindMessageTypeByName(f"{PACKAGE}.{name}")
    return message_factory.GetMessageClass(descriptor)
