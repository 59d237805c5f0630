"""A service of several issuers and apps, which tests attack."""

from dataclasses import replace
from typing import Any

from tests.access.signing import APP, ISSUER, IssuerFixture, rs256
from tests.support.clocks import FakeClock
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.keys.base import FixedKeys
from unisono.server.keys.formats import key_of_secret

PARTNER_SECRET = "the secret of a partner, who is trusted for an app of its own"
PARTNER = replace(
    ISSUER, issuer="https://partner.test/", name="", keys=FixedKeys(key_of_secret(PARTNER_SECRET))
)
PUBLIC = replace(ISSUER, issuer="https://public.test/", name="", keys=FixedKeys(rs256("one")))
TENANTS = replace(
    ISSUER,
    issuer="https://tenants.test/{tenantid}/",
    name="",
    user_claims=("tid", "sub"),
    keys=FixedKeys(replace(rs256("of-t1"), issuer="https://tenants.test/t1/")),
)
APPS = (
    replace(APP, issuers=(ISSUER.name, PUBLIC.name, TENANTS.name)),
    App(app_id="partner.test", client_ids=("partner-client",), issuers=(PARTNER.name,)),
)


class World(IssuerFixture):
    """A service of several issuers and apps; the victim is the user ada of mail.test."""

    def __init__(self) -> None:
        self.issuer = ISSUER
        self.clock = FakeClock()
        self.verifier = TokenVerifier(
            [ISSUER, PARTNER, PUBLIC, TENANTS], Apps(APPS), self.clock, client_certificates=True
        )

    def public(self, **changes: Any) -> dict[str, Any]:
        """The claims of a token of the issuer with public keys."""
        return self.claims(**{"iss": PUBLIC.issuer, **changes})
