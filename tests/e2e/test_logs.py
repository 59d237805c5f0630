"""The log: one JSON object for each line, refused calls under the id that the caller got, and no secrets."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.devices import Device
from tests.support.nodes import Client
from tests.support.processes import serving
from unisono.client import create_channel, from_rpc_error
from unisono.server.app.open_files import RESERVED

REQUEST_ID = "x-request-id"
TITLE = "Your test is negative"
RAW = b"insulin-at-seven"
LINK = "clinic://tests/4711"
KEY = "blood group"
PAYLOAD = {"visual_content": {"title": TITLE, "link": LINK}, "raw_content": RAW, "data": {KEY: "AB"}}
#: Bad in each part, beside what nobody else may read.
BAD_PAYLOAD = {"visual_content": {"title": "\0" + TITLE, "link": f"{LINK} "}, "data": {f"{KEY}\n": ""}}
#: The soft and the hard limit that the server finds.
OPEN_FILES = (256, 2048)
FORGED = tokens.signed(tokens.claims(), key="a key that the server does not know of, of 32 bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a server wrote about some calls, the tokens of these, and the errors of those that it refused."""

    said: str
    log: list[dict[str, Any]]
    tokens: list[str]
    errors: list[grpc.aio.AioRpcError]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return asyncio.run(write(tmp_path_factory.mktemp("log") / "unisono.db"))


async def write(store: Path) -> Written:
    """Send, receive, and be refused for some reasons, on a server that says all that it can say."""
    used = [tokens.publisher(), tokens.device("ada"), FORGED]
    limited = ("prlimit", "--nofile={}:{}".format(*OPEN_FILES))
    with serving(store, "--log-level", "debug", "--log-calls", "all", under=limited) as server:
        async with create_channel(server.address) as channel:
            backend, phone, stranger = [ApiClient(Client(channel, token), user_id="ada") for token in used]
            device = await Device(phone.client, "phone").connect()
            sent = await backend.send(TITLE, payload=PAYLOAD)
            await device.at(sent.revision)
            errors = [
                await failure(backend.get("01a20a4b-3f62-727b-8d39-8abfe999769d")),
                await failure(backend.send(TITLE * 100)),
                await failure(backend.send(TITLE, payload=BAD_PAYLOAD)),
                await failure(stranger.send(TITLE)),
            ]
            backend.client.metadata += ((REQUEST_ID, "backend-17"),)
            errors.append(await failure(backend.get("no such id")))
            await device.disconnect()
    return Written(said=server.output, log=server.log, tokens=used, errors=errors)


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value


def test_each_line_is_a_json_object(written: Written) -> None:
    entries = [json.loads(line) for line in written.said.splitlines()]
    assert entries == written.log
    assert all({"event", "level", "timestamp"} <= entry.keys() for entry in entries)


def test_a_refused_call_is_found_by_the_id_that_its_caller_got(written: Written) -> None:
    raised = {e["request_id"]: e["reason"] for e in written.log if e["event"] == "call refused"}
    for error in written.errors:
        assert raised[id_of(error)] == from_rpc_error(error).reason
    assert id_of(written.errors[-1]) == "backend-17"


def id_of(error: grpc.aio.AioRpcError) -> str:
    return str(dict(error.trailing_metadata() or ())[REQUEST_ID])


def test_nothing_of_tokens_and_payloads_is_in_it(written: Written) -> None:
    parts = [part for token in written.tokens for part in token.split(".")[1:]]
    for secret in (TITLE, RAW.decode(), LINK, KEY, tokens.SECRET, *parts):
        assert secret not in written.said


def test_it_says_how_many_devices_fit_into_the_raised_limit(written: Written) -> None:
    (entry,) = [entry for entry in written.log if entry["event"] == "open files"]
    assert (entry["was"], entry["limit"]) == OPEN_FILES
    assert entry["devices"] == OPEN_FILES[1] - RESERVED
