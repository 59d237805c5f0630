"""Whom a server trusts that has these settings."""

import stat
from pathlib import Path
from typing import Any

import pytest

from tests.access.signing import SECRET, ec_key, jwk, jwks_file, public_pem, rsa_key, signed
from tests.support.clocks import FakeClock
from unisono.server.app import dev_key, trust
from unisono.server.config import Settings
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import Unauthenticated

APP = {"app_id": "mail.test", "client_ids": "mail-client"}


def settings(folder: Path, **values: Any) -> Settings:
    return Settings(store=f"sqlite:///{folder}/unisono.db", **values)


def verifier(at: Settings, clock: FakeClock) -> TokenVerifier:
    return trust.trust(at, clock).verifier


def issuer(**values: Any) -> dict[str, Any]:
    return {"issuer": "https://id.test/", "audience": "unisono", **values}


def claims(clock: FakeClock, **more: Any) -> dict[str, Any]:
    return {
        "iss": "https://id.test/",
        "aud": "unisono",
        "azp": "mail-client",
        "sub": "ada",
        "scp": "notifications.readwrite",
        "exp": clock.now() // 1000 + 60,
        **more,
    }


def dev_token(at: Settings, clock: FakeClock, user_id: str = "") -> str:
    return dev_key.token(
        dev_key.secret(at.store_file),
        client_id="demo",
        user_id=user_id,
        scopes=("notifications.send", "notifications.readwrite"),
        now=clock.now(),
        ttl=60,
    )


def failure(at: Settings) -> str:
    with pytest.raises(AccessMisconfigured) as caught:
        verifier(at, FakeClock())
    return str(caught.value)


def test_nobody(tmp_path: Path) -> None:
    message = failure(settings(tmp_path))
    assert "--config" in message
    assert "--dev" in message


def test_issuers_without_apps(tmp_path: Path) -> None:
    assert "[[apps]]" in failure(settings(tmp_path, issuers=[issuer(secret=SECRET)]))


def test_issuer_with_a_secret(tmp_path: Path) -> None:
    clock = FakeClock()
    at = settings(tmp_path, apps=[APP], issuers=[issuer(secret=SECRET)])
    assert verifier(at, clock).verify(signed(claims(clock))).app_id == "mail.test"


def test_issuer_with_a_secret_in_a_file_that_every_user_may_read(tmp_path: Path) -> None:
    file = tmp_path / "unisono.secret"
    file.write_text(SECRET)
    for mode in (0o644, 0o602, 0o661):
        file.chmod(mode)
        with pytest.raises(AccessMisconfigured, match="chmod o-rwx"):
            verifier(settings(tmp_path, apps=[APP], issuers=[issuer(secret_file=file)]), FakeClock())


def test_secrets_that_every_user_may_read_later_are_not_taken_over(tmp_path: Path) -> None:
    file, clock = tmp_path / "unisono.secret", FakeClock()
    file.write_text(SECRET)
    file.chmod(0o600)
    by = verifier(settings(tmp_path, apps=[APP], issuers=[issuer(secret_file=file)]), clock)
    other = "another secret, which everybody reads"
    file.write_text(f"{other}\n{SECRET}")
    file.chmod(0o644)
    clock.advance(1)
    assert by.verify(signed(claims(clock))).user_id == "ada"
    with pytest.raises(Unauthenticated):
        by.verify(signed(claims(clock), other))
    file.chmod(0o600)
    file.write_text(f"{SECRET}\n{other}\n")
    clock.advance(1)
    by.verify(signed(claims(clock)))
    assert by.verify(signed(claims(clock), other)).user_id == "ada"


def test_issuer_with_a_pem_file(tmp_path: Path) -> None:
    clock, pem = FakeClock(), tmp_path / "key.pem"
    pem.write_bytes(public_pem(rsa_key()))
    at = settings(tmp_path, apps=[APP], issuers=[issuer(pem_file=pem, algorithm="RS256")])
    token = signed(claims(clock), rsa_key(), "RS256")
    assert verifier(at, clock).verify(token).user_id == "ada"


def test_issuer_like_entra_with_a_jwks_file(tmp_path: Path) -> None:
    clock, jwks = FakeClock(), jwks_file(tmp_path, jwk(rsa_key(), kid="r"), jwk(ec_key(), kid="e"))
    declared = issuer(
        jwks_file=jwks, algorithm="RS256", user_claims=["tid", "oid"], app_only="idtyp", audience=["a", "b"]
    )
    verified_by = verifier(settings(tmp_path, apps=[APP], issuers=[declared]), clock)
    user = claims(clock, aud="b", tid="t", oid="o")
    assert verified_by.verify(signed(user, rsa_key(), "RS256", kid="r")).user_id == "t:o"
    service = claims(clock, aud="a", idtyp="app", roles=["notifications.send"])
    assert verified_by.verify(signed(service, rsa_key(), "RS256", kid="r")).role is Role.PUBLISHER
    with pytest.raises(Unauthenticated):
        verified_by.verify(signed(user, ec_key(), "ES256", kid="e"))


def test_issuer_without_a_key_for_its_algorithm(tmp_path: Path) -> None:
    at = settings(tmp_path, apps=[APP], issuers=[issuer(secret=SECRET, algorithm="RS256")])
    assert "no key for RS256" in failure(at)


def test_settings_reach_the_verifier(tmp_path: Path) -> None:
    clock = FakeClock()
    at = settings(
        tmp_path, apps=[APP], issuers=[issuer(secret=SECRET)], clock_skew=0.5, access_token_bytes=400
    )
    verified_by = verifier(at, clock)
    now = clock.now() / 1000
    verified_by.verify(signed(claims(clock, nbf=now + 0.5)))
    with pytest.raises(Unauthenticated, match="not valid yet"):
        verified_by.verify(signed(claims(clock, nbf=now + 0.6)))
    with pytest.raises(Unauthenticated, match="at most 400"):
        verified_by.verify("x" * 401)


def test_dev_key_is_made_for_its_owner_alone_and_kept(tmp_path: Path) -> None:
    at = settings(tmp_path, dev=True)
    verifier(at, FakeClock())
    file = dev_key.key_file(at.store_file)
    assert file == tmp_path / "unisono.db.dev-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = file.read_text()
    verifier(at, FakeClock())
    assert file.read_text() == key
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]


def test_dev_keys_of_two_stores_differ(tmp_path: Path) -> None:
    assert dev_key.secret(tmp_path / "a.db") != dev_key.secret(tmp_path / "b.db")


def test_dev_token(tmp_path: Path) -> None:
    clock, at = FakeClock(), settings(tmp_path, dev=True)
    verified_by = verifier(at, clock)
    assert verified_by.verify(dev_token(at, clock, "ada")) == Principal(
        app_id="demo",
        user_id="ada",
        scopes=frozenset(("notifications.send", "notifications.readwrite")),
        expire_time=clock.now() + 60_000,
    )
    assert verified_by.verify(dev_token(at, clock)).role is Role.PUBLISHER


def test_dev_token_where_dev_is_off(tmp_path: Path) -> None:
    clock = FakeClock()
    at = settings(
        tmp_path, apps=[APP, {"app_id": "demo", "client_ids": "demo"}], issuers=[issuer(secret=SECRET)]
    )
    with pytest.raises(Unauthenticated):
        verifier(at, clock).verify(dev_token(at, clock))


def test_dev_beside_declared_apps(tmp_path: Path) -> None:
    assert trust.trust(settings(tmp_path, dev=True, apps=[APP]), FakeClock()).apps.ids == (
        "mail.test",
        "demo",
    )
    own = {"app_id": "demo", "client_ids": ["own"]}
    apps = trust.trust(settings(tmp_path, dev=True, apps=[own]), FakeClock()).apps
    assert apps.of_client("unisono-dev", "demo") is None


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.168.1.7:0", "example.test:0"])
def test_dev_on_an_address_that_others_reach(tmp_path: Path, listen: str) -> None:
    at = settings(tmp_path, dev=True, listen=listen)
    assert "--dev-key-on-any-address" in failure(at)
    assert not dev_key.key_file(at.store_file).exists()
    verifier(at.model_copy(update={"dev_key_on_any_address": True}), FakeClock())


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "127.7.7.7:0", "[::1]:0", "localhost:0"])
def test_dev_on_this_machine(tmp_path: Path, listen: str) -> None:
    verifier(settings(tmp_path, dev=True, listen=listen), FakeClock())


def test_dev_key_that_others_may_read(tmp_path: Path) -> None:
    at = settings(tmp_path, dev=True)
    dev_key.secret(at.store_file)
    dev_key.key_file(at.store_file).chmod(0o640)
    assert "chmod 600" in failure(at)


def test_dev_key_that_is_damaged(tmp_path: Path) -> None:
    at = settings(tmp_path, dev=True)
    file = dev_key.key_file(at.store_file)
    file.touch(mode=0o600)
    assert "remove it" in failure(at)


def test_dev_key_without_its_folder(tmp_path: Path) -> None:
    assert f"the folder {tmp_path}/absent does not exist" in failure(settings(tmp_path / "absent", dev=True))


def test_dev_key_that_is_a_folder(tmp_path: Path) -> None:
    at = settings(tmp_path, dev=True)
    dev_key.key_file(at.store_file).mkdir(mode=0o700)
    assert "Is a directory" in failure(at)


def test_dev_key_that_two_make_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one is faster, right before this one puts its key in place."""
    file, hardlink_to = dev_key.key_file(tmp_path / "a.db"), Path.hardlink_to

    def slow(path: Path, target: str) -> None:
        file.write_text("the key that the other one has made")
        file.chmod(0o600)
        hardlink_to(path, target)

    monkeypatch.setattr(Path, "hardlink_to", slow)
    assert dev_key.secret(tmp_path / "a.db") == "the key that the other one has made"
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]


def test_the_prefixes_that_users_of_each_app_may_have(tmp_path: Path) -> None:
    """Not those of issuers that speak for no users; whose tokens are of the development key has none."""
    issuers = [
        issuer(issuer=f"https://{name}.test/", name=name, secret=SECRET, user_prefix=prefix, user_claims=user)
        for name, prefix, user in (("one", "a:", "sub"), ("two", "b:", "sub"), ("backends", "", ()))
    ]
    apps = [{**APP, "issuers": ["one", "two", "backends"]}] + [
        {"app_id": f"{name}.test", "client_ids": name, "issuers": [name]} for name in ("two", "backends")
    ]
    at = settings(tmp_path, apps=apps, issuers=issuers)

    trusted = trust.trust(at, FakeClock()).user_prefixes
    with_dev = trust.trust(at.model_copy(update={"dev": True}), FakeClock()).user_prefixes

    assert trusted == {"mail.test": {"a:", "b:"}, "two.test": {"b:"}}
    everybody = {"mail.test": {"", "a:", "b:"}, "two.test": {"", "b:"}, "backends.test": {""}, "demo": {""}}
    assert with_dev == everybody
