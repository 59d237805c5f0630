"""How a case fails, and what the clients in Python expect of errors."""

from collections.abc import Iterable
from typing import TypeVar

from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2

MessageT = TypeVar("MessageT", bound=Message)


class CaseFailed(Exception):
    """What was not as the case says, in one line."""


class NotForIt(Exception):
    """Why a client cannot do a case."""


def expect(holds: object, why: str) -> None:
    """Raise CaseFailed unless it holds."""
    if not holds:
        raise CaseFailed(why)


def check_reason(details: Iterable[Any], reason: str) -> None:
    """Expect an ErrorInfo with this reason among the details."""
    info = detail(details, error_details_pb2.ErrorInfo)
    expect((info.domain, info.reason) == ("unisono", reason), f"the reason is {info.domain} {info.reason}")


def detail(details: Iterable[Any], kind: type[MessageT]) -> MessageT:
    """Return the detail of a type."""
    for packed in details:
        message = kind()
        if packed.Unpack(message):
            return message
    raise CaseFailed(f"among the details is no {kind.DESCRIPTOR.name}")
