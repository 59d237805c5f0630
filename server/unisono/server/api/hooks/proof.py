"""Finds how a request shows that its sender has the secret of a hook, and whether it does.

Every hook takes every way: what a request is answered tells nobody whether the hook exists, or of what kind
it is. Does not know what a request says.
"""

from typing import Final

from unisono.server.api.call import Metadata
from unisono.server.core.access.hooks import Hook
from unisono.server.errors import Reason, TokenUndecodable, Unauthenticated
from unisono.server.model.value import value

AUTHORIZATION: Final = "authorization"
SIGNATURE: Final = "x-hub-signature-256"
GRAFANA_SIGNATURE: Final = "x-grafana-alerting-signature"
GRAFANA_TIMESTAMP: Final = "x-grafana-alerting-timestamp"

OLDEST_SIGNATURE: Final = 300
"""Seconds that the clock of a sender who signs the time may be off; what is older may be a copy."""

_LONGEST_TIMESTAMP: Final = 12


@value(frozen=True, slots=True)
class Bearer:
    """The secret itself."""

    secret: bytes


@value(frozen=True, slots=True)
class Signature:
    """An HMAC-SHA256 of the body, which follows `timestamp` and a colon where the time was signed, too."""

    digest: bytes
    timestamp: str = ""


def proof_of(metadata: Metadata) -> Bearer | Signature:
    """Return how a request shows the secret, by the first of three headers that it has.

    Raises Unauthenticated (TOKEN_MISSING) without any, and TokenUndecodable for what is none.
    """
    found = _only_once(metadata)
    if (authorization := found.get(AUTHORIZATION)) is not None:
        kind, _, secret = authorization.partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise _malformed(AUTHORIZATION, "Bearer SECRET")
        return Bearer(secret.strip().encode())
    if (signature := found.get(SIGNATURE)) is not None:
        kind, _, digest = signature.partition("=")
        if kind != "sha256":
            raise _malformed(SIGNATURE, "sha256= and hexadecimal digits")
        return Signature(_digest(SIGNATURE, digest))
    if (signature := found.get(GRAFANA_SIGNATURE)) is not None:
        timestamp = found.get(GRAFANA_TIMESTAMP, "")
        if timestamp and not (timestamp.isdecimal() and len(timestamp) <= _LONGEST_TIMESTAMP):
            raise _malformed(GRAFANA_TIMESTAMP, "seconds since 1970")
        return Signature(_digest(GRAFANA_SIGNATURE, signature), timestamp)
    text = (
        f'the request shows no secret: send "authorization: Bearer SECRET", or a signature of the body as '
        f"{SIGNATURE} or {GRAFANA_SIGNATURE}"
    )
    raise Unauthenticated(Reason.TOKEN_MISSING, text)


def check_bearer(hook: Hook, proof: Bearer) -> None:
    """Raise TokenUndecodable unless this is the secret of the hook."""
    if not hook.has_secret(proof.secret):
        raise _refused()


def check_signature(hook: Hook, proof: Signature, body: bytes, now: float) -> None:
    """Raise TokenUndecodable unless the body was signed with the secret, and not long ago where that is told.

    `now` is in seconds since 1970.
    """
    prefix = f"{proof.timestamp}:".encode() if proof.timestamp else b""
    if not hook.has_signed(body, proof.digest, prefix=prefix):
        raise _refused()
    if proof.timestamp and abs(now - int(proof.timestamp)) > OLDEST_SIGNATURE:
        text = (
            f"by the server's clock the signature is more than {OLDEST_SIGNATURE} s old, or from the future"
        )
        raise TokenUndecodable(Reason.TOKEN_EXPIRED, text)


def _only_once(metadata: Metadata) -> dict[str, str]:
    """Return the headers that show a secret. Raises TokenUndecodable where one comes twice."""
    found: dict[str, str] = {}
    for name, content in metadata:
        if name in found:
            raise _malformed(name, "there once")
        if name in _HEADERS and isinstance(content, str):
            found[name] = content
    return found


_HEADERS: Final = frozenset((AUTHORIZATION, SIGNATURE, GRAFANA_SIGNATURE, GRAFANA_TIMESTAMP))


def _digest(header: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise _malformed(header, "hexadecimal digits") from None


def _malformed(header: str, wanted: str) -> TokenUndecodable:
    return TokenUndecodable(Reason.TOKEN_INVALID, f"the header {header} must be {wanted}")


def _refused() -> TokenUndecodable:
    return TokenUndecodable(Reason.TOKEN_INVALID, "there is no such hook, or this is not its secret")
