"""Apps and issuers that contradict themselves are refused."""

from dataclasses import replace
from typing import Any

import pytest

from tests.access.signing import ISSUER
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.misconfigured import AccessMisconfigured


def test_app_is_found_by_each_of_its_clients() -> None:
    mail = App(app_id="mail.test", client_ids=tuple(f"mail-{n}" for n in range(30)), issuers=("a", "b"))
    apps = Apps([mail, App(app_id="chat.test", client_ids=("chat", "mail-1"), issuers=("c",))])
    assert {apps.of_client(issuer, client_id) for issuer in "ab" for client_id in mail.client_ids} == {mail}
    assert apps.of_client("a", "other") is None
    assert apps.of_client("a", "chat") is None
    assert apps.of_client("c", "mail-1") is apps.get("chat.test")
    assert apps.get("mail.test") is mail
    assert apps.ids == ("mail.test", "chat.test")


def test_client_of_two_apps() -> None:
    with pytest.raises(AccessMisconfigured, match="client id shared of the issuer id is declared for two"):
        Apps(App(app_id=app, client_ids=("shared",), issuers=("id",)) for app in ("a.test", "b.test"))


def test_app_declared_twice() -> None:
    with pytest.raises(AccessMisconfigured, match="is declared twice"):
        Apps([App(app_id="a.test", client_ids=("a",)), App(app_id="a.test", client_ids=("b",))])


@pytest.mark.parametrize("lacking", [{"issuer": ""}, {"audiences": ()}, {"client_claims": ()}])
def test_issuer_that_lacks_something(lacking: dict[str, Any]) -> None:
    with pytest.raises(AccessMisconfigured, match=f"has no {next(iter(lacking)).removesuffix('s')}"):
        replace(ISSUER, **lacking)
