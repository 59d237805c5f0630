"""The tokens of a login are kept safely, and renewed once, however many commands there are."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from tests.commands.logins import CLIENT, Person
from tests.commands.unisono import environ, environment
from tests.support.provider import answers
from tests.support.provider.endpoints import TOKEN
from tests.support.provider.provider import Provider, running
from unisono.client.cli.login.errors import LoginError, NotReached, Refused, SignInNeeded
from unisono.client.cli.login.login_file import check_platform
from unisono.client.cli.login.login_tokens import LoginTokens

#: Where no server listens.
TARGET = "127.0.0.1:1"
TIMEOUT = 60.0


@pytest.fixture(scope="module")
def shared() -> Iterator[Provider]:
    with running("ES256") as provider:
        provider.register(CLIENT)
        yield provider


@pytest.fixture
def person(shared: Provider, tmp_path: Path) -> Iterator[Person]:
    shared.mend()
    shared.asked.clear()
    person = Person(provider=shared, target=TARGET, state=tmp_path / "state")
    with environ(environment(**person.variables)):
        yield person
    shared.settings.rotates = True
    shared.start()


def raising(error: type[Exception]) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail


def tokens(timeout: float = TIMEOUT) -> LoginTokens:
    return LoginTokens(TARGET, timeout)


def test_commands_at_once_spend_a_refresh_token_once(person: Person) -> None:
    person.sign_in(expires_in=0.0)
    released = threading.Event()
    person.provider.fail(TOKEN, answers.held(released))
    with ThreadPoolExecutor(4) as pool:
        given = [pool.submit(tokens().token) for _ in range(4)]
        person.provider.until(TOKEN)
        released.set()
        assert {one.result() for one in given} == {person.file.read().tokens.access_token}
    assert len(person.refreshes) == 1


def test_processes_at_once_spend_a_refresh_token_once(person: Person) -> None:
    person.sign_in(expires_in=0.0)
    released = threading.Event()
    person.provider.fail(TOKEN, answers.held(released))
    with person.started("list", "--timeout", "1s") as one, person.started("list", "--timeout", "1s") as other:
        person.provider.until(TOKEN)
        released.set()
        for command in (one, other):
            assert command.ended() == 1
            assert any("is the server at" in line for line in command.err)
    assert len(person.refreshes) == 1


def test_a_command_that_is_interrupted_keeps_what_it_was_given(person: Person) -> None:
    before = person.sign_in(expires_in=0.0)
    released = threading.Event()
    person.provider.fail(TOKEN, answers.held(released), times=1)
    with person.started("list") as command:
        person.provider.until(TOKEN)
        command.signal(signal.SIGINT)
        assert not command.ends_within(0.3)
        released.set()
        assert command.ended() == 130
    assert person.file.read().tokens.refresh_token != before.tokens.refresh_token
    assert tokens().token() == person.file.read().tokens.access_token


def test_whoever_waits_for_another_command_does_not_wait_for_ever(person: Person) -> None:
    person.sign_in(expires_in=0.0)
    with person.file.locked(TIMEOUT), pytest.raises(LoginError, match="another command is renewing"):
        tokens(timeout=0.01).token()


def test_a_token_is_given_until_it_is_refused(person: Person) -> None:
    login = person.sign_in()
    given = tokens()
    assert given.token() == login.tokens.access_token
    renewed = given.token()
    assert renewed != login.tokens.access_token
    assert tokens().token() == renewed
    assert len(person.refreshes) == 1


def test_what_another_command_renewed_is_used(person: Person) -> None:
    person.sign_in()
    one, other = tokens(), tokens()
    assert one.token() == other.token()
    assert one.token() == other.token()
    assert len(person.refreshes) == 1


def test_a_new_token_is_for_the_same_resource(person: Person) -> None:
    assert person.run("login", *person.client, "--resource", "https://unisono.test").returncode == 0
    person.age(0.0)
    tokens().token()
    assert person.provider.requests(TOKEN)[-1].form["resource"] == "https://unisono.test"


def test_a_refresh_token_that_stays(person: Person) -> None:
    person.provider.settings.rotates = False
    login = person.sign_in(expires_in=0.0)
    tokens().token()
    assert person.file.read().tokens.refresh_token == login.tokens.refresh_token


def test_a_provider_that_is_down_is_no_harm_while_the_token_is_good(person: Person) -> None:
    login = person.sign_in(expires_in=20.0)
    person.provider.stop()
    given = tokens()
    assert given.token() == login.tokens.access_token
    with pytest.raises(NotReached, match="refused"):
        given.token()
    person.provider.start()
    assert given.token() != login.tokens.access_token


def test_a_provider_that_forgot_the_client_ends_no_login(person: Person) -> None:
    person.sign_in(expires_in=0.0)
    person.provider.fail(TOKEN, answers.refused("invalid_client", 401), times=1)
    with pytest.raises(Refused, match="invalid_client"):
        tokens().token()
    assert tokens().token()


def test_an_answer_that_was_lost_may_be_the_end(person: Person) -> None:
    person.sign_in(expires_in=0.0)
    person.provider.fail(TOKEN, answers.lost(), times=1)
    with pytest.raises(NotReached, match="502"):
        tokens().token()
    with pytest.raises(SignInNeeded, match="has ended"):
        tokens().token()


def test_without_a_refresh_token_only_the_person_can_go_on(person: Person) -> None:
    answer = {"access_token": "x", "token_type": "bearer", "expires_in": 9}
    person.provider.fail(TOKEN, answers.answered(answer))
    assert "until " in person.run("login", *person.client).stdout
    given = tokens()
    assert given.token() == "x"
    with pytest.raises(SignInNeeded, match="has ended"):
        given.token()


@pytest.mark.parametrize(
    ("expires_in", "due"), [(9, True), ("9", True), (3600, False), (None, False), (-1, False), ("x", False)]
)
def test_how_long_a_token_is_good(person: Person, expires_in: object, due: bool) -> None:
    answer = {"access_token": "x", "token_type": "bearer", "expires_in": expires_in}
    person.provider.fail(TOKEN, answers.answered(answer))
    assert person.run("login", *person.client).returncode == 0
    assert person.file.read().tokens.is_due is due


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_read_is_refused(person: Person, mode: int) -> None:
    person.sign_in()
    person.file.path.chmod(mode)
    ended = person.run("list")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "may be read by others" in ended.stderr
    assert f"Hint: chmod 600 {person.file.path}" in ended.stderr
    assert not person.refreshes


def test_where_no_file_can_be_kept(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.state.write_text("no folder")
    ended = person.run("login", *person.client)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert f"Error: {person.state}" in ended.stderr

    # When the user has no home
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", raising(RuntimeError))
    with pytest.raises(LoginError, match="there is no home"):
        tokens()

    # When a file cannot be kept from others
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(LoginError, match="not for Windows"):
        check_platform()


def test_a_file_of_somebody_else_is_refused(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.sign_in()
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(LoginError, match="may be read by others"):
        tokens().token()


def test_a_link_in_the_place_of_the_file_is_refused(person: Person) -> None:
    person.sign_in()
    elsewhere = person.state / "elsewhere"
    person.file.path.rename(elsewhere)
    person.file.path.symlink_to(elsewhere)
    ended = person.run("list")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Error: {person.file.path}: Too many levels of symbolic links\n"


@pytest.mark.parametrize("text", ["", "{}", "[]", "Dear Ada", '{"target": 1}', "[" * 100_000])
def test_a_file_that_holds_no_login(person: Person, text: str) -> None:
    person.sign_in()
    person.file.path.write_text(text)
    with pytest.raises(LoginError, match="holds no login"):
        tokens().token()
    assert person.run("login", *person.client).returncode == 0
    assert tokens().token()


def test_a_draft_that_was_left_behind_is_no_harm(person: Person) -> None:
    login = person.sign_in()
    draft = person.file.path.with_suffix(".new")
    draft.write_text("half a lo")
    draft.chmod(0o644)
    person.keep(login)
    assert person.file.read() == login
    assert not draft.exists()


def test_no_token_is_shown_by_accident(person: Person) -> None:
    login = person.sign_in()
    assert login.tokens.access_token not in repr(login)
    assert login.tokens.refresh_token not in repr(login)
