"""Keys from secrets, PEM files and JWKS files; what cannot be trusted is refused in words."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.access.signing import (
    ec_key,
    ed_key,
    jwk,
    jwks_file,
    public_pem,
    rsa_key,
    signed,
    world,
)
from unisono.server.keys.base import Algorithm, FixedKeys, Key, UnusableKeys
from unisono.server.keys.files import read_text
from unisono.server.keys.formats import key_of_secret, keys_of_jwks, keys_of_pem


def load(file: Path) -> tuple[Key, ...]:
    parse = keys_of_jwks if file.suffix == ".json" else keys_of_pem
    return parse(read_text(file), str(file))


def failure(file: Path) -> str:
    with pytest.raises(UnusableKeys) as caught:
        load(file)
    assert str(file) in str(caught.value)
    return str(caught.value)


def pem(folder: Path, content: bytes) -> Path:
    file = folder / "key.pem"
    file.write_bytes(content)
    return file


def test_secret_has_32_bytes() -> None:
    assert key_of_secret("é" * 16).algorithm is Algorithm.HS256
    with pytest.raises(UnusableKeys, match="31 bytes"):
        key_of_secret("x" * 31)


@pytest.mark.parametrize("key", [rsa_key(), ec_key(), ed_key()])
def test_secret_that_is_a_public_key(key: Any) -> None:
    """Whoever has the public key, which is everybody, could sign with it."""
    for text in (public_pem(key).decode(), json.dumps(jwk(key))):
        with pytest.raises(UnusableKeys, match="pem_file or jwks_file"):
            key_of_secret(text)


def test_no_key_shows_its_secret() -> None:
    assert "xxx" not in repr(key_of_secret("x" * 32))


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(rsa_key(), Algorithm.RS256), (ec_key(), Algorithm.ES256), (ed_key(), Algorithm.EDDSA)],
)
def test_pem(tmp_path: Path, key: Any, algorithm: Algorithm) -> None:
    (loaded,) = load(pem(tmp_path, public_pem(key)))
    assert loaded.algorithm is algorithm
    w = world(keys=FixedKeys(loaded))
    assert w.verifier.verify(signed(w.claims(), key, algorithm)).user_id == "ada"


def test_pem_that_is_none(tmp_path: Path) -> None:
    private = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (b"", b"hello", private, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        assert "no PEM public key" in failure(pem(tmp_path, content))


def test_pem_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in failure(tmp_path / "absent.pem")
    assert "not text" in failure(pem(tmp_path, b"\xff\xfe"))


def test_pem_of_a_weak_or_foreign_key(tmp_path: Path) -> None:
    assert "1024 bits" in failure(pem(tmp_path, public_pem(rsa_key(1024))))
    other_curve = ec.generate_private_key(ec.SECP256K1())
    assert "P-256" in failure(pem(tmp_path, public_pem(other_curve)))


def test_jwks(tmp_path: Path) -> None:
    file = jwks_file(
        tmp_path,
        jwk(rsa_key(), kid="r", alg="RS256", use="sig"),
        jwk(ec_key(), kid="e"),
        jwk(ed_key(), kid="d"),
    )
    keys = load(file)
    assert [(key.kid, key.algorithm) for key in keys] == [
        ("r", Algorithm.RS256),
        ("e", Algorithm.ES256),
        ("d", Algorithm.EDDSA),
    ]
    w = world(keys=FixedKeys(*keys))
    for key, kid, algorithm in (
        (rsa_key(), "r", "RS256"),
        (ec_key(), "e", "ES256"),
        (ed_key(), "d", "EdDSA"),
    ):
        assert w.verifier.verify(signed(w.claims(), key, algorithm, kid=kid)).user_id == "ada"


def test_jwks_keys_that_are_for_something_else(tmp_path: Path) -> None:
    others = (
        jwk(rsa_key(), use="enc"),
        jwk(rsa_key(), alg="RSA-OAEP"),
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC", "crv": "secp256k1"},
    )
    assert [key.kid for key in load(jwks_file(tmp_path, *others, jwk(ec_key(), kid="e")))] == ["e"]
    assert "no signing key" in failure(jwks_file(tmp_path, *others))
    assert "no signing key" in failure(jwks_file(tmp_path))


@pytest.mark.parametrize("content", ["", "[]", "7", "{}", '{"keys": 7}', '{"keys": [7]}', "[" * 100_000])
def test_jwks_that_is_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(content)
    assert "no JWK set" in failure(file)


def test_jwks_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in failure(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ({"kty": "RSA", "n": "!", "e": "AQAB"}, "damaged"),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "damaged"),
        (jwk(rsa_key(1024)), "1024 bits"),
        (jwk(rsa_key(), d="AQAB"), "private"),
        (jwk(ec_key(), kid=7), "kid"),
    ],
)
def test_jwks_key_that_cannot_be_used(tmp_path: Path, key: dict[str, Any], fault: str) -> None:
    message = failure(jwks_file(tmp_path, jwk(ec_key()), key))
    assert fault in message
    assert "key 2" in message
