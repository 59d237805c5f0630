"""What went wrong with a run, in words: what happened, and what to do next."""

from collections.abc import Mapping
from typing import Final

from unisono.client import DeadlineExceeded, InvalidRequest, Unavailable, UnisonoError
from unisono.client.cli.failures import Failure
from unisono.client.cli.formatting.diagnosis import Attempt
from unisono.client.cli.formatting.errors import hint, what_happened
from unisono.client.cli.service.tokens import TokenCommandError
from unisono.verify.cli.plan import Plan
from unisono.verify.load.preflight import UnusableToken
from unisono.verify.load.run import NotConverged

#: Instead of what the command `unisono` would advise.
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


def of_a_token(unfit: UnusableToken, plan: Plan) -> Failure:
    """A token does not do."""
    app = not unfit.user_id
    option = plan.app.option if app else plan.users[unfit.user_id].option
    attempt = plan.attempt(app=app)
    if unfit.error is None:
        return Failure(f"{option}: {unfit}", "app and users must be of one app")
    if app and _asks_for_a_device(unfit.error):
        return Failure(f"{option}: it is a user's token", "this must be a token of the app itself")
    if isinstance(unfit.error, Unavailable | DeadlineExceeded):
        # It is not about the token at all.
        return of_a_call(unfit.error, attempt)
    return of_a_call(unfit.error, attempt, before=f"{option}: ")


def _asks_for_a_device(error: UnisonoError) -> bool:
    """Whether the service takes the token's principal for a user, who may send as a device alone."""
    if isinstance(error, InvalidRequest):
        return "endpoint_id" in error.violations
    return error.reason in ("ROLE_NOT_ALLOWED", "USER_MISMATCH")


def of_another_app(app_id: str, plan: Plan) -> Failure:
    """The token of the app is good, and of another app than was said."""
    said = f"{plan.app.option}: it is of the app {app_id}, not of {plan.app_id}"
    return Failure(said, "give a token of that app, or leave out --app-id")


def of_a_command(error: TokenCommandError, option: str) -> Failure:
    """A command printed no token."""
    return Failure(f"{option}: {error}", "run it by hand: it must print a token and nothing else")


def of_a_run(error: Exception, plan: Plan) -> Failure:
    """Traffic failed, or devices got stuck."""
    if isinstance(error, UnisonoError):
        return of_a_call(error, plan.attempt(app=False), before="the run failed: ")
    if isinstance(error, NotConverged):
        return Failure(f"the run failed: {error}", "does everything on the way there let streams stay open?")
    return Failure(f"the run failed: {error}", "run the command that prints tokens by hand")


def of_cleanup(error: Exception, plan: Plan) -> Failure:
    """What the run left could not be removed."""
    said = f"not all that begins with {plan.prefix} could be removed: {error}"
    return Failure(said, "its notifications expire within two hours, and its endpoints leave after 60 days")


def of_a_call(error: UnisonoError, attempt: Attempt, before: str = "") -> Failure:
    """The service refused something, or did not answer."""
    told = _HINTS.get(error.reason)
    if told is None and isinstance(error, DeadlineExceeded):
        told = f"is the server at {attempt.target} well?"
    details = {"code": error.code.name.lower(), "reason": error.reason, "metadata": error.metadata}
    return Failure(before + what_happened(error, attempt), told or hint(error, attempt), details)
