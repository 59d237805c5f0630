"""The interop client of grpc-go, against the listener; `make tools` installs it.

Of its cases these are left out: those of compression, which it cannot do itself, of load balancers and of
credentials, which concern clients alone.
"""

import asyncio
from pathlib import Path

import pytest

from tests.http.listening import listening
from tests.support import interop_service
from tests.support.processes import TIMEOUT

CLIENT = Path(__file__).parents[2] / ".cache" / "tools" / "grpc-interop"
CASES = (
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "timeout_on_sleeping_server",
    "cancel_after_begin",
    "cancel_after_first_response",
    "status_code_and_message",
    "special_status_message",
    "custom_metadata",
    "unimplemented_method",
    "unimplemented_service",
)


@pytest.mark.skipif(not CLIENT.exists(), reason="make tools has not installed the interop client")
@pytest.mark.parametrize("case", CASES)
async def test_case(case: str) -> None:
    async with listening(interop_service.handle) as served:
        process = await asyncio.create_subprocess_exec(
            CLIENT,
            f"--server_port={served.port}",
            "--server_host=127.0.0.1",
            f"--test_case={case}",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), TIMEOUT)

    assert process.returncode == 0, output.decode()
