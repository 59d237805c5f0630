"""Which app a certificate stands for where there is no token: by its names, each taken as it is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.access.signing import APP, ISSUER
from tests.access.test_trust import APP as DECLARED
from tests.access.test_trust import failure, issuer, settings
from tests.config.test_problems import problems
from tests.support.clocks import FakeClock
from unisono.server.app.trust import trust
from unisono.server.config.tables import CERTIFICATES_MAX, URI_MAX
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated
from unisono.server.model.client_certificate import ClientCertificate

THUMBPRINT = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dgI"
URI = "spiffe://backend.internal/mail"
MAIL = replace(APP, client_certificates=(f"x5t#S256:{THUMBPRINT}", "dns:mail.backend.internal", f"uri:{URI}"))
CHAT = App(
    app_id="chat.test",
    client_ids=("chat-client",),
    client_certificates=("dns:chat.backend.internal",),
    certificate_scopes=("feeds.delete",),
)


def certificate(**changes: Any) -> ClientCertificate:
    good = {"thumbprint": "x" * 43, "expire_time": FakeClock().now() + 1000}
    return ClientCertificate(**{**good, **changes})


def verifier(clock: FakeClock | None = None) -> TokenVerifier:
    return TokenVerifier([ISSUER], Apps([MAIL, CHAT]), clock or FakeClock())


def caller(**changes: Any) -> Principal | None:
    return verifier().verify_certificate(certificate(**changes))


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ({"thumbprint": THUMBPRINT}, f"x5t#S256:{THUMBPRINT}"),
        ({"dns_names": ("other.internal", "mail.backend.internal")}, "dns:mail.backend.internal"),
        ({"uris": (URI,)}, f"uri:{URI}"),
        ({"thumbprint": THUMBPRINT, "uris": (URI,)}, f"x5t#S256:{THUMBPRINT}"),
    ],
)
def test_any_of_its_names_stands_for_a_publisher_of_its_app(shown: dict[str, Any], name: str) -> None:
    principal = caller(**shown)
    assert principal == Principal(
        app_id="mail.test",
        scopes=frozenset(("notifications.send",)),
        expire_time=certificate().expire_time,
    )
    assert principal.role is Role.PUBLISHER
    assert principal.names == {"app": "mail.test", "issuer": "", "client": name, "user": ""}


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"dns_names": ("*.backend.internal",)},
        {"dns_names": ("a.mail.backend.internal", "backend.internal", "mail.backend.internal.")},
        {"dns_names": (URI,), "uris": ("mail.backend.internal", "dns:mail.backend.internal")},
        {"uris": (f"{URI}/", URI.upper(), URI[:-1])},
        {"thumbprint": THUMBPRINT.lower()},
    ],
)
def test_what_is_almost_a_name_is_none(shown: dict[str, Any]) -> None:
    assert caller(**shown) is None


def test_other_scopes_are_those_that_are_declared() -> None:
    principal = caller(dns_names=("chat.backend.internal",))
    assert principal is not None
    principal.require("feeds.delete")
    principal = caller(dns_names=("mail.backend.internal",))
    assert principal is not None
    with pytest.raises(PermissionDenied, match=r"a publisher certificate needs the scope feeds\.delete"):
        principal.require("feeds.delete")


def test_one_that_names_two_apps_stands_for_neither() -> None:
    with pytest.raises(PermissionDenied, match="different apps") as raised:
        caller(dns_names=("mail.backend.internal", "chat.backend.internal"))
    assert raised.value.reason is Reason.APP_UNKNOWN


def test_it_is_good_until_its_time_is_over() -> None:
    clock = FakeClock()
    shown, at = certificate(uris=(URI,)), verifier(clock)
    clock.advance(0.999)
    assert at.verify_certificate(shown) is not None
    clock.advance(0.001)
    with pytest.raises(Unauthenticated, match="the client certificate has expired") as raised:
        at.verify_certificate(shown)
    assert raised.value.reason is Reason.TOKEN_EXPIRED


def test_a_name_of_two_apps_is_refused() -> None:
    with pytest.raises(AccessMisconfigured, match=r"uri:spiffe:.* is declared for two apps, mail.test and b"):
        Apps([MAIL, replace(CHAT, app_id="b.test", client_certificates=(f"uri:{URI}",))])


def declared(folder: Path, names: Any, **values: Any) -> Any:
    app = {**DECLARED, "client_certificates": names, "certificate_scopes": "feeds.delete"}
    return settings(folder, issuers=[issuer(secret="s" * 32)], apps=[app], **values)


def test_the_settings_declare_them(tmp_path: Path) -> None:
    tls = {"tls_certificate": "c.pem", "tls_key": "k.pem", "tls_client_ca": "clients.pem"}
    app = trust(declared(tmp_path, "dns:mail.backend.internal", **tls), FakeClock()).apps.get("mail.test")
    assert app is not None
    assert app.client_certificates == ("dns:mail.backend.internal",)
    assert app.certificate_scopes == ("feeds.delete",)


def test_they_are_refused_where_nobody_is_asked_for_one(tmp_path: Path) -> None:
    assert "name the authorities that issue them with tls_client_ca" in failure(
        declared(tmp_path, f"uri:{URI}")
    )


@pytest.mark.parametrize(
    "name",
    [
        *("", "mail.backend.internal", "dns:", "dns:*.backend.internal", "dns:Mail.internal", "dns: a"),
        *("dns:a..b", f"dns:{'a.' * 126}ab", "uri:", "uri:a", "uri:spiffe:", "uri:spiffe://a b", "uri:x:\n"),
        *(f"uri:spiffe://{'a' * (URI_MAX - 8)}", "uri:spiffe://ä", "DNS:a.test", "cn:a", "email:a@b.test"),
        *("x5t#S256:", f"x5t#S256:{THUMBPRINT}=", f"x5t#S256:{THUMBPRINT[:-1]}J", f"x5t:{THUMBPRINT}"),
    ],
)
def test_what_no_certificate_is_named_is_refused_by_its_field(name: str) -> None:
    app = {"app_id": "mail.test", "client_ids": "a", "client_certificates": ["dns:a.test", name]}
    (line,) = problems(apps=[app])
    assert line.startswith("apps[0].client_certificates[1] (flag --apps): must be ")


def test_what_is_too_much_or_no_scope_is_refused_by_its_field() -> None:
    names = [f"dns:a{number}.test" for number in range(CERTIFICATES_MAX + 1)]
    app = {
        "app_id": "mail.test",
        "client_ids": "a",
        "client_certificates": names,
        "certificate_scopes": ["x"],
    }
    many, scope = problems(apps=[app])
    assert many.startswith("apps[0].client_certificates (flag --apps): value should have at most 100 items")
    assert scope.startswith("apps[0].certificate_scopes[0] (flag --apps): must be 'feeds.delete'")
