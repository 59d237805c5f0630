"""How often a provider is asked whether the person has approved: RFC 8628, section 3.5."""

from collections.abc import Iterator

import pytest

from tests.commands.logins import CLIENT
from tests.support.provider import answers
from tests.support.provider.endpoints import DEVICE_AUTHORIZATION, TOKEN
from tests.support.provider.provider import Provider, running
from unisono.client.cli.login.device_flow import DeviceCode, begin, wait
from unisono.client.cli.login.errors import Refused
from unisono.client.cli.login.provider import discover
from unisono.client.cli.login.sign_in import SignIn

TIMEOUT = 60.0


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running("ES256") as provider:
        provider.register(CLIENT)
        yield provider


class Waiting:
    """A person who signs in, and the seconds between the questions whether they have."""

    def __init__(self, provider: Provider) -> None:
        provider.mend()
        self._provider = provider
        self._found = discover(provider.issuer, TIMEOUT)
        self._who = SignIn(issuer=provider.issuer, client_id=CLIENT)
        self.code = begin(self._found, self._who, TIMEOUT)
        self.slept: list[float] = []

    def wait(self, approve_after: int = 1_000_000) -> str:
        """Wait until the person approves, before that many questions."""

        def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            if len(self.slept) == approve_after:
                self._provider.mend()
                self._provider.decide(self.code.user_code, "ada")

        return wait(self._found, self._who, self.code, TIMEOUT, sleep).access_token


def test_the_interval_is_the_providers(provider: Provider) -> None:
    provider.settings.interval = 7
    waiting = Waiting(provider)
    provider.fail(TOKEN, answers.refused("authorization_pending"))
    assert waiting.wait(approve_after=3)
    assert waiting.slept == [7, 7, 7]


def test_whoever_is_to_slow_down_does_so_for_good(provider: Provider) -> None:
    provider.settings.interval = 5
    waiting = Waiting(provider)
    provider.fail(TOKEN, answers.refused("slow_down"), times=2)
    assert waiting.wait(approve_after=4)
    assert waiting.slept == [5, 10, 15, 15]


def test_the_provider_itself_asks_to_slow_down(provider: Provider) -> None:
    provider.settings.interval = 5
    waiting = Waiting(provider)
    assert waiting.wait(approve_after=3)
    assert waiting.slept == [5, 5, 10]


def test_a_provider_that_is_unwell_is_asked_less_often(provider: Provider) -> None:
    provider.settings.interval = 5
    waiting = Waiting(provider)
    provider.fail(TOKEN, answers.broken(503))
    assert waiting.wait(approve_after=6)
    assert waiting.slept == [5, 10, 20, 40, 60, 60]


def test_nobody_asks_for_a_code_that_has_expired(provider: Provider) -> None:
    provider.settings.interval, provider.settings.device_lifetime = 5, 17
    waiting = Waiting(provider)
    provider.settings.device_lifetime = 1800
    provider.fail(TOKEN, answers.refused("authorization_pending"))
    with pytest.raises(Refused, match="the code has expired"):
        waiting.wait()
    assert waiting.slept == [5, 5, 5]


@pytest.mark.parametrize(
    ("interval", "believed"), [(None, 5), (0, 1), (-1, 1), (10**9, 60), ("5", 5), (True, 5), (2.5, 5)]
)
def test_an_interval_that_is_none(provider: Provider, interval: object, believed: int) -> None:
    provider.mend()
    codes = {"device_code": "d", "user_code": "A", "verification_uri": "https://idp.test/", "expires_in": 9}
    provider.fail(DEVICE_AUTHORIZATION, answers.answered({**codes, "interval": interval}), times=1)
    found = discover(provider.issuer, TIMEOUT)
    code: DeviceCode = begin(found, SignIn(issuer=provider.issuer, client_id=CLIENT), TIMEOUT)
    assert (code.interval, code.lifetime) == (believed, 9)
