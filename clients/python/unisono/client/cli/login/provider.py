"""What a provider says of itself: RFC 8414, and OpenID Connect Discovery 1.0."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from unisono.client.cli.login.errors import LoginError, NotReached
from unisono.client.cli.login.http import Answer, check_url, get

_OPENID: Final = "/.well-known/openid-configuration"
_OAUTH: Final = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The addresses of a provider; empty where it has no such thing."""

    issuer: str
    token_endpoint: str
    device_authorization_endpoint: str
    revocation_endpoint: str


def discover(issuer: str, timeout: float) -> Provider:
    """Return what the provider of an issuer says; `timeout` is of each request, in seconds.

    Raises `LoginError` where it says that it is another one (RFC 8414, section 3.3), or names an address
    that is not safe, and as `http.get`.
    """
    check_url(issuer, "the issuer")
    found = _document(issuer, timeout)
    if found.text("issuer") != issuer:
        raise LoginError(
            f"what is at {issuer} calls itself {found.text('issuer')!r}",
            "the issuer must be written as the provider does, to the last slash",
        )
    endpoints = ("token_endpoint", "device_authorization_endpoint", "revocation_endpoint")
    provider = Provider(issuer=issuer, **{name: _endpoint(found, name) for name in endpoints})
    if not provider.token_endpoint:
        raise LoginError(f"{issuer} says nowhere where its tokens are: it has no token_endpoint")
    return provider


def _document(issuer: str, timeout: float) -> Answer:
    """Return the first document that is there."""
    for url in _places(issuer):
        found = get(url, timeout)
        if found.status == 200 and found.value:
            return found
        if found.status >= 500:
            raise NotReached(f"{url} answers with the status {found.status}", "try again later")
    raise LoginError(f"{issuer} is no OpenID provider: it has no {_OPENID}", "is --issuer right?")


def _places(issuer: str) -> Iterator[str]:
    parts, path = urlsplit(issuer), urlsplit(issuer).path.rstrip("/")
    yield parts._replace(path=f"{path}{_OPENID}").geturl()
    yield parts._replace(path=f"{_OAUTH}{path}").geturl()


def _endpoint(found: Answer, name: str) -> str:
    url = found.text(name)
    if url:
        check_url(url, f"the {name} of the provider")
    return url
