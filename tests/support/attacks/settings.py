"""Settings of a server for attacks that need an issuer with a key pair, or a proxy that is trusted."""

import json
from pathlib import Path
from typing import Final

from tests.access.signing import jwk, jwks_file, rsa_key
from tests.support import tokens
from tests.support.attacks import forged
from tests.support.processes import TESTERS, Environment

PROXY: Final = "127.0.0.9"
"""The address of a proxy that says who its clients are, where the transport hears it."""

RSA_APP: Final = "rsa.test"


def attacked(folder: Path) -> Environment:
    """Return settings with the apps and issuers of the tests, and the issuer whose tokens are forged.

    Its keys are in a file in `folder`.
    """
    keys = jwks_file(folder, jwk(rsa_key(), kid=forged.KEY_ID, alg="RS256"))
    apps = [
        {"app_id": app.app_id, "client_ids": app.client_ids, "issuers": app.issuers} for app in tokens.APPS
    ]
    return {
        "UNISONO_APPS": json.dumps(
            [*apps, {"app_id": RSA_APP, "client_ids": [forged.CLIENT_ID], "issuers": [forged.ISSUER]}]
        ),
        "UNISONO_ISSUERS": json.dumps(
            [
                *json.loads(TESTERS["UNISONO_ISSUERS"]),
                {"issuer": forged.ISSUER, "audience": forged.AUDIENCE, "jwks_file": str(keys)},
            ]
        ),
    }
