"""The errors of tokens that are refused."""

from unisono.server.errors import Reason, TokenUndecodable, Unauthenticated


def invalid(message: str) -> Unauthenticated:
    """Return the error of a token that is not to be trusted (TOKEN_INVALID)."""
    return Unauthenticated(Reason.TOKEN_INVALID, message)


def undecodable(message: str) -> TokenUndecodable:
    """Return the error of what no trusted issuer can have issued, for which no signature was checked."""
    return TokenUndecodable(Reason.TOKEN_INVALID, message)


def lacking(claim: str) -> Unauthenticated:
    """Return the error of a token without a claim that it must have."""
    return invalid(f"the access token lacks the claim {claim}")
