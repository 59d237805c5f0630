"""Whoever follows docs/try-with-a-provider.md gets where it leads, with as few commands as it says."""

import re
import socket
import sys
from pathlib import Path
from typing import Final

from tests.docs.blocks import Block, blocks_of
from tests.docs.machine import ROOT
from tests.docs.reader import Reader, reading
from tests.interop.oidc_provider.process import require_provider
from tests.support.processes import TIMEOUT

GUIDE: Final = "try-with-a-provider.md"

#: Beside those in blocks, one that opens a browser, or stands for it.
COMMANDS_MAX: Final = 12


def guide() -> list[Block]:
    return list(blocks_of(GUIDE, (ROOT / "docs" / GUIDE).read_text(encoding="utf-8")))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_it_is_short() -> None:
    assert len(guide()) + 1 <= COMMANDS_MAX


async def test_it_leads_to_a_notification(tmp_path: Path) -> None:
    require_provider()
    port = free_port()
    setup, provide, save, serve, login, listen, token, doctor, user, send = (
        block.text.replace("127.0.0.1:9000", f"127.0.0.1:{port}") for block in guide()
    )
    assert setup == "make setup\n"  # whoever runs the tests has done that
    async with reading(tmp_path) as reader:
        await reader.run(f"export PROVIDER_PORT={port} UNISONO_LISTEN=127.0.0.1:0 XDG_STATE_HOME={tmp_path}")
        providing = await reader.start(provide)
        assert await providing.until("http://127.0.0.1:") == f"http://127.0.0.1:{port}\n"
        await reader.run(save)
        await reader.serve(serve)
        await signed_in(reader, login)
        listening = await reader.start(listen)
        await listening.until("live")
        await reader.run(token)
        assert "Good: a publisher of the app mail.example.com" in await reader.run(doctor)
        await reader.run(user)
        await reader.run(send)
        await listening.until("Your parcel is at the door")
        await listening.interrupted()


async def signed_in(reader: Reader, login: str) -> None:
    signing_in = await reader.start(login)
    address = (await signing_in.until("user_code=")).strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/device\?user_code=[A-Z]{4}-[A-Z]{4}", address)
    person = ROOT / "tests" / "interop" / "oidc_provider" / "person.py"
    await reader.run(f"{sys.executable} {person} '{address}' ada")
    assert "Signed in" in await signing_in.done(TIMEOUT)
