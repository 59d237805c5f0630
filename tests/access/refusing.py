"""What a verifier says of a token that it refuses: never the token itself."""

import pytest

from tests.access.signing import IssuerFixture
from unisono.server.errors import Reason, TokenUndecodable, Unauthenticated


def raised(w: IssuerFixture, token: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as caught:
        w.verifier.verify(token)
    assert not token or token not in caught.value.message
    return caught.value


def stranger(w: IssuerFixture, token: str) -> str:
    """What is said of a token that no trusted issuer can have given out."""
    error = raised(w, token)
    assert error.reason is Reason.TOKEN_INVALID
    assert isinstance(error, TokenUndecodable)
    return error.message


def invalid(w: IssuerFixture, token: str) -> str:
    """What is said of a token that a trusted issuer may have given out."""
    error = raised(w, token)
    assert error.reason is Reason.TOKEN_INVALID
    assert not isinstance(error, TokenUndecodable)
    return error.message
