"""Saves histories to files and loads them: a line of JSON for each call, stream, ring, stall and annotation.

Messages of the API are in protobuf's JSON, with the field names of the proto.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import IO, Any, Final

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2

from unisono.v1 import (
    endpoint_service_pb2,
    feed_service_pb2,
    notification_service_pb2,
    server_service_pb2,
)
from unisono.verify.history import Annotation, Call, History, Principal, Ring, Stall, Stream, TimedMessage

#: The key of a file's first line, and the version of the format in it. Version 2 has no rings and no stalls.
_FORM: Final = "unisono-verify history"
_VERSION: Final = 3
_READABLE: Final = (2, _VERSION)

#: Details of errors are packed in Any, which protobuf converts only for message types that are imported.
_DETAILS: Final = error_details_pb2.DESCRIPTOR

_SERVICES: Final = (endpoint_service_pb2, feed_service_pb2, notification_service_pb2, server_service_pb2)

Line = dict[str, Any]


class InvalidHistoryFile(Exception):
    """A file holds no history of this version. The message says why, and which line cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The content of a file: a history, and facts of the run that made it, by name, as JSON values."""

    history: History
    about: Mapping[str, Any] = field(default_factory=dict)


def save(saved: Saved, file: IO[str]) -> None:
    """Write a history to a text file, as lines of JSON.

    The first line has the version of the format (3) and `about`; then come calls, streams, rings, stalls and
    annotations, in their order. Raises `OSError` when the file cannot be written, and `TypeError` for a value
    in `about` that JSON does not have.
    """
    for line in _lines(saved):
        file.write(json.dumps(line, separators=(",", ":")) + "\n")


def load(lines: Iterable[str]) -> Saved:
    """Read a history from the lines that `save` wrote, also that of version 2.

    Raises `InvalidHistoryFile` for no lines, another version of the format, and lines that hold nothing of a
    history, and whatever `lines` raises itself, such as `OSError`.
    """
    history, about, number = History(), {}, 0
    try:
        for number, line in enumerate(lines, start=1):
            ((kind, content),) = json.loads(line).items()
            if number == 1:
                about = _about(kind, content)
            else:
                _READ[kind](history, content)
    except (InvalidHistoryFile, OSError):
        raise
    except Exception as error:  # whatever JSON and protobuf raise for what they cannot read
        raise InvalidHistoryFile(f"line {number} is none of a history") from error
    if not number:
        raise InvalidHistoryFile("it is empty")
    return Saved(history=history, about=about)


def _lines(saved: Saved) -> Iterator[Line]:
    yield {_FORM: {"version": _VERSION, **saved.about}}
    for call in saved.history.calls:
        yield {"call": _call(call)}
    for stream in saved.history.streams:
        yield {"stream": _stream(stream)}
    for ring in saved.history.rings:
        yield {"ring": asdict(ring)}
    for stall in saved.history.stalls:
        yield {"stall": asdict(stall)}
    for annotation in saved.history.annotations:
        yield {"annotation": asdict(annotation)}


def _about(kind: str, content: Line) -> Line:
    if kind != _FORM:
        raise InvalidHistoryFile("line 1 is not as a history begins")
    if content.pop("version") not in _READABLE:
        raise InvalidHistoryFile("it was saved by another version of unisono-verify")
    return content


def _call(call: Call) -> Line:
    return {
        "principal": asdict(call.principal),
        "method": call.method,
        "request": _plain(call.request),
        "began": call.began,
        "ended": call.ended,
        "code": call.code,
        "reason": call.reason,
        "answer": _plain(call.answer) if call.answer is not None else None,
    }


def _stream(stream: Stream) -> Line:
    return {
        "principal": asdict(stream.principal),
        "request": _plain(stream.request),
        "began": stream.began,
        "messages": [[received.time, _plain(received.message)] for received in stream.messages],
        "ended": stream.ended,
        "code": stream.code,
        "reason": stream.reason,
    }


def _read_call(history: History, line: Line) -> None:
    request, answer = _messages()[line["method"]]
    line["principal"] = Principal(**line["principal"])
    line["request"] = ParseDict(line["request"], request())
    line["answer"] = ParseDict(line["answer"], answer()) if line["answer"] is not None else None
    history.calls.append(Call(**line))


def _read_stream(history: History, line: Line) -> None:
    line["principal"] = Principal(**line["principal"])
    line["request"] = ParseDict(line["request"], feed_service_pb2.SubscribeRequest())
    line["messages"] = [
        TimedMessage(time, ParseDict(message, feed_service_pb2.SubscribeResponse()))
        for time, message in line["messages"]
    ]
    history.streams.append(Stream(**line))


def _read_ring(history: History, line: Line) -> None:
    line["principal"] = Principal(**line["principal"])
    history.rings.append(Ring(**line))


def _read_stall(history: History, line: Line) -> None:
    line["principal"] = Principal(**line["principal"])
    history.stalls.append(Stall(**line))


def _read_annotation(history: History, line: Line) -> None:
    history.annotations.append(Annotation(**line))


_READ: Final[dict[str, Callable[[History, Line], None]]] = {
    "call": _read_call,
    "stream": _read_stream,
    "ring": _read_ring,
    "stall": _read_stall,
    "annotation": _read_annotation,
}


def _plain(message: Message) -> Line:
    return MessageToDict(message, preserving_proto_field_name=True)


@cache
def _messages() -> dict[str, tuple[type[Message], type[Message]]]:
    """Return the types of request and response of all methods, by name."""
    methods = [
        method
        for module in _SERVICES
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]
    return {
        method.name: (GetMessageClass(method.input_type), GetMessageClass(method.output_type))
        for method in methods
    }
