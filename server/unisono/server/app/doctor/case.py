"""What advice is given on: a token after all checks, what failed, and how its issuer and app are declared."""

from collections.abc import Mapping
from dataclasses import dataclass

from unisono.server.config import IssuerSettings, Settings
from unisono.server.core.access.claims import Claims
from unisono.server.core.access.examination import Examination
from unisono.server.errors import UnisonoError


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A token that was examined; `errors` has those of the checks that failed, by their names."""

    seen: Examination
    settings: Settings
    errors: Mapping[str, UnisonoError]

    @property
    def claims(self) -> Claims:
        """The claims, which nobody vouches for where the signature is not right; empty where it has none."""
        token = getattr(self.seen, "token", None)
        return token.claims if token is not None else {}

    @property
    def name(self) -> str:
        """The name of the issuer."""
        return self.seen.issuer.name

    @property
    def declared(self) -> IssuerSettings | None:
        """The table of the issuer; None where it is not trusted, and for the development key."""
        if not hasattr(self.seen, "issuer"):
            return None
        for table in self.settings.issuers:
            if (table.name or table.issuer) == self.name:
                return table
        return None
