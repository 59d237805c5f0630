"""The door that tests come in by (the variable DOOR): gRPC, or one of the web, and what is otherwise at each.

Each name of a test has the fact that it rests on. A test of a list that passes at its door fails.
"""

import os
import ssl
from collections.abc import Mapping
from tempfile import NamedTemporaryFile
from typing import Final, Unpack, cast

import grpc

from tests.support.web.channel import DOORS, WebChannel
from unisono.client import ConnectionOptions, create_channel

NAME: Final = os.environ.get("DOOR", "grpc")

IS_WEB: Final = NAME != "grpc"

_API: Final = "tests/api/test_"

_OF_THE_WEB: Final[Mapping[str, str]] = {
    f"{_API}subscribing.py::test_the_heartbeat_is_agreed_in_the_welcome[{asked}": (
        "a proxy of the web cuts what says nothing for a minute, so heartbeats are at most 45 s apart"
    )
    for asked in ("60-", "300-", "3600-")
} | {
    f"{_API}health.py::test_a_request_that_never_comes_is_not_waited_for": (
        "a stub of the web sends its one request whole"
    ),
    f"{_API}client_certificates.py::test_all_ends_with_its_time": (
        "a stub of the web has no streams of requests, by which reflection is asked"
    ),
}

_ONE_CALL: Final[Mapping[str, str]] = {
    f"{_API}health.py::test_a_connection_has_only_so_many_watches": (
        "a connection of HTTP/1.1 has one call at a time"
    )
}

_IMPOSSIBLE: Final = "JSON has no word for a time that is none"
_NO_FIELDS: Final = "JSON has no fields without a name, and nothing of it can be read around a fault"
_ITS_SIZE: Final = "JSON has limits of its own, which are tried by themselves"
_UNDEFINED: Final = "nobody has defined reflection v1 for this server in messages that it could translate"

_REFLECTION: Final = "[/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"

_OF_JSON: Final[Mapping[str, str]] = {
    f"{_API}bad_patches.py::test_an_impossible_time_is_said_to_be_one": _IMPOSSIBLE,
    f"{_API}bad_reads.py::test_a_bad_subscription_names_every_bad_field_and_registers_nothing"
    "[an impossible interval]": _IMPOSSIBLE,
    f"{_API}bad_sends.py::test_a_bad_send_names_every_bad_field[shown for an impossible time]": _IMPOSSIBLE,
    f"{_API}bad_sends.py::test_a_bad_send_names_every_bad_field[shown for a time of two signs]": _IMPOSSIBLE,
    f"{_API}batch_send.py::test_an_item_that_is_no_message_harms_no_other": _NO_FIELDS,
    f"{_API}batch_send.py::test_an_item_may_be_no_larger_than_one_send": _NO_FIELDS,
    f"{_API}health.py::test_a_request_is_bounded": _ITS_SIZE,
    f"{_API}sizes.py::test_one_byte_more_is_refused_with_size_and_limit": _ITS_SIZE,
    f"{_API}sizes.py::test_so_is_all_that_the_transport_takes": _ITS_SIZE,
    f"{_API}sizes.py::test_a_page_ends_at_1_mib": _ITS_SIZE,
    f"{_API}small_refusals.py::test_what_is_wrong_with_an_item_of_a_batch_takes_at_most_2_kib": _ITS_SIZE,
    f"{_API}known_callers.py::test_what_needs_no_token_makes_nobody_known": _UNDEFINED,
    f"{_API}tokens.py::test_the_contract_knows_every_service_on_the_port": _UNDEFINED,
    **{
        f"{_API}{name}{_REFLECTION}": _UNDEFINED
        for name in (
            "admin_key.py::test_it_is_refused_by_all_that_is_about_a_feed",
            "isolation_of_certificates.py::test_each_gets_what_the_table_says",
            "isolation_matrix.py::test_each_caller_gets_what_the_table_says",
            "malformed_bodies.py::test_every_method_refuses_it",
            "request_ids.py::test_every_refusal_carries_the_id",
            "tokens.py::test_no_method_works_without_a_token",
            "tokens.py::test_no_method_works_with_a_bad_token",
            "tokens.py::test_no_method_works_with_an_expired_token",
            "tokens.py::test_no_method_works_for_an_undeclared_app",
            "tokens.py::test_no_method_works_without_the_scope_of_the_role",
            "tokens.py::test_each_method_is_for_its_roles",
        )
    },
}

OTHERWISE: Final[Mapping[str, Mapping[str, str]]] = {
    "connect": _OF_THE_WEB,
    "json": {**_OF_THE_WEB, **_ONE_CALL, **_OF_JSON},
    "grpc-web": {**_OF_THE_WEB, **_ONE_CALL},
}
"""Beginnings of names of tests that a door does not pass."""


def web_channel(target: str, **connection: Unpack[ConnectionOptions]) -> grpc.aio.Channel:
    """Return a channel through the door of this run, with connections of its own."""
    return cast("grpc.aio.Channel", WebChannel(target, DOORS[NAME], _context(connection)))


def channel(target: str, **connection: Unpack[ConnectionOptions]) -> grpc.aio.Channel:
    """Return a channel of the SDK, or where the door of this run is one of the web, one through it."""
    make = web_channel if IS_WEB else create_channel
    return make(target, **connection)


def _context(connection: ConnectionOptions) -> ssl.SSLContext | None:
    """Return what a channel trusts and shows; None in the clear."""
    root, certificate = connection.get("root_certificates"), connection.get("client_certificate")
    if root is None:
        return None
    context = ssl.create_default_context(cadata=root.decode())
    if certificate is not None:
        with NamedTemporaryFile() as file:
            file.write(certificate + (connection.get("client_key") or b""))
            file.flush()
            context.load_cert_chain(file.name)
    return context


def fact(nodeid: str) -> str | None:
    """Return why the door of this run does not pass a test; None where it does."""
    otherwise = OTHERWISE.get(NAME, {})
    return next((why for name, why in otherwise.items() if nodeid.startswith(name)), None)
