"""A person signs the command in, and its tokens are renewed when they are over."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.commands.unisono import RunningCommand, environment, objects, process
from tests.interop.oidc_provider.conftest import providing
from tests.interop.oidc_provider.grants import PHONE, READ, Grants
from tests.interop.oidc_provider.person import sign_in
from tests.interop.oidc_provider.process import Provider
from tests.interop.oidc_provider.serving import trusting
from unisono.client import Publisher


@contextmanager
def started(*arguments: str, **variables: str) -> Iterator[RunningCommand]:
    command = RunningCommand(arguments, environment(**variables))
    try:
        yield command
    finally:
        command.end()


def signed_in(provider: Provider, **variables: str) -> None:
    options = ("--issuer", provider.issuer, "--client-id", PHONE, "--scope", READ)
    with started("login", *options, **variables) as login, httpx.Client() as browser:
        sign_in(browser, login.until("/device?user_code=").strip(), "ada")
        login.until("Signed in to")
        assert login.ended() == 0


async def test_the_command_is_a_device_of_who_has_signed_in(provider: Provider, tmp_path: Path) -> None:
    with trusting(provider, tmp_path) as server:
        variables = {"UNISONO_TARGET": server.address, "XDG_STATE_HOME": str(tmp_path / "state")}
        signed_in(provider, **variables)
        async with Publisher(server.address, Grants(provider).client_credentials().access_token) as backend:
            await backend.send(provider.user_id("ada"), title="Hello")

        listed = process("list", "--json", **variables)
        assert (listed.returncode, listed.stderr) == (0, "")
        assert [row["title"] for row in objects(listed.stdout)] == ["Hello"]

        assert process("logout", **variables).returncode == 0
        assert process("list", **variables).returncode == 2


def test_its_tokens_are_renewed(tmp_path: Path) -> None:
    """Half a minute before they are over, for which a refresh token is good once."""
    with providing(lifetime=20) as provider, trusting(provider, tmp_path) as server:
        variables = {"UNISONO_TARGET": server.address, "XDG_STATE_HOME": str(tmp_path / "state")}
        signed_in(provider, **variables)
        kept = {login_file(tmp_path / "state").read_text()}
        for _ in range(2):
            assert process("list", **variables).returncode == 0
            kept.add(login_file(tmp_path / "state").read_text())
    assert len(kept) == 3


def login_file(state: Path) -> Path:
    (file,) = (path for path in (state / "unisono" / "logins").iterdir() if path.suffix == ".json")
    return file
