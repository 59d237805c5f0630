"""A fault of the server is in its log with a traceback, and with nothing of what the call was about."""

import sys
from pathlib import Path

import pytest

from tests.e2e.faulty_server import FAULTY_USER
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from tests.support.processes import TESTERS, ServerProcess, url
from tests.support.rpc_errors import raises_status
from unisono.client import create_channel
from unisono.server.app.tracebacks import format_traceback

KEY = "insulin-at-seven"
TOKEN = tokens.device(FAULTY_USER)


@pytest.mark.parametrize("form", ["console", "json"])
async def test_nothing_of_tokens_claims_and_bodies_is_in_a_traceback(tmp_path: Path, form: str) -> None:
    program = (sys.executable, str(Path(__file__).with_name("faulty_server.py")), "serve")
    flags = ("--listen", "127.0.0.1:0", "--store", url(tmp_path / "unisono.db"), "--log-level", "debug")
    server = ServerProcess((*program, *flags, "--log-format", form), TESTERS)
    try:
        async with create_channel(server.matching(r"127\.0\.0\.1:\d+")[0]) as channel:
            with raises_status("INTERNAL", "INTERNAL"):
                await ApiClient(Client(channel, TOKEN)).feed()
            with raises_status("INTERNAL", "INTERNAL"):
                await ApiClient(Client(channel, tokens.publisher()), user_id="ada").get(key=KEY)
    finally:
        server.end()
    for shown in ("builtins.RuntimeError", "Traceback", "in _stumble", "in _fall"):
        assert shown in server.output
    for secret in (FAULTY_USER, KEY, *(part[:12] for part in TOKEN.split(".")[1:])):
        assert secret not in server.output


def test_what_an_error_came_from_is_there_too_and_only_what_the_system_says() -> None:
    def read() -> None:
        raise OSError(5, "Input/output error")

    def look_up() -> None:
        try:
            read()
        except OSError as error:
            raise KeyError(KEY) from error

    with pytest.raises(KeyError) as raised:
        look_up()

    first, second = format_traceback((raised.type, raised.value, raised.tb)).split("That led to:")
    assert "in read" in first
    assert first.rstrip().endswith("builtins.OSError: [Errno 5] Input/output error")
    assert "in look_up" in second
    assert second.endswith("builtins.KeyError")
