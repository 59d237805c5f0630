"""The scopes of a token: as the issuer gave them, under which names they count here, and what is added."""

from collections.abc import Mapping, Sequence

from unisono.server.core.access.claims import scopes_of
from unisono.server.core.access.examination import Examination
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class Scopes:
    """`given` are those of each claim with some, `mapped` those renamed, `added` those of the declaration."""

    given: Mapping[str, Sequence[str]]
    mapped: Mapping[str, str]
    added: Sequence[str]


def scopes(seen: Examination) -> Scopes:
    """Return the scopes of a token whose issuer is known. Nothing is added before its role is known."""
    issuer, claims = seen.issuer, seen.token.claims
    given = {name: sorted(scopes_of(claims, [name])) for name in issuer.scope_claims}
    told = getattr(seen, "told", None)
    added = frozenset() if told is None else issuer.app_scopes if told.app_only else issuer.user_scopes
    return Scopes(
        given={name: words for name, words in given.items() if words},
        mapped={
            word: issuer.scope_map[word]
            for words in given.values()
            for word in words
            if word in issuer.scope_map
        },
        added=sorted(added),
    )
