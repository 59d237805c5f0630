"""Makes access tokens for tests, as a real issuer does, or wrong in one way."""

from typing import Any

import jwt

from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.issuers import Issuer
from unisono.server.keys.base import FixedKeys
from unisono.server.keys.formats import key_of_secret

SECRET = "a secret that only the tests of the service know"
ISSUER = "https://issuer.test"
AUDIENCE = "unisono"
#: The year 2100, in seconds: tokens are good at the machine's time and at that of a held clock.
FAR = 4_102_444_800
APPS = (
    App(app_id="mail.test", display_name="Mail", client_ids=("mail-client",), issuers=(ISSUER,)),
    App(app_id="chat.test", display_name="Chat", client_ids=("chat-client",), issuers=(ISSUER,)),
)
DEVICE_SCOPES = "notifications.readwrite notifications.send"
PUBLISHER_SCOPES = "notifications.send"
ERASER_SCOPES = "notifications.send feeds.delete"
#: What makes a token an admin's.
ADMIN_CLAIM = {"role": ("operator",)}


def issuers() -> list[Issuer]:
    keys = FixedKeys(key_of_secret(SECRET))
    return [Issuer(issuer=ISSUER, audiences=(AUDIENCE,), keys=keys, admin_claim=ADMIN_CLAIM)]


def apps() -> Apps:
    return Apps(APPS)


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good publisher token, with changes; None leaves a claim out."""
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "azp": "mail-client",
        "scope": PUBLISHER_SCOPES,
        "exp": FAR,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(payload: dict[str, Any], *, key: str = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(payload, key, algorithm=algorithm)


def publisher(**changes: Any) -> str:
    """Return a token of the app mail.test, with these changes of claims."""
    return signed(claims(**changes))


def device(user_id: str = "ada", **changes: Any) -> str:
    """Return a token of a user of mail.test, with these changes of claims."""
    return signed(claims(sub=user_id, **{"scope": DEVICE_SCOPES, **changes}))


def admin(**changes: Any) -> str:
    """Return a token of an admin, who would be a device of mail.test without the claim for that."""
    return signed(claims(**{"sub": "root", "scope": DEVICE_SCOPES, "role": "operator", **changes}))
