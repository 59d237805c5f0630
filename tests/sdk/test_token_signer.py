"""A backend signs tokens: a server takes them in their roles, and nothing else can be signed by mistake."""

import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x448
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.access.signing import ec_key, ed_key, jwk, public_pem, rsa_key
from tests.support import tokens
from tests.support.nodes import Running, Setup, running
from tests.support.processes import TIMEOUT
from unisono.client import Device, InvalidRequest, Platform, Publisher, Status, TokenSigner
from unisono.server.clock import SystemClock
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.keys.base import FixedKeys
from unisono.server.keys.formats import key_of_secret, keys_of_set

NAMES: dict[str, Any] = {
    "issuer": tokens.ISSUER,
    "audience": tokens.AUDIENCE,
    "client_id": "mail-client",
}
SECRET = tokens.SECRET


def signer(**changes: Any) -> TokenSigner:
    return TokenSigner(**{**NAMES, "key": SECRET, **changes})


def pem(key: Any, password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return text


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def verified(token: str, *keys: Any) -> Principal:
    """Whom a server takes the token for, by these public keys of its issuer or by the secret."""
    published, problems = keys_of_set({"keys": list(keys)}, "the test")
    assert not problems
    source = FixedKeys(*published) if keys else FixedKeys(key_of_secret(SECRET))
    issuer = Issuer(issuer=tokens.ISSUER, audiences=(tokens.AUDIENCE,), keys=source)
    return TokenVerifier([issuer], tokens.apps(), SystemClock()).verify(token)


def test_a_user_of_the_app_and_the_app_itself() -> None:
    device, publisher = verified(signer().for_user("ada é")), verified(signer().for_app())
    assert (device.role, device.user_id, device.app_id) == (Role.DEVICE, "ada é", "mail.test")
    assert device.scopes == {"notifications.readwrite"}
    assert publisher.role is Role.PUBLISHER
    assert publisher.scopes == {"notifications.send"}


@pytest.mark.parametrize(
    ("make", "algorithm"),
    [(rsa_key, "RS256"), (rsa_key, "PS384"), (ec_key, "ES256"), (ed_key, "EdDSA")],
)
def test_private_keys(make: Callable[[], Any], algorithm: str) -> None:
    made = signer(key=pem(make()), algorithm=algorithm, key_id="one")
    keys = [jwk(make(), kid="one", alg=algorithm), jwk(ec_key(), kid="other")]
    assert verified(made.for_user("ada"), *keys).user_id == "ada"
    assert jwt.get_unverified_header(made.for_app())["kid"] == "one"


@pytest.mark.parametrize(("make", "algorithm"), [(rsa_key, "RS256"), (ec_key, "ES256"), (ed_key, "EdDSA")])
def test_the_algorithm_is_that_of_the_key(make: Callable[[], Any], algorithm: str) -> None:
    token = signer(key=pem(make()).decode()).for_app()
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT"}


def test_a_secret_as_files_have_it() -> None:
    assert verified(signer(key=f" {SECRET}\n".encode()).for_app()).app_id == "mail.test"


def test_lifetimes_and_scopes() -> None:
    made = signer(lifetime=timedelta(minutes=5))
    usual, short = claims(made.for_user("ada")), claims(made.for_user("ada", lifetime=90))
    assert usual["exp"] - usual["iat"] == 300
    assert short["exp"] - short["iat"] == 90
    assert claims(made.for_app(scopes=["notifications.send", "feeds.delete"]))["scope"] == (
        "notifications.send feeds.delete"
    )


@pytest.mark.parametrize(
    ("user_id", "error"), [("", ValueError), (None, TypeError), (42, TypeError), ("\ud800", InvalidRequest)]
)
def test_without_a_user_it_is_never_a_users(user_id: Any, error: type[Exception]) -> None:
    """A user who is not there would make the token the app's own, which may send to everybody."""
    with pytest.raises(error, match="user_id"):
        signer().for_user(user_id)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"key": "short"}, ValueError, "at least 32 bytes"),
        ({"key": b"\xff" * 40}, ValueError, "their base64"),
        ({"key": 42}, TypeError, "key"),
        ({"key": public_pem(rsa_key())}, ValueError, "no private key in PEM"),
        ({"key": pem(rsa_key(), b"x")}, ValueError, "encrypted"),
        ({"key": pem(ec.generate_private_key(ec.SECP256K1()))}, ValueError, "P-256"),
        ({"key": pem(x448.X448PrivateKey.generate())}, ValueError, "must be RSA"),
        ({"algorithm": "RS256"}, ValueError, "for HS256"),
        ({"algorithm": "none"}, ValueError, "for HS256"),
        ({"algorithm": "HS256", "key": pem(rsa_key())}, ValueError, "for RS256"),
        ({"issuer": ""}, ValueError, "issuer"),
        ({"audience": ["unisono"]}, TypeError, "audience"),
        ({"client_id": ""}, ValueError, "client_id"),
        ({"lifetime": 0}, ValueError, "lifetime"),
        ({"lifetime": "1h"}, TypeError, "lifetime"),
    ],
)
def test_what_cannot_be_used(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        signer(**changes)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("scopes", ["notifications.send", [1]])
def test_scopes_are_several_texts(scopes: Any) -> None:
    with pytest.raises(TypeError, match="scopes"):
        signer().for_app(scopes=scopes)


def test_a_private_key_without_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ImportError, match=r'pip install "unisono-client\[crypto\]"'):
        signer(key=pem(rsa_key()))


def test_the_key_is_in_no_repr() -> None:
    assert repr(signer()) == f"TokenSigner(issuer='{tokens.ISSUER}', algorithm='HS256')"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        yield node


async def test_its_methods_are_token_functions(node: Running) -> None:
    """When what a publisher or device has is refused, as what has expired is, it signs another one."""
    made = signer()
    given: list[str] = []

    def for_app() -> str:
        given.append(made.for_app(lifetime=1) if given else tokens.publisher(exp=1))
        return given[-1]

    ada = partial(made.for_user, "ada")
    async with (
        Publisher(node.target, for_app) as publisher,
        Device(node.target, ada, endpoint_id="phone", platform=Platform.ANDROID) as device,
    ):
        await device.wait_for(lambda device: device.status is Status.LIVE)
        events = device.events()
        await publisher.send("ada", title="Signed", timeout=TIMEOUT)
        assert (await anext(events)).notification.title == "Signed"
    assert len(given) == 2
