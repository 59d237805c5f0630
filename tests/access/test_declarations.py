"""Apps and issuers that contradict themselves are refused."""

from dataclasses import replace
from typing import Any

import pytest

from tests.access.signing import ISSUER, SECRET, rs256
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.keys import key_of_secret
from unisono.server.core.access.misconfigured import AccessMisconfigured


def test_app_is_found_by_each_of_its_clients() -> None:
    mail = App(app_id="mail.test", client_ids=tuple(f"mail-{n}" for n in range(30)))
    apps = Apps([mail, App(app_id="chat.test", client_ids=("chat",))])
    assert {apps.of_client(client_id) for client_id in mail.client_ids} == {mail}
    assert apps.of_client("other") is None
    assert apps.get("mail.test") is mail
    assert apps.ids == ("mail.test", "chat.test")


def test_client_of_two_apps() -> None:
    with pytest.raises(AccessMisconfigured, match="client id shared is declared for two apps"):
        Apps([App(app_id="a.test", client_ids=("shared",)), App(app_id="b.test", client_ids=("shared",))])


def test_app_declared_twice() -> None:
    with pytest.raises(AccessMisconfigured, match="is declared twice"):
        Apps([App(app_id="a.test", client_ids=("a",)), App(app_id="a.test", client_ids=("b",))])


@pytest.mark.parametrize("lacking", [{"issuer": ""}, {"audiences": ()}, {"keys": ()}, {"user_claims": ()}])
def test_issuer_that_lacks_something(lacking: dict[str, Any]) -> None:
    with pytest.raises(AccessMisconfigured, match=f"has no {next(iter(lacking))}"):
        replace(ISSUER, **lacking)


def test_shared_secret_beside_public_keys() -> None:
    with pytest.raises(AccessMisconfigured, match="a shared secret and public keys"):
        replace(ISSUER, keys=(key_of_secret(SECRET), rs256()))
