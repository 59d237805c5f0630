"""Signs a person in with any browser, also one on another machine: RFC 8628."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.login.errors import LoginError, NotReached, Refused
from unisono.client.cli.login.http import Answer, post
from unisono.client.cli.login.provider import Provider
from unisono.client.cli.login.sign_in import SignIn, Tokens
from unisono.client.cli.login.token_endpoint import check, request_tokens

GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"

#: Seconds between two questions where the provider names none, and by how much SLOW_DOWN makes them longer:
#: RFC 8628, sections 3.2 and 3.5.
INTERVAL: Final = 5
SLOWER: Final = 5

#: The longest seconds between two questions that are believed, and that a code is good.
_LONGEST_INTERVAL: Final = 60
_LONGEST_LIFE: Final = 86_400

#: How long a code and an address may be, which a person is to type.
_LONGEST_CODE: Final = 64
_LONGEST_ADDRESS: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What a person needs to sign in, and for how long. `complete` is the address with the code, or empty."""

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    complete: str
    lifetime: int
    interval: int


def begin(provider: Provider, sign_in: SignIn, timeout: float) -> DeviceCode:
    """Return the code of a sign-in that begins. Raises as `request_tokens`."""
    url = provider.device_authorization_endpoint
    if not url:
        raise LoginError(
            f"{provider.issuer} has no device authorization flow (RFC 8628)",
            "get a token in another way, and pass --token-command",
        )
    form = {
        "client_id": sign_in.client_id,
        "scope": sign_in.scope,
        "audience": sign_in.audience,
        "resource": sign_in.resource,
    }
    answer = post(url, form, timeout)
    check(answer, url)
    code = DeviceCode(
        device_code=answer.text("device_code"),
        user_code=one_line(answer.text("user_code")),
        verification_uri=_address(answer, "verification_uri"),
        complete=_address(answer, "verification_uri_complete"),
        lifetime=_number(answer, "expires_in", 0, _LONGEST_LIFE),
        interval=_number(answer, "interval", INTERVAL, _LONGEST_INTERVAL),
    )
    if not (code.device_code and 0 < len(code.user_code) <= _LONGEST_CODE and code.verification_uri):
        raise LoginError(f"{url} answers without a code and an address to enter it")
    return code


def wait(
    provider: Provider,
    sign_in: SignIn,
    code: DeviceCode,
    timeout: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Tokens:
    """Return the tokens once the person has approved; `timeout` is of each request, in seconds.

    Raises `Refused` when the person denied, and when the code has expired.
    """
    form = {
        "grant_type": GRANT,
        "device_code": code.device_code,
        "client_id": sign_in.client_id,
        "resource": sign_in.resource,
    }
    interval, waited = code.interval, 0
    while waited + interval <= code.lifetime:
        sleep(interval)
        waited += interval
        try:
            return request_tokens(provider, form, timeout)
        except Refused as error:
            if error.code not in ("authorization_pending", "slow_down"):
                raise
            interval += SLOWER if error.code == "slow_down" else 0
        except NotReached:
            interval = min(2 * interval, _LONGEST_INTERVAL)  # as section 3.5 suggests
    raise Refused(
        "expired_token", "the code has expired before somebody approved of it", "begin anew: unisono login"
    )


def _address(answer: Answer, name: str) -> str:
    """Return an address for people; empty for what is none."""
    text = one_line(answer.text(name))
    usable = text.startswith(("https://", "http://")) and len(text) <= _LONGEST_ADDRESS and " " not in text
    return text if usable else ""


def _number(answer: Answer, name: str, default: int, most: int) -> int:
    value = answer.value.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return max(1, min(value, most))
    return default
