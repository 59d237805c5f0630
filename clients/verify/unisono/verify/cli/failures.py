"""Turns the errors of a run into failures for people: what happened, and what to do next."""

from collections.abc import Mapping
from typing import Final

from unisono.client import DeadlineExceeded, InvalidRequest, Unavailable, UnisonoError
from unisono.client.cli.failures import Failure
from unisono.client.cli.formatting.errors import Attempt, hint, what_happened
from unisono.client.cli.service.tokens import TokenCommandError
from unisono.verify.cli.plan import Plan
from unisono.verify.load.preflight import UnusableToken
from unisono.verify.load.run import NotConverged

#: Hints by the reason of an error, which replace those of the command `unisono`.
_HINTS: Final[Mapping[str, str]] = {
    "ROLE_NOT_ALLOWED": "this must be a token of that user",
    "USER_MISMATCH": "give each user its own token: --user USER=TOKEN",
    "LIVE_NOTIFICATIONS_EXCEEDED": "its feed is full: name another test user",
    "TARGET_POLICIES_EXCEEDED": "its feed is full: name another test user",
    "FEED_BYTES_EXCEEDED": "its feed is full: name another test user",
    "RATE_LIMITED": "this app or user may make so many calls: lower --rate, or name fewer users",
    "OPEN_STREAMS_EXCEEDED": "it has many devices already: name another test user",
    "ENDPOINTS_EXCEEDED": "it has many devices already: name another test user",
    "ENDPOINT_DELETED": "who deletes endpoints of this user? name another test user",
}


def of_an_older_server(plan: Plan) -> Failure:
    """Return the failure for a server that would be blamed for what it never promised."""
    said = f"the server at {plan.target} is older than this unisono-verify, and lacks what that looks for"
    return Failure(said, "upgrade the server, or take the unisono-verify of its version")


def of_a_token(unfit: UnusableToken, plan: Plan) -> Failure:
    """Return the failure for a token that cannot be used, or for the service that could not be reached."""
    app = not unfit.user_id
    option = plan.app.option if app else plan.users[unfit.user_id].option
    attempt = plan.attempt(app=app)
    if unfit.error is None:
        return Failure(f"{option}: {unfit}", "app and users must be of one app")
    if app and _asks_for_a_device(unfit.error):
        return Failure(f"{option}: it is a user's token", "this must be a token of the app itself")
    if isinstance(unfit.error, Unavailable | DeadlineExceeded):
        # The service was not reached, whatever the token.
        return of_a_call(unfit.error, attempt)
    return of_a_call(unfit.error, attempt, before=f"{option}: ")


def _asks_for_a_device(error: UnisonoError) -> bool:
    """Return whether the service takes the token for a user's: a user may send as a device only."""
    if isinstance(error, InvalidRequest):
        return "endpoint_id" in error.violations
    return error.reason in ("ROLE_NOT_ALLOWED", "USER_MISMATCH")


def of_another_app(app_id: str, plan: Plan) -> Failure:
    """Return the failure for a valid app token of another app than --app-id names."""
    said = f"{plan.app.option}: it is of the app {app_id}, not of {plan.app_id}"
    return Failure(said, "give a token of that app, or leave out --app-id")


def of_a_command(error: TokenCommandError, option: str) -> Failure:
    """Return the failure for a command that printed no token; `option` names it."""
    return Failure(f"{option}: {error}", "run it by hand: it must print a token and nothing else")


def of_a_run(error: Exception, plan: Plan) -> Failure:
    """Return the failure for failed traffic, devices that did not converge, or a failed token command."""
    if isinstance(error, UnisonoError):
        return of_a_call(error, plan.attempt(app=False), before="the run failed: ")
    if isinstance(error, NotConverged):
        return Failure(f"the run failed: {error}", "does everything on the way there let streams stay open?")
    return Failure(f"the run failed: {error}", "run the command that prints tokens by hand")


def of_cleanup(error: Exception, plan: Plan) -> Failure:
    """Return the failure for notifications or endpoints of the run that could not be removed."""
    said = f"not all that begins with {plan.prefix} could be removed: {error}"
    return Failure(said, "its notifications expire within two hours, and its endpoints leave after 60 days")


def of_a_call(error: UnisonoError, attempt: Attempt, before: str = "") -> Failure:
    """Return the failure for a call that was refused or not answered; `before` begins its message.

    Its details for programs are code, reason and metadata of the error.
    """
    told = _HINTS.get(error.reason)
    if told is None and isinstance(error, DeadlineExceeded):
        told = f"is the server at {attempt.address.target} well?"
    details = {"code": error.code.name.lower(), "reason": error.reason, "metadata": error.metadata}
    return Failure(before + what_happened(error, attempt), told or hint(error, attempt), details)
