"""Runs the checks of the server over a token, and goes on after the first that fails."""

from collections.abc import Sequence

from unisono.server.app.doctor.advice import advice
from unisono.server.app.doctor.case import Case
from unisono.server.app.doctor.findings import found
from unisono.server.app.trust import Trust
from unisono.server.config import Settings
from unisono.server.core.access.checks import CHECKS, Check
from unisono.server.core.access.examination import Examination
from unisono.server.core.access.principal import Principal
from unisono.server.errors import Reason, Unavailable, UnisonoError
from unisono.server.keys.base import FetchError, UnusableKeys
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check said. `passed` is None where it could not be made; `text` is what it found or missed."""

    check: str
    passed: bool | None
    text: str


@value(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is known of a token. `error` is what a server answers to it, None where it is good.

    `advice` are lines for the operator; where the token is good, they are what may yet not be meant so.
    """

    seen: Examination
    error: UnisonoError | None
    findings: Sequence[Finding]
    advice: Sequence[str]

    @property
    def principal(self) -> Principal | None:
        """Whose it is, None where it is refused."""
        return None if self.error else self.seen.principal


async def diagnose(text: str, trusted: Trust, settings: Settings) -> Diagnosis:
    """Return what a server with these settings says to a token. Keys that are published are fetched now."""
    seen = trusted.verifier.examine(text)
    errors: dict[str, UnisonoError] = {}
    try:
        findings = [await _finding(check, seen, errors) for check in CHECKS if _concerns(check, seen)]
    finally:
        for source in trusted.key_sources:
            await source.close()
    case = Case(seen=seen, settings=settings, errors=errors)
    first = next(iter(errors.values()), None)
    return Diagnosis(seen=seen, error=first, findings=findings, advice=advice(case))


def _concerns(check: Check, seen: Examination) -> bool:
    """Return whether there is something to say on a check, before it is made."""
    names_admins = hasattr(seen, "issuer") and seen.issuer.names_admins
    return not seen.is_decided and (check.name != "admin" or names_admins)


async def _finding(check: Check, seen: Examination, errors: dict[str, UnisonoError]) -> Finding:
    if not all(hasattr(seen, name) for name in check.needs):
        return Finding(check=check.name, passed=None, text="not to be told after what failed")
    try:
        await _run(check, seen)
    except UnisonoError as error:
        errors[check.name] = error
        return Finding(check=check.name, passed=False, text=error.message)
    return Finding(check=check.name, passed=True, text=found(check.name, seen))


async def _run(check: Check, seen: Examination) -> None:
    """Run a check, and fetch keys where it says that they are not there yet.

    That may be twice: for the first ones, and then for one that was not among them.
    """
    for _ in range(2):
        try:
            return check.run(seen)
        except Unavailable:
            await _fetch(seen)
    return check.run(seen)


async def _fetch(seen: Examination) -> None:
    try:
        await seen.issuer.keys.refresh()
    except (FetchError, UnusableKeys) as error:
        raise Unavailable(
            Reason.ISSUER_UNAVAILABLE, f"the keys of the issuer cannot be fetched: {error}"
        ) from error
