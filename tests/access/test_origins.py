"""An origin is a scheme, a host and a port, and a page of any other may not call for an app."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.access.test_trust import APP, failure, issuer, settings
from tests.config.test_problems import problem, problems
from tests.docs.blocks import blocks_of
from tests.docs.machine import ROOT
from tests.support.clocks import FakeClock
from unisono.server.app.trust import trust
from unisono.server.config import Settings
from unisono.server.config.tables import ORIGINS_MAX
from unisono.server.core.access.origins import AppOrigins
from unisono.server.core.access.principal import Principal
from unisono.server.errors import PermissionDenied, Reason
from unisono.server.model.origin import ORIGIN_MAX, Origin, OriginSet

PAGE = "https://mail.example.com"


@pytest.mark.parametrize(
    "text",
    [
        *(PAGE, f"{PAGE}:443", "http://localhost:5173", "HTTPS://Mail.Example.COM", "http://[::1]:8080"),
        *("http://192.0.2.7", "http://localhost", "capacitor://localhost", "chrome-extension://abcdefgh"),
        *("https://xn--mnchen-3ya.example", "http://my_host", f"http://{'a' * (ORIGIN_MAX - 7)}"),
    ],
)
def test_what_browsers_send_is_an_origin(text: str) -> None:
    assert text in OriginSet([text])
    assert text in OriginSet(["*"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PAGE, f"{PAGE}:443"),
        (PAGE, "HTTPS://MAIL.example.com"),
        ("http://a.test", "http://a.test:80"),
        ("http://[::1]", "http://[0:0:0:0:0:0:0:1]:80"),
        ("http://[2001:DB8::A]", "http://[2001:db8:0::a]"),
        ("http://[::ffff:1.2.3.4]", "http://[::ffff:102:304]"),
    ],
)
def test_the_same_origin_may_be_spelled_in_several_ways(one: str, other: str) -> None:
    assert Origin.parse(one) == Origin.parse(other)
    assert other in OriginSet([one])


@pytest.mark.parametrize(
    "other",
    [
        *("http://mail.example.com", f"{PAGE}:8443", f"{PAGE}.", f"{PAGE}.evil.test", "https://example.com"),
        *("https://a.mail.example.com", "https://mail-example.com", "https://mail.example.com.", "null", ""),
        *(f"{PAGE}/", f"{PAGE}, https://evil.test", f"{PAGE} ", f" {PAGE}", f"{PAGE}\n", f"{PAGE}#", "*"),
        *("https://ada@mail.example.com", "//mail.example.com", "mail.example.com", "https:mail.example.com"),
    ],
)
def test_what_is_almost_an_origin_is_another(other: str) -> None:
    assert other not in OriginSet([PAGE])


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "https://", "a.test", "https://a.test/", "https://a.test/x", "https://a.test:", "//a"),
        *("https://a.test:0", "https://a.test:65536", "https://a.test:080", "https://a.test:http", "*.test"),
        *(
            "https://*.a.test",
            "https://a@b.test",
            "https://a.test?x",
            "https://mün.test",
            "https://\u212a.test",
        ),
        *(
            "http://1.2.3",
            "http://256.1.1.1",
            "http://[::1",
            "http://[1.2.3.4]",
            "http://[::g]",
            "http://::1",
        ),
        *("http://[fe80::1%eth0]", f"http://{'a' * ORIGIN_MAX}", "file://", "https:// a.test", "https://a\n"),
    ],
)
def test_what_is_no_origin_is_refused_by_its_field(text: str) -> None:
    line = problem(apps=[{**APP, "origins": [PAGE, text]}])
    assert line.startswith("apps[0].origins[1] (flag --apps): must "), line
    assert text not in OriginSet(["*"])


def test_there_are_so_many_and_no_more() -> None:
    def declared(count: int) -> list[dict[str, Any]]:
        return [{**APP, "origins": [f"https://a{number}.test" for number in range(count)]}]

    assert Settings.model_validate({"apps": declared(ORIGINS_MAX)}).apps[0].origins
    (line,) = problems(apps=declared(ORIGINS_MAX + 1))
    assert line.startswith("apps[0].origins (flag --apps): value should have at most 100 items")


def test_they_need_the_transport_that_browsers_can_speak_to() -> None:
    app = {**APP, "origins": PAGE}
    assert 'the origins of mail.test need transport = "http"' in problem(apps=[app], transport="grpcio")
    assert Settings.model_validate({"apps": [app]}).chosen_transport == "http"
    assert Settings.model_validate({"apps": [APP]}).chosen_transport == "grpcio"
    behind_proxy = {"apps": [app], "trusted_proxies": "::1"}
    assert Settings.model_validate(behind_proxy).chosen_transport == "http"


MAIL = Principal(app_id="mail.test", user_id="ada", scopes=frozenset(), expire_time=0)
ORIGINS = AppOrigins({"mail.test": [PAGE], "chat.test": ["https://chat.test"]})


def test_a_page_may_call_for_its_own_app_alone() -> None:
    ORIGINS.check(MAIL, PAGE)
    for origin in ("https://chat.test", "null", ""):
        with pytest.raises(PermissionDenied, match=r"not among the origins of the app mail\.test") as refusal:
            ORIGINS.check(MAIL, origin)
        assert refusal.value.reason is Reason.ORIGIN_NOT_ALLOWED
        assert refusal.value.about == {**MAIL.names, "origin": origin}


def test_what_is_no_page_may_call_for_any() -> None:
    ORIGINS.check(MAIL, None)


@pytest.mark.parametrize(("app_id", "admin"), [("other.test", ""), ("", "root")])
def test_who_declares_no_page_has_none(app_id: str, admin: str) -> None:
    principal = Principal(app_id=app_id, admin=admin, scopes=frozenset(), expire_time=0)
    ORIGINS.check(principal, None)
    with pytest.raises(PermissionDenied, match="not among"):
        ORIGINS.check(principal, PAGE)


def test_a_long_origin_is_cut() -> None:
    with pytest.raises(PermissionDenied) as refusal:
        ORIGINS.check(MAIL, "x" * 10_000)
    assert len(refusal.value.message) < 400
    assert len(refusal.value.about["origin"]) == ORIGIN_MAX


def declared(folder: Path, *origins: str, **values: Any) -> Settings:
    app = {**APP, "origins": origins} if origins else APP
    return settings(folder, apps=[app], issuers=[issuer(secret="s" * 32)], **values)


def test_the_settings_declare_them(tmp_path: Path) -> None:
    assert trust(declared(tmp_path, PAGE), FakeClock()).origins == {"mail.test": (PAGE,)}
    assert trust(declared(tmp_path), FakeClock()).origins == {"mail.test": ()}


def test_the_document_declares_good_ones() -> None:
    text = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    (block,) = (block for block in blocks_of("identity.md", text) if "origins =" in block.text)
    (app,) = Settings.model_validate(tomllib.loads(block.text)).apps
    assert app.origins == ("https://mail.example.com", "https://beta.example.com:8443")


def test_all_origins_are_for_trying_out(tmp_path: Path) -> None:
    assert "the app mail.test has the origin" in failure(declared(tmp_path, PAGE, "*"))
    tried_out = trust(declared(tmp_path, "*", dev=True), FakeClock()).origins
    assert tried_out == {"mail.test": ("*",), "demo": ("*",)}


def test_with_dev_only_what_declares_none_is_open_to_all(tmp_path: Path) -> None:
    assert trust(declared(tmp_path, dev=True), FakeClock()).origins["mail.test"] == ("*",)
    assert trust(declared(tmp_path, PAGE, dev=True), FakeClock()).origins["mail.test"] == (PAGE,)
