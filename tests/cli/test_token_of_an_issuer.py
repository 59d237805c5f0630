"""`token --issuer` signs as an issuer of the configuration, in the shape that its declaration expects."""

from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.access.shapes import Shape, shapes
from tests.access.signing import SECRET, ec_key, ed_key, jwk, jwks_file, rsa_key
from tests.cli.command import run, said
from tests.support.provider.provider import running
from unisono.server.app.trust import trust
from unisono.server.clock import SystemClock
from unisono.server.config import load
from unisono.server.core.access.principal import Principal, Role

APP = """
[[apps]]
app_id = "mail.test"
client_ids = ["mail-web", "mail-ios"]
"""
ISSUER = f"""
[[issuers]]
issuer = "backend.test"
audience = "unisono"
secret = "{SECRET}"
"""


def pem(folder: Path, key: Any, password: bytes = b"") -> Path:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    file = folder / "private.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    file.chmod(0o600)
    return file


class Place:
    """A folder with a configuration file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "unisono.toml"
        self.declare(APP + ISSUER)

    def declare(self, text: str) -> None:
        self.file.write_text(f'store = "sqlite:///{self.folder}/unisono.db"\n{text}')
        self.file.chmod(0o600)

    def token(self, *args: object) -> str:
        result = run("token", "--config", self.file, *args)
        assert result.exit_code == 0, result.output
        (line,) = result.stdout.splitlines()
        return line

    def principal(self, *args: object) -> Principal:
        """Who a server takes the holder for, without --dev."""
        settings = load({}, {}, self.file).settings
        return trust(settings, SystemClock()).verifier.verify(self.token(*args))

    def failure(self, *args: object) -> str:
        result = run("token", "--config", self.file, *args)
        assert result.exit_code == 2
        return said(result)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def test_of_the_only_issuer_with_a_secret(place: Place) -> None:
    assert place.principal("--user", "ada").user_id == "ada"
    assert place.principal().role is Role.PUBLISHER
    assert not list(place.folder.glob("*dev-key"))


def test_of_the_development_key_where_asked_for(place: Place) -> None:
    assert claims(place.token("--dev", "--user", "ada"))["iss"] == "unisono-dev"


def test_its_claims(place: Place) -> None:
    found = claims(
        place.token(
            "--user",
            "ada",
            "--ttl",
            "15m",
            "--client",
            "mail-ios",
            "--scope",
            "a",
            "--scope",
            "notifications.readwrite",
        )
    )
    assert found.pop("exp") - found.pop("iat") == 900
    assert found == {
        "iss": "backend.test",
        "aud": "unisono",
        "azp": "mail-ios",
        "sub": "ada",
        "scope": "a notifications.readwrite",
    }


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.name)
def test_as_every_provider_would_make_it(place: Place, shape: Shape) -> None:
    """That of the keys that the operator has, which is not said of a cloud provider."""
    if "{tenantid}" in shape.toml:
        place.declare(with_keys(place.folder, shape))
        key = pem(place.folder, rsa_key())
        assert "signs for none of them" in place.failure("--key", key)
        return
    user = "72f988bf:690222be" if "entra" in shape.toml else "ada"
    args: list[object] = []
    if shape.symmetric:
        secret = place.folder / "unisono.secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        place.declare(shape.toml.replace("unisono.secret", str(secret)))
    else:
        place.declare(with_keys(place.folder, shape))
        args = ["--key", pem(place.folder, rsa_key())]

    device, publisher = place.principal(*args, "--user", user), place.principal(*args)

    assert (device.role, device.user_id) == (Role.DEVICE, user)
    assert publisher.role is Role.PUBLISHER


def with_keys(folder: Path, shape: Shape) -> str:
    file = jwks_file(folder, jwk(ec_key(), kid="other"), jwk(rsa_key(), kid="one"))
    return f'{shape.toml}\njwks_file = "{file}"\n'


@pytest.mark.parametrize(("make", "algorithm"), [(rsa_key, "RS256"), (ec_key, "ES256"), (ed_key, "EdDSA")])
def test_the_key_has_its_id_and_algorithm(place: Place, make: Any, algorithm: str) -> None:
    keys = [jwk(key(), kid=name) for name, key in (("r", rsa_key), ("e", ec_key), ("d", ed_key))]
    file = jwks_file(place.folder, *keys)
    place.declare(f'{APP}[[issuers]]\nissuer="id.test"\naudience="unisono"\njwks_file="{file}"')

    token = place.token("--key", pem(place.folder, make()))

    header = jwt.get_unverified_header(token)
    assert header == {"typ": "JWT", "alg": algorithm, "kid": header["kid"]}
    assert header["kid"] in "red"


def test_the_newest_of_several_secrets(place: Place) -> None:
    secrets = place.folder / "secrets"
    secrets.write_text("an old secret of more than thirty-two bytes\n" + SECRET)
    secrets.chmod(0o600)
    place.declare(f'{APP}[[issuers]]\nissuer="id.test"\naudience="unisono"\nsecret_file="{secrets}"')
    jwt.decode(place.token(), SECRET, ["HS256"], audience="unisono")


def test_a_user_is_the_whole_id(place: Place) -> None:
    place.declare(APP + ISSUER + 'user_prefix = "crm:"')
    assert place.principal("--user", "crm:ada").user_id == "crm:ada"
    assert claims(place.token("--user", "crm:ada"))["sub"] == "ada"
    assert "begins with 'crm:'" in place.failure("--user", "ada")


@pytest.mark.parametrize(
    "more",
    [
        'app_only = "scope"\napp_only_scope = "apps"\nscope_map = { "Apps.All" = "apps" }',
        'app_only = "claim"\napp_only_claims = { kind = ["service", "batch"], person = false }',
        'app_only = "idtyp"',
        'app_only = "sub_is_client_id"\nclient_claims = ["cid"]',
        'user_claims = ["ext.tenant", "ext.id"]\nscope_claims = ["realm_access.roles"]',
        'scope_map = { "u/send" = "notifications.send", "u/rw" = "notifications.readwrite" }',
        'required_claims = { plan = ["free", "paid"], checked = true }',
        'token_types = ["at+jwt"]',
    ],
)
def test_every_way_to_tell_an_app(place: Place, more: str) -> None:
    place.declare(APP + ISSUER + more)
    user = "t:ada" if "ext.tenant" in more else "ada"
    assert place.principal("--user", user).user_id == user
    assert place.principal().role is Role.PUBLISHER


def test_publisher_clients(place: Place) -> None:
    app = APP + 'publisher_client_ids = ["mail-backend"]\n'
    place.declare(app + ISSUER + 'app_only = "publisher_clients"')
    assert place.principal().client_id == "mail-backend"
    assert place.principal("--user", "ada").client_id == "mail-web"
    assert "has no user_claims" not in place.failure("--client", "mail-web")


@pytest.mark.parametrize(
    ("more", "args", "message"),
    [
        ("", ["--issuer", "other"], "other is not declared; known: backend.test"),
        ("", ["--app", "chat.test"], "chat.test takes no tokens of backend.test; known: mail.test"),
        ("", ["--client", "unknown"], "would refuse it: no app"),
        ("", ["--scope", "openid"], "would refuse it: a publisher token needs the scope notifications.send"),
        ("user_claims = []", ["--user", "ada"], "speaks for no users"),
        ('user_claims = ["tid", "oid"]', ["--user", "ada"], "is tid:oid"),
        ('app_only = "publisher_clients"', [], "has no publisher_client_ids"),
        ('app_only = "sub_is_client_id"', ["--user", "mail-web"], "take it for a token of the app itself"),
    ],
)
def test_what_no_server_takes_is_not_printed(place: Place, more: str, args: list[str], message: str) -> None:
    place.declare(APP + ISSUER + more)
    assert message in place.failure(*args)


def test_several_issuers_and_apps(place: Place) -> None:
    second = ISSUER.replace("backend.test", "other.test") + "user_claims = []\n"
    app = APP + 'issuers = ["backend.test", "other.test"]\n'
    chat = app.replace("mail", "chat")
    place.declare(app + chat + ISSUER + second)
    assert "--issuer as whom to sign (backend.test, other.test)" in place.failure()
    assert "signs for several apps; known: mail.test, chat.test" in place.failure("--issuer", "other.test")
    assert place.principal("--issuer", "other.test", "--app", "chat.test").app_id == "chat.test"


def test_keys_that_cannot_sign(place: Place) -> None:
    file = jwks_file(place.folder, jwk(rsa_key(), kid="one"))
    place.declare(f'{APP}[[issuers]]\nissuer="id.test"\naudience="unisono"\njwks_file="{file}"')
    assert "--issuer as whom to sign (id.test)" in place.failure()
    assert "name its private one with --key" in place.failure("--issuer", "id.test")
    assert "belongs to no key" in place.failure("--key", pem(place.folder, ec_key()))
    assert "is encrypted" in place.failure("--key", pem(place.folder, rsa_key(), b"pass"))
    assert "no PEM private key" in place.failure("--key", file)
    key = pem(place.folder, rsa_key())
    key.chmod(0o644)
    assert f"chmod o-rwx {key}" in place.failure("--key", key)
    result = run("token", "--config", place.file, "--key", place.folder / "missing.pem")
    assert (result.exit_code, result.stdout) == (1, "")


def test_published_keys_are_fetched(place: Place) -> None:
    with running() as provider:
        place.declare(f'{APP}[[issuers]]\nissuer="{provider.issuer}"\naudience="unisono"')
        failure = place.failure("--key", pem(place.folder, rsa_key()))
        assert "belongs to no key" in failure
        provider.stop()
        assert "cannot be used: http://127.0.0.1" in place.failure("--key", pem(place.folder, rsa_key()))
