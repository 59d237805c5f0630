"""Tokens as the providers document them: each is taken in its role, and in no other."""

import tomllib
from pathlib import Path
from typing import get_args

import pytest

from tests.access.shapes import DOCUMENT, Claims, Shape, shapes
from tests.docs.blocks import blocks_of
from tests.support.clocks import FakeClock
from unisono.server.app.trust import trust
from unisono.server.config import Settings
from unisono.server.config.presets import PRESETS, Preset
from unisono.server.core.access.principal import Role
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated

every_shape = pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.name)

SEND, READWRITE = "notifications.send", "notifications.readwrite"


def test_every_preset_is_in_the_document() -> None:
    presets = {issuer.get("preset") for shape in shapes() for issuer in tomllib.loads(shape.toml)["issuers"]}
    assert presets == {*PRESETS, None}
    assert set(PRESETS) == set(get_args(Preset))
    assert len(shapes()) == 12


@every_shape
def test_an_apps_own_token_is_a_publishers(shape: Shape, tmp_path: Path) -> None:
    principal = shape.verifier(tmp_path).verify(shape.sign(shape.publisher))
    assert (principal.role, principal.app_id) == (Role.PUBLISHER, "mail.example.com")
    principal.require(SEND)
    with pytest.raises(PermissionDenied, match="the app's own, since"):
        principal.require(READWRITE)


@every_shape
def test_a_persons_token_is_a_devices(shape: Shape, tmp_path: Path) -> None:
    principal = shape.verifier(tmp_path).verify(shape.sign(shape.device))
    assert (principal.role, principal.app_id) == (Role.DEVICE, "mail.example.com")
    assert principal.user_id in {
        shape.device["sub"],
        shape.device.get("uid"),
        tenant_and_object(shape.device),
    }
    principal.require(READWRITE)
    with pytest.raises(PermissionDenied, match="a user's, since"):
        principal.require(SEND)


def tenant_and_object(claims: Claims) -> str:
    return f"{claims.get('tid')}:{claims.get('oid')}"


def with_scope(claims: Claims, old: str, new: str) -> Claims:
    """The claims, with the one scope in place of the other, wherever that is."""
    return {
        name: value.replace(old, new)
        if isinstance(value, str)
        else [word.replace(old, new) if isinstance(word, str) else word for word in value]
        if isinstance(value, list)
        else value
        for name, value in claims.items()
    }


@every_shape
def test_the_scope_of_the_other_role_makes_no_other_role(shape: Shape, tmp_path: Path) -> None:
    """Whoever grants a scope grants no role with it."""
    if shape.name == "Google":
        return  # its tokens have no scopes
    verifier = shape.verifier(tmp_path)
    for claims, old, new in ((shape.publisher, SEND, READWRITE), (shape.device, READWRITE, SEND)):
        changed = with_scope(claims, old, new)
        assert changed != claims
        with pytest.raises(PermissionDenied) as caught:
            verifier.verify(shape.sign(changed))
        assert caught.value.reason is Reason.SCOPE_MISSING
        assert caught.value.metadata == {"scope": old}


@every_shape
@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-api", "client_id": "another-client", "azp": None},
        {"iss": "https://eve.example.com/"},
        {"azp": "eve", "appid": "eve", "client_id": "eve", "cid": "eve"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"nbf": 4_000_000_000},
        {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
        {"typ": "Refresh"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"token_use": "refresh"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_wrong_with_a_token_is_wrong_with_any(shape: Shape, changes: Claims, tmp_path: Path) -> None:
    verifier = shape.verifier(tmp_path)
    for claims in (shape.publisher, shape.device):
        changed = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        with pytest.raises((Unauthenticated, PermissionDenied)):
            verifier.verify(shape.sign(changed))


@every_shape
@pytest.mark.parametrize(
    "id_token",
    [{"at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q"}, {"typ": "ID"}, {"token_use": "id"}, {"nonce": "n-0S6"}],
)
def test_an_id_token_is_no_access_token_but_googles(shape: Shape, id_token: Claims, tmp_path: Path) -> None:
    verifier = shape.verifier(tmp_path)
    token = shape.sign({**{k: v for k, v in shape.device.items() if k != "typ"}, **id_token})
    if shape.name == "Google":
        assert verifier.verify(token).role is Role.DEVICE
    else:
        with pytest.raises(Unauthenticated, match=r"ID token|token_use"):
            verifier.verify(token)


@every_shape
def test_a_user_who_is_called_like_a_client_is_a_user(shape: Shape, tmp_path: Path) -> None:
    """At another client than the one whose name it is: who may choose a name gets no app by it."""
    claims = {**shape.device, "sub": shape.publisher.get("sub", "mail-backend")}
    assert shape.verifier(tmp_path).verify(shape.sign(claims)).role is Role.DEVICE


def test_every_configuration_in_the_document_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "unisono.secret").write_text("x" * 32)
    (tmp_path / "unisono.secret").chmod(0o600)
    blocks = blocks_of(DOCUMENT.name, DOCUMENT.read_text(encoding="utf-8"))
    configurations = [block.text for block in blocks if block.language == "toml"]
    for text in configurations:
        values = tomllib.loads(text.replace("unisono.secret", str(tmp_path / "unisono.secret")))
        assert trust(Settings(store=f"sqlite:///{tmp_path}/u.db", **values), FakeClock()).apps.ids
    assert len(configurations) == len(shapes()) + 5


class TestManyTenants:
    """One issuer with `{tenantid}` in its name."""

    @pytest.fixture
    def shape(self) -> Shape:
        return next(shape for shape in shapes() if shape.name.startswith("Many tenants"))

    @pytest.mark.parametrize(
        "changes",
        [
            {"tid": "11111111-86f1-41af-91ab-2d7cd011db47"},
            {"tid": None},
            {"tid": 7},
            {"iss": "https://login.microsoftonline.com/{tenantid}/v2.0", "tid": "{tenantid}"},
            {"iss": "https://login.microsoftonline.com//v2.0", "tid": ""},
            {"iss": "https://login.microsoftonline.com/a/b/v2.0", "tid": "a/b"},
            {"iss": "https://login.microsoftonline.com/common/v2.0"},
        ],
    )
    def test_the_tenant_has_to_be_that_of_the_issuer(
        self, shape: Shape, changes: Claims, tmp_path: Path
    ) -> None:
        claims = {name: value for name, value in {**shape.device, **changes}.items() if value is not None}
        with pytest.raises(Unauthenticated, match="not trusted"):
            shape.verifier(tmp_path).verify(shape.sign(claims))

    def test_the_same_object_id_of_another_tenant_is_another_user(self, shape: Shape, tmp_path: Path) -> None:
        other = "11111111-86f1-41af-91ab-2d7cd011db47"
        claims = {**shape.device, "tid": other, "iss": f"https://login.microsoftonline.com/{other}/v2.0"}
        verifier = shape.verifier(tmp_path)
        users = {verifier.verify(shape.sign(one)).user_id for one in (shape.device, claims)}
        assert len(users) == 2

    def test_a_key_of_one_tenant_signs_for_no_other(self, shape: Shape, tmp_path: Path) -> None:
        mine = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
        verifier = shape.verifier(tmp_path)
        (tmp_path / "jwks.json").write_text(
            (tmp_path / "jwks.json")
            .read_text()
            .replace("https://login.microsoftonline.com/{tenantid}/v2.0", mine)
        )
        verifier = trust(shape_settings(shape, tmp_path), FakeClock()).verifier
        assert verifier.verify(shape.sign(shape.device)).role is Role.DEVICE
        with pytest.raises(Unauthenticated, match="no key"):
            verifier.verify(shape.sign(shape.publisher))


def shape_settings(shape: Shape, folder: Path) -> Settings:
    """The settings with the keys that are in the folder already."""
    values = tomllib.loads(shape.toml)
    values["issuers"][0] |= {"jwks_file": str(folder / "jwks.json"), "discovery": None}
    return Settings(store=f"sqlite:///{folder}/unisono.db", **values)
