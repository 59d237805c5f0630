"""The descriptors that reflection shows: of all files of the contract, by every name that they declare."""

from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
from google.protobuf.descriptor_pool import Default

from unisono.v1 import error_reason_pb2

#: The files of the contract that no service imports: the pool has what this process has loaded.
BESIDES: Final = (error_reason_pb2.DESCRIPTOR,)


class Descriptors:
    """The pool of the process, which finds methods of services, too.

    As in the pool, what is not found raises `KeyError`.
    """

    def __init__(self) -> None:
        self._pool = Default()

    def FindFileByName(self, name: str) -> FileDescriptor:
        """Return a file by the path that others import it by."""
        return self._pool.FindFileByName(name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:
        """Return the file that declares a message, a field, an enum or its value, a service or a method."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            # Tools ask for methods as PACKAGE.SERVICE.METHOD, which the reflection protocol demands.
            return self._pool.FindMethodByName(symbol).containing_service.file

    def FindMessageTypeByName(self, full_name: str) -> Descriptor:
        """Return a message."""
        return self._pool.FindMessageTypeByName(full_name)

    def FindExtensionByNumber(self, message: Descriptor, number: int) -> FieldDescriptor:
        """Return an extension of a message."""
        return self._pool.FindExtensionByNumber(message, number)

    def FindAllExtensions(self, message: Descriptor) -> list[FieldDescriptor]:
        """Return all extensions of a message."""
        return self._pool.FindAllExtensions(message)
