"""Asks a provider for tokens, and says why it gave none: RFC 6749, sections 5 and 6, and RFC 7009."""

import time
from collections.abc import Mapping
from typing import Final

from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.login.errors import LoginError, NotReached, Refused
from unisono.client.cli.login.http import Answer, post
from unisono.client.cli.login.provider import Provider
from unisono.client.cli.login.sign_in import SignIn, Tokens

_NOT_ALLOWED: Final = (
    "--client-id must be that of a public client (without a secret) that the provider allows the device flow"
)

#: What to do about an `error` of OAuth.
_HINTS: Final[Mapping[str, str]] = {
    "access_denied": "sign in again, and allow it: unisono login",
    "expired_token": "begin anew: unisono login",
    "invalid_client": _NOT_ALLOWED,
    "unauthorized_client": _NOT_ALLOWED,
    "unsupported_grant_type": _NOT_ALLOWED,
    "invalid_scope": "ask for another --scope, or for none",
    "invalid_target": "name another --resource, or none",
}

#: What it means, where its name says little.
_MEANINGS: Final[Mapping[str, str]] = {
    "access_denied": "the sign-in was denied",
    "expired_token": "the code has expired before somebody approved of it",
}

#: More seconds than any token lives.
_LONGEST_LIFE: Final = 1e10

#: How much of a provider's description is shown.
_LONGEST: Final = 300


def request_tokens(provider: Provider, form: Mapping[str, str], timeout: float) -> Tokens:
    """Return the tokens for a grant. Raises `Refused`, `NotReached`, or `LoginError` for unusable ones."""
    answer = post(provider.token_endpoint, form, timeout)
    check(answer, provider.token_endpoint)
    token, kind = answer.text("access_token"), answer.text("token_type")
    if not (token and token.isascii() and token.isprintable() and " " not in token):
        raise LoginError(f"{provider.token_endpoint} answers without an access token that can be used")
    if kind.lower() != "bearer":
        raise LoginError(f"the provider gives tokens of the type {kind!r}, where only Bearer can be used")
    return Tokens(access_token=token, refresh_token=answer.text("refresh_token"), expires_at=_expiry(answer))


def refresh(provider: Provider, sign_in: SignIn, refresh_token: str, timeout: float) -> Tokens:
    """Return new tokens; the refresh token is the old one where the provider gives no new one."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": sign_in.client_id,
        "resource": sign_in.resource,
    }
    given = request_tokens(provider, form, timeout)
    return Tokens(
        access_token=given.access_token,
        refresh_token=given.refresh_token or refresh_token,
        expires_at=given.expires_at,
    )


def revoke(provider: Provider, sign_in: SignIn, tokens: Tokens, timeout: float) -> None:
    """Have the provider end a sign-in. Raises `LoginError` where it cannot, or does not."""
    if not provider.revocation_endpoint:
        raise LoginError(f"{provider.issuer} has no way to revoke tokens")
    kind = "refresh_token" if tokens.refresh_token else "access_token"
    form = {"token": getattr(tokens, kind), "token_type_hint": kind, "client_id": sign_in.client_id}
    check(post(provider.revocation_endpoint, form, timeout), provider.revocation_endpoint)


def check(answer: Answer, url: str) -> None:
    """Raise `Refused` for an error of OAuth, and `NotReached` for any other answer that is no success."""
    code = one_line(answer.text("error"))[:_LONGEST]
    if answer.status == 200 and not code:
        return
    if not code or answer.status >= 500:
        raise NotReached(f"{url} answers with the status {answer.status}", "try again later")
    said = one_line(answer.text("error_description"))[:_LONGEST]
    meant = _MEANINGS.get(code, f"the provider says {code}" + (f": {said}" if said else ""))
    raise Refused(code, meant, _HINTS.get(code, ""))


def _expiry(answer: Answer) -> float:
    """Return when the access token ends; 0 where the provider does not say, or nonsense."""
    seconds = answer.value.get("expires_in")
    if isinstance(seconds, str) and seconds.isdecimal() and len(seconds) < 10:
        seconds = int(seconds)  # some providers quote it
    if isinstance(seconds, int | float) and 0 < seconds < _LONGEST_LIFE:
        return time.time() + seconds
    return 0.0
