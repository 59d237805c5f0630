"""A person signs in once, and all commands have a token, for as long as the provider goes on giving them."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.commands.logins import CLIENT, SCOPE, Person, trusting
from tests.commands.terminal import terminal
from tests.commands.unisono import COMMAND, Cli, environ, environment, objects, process
from tests.support.connect_proxy import DEAD_PROXY
from tests.support.processes import TIMEOUT, ServerProcess
from tests.support.provider.endpoints import DEVICE_AUTHORIZATION, REVOKE, TOKEN
from tests.support.provider.provider import Provider, running
from unisono.client import ConnectionOptions
from unisono.client.cli.service.access import Access


@pytest.fixture(scope="module")
def shared() -> Iterator[Provider]:
    with running("ES256") as provider:
        provider.register(CLIENT)
        yield provider


@pytest.fixture(scope="module")
def trusted(shared: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with trusting(shared, tmp_path_factory.mktemp("trusting")) as server:
        yield server


@pytest.fixture
def person(shared: Provider, trusted: ServerProcess, ada: str, tmp_path: Path) -> Iterator[Person]:
    shared.mend()
    shared.asked.clear()
    shared.settings.interval = 1
    person = Person(provider=shared, target=trusted.address, state=tmp_path / "state", user_id=ada)
    yield person
    shared.settings.lifetime = 3600
    shared.settings.shape = lambda claims: claims


def test_a_person_signs_in_and_the_other_commands_have_a_token(person: Person) -> None:
    person.app().stdout("send", person.user_id, "Hello")
    with person.started("login", *person.client, **DEAD_PROXY) as signing_in:
        page = signing_in.until("/device?user_code=").strip()
        code = page.partition("user_code=")[2]
        signing_in.until("waiting until you have")
        with httpx.Client(trust_env=False) as browser:
            browser.post(page, data={"user": person.user_id, "decision": "allow"}).raise_for_status()
        assert signing_in.ended() == 0
    assert f"    {code}" in signing_in.out
    assert f"or enter it at {person.provider.issuer}/device" in signing_in.out
    assert signing_in.out[-1] == f"Signed in to {person.target}, until unisono logout"
    assert len(signing_in.err) == 1

    listed = process("list", "--json", **person.variables)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert [row["title"] for row in objects(listed.stdout)] == ["Hello"]
    (began,) = person.provider.requests(DEVICE_AUTHORIZATION)
    assert began.form == {"client_id": CLIENT, "scope": SCOPE}


def test_programs_get_objects(person: Person) -> None:
    asked = ("--audience", "unisono", "--resource", "https://unisono.test")
    ended = person.run("login", "--json", *person.client, *asked)
    assert (ended.returncode, ended.stderr) == (0, "")
    shown, signed_in = objects(ended.stdout)
    assert set(shown) == {
        *("event", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval")
    }
    assert signed_in.pop("expire_time").endswith("Z")
    assert signed_in == {
        "event": "signed_in",
        "target": person.target,
        "issuer": person.provider.issuer,
        "client_id": CLIENT,
        "renewable": True,
    }
    (began,) = person.provider.requests(DEVICE_AUTHORIZATION)
    assert (began.form["audience"], began.form["resource"]) == ("unisono", "https://unisono.test")
    assert {form.form["resource"] for form in person.provider.requests(TOKEN)} == {"https://unisono.test"}


def test_the_file_is_its_owners_alone(person: Person) -> None:
    before = os.umask(0)
    try:
        person.sign_in()
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in person.state.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_the_next_time_it_is_as_the_last_time(person: Person) -> None:
    person.sign_in()
    assert person.run("login").stdout.endswith(f"Signed in to {person.target}, until unisono logout\n")
    assert person.run("list").returncode == 0


def test_what_is_said_the_next_time_counts_before_the_last_time(person: Person) -> None:
    before = person.sign_in()
    assert person.run("login", "--scope", "notifications.readwrite").returncode == 0
    assert person.file.read().sign_in == replace(before.sign_in, scope="notifications.readwrite")


def test_in_a_terminal_it_shows_that_it_waits(person: Person) -> None:
    with terminal("login", *person.client, env=person.variables) as shown:
        shown.shows("or enter it at .*waiting until you have; the code is good until")
        person.approve()
        assert shown.ended() == 0
    assert f"Signed in to {person.target}" in shown.output


def test_a_login_counts_before_a_client_certificate(person: Person) -> None:
    """A proxy may ask everybody for one; it stands for a token only where there is no other."""
    shown = ConnectionOptions(client_certificate=b"")
    access = partial(Access, token="", token_command="", timeout=1.0, app=False, as_json=False)
    with environ(environment(**person.variables)):
        assert not access(target=person.target, connection=shown).by_login
        person.sign_in()
        assert access(target=person.target, connection=shown).by_login


def test_another_target_is_another_login(person: Person) -> None:
    person.sign_in()
    ended = person.run("list", "--target", "127.0.0.1:1")
    assert (ended.returncode, ended.stdout) == (2, "")
    error, hint = ended.stderr.splitlines()
    assert error == "Error: there is no access token"
    assert hint.startswith("Hint: sign in with unisono login, or pass --token or")


def test_a_token_that_is_given_counts_before_the_login(person: Person) -> None:
    person.sign_in()
    other = Cli(person.target, person.provider.access_token(CLIENT, "bob", SCOPE))
    person.app().stdout("send", person.user_id, "For who signed in")
    assert other.run("list", "--json", XDG_STATE_HOME=str(person.state)).stdout == ""
    assert "Warning: the token that UNISONO_TOKEN" in person.run("login", UNISONO_TOKEN="x").stderr


def test_ctrl_c_ends_it_quietly_and_nothing_is_kept(person: Person) -> None:
    with person.started("login", *person.client) as signing_in:
        signing_in.until("waiting until you have")
        signing_in.signal(signal.SIGINT)
        assert signing_in.ended() == 130
    assert len(list(filter(None, signing_in.err))) == 1
    assert not person.file.exists


def test_the_token_is_renewed_before_it_expires(person: Person) -> None:
    before = person.sign_in(expires_in=29.0)
    assert person.run("list").returncode == 0
    after = person.file.read()
    assert person.refreshes == [before.tokens.refresh_token]
    assert after.sign_in == before.sign_in
    assert after.tokens.access_token != before.tokens.access_token
    assert after.tokens.refresh_token != before.tokens.refresh_token
    assert person.run("list").returncode == 0
    assert len(person.refreshes) == 1


def test_the_token_is_renewed_when_the_server_refuses_it(person: Person) -> None:
    person.provider.settings.shape = lambda claims: {**claims, "exp": 1}
    person.sign_in()
    person.provider.settings.shape = lambda claims: claims
    ended = person.run("list")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert len(person.refreshes) == 1


def test_a_server_that_takes_no_such_token(person: Person) -> None:
    person.provider.settings.shape = lambda claims: {**claims, "aud": "another service"}
    person.sign_in()
    ended = person.run("list")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"Hint: does {person.target} take tokens of this provider?" in ended.stderr
    assert len(person.refreshes) == 1


def test_a_login_that_has_ended_is_asked_for_again_but_not_the_provider(person: Person) -> None:
    login = person.sign_in(expires_in=0.0)
    person.provider.records.revoke_family(login.tokens.refresh_token)
    for _ in range(2):
        ended = person.run("list")
        error, hint = ended.stderr.splitlines()
        assert (ended.returncode, ended.stdout) == (1, "")
        assert error.startswith(f"Error: the login to {person.target} has ended")
        assert hint == "Hint: sign in again: unisono login"
    assert len(person.refreshes) == 1


def test_listen_ends_at_once_where_the_login_has_ended(person: Person) -> None:
    login = person.sign_in(expires_in=0.0)
    person.provider.records.revoke_family(login.tokens.refresh_token)
    with person.started("listen", "--endpoint", "laptop") as listening:
        assert listening.ended() == 1
    assert listening.err[-2].startswith(f"Error: the login to {person.target} has ended")
    assert listening.err[-1] == "Hint: sign in again: unisono login"


def test_listen_goes_on_through_many_tokens(person: Person) -> None:
    app = person.app()  # whose token is to last
    person.provider.settings.lifetime = 1
    person.sign_in(expires_in=0.0)
    with person.started("listen", "--endpoint", "laptop") as listening:
        for number in range(1, 4):
            person.provider.until(TOKEN, 2 * number)
            app.stdout("send", person.user_id, f"Hello {number}")
            listening.until(f"Hello {number}")
        listening.signal(signal.SIGTERM)
        assert listening.ended() == 0
    assert listening.out == [f"♪ + Hello {number}" for number in range(1, 4)]


def test_listen_waits_for_the_person_and_goes_on(person: Person) -> None:
    app = person.app()
    person.provider.settings.lifetime = 1
    login = person.sign_in(expires_in=0.0)
    with person.started("listen", "--endpoint", "laptop") as listening:
        listening.until("live")
        person.provider.records.revoke_family(login.tokens.refresh_token)
        listening.until("sign in again: unisono login")
        person.provider.settings.lifetime = 3600
        app.stdout("send", person.user_id, "Hello")
        person.sign_in()
        listening.until("Hello")


def test_signing_out_revokes_and_forgets(person: Person) -> None:
    login = person.sign_in()
    ended = person.run("logout")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "signed out\n", "")
    assert not person.file.exists
    (revoked,) = person.provider.requests(REVOKE)
    assert revoked.form["token"] == login.tokens.refresh_token
    assert person.provider.records.refresh_tokens[login.tokens.refresh_token].spent
    assert person.run("list").returncode == 2
    assert objects(person.run("logout", "--json").stdout) == [
        {"target": person.target, "already_removed": True}
    ]


@pytest.mark.parametrize("missing", ["revocation_endpoint", "everything"])
def test_signing_out_where_nothing_can_be_revoked(person: Person, missing: str) -> None:
    person.sign_in()
    try:
        if missing == "everything":
            person.provider.stop()
        person.provider.settings.metadata[missing] = None
        ended = person.run("logout")
    finally:
        person.provider.settings.metadata.clear()
        person.provider.start()
    assert (ended.returncode, ended.stdout) == (0, "signed out\n")
    assert ended.stderr.startswith("Warning: the tokens are forgotten, but not revoked: ")
    assert not person.file.exists


def test_tokens_of_a_login_in_the_clear_are_warned_of_too(person: Person) -> None:
    away = Person(provider=person.provider, target="0.0.0.0:65000", state=person.state)
    away.sign_in()
    ended = away.run("list", "--timeout", "1s")
    assert ended.stderr.startswith("Warning: access tokens travel to 0.0.0.0:65000 in the clear")


def test_a_token_that_is_good_costs_no_import_of_what_renews_it(person: Person) -> None:
    person.sign_in()
    done = subprocess.run(
        (sys.executable, "-X", "importtime", *COMMAND[1:], "list"),
        env=environment(**person.variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    assert "unisono.client.cli.login.login_tokens" in done.stderr
    assert "httpx" not in done.stderr
