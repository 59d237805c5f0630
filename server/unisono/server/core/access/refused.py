"""The errors of tokens that are refused. Knows not how a token is found to be wrong."""

from unisono.server.errors import Reason, TokenUndecodable, Unauthenticated


def invalid(message: str) -> Unauthenticated:
    """The error of a token that is not to be trusted."""
    return Unauthenticated(Reason.TOKEN_INVALID, message)


def undecodable(message: str) -> TokenUndecodable:
    """The error of what no trusted issuer can have given out, found without looking at a signature."""
    return TokenUndecodable(Reason.TOKEN_INVALID, message)


def lacking(claim: str) -> Unauthenticated:
    """The error of a token without a claim that it must have."""
    return invalid(f"the access token lacks the claim {claim}")
