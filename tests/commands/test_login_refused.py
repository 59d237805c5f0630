"""Whatever a provider does, `unisono login` ends with one clear line, and a hint what to do next."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.logins import CLIENT, Person
from tests.commands.unisono import objects
from tests.support.provider import answers
from tests.support.provider.answers import Fault, answered
from tests.support.provider.endpoints import DEVICE_AUTHORIZATION, DISCOVERY, METADATA, TOKEN
from tests.support.provider.provider import Provider, running

TARGET = "127.0.0.1:50051"
CODES = {"device_code": "d", "user_code": "ABCD", "verification_uri": "https://idp.test/device"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Provider]:
    with running("ES256") as provider:
        yield provider


@pytest.fixture
def person(shared: Provider, tmp_path: Path) -> Iterator[Person]:
    shared.register(CLIENT)
    shared.mend()
    shared.asked.clear()
    yield Person(provider=shared, target=TARGET, state=tmp_path / "state")
    shared.settings.metadata.clear()
    shared.start()


def refused(person: Person, *arguments: str) -> str:
    """The error and the hint of a login that comes to nothing, each in a line."""
    ended = person.run("login", *(arguments or person.client))
    told = [line for line in ended.stderr.splitlines() if not line.startswith("waiting")]
    assert (ended.returncode, len(told) <= 2) == (1, True)
    assert told[0].startswith("Error: ")
    assert not person.file.exists
    return "\n".join(told)


@pytest.mark.parametrize(
    ("path", "fault", "error", "hint"),
    [
        (DISCOVERY, answers.broken(), "answers with the status 500", "try again later"),
        (DISCOVERY, answers.html(), "is no OpenID provider", "is --issuer right?"),
        (DISCOVERY, answers.large(70_000), "answers with more than 65,536 bytes", ""),
        (DISCOVERY, answers.redirected("https://idp.test/"), "redirects to https://", "by its own"),
        (DISCOVERY, answers.redirected("https://idp.test/\x1b"), "location header", "is the address right"),
        (DEVICE_AUTHORIZATION, answers.refused("invalid_client", 401), "invalid_client", "--client-id must"),
        (DEVICE_AUTHORIZATION, answers.refused("invalid_scope"), "says invalid_scope", "another --scope"),
        (DEVICE_AUTHORIZATION, answers.refused("\x1b[2J" * 999), "the provider says \ufffd[2J", ""),
        (DEVICE_AUTHORIZATION, answers.html(), "answers without a code", ""),
        (DEVICE_AUTHORIZATION, answers.broken(404), "answers with the status 404", "try again later"),
        (DEVICE_AUTHORIZATION, answered({**CODES, "user_code": "x" * 65}), "answers without a code", ""),
        (DEVICE_AUTHORIZATION, answered({**CODES, "user_code": 7}), "answers without a code", ""),
        (DEVICE_AUTHORIZATION, answered({**CODES, "verification_uri": "javascript:x"}), "without a code", ""),
        (TOKEN, answers.refused("access_denied"), "the sign-in was denied", "sign in again, and allow it"),
        (TOKEN, answers.refused("expired_token"), "the code has expired", "begin anew: unisono login"),
        (TOKEN, answers.redirected("https://idp.test/"), "redirects to https://idp.test/", ""),
        (TOKEN, answered({"token_type": "Bearer"}), "without an access token", ""),
        (TOKEN, answered({"access_token": "a\nb", "token_type": "Bearer"}), "without an access token", ""),
        (TOKEN, answered({"access_token": "x", "token_type": "DPoP"}), "of the type 'DPoP'", ""),
    ],
)  # fmt: skip
def test_what_a_provider_answers(person: Person, path: str, fault: Fault, error: str, hint: str) -> None:
    person.provider.fail(METADATA, answers.broken(404))
    person.provider.fail(path, fault)
    told = refused(person)
    assert error in told
    assert hint in told
    assert len(told) < 800
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("metadata", "error", "hint"),
    [
        ({"issuer": "https://other.test"}, "calls itself 'https://other.test'", "to the last slash"),
        ({"device_authorization_endpoint": None}, "has no device authorization flow", "--token-command"),
        ({"device_authorization_endpoint": ["x"]}, "has no device authorization flow", "--token-command"),
        ({"token_endpoint": None}, "has no token_endpoint", ""),
        (
            {"token_endpoint": "http://idp.test/"},
            "the token_endpoint of the provider must be",
            "could be read",
        ),
        ({"revocation_endpoint": "x"}, "the revocation_endpoint of the provider must be", "could be read"),
    ],
)
def test_what_a_provider_says_of_itself(
    person: Person, metadata: dict[str, object], error: str, hint: str
) -> None:
    person.provider.settings.metadata.update(metadata)
    told = refused(person)
    assert error in told
    assert hint in told


@pytest.mark.parametrize(
    "issuer",
    [
        "http://idp.test",
        "http://0.0.0.0",
        "http://unix:80",
        "ftp://127.0.0.1",
        "idp.test",
        "https://",
        "https://ada@idp.test",
        "https://idp.test/#x",
        "https://[",
    ],
)
def test_an_issuer_that_is_not_safe(person: Person, issuer: str) -> None:
    assert "the issuer must " in refused(person, "--issuer", issuer, "--client-id", CLIENT)


def test_a_provider_that_has_only_what_rfc_8414_says(person: Person) -> None:
    person.provider.fail(DISCOVERY, answers.broken(404))
    assert person.run("login", *person.client).returncode == 0
    assert person.provider.count(METADATA) == 1


def test_a_provider_whose_address_does_not_have_the_code(person: Person) -> None:
    person.provider.fail(DEVICE_AUTHORIZATION, answered({**CODES, "expires_in": 60}))
    person.provider.fail(TOKEN, answers.refused("access_denied"))
    shown = person.run("login", *person.client).stdout
    assert "    https://idp.test/device\n\nand enter the code\n\n    ABCD\n" in shown


def test_a_provider_that_is_down(person: Person) -> None:
    person.provider.stop()
    told = refused(person)
    assert "refused" in told
    assert "Hint: is the address right, and is it up?" in told


def test_a_provider_that_is_down_for_a_moment(person: Person) -> None:
    person.provider.fail(TOKEN, answers.broken(503), times=3)
    assert person.run("login", *person.client).returncode == 0
    assert person.file.read().tokens.refresh_token


def test_a_client_that_may_not(person: Person) -> None:
    person.provider.register(CLIENT, grants=("authorization_code",))
    told = refused(person)
    assert "unauthorized_client" in told
    assert "--client-id must be that of a public client" in told


def test_what_is_missing(person: Person) -> None:
    for arguments in ((), ("--issuer", person.provider.issuer), ("--client-id", CLIENT)):
        ended = person.run("login", *arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "say where to sign in, and as which client" in ended.stderr


def test_programs_get_errors_as_objects(person: Person) -> None:
    person.provider.fail(TOKEN, answers.refused("access_denied"))
    (told,) = objects(person.run("login", "--json", *person.client).stderr)
    assert told == {
        "message": "the sign-in was denied",
        "hint": "sign in again, and allow it: unisono login",
        "code": "access_denied",
    }
