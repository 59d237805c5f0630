"""Keys in a file are read again when it changes; what cannot be used changes nothing."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.access.signing import ISSUER, IssuerFixture, ec_key, jwk, jwks_file, public_pem, rsa_key, signed
from tests.support.clocks import FakeClock
from unisono.server.core.access.issuers import Issuer
from unisono.server.errors import Unauthenticated
from unisono.server.keys.base import UnusableKeys
from unisono.server.keys.files import FILE_BYTES_MAX, KeyFile
from unisono.server.keys.formats import keys_of_jwks, keys_of_pem, keys_of_secrets

ONE, TWO = "one secret of more than 32 bytes, for tests", "another secret of more than 32 bytes, too"


def kids(keys: KeyFile) -> list[str | None]:
    """Those that are there after a look at the file."""
    assert keys.generation >= 0
    return [key.kid for key in keys.current()]


def with_keys(keys: KeyFile) -> Issuer:
    """An issuer that has its keys from a file."""
    return replace(ISSUER, keys=keys)


class Place:
    """A JWKS file, and the clock of who reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.writes = 0
        self.write("one")
        self.keys = KeyFile(self.file, keys_of_jwks, self.clock)

    @property
    def file(self) -> Path:
        return self.folder / "jwks.json"

    def write(self, *kids: str) -> None:
        """Write keys with these ids. The time of a file is too coarse to tell two quick writes apart."""
        jwks_file(self.folder, *(jwk(ec_key(), kid=kid) for kid in kids))
        self.writes += 1
        os.utime(self.file, ns=(self.writes, self.writes))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_changed_file_is_read_within_a_second(place: Place) -> None:
    place.write("two", "three")
    assert kids(place.keys) == ["one"]
    place.clock.advance(1)
    assert kids(place.keys) == ["two", "three"]


def test_a_file_is_read_at_once_when_asked(place: Place) -> None:
    place.write("two")
    place.keys.reload()
    assert kids(place.keys) == ["two"]


def test_what_replaces_a_file_is_read(place: Place) -> None:
    other = place.file.with_suffix(".new")
    stamp = place.file.stat().st_mtime_ns
    other.write_text(place.file.read_text().replace("one", "two"))
    os.utime(other, ns=(stamp, stamp))
    other.replace(place.file)
    place.clock.advance(1)
    assert kids(place.keys) == ["two"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_text('{"keys": ['),
        lambda file: file.write_text('{"keys": []}'),
        lambda file: file.write_bytes(b"\xff"),
        lambda file: file.write_text(" " * (FILE_BYTES_MAX + 1)),
        lambda file: file.unlink(),
    ],
    ids=["half", "empty", "no text", "too large", "gone"],
)
def test_a_file_that_cannot_be_used_changes_nothing(place: Place, damage: Callable[[Path], None]) -> None:
    damage(place.file)
    place.clock.advance(1)
    before = place.keys.generation
    assert kids(place.keys) == ["one"]
    place.write("two")
    place.clock.advance(1)
    assert kids(place.keys) == ["two"]
    assert place.keys.generation == before + 1


def test_the_same_keys_written_again_are_no_others(place: Place) -> None:
    before = place.keys.generation
    place.write("one")
    place.clock.advance(1)
    assert place.keys.generation == before


def test_a_file_that_is_damaged_from_the_beginning(tmp_path: Path) -> None:
    with pytest.raises(UnusableKeys, match="No such file"):
        KeyFile(tmp_path / "absent", keys_of_jwks, FakeClock())


def test_two_secrets_in_a_file_while_they_are_changed(tmp_path: Path) -> None:
    file, clock = tmp_path / "secrets", FakeClock()
    file.write_text(f"{ONE}\n\n{TWO}\n")
    w = IssuerFixture(issuer=with_keys(KeyFile(file, keys_of_secrets, clock)), clock=clock)
    tokens = [signed(w.claims(), secret) for secret in (ONE, TWO)]
    for token in tokens:
        assert w.verifier.verify(token).user_id == "ada"


def test_a_token_is_refused_when_its_key_is_taken_back(tmp_path: Path) -> None:
    """Also one that was verified before, and is remembered."""
    file, clock = tmp_path / "key.pem", FakeClock()
    file.write_bytes(public_pem(rsa_key()))
    w = IssuerFixture(issuer=with_keys(KeyFile(file, keys_of_pem, clock)), clock=clock)
    token = signed(w.claims(), rsa_key(), "RS256")
    assert w.verifier.verify(token).user_id == "ada"
    file.write_bytes(public_pem(ec_key()))
    clock.advance(1)
    with pytest.raises(Unauthenticated, match="no key"):
        w.verifier.verify(token)


def test_a_token_stays_good_when_other_keys_change(tmp_path: Path) -> None:
    clock = FakeClock()
    file = jwks_file(tmp_path, jwk(rsa_key(), kid="r"))
    w = IssuerFixture(issuer=with_keys(KeyFile(file, keys_of_jwks, clock)), clock=clock)
    token = signed(w.claims(), rsa_key(), "RS256", kid="r")
    first = w.verifier.verify(token)
    jwks_file(tmp_path, jwk(rsa_key(), kid="r"), jwk(ec_key(), kid="e"))
    clock.advance(1)
    assert w.verifier.verify(token) is first
