"""The ways in which a stream is asked for, on the same connections: gRPC, or Connect as browsers speak it."""

from collections.abc import Callable

from benchmarks.load.requests import Request
from tests.support.http2.call import Call, Status, framed
from tests.support.http2.connect_call import ConnectCall, connect_headers
from tests.support.http2.connection import Connection

OnMessage = Callable[[bytes], None]
OnEnd = Callable[[Status], None]

Door = Callable[[Connection, Request, OnMessage, OnEnd], None]
"""Asks for a stream on a connection; called with what takes each encoded message, and the end."""


def grpc(connection: Connection, request: Request, on_message: OnMessage, on_end: OnEnd) -> None:
    """Ask as a client of gRPC."""
    connection.ask(*request, Call(on_message, on_end))


def connect(connection: Connection, request: Request, on_message: OnMessage, on_end: OnEnd) -> None:
    """Ask as a client of Connect, in binary."""
    headers = connect_headers(request.path, connection.authority, request.token)
    connection.send(headers, framed(request.body), ConnectCall(on_message, on_end))
