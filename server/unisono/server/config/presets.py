"""What the tokens of well-known identity providers look like, as defaults for the table of an issuer.

Each is from the provider's own documentation, named beside it. What an operator writes precedes it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

Preset: TypeAlias = Literal["entra", "keycloak", "auth0", "okta", "cognito", "google", "hydra", "rfc9068"]

_Values: TypeAlias = Mapping[str, Any]

ENTRA_V2: Final = "https://login.microsoftonline.com/{tenantid}/v2.0"
ENTRA_V1: Final = "https://sts.windows.net/{tenantid}/"
_COMMON: Final = "https://login.microsoftonline.com/common"


def _entra(given: _Values) -> _Values:
    """https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.

    `oid` names a user in all apps, `sub` in one alone. A token that an app has for itself has roles and no
    `scp`; `idtyp` is there only where the app asks for it as an optional claim. The discovery document of all
    tenants together is at `common`.
    """
    well_known = {
        ENTRA_V2: f"{_COMMON}/v2.0/.well-known/openid-configuration",
        ENTRA_V1: f"{_COMMON}/.well-known/openid-configuration",
    }
    values: dict[str, Any] = {
        "client_claims": ["azp", "appid"],
        "user_claims": ["tid", "oid"],
        "scope_claims": ["scp", "roles"],
        "app_only": "claim",
        "app_only_claims": {"scp": False, "roles": True},
    }
    issuer = str(given.get("issuer"))
    if issuer in well_known:
        values["discovery"] = well_known[issuer]
    return values


def _keycloak(_: _Values) -> _Values:
    """https://www.keycloak.org/docs/latest/server_admin, "Using service accounts".

    The token of a service account names a user that Keycloak made for it, so only its client tells it apart.
    """
    return {"client_claims": ["azp", "client_id"], "app_only": "publisher_clients"}


def _auth0(_: _Values) -> _Values:
    """https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles.

    Both profiles, its own and that of RFC 9068, name an app by its client id and a suffix. `permissions` has
    those of the user where role-based access control adds them.
    """
    return {
        "client_claims": ["azp", "client_id"],
        "scope_claims": ["scope", "permissions"],
        "app_only": "sub_is_client_id",
        "client_subject": "{client_id}@clients",
    }


def _okta(_: _Values) -> _Values:
    """https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview, "Access token payload".

    `uid` is there in the tokens of users alone, and stays when a user gets another login (`sub`).
    """
    return {"client_claims": ["cid"], "user_claims": ["uid"], "scope_claims": ["scp"]}


def _cognito(_: _Values) -> _Values:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html.

    There is no `aud`, unless a client asks for one: the client stands for it. Scopes carry the identifier of
    their resource server, here "unisono".
    """
    return {
        "audience_claim": "client_id",
        "client_claims": ["client_id"],
        "required_claims": {"token_use": "access"},
        "scope_claims": ["scope"],
        "scope_map": {
            f"unisono/{scope}": scope
            for scope in ("notifications.send", "notifications.readwrite", "feeds.delete")
        },
        "app_only": "sub_is_client_id",
    }


def _google(_: _Values) -> _Values:
    """https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload.

    Google's access tokens can be read by Google alone; what others can check are its ID tokens, which have no
    scopes. That of a service account has its client id for `sub`.
    """
    return {
        "id_tokens": True,
        "client_claims": ["azp"],
        "algorithms": ["RS256"],
        "app_only": "sub_is_client_id",
        "user_scopes": ["notifications.readwrite"],
        "app_scopes": ["notifications.send"],
    }


def _hydra(_: _Values) -> _Values:
    """https://www.ory.com/docs/oauth2-oidc/jwt-access-token.

    `scp` is a list, and claims of one's own are in `ext`.
    """
    return {
        "client_claims": ["client_id"],
        "scope_claims": ["scp", "scope"],
        "app_only": "sub_is_client_id",
    }


def _rfc9068(_: _Values) -> _Values:
    """RFC 9068, sections 2.1 and 2.2.

    The type has to be at+jwt, and `sub` is the client where there is no user.
    """
    return {
        "token_types": ["at+jwt"],
        "client_claims": ["client_id"],
        "scope_claims": ["scope", "roles"],
        "app_only": "sub_is_client_id",
    }


PRESETS: Final[Mapping[str, Callable[[_Values], _Values]]] = {
    "entra": _entra,
    "keycloak": _keycloak,
    "auth0": _auth0,
    "okta": _okta,
    "cognito": _cognito,
    "google": _google,
    "hydra": _hydra,
    "rfc9068": _rfc9068,
}
