"""Decides which issuers may speak for the users of one app: no two may name different people alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from unisono.server.core.access.apps import App
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.misconfigured import AccessMisconfigured


def with_issuers(apps: Iterable[App], issuers: Sequence[Issuer]) -> list[App]:
    """Return the apps with their issuers: an app that lists none has the only one that is declared.

    Raises `AccessMisconfigured` where an app lists an issuer that is not declared, or none of several; where
    no issuer has a use for what it declares; and where two issuers could name different users alike.
    """
    by_name = {issuer.name: issuer for issuer in issuers}
    return [_with_issuers(app, by_name) for app in apps]


def _with_issuers(app: App, by_name: Mapping[str, Issuer]) -> App:
    names = app.issuers or tuple(by_name)
    if not app.issuers and len(by_name) != 1:
        raise AccessMisconfigured(
            f"the app {app.app_id} has to list its issuers, of these: {', '.join(by_name)}"
        )
    for name in (*names, *app.same_users):
        if name not in by_name:
            raise AccessMisconfigured(
                f"the app {app.app_id} names the issuer {name}, which is not declared; "
                f"there are: {', '.join(by_name)}"
            )
    for name in app.same_users:
        if name not in names:
            raise AccessMisconfigured(
                f"{name} is in same_users of the app {app.app_id}, but not in its issuers"
            )
    _check_users(app, [by_name[name] for name in names if by_name[name].speaks_for_users])
    return replace(app, issuers=names)


def _check_users(app: App, issuers: Sequence[Issuer]) -> None:
    for one, other in combinations(issuers, 2):
        if one.name in app.same_users and other.name in app.same_users:
            if one.user_prefix != other.user_prefix:
                raise AccessMisconfigured(
                    f"the issuers {one.name} and {other.name} of the app {app.app_id} have the same users, "
                    "but different prefixes, so that no id of the one is one of the other"
                )
        else:
            _check_pair(app, *sorted((one, other), key=lambda issuer: len(issuer.user_prefix)))


def _check_pair(app: App, short: Issuer, long: Issuer) -> None:
    """Raise `AccessMisconfigured` unless no id of one is an id of the other, and shows an id of both."""
    remedy = (
        "give each a user_prefix of its own that ends in a colon (moving what is stored: unisono-server "
        "rename-users), or list them as same_users where they name the same people"
    )
    if long.user_prefix.startswith(short.user_prefix):
        both = long.user_prefix + "ada"
        raise AccessMisconfigured(
            f"the issuers {short.name} and {long.name} of the app {app.app_id} could both name the user "
            f"{both!r}: the one for its user {both.removeprefix(short.user_prefix)!r}, the other for its "
            f"user 'ada'; {remedy}"
        )
    for issuer in (short, long):
        if not issuer.user_prefix.endswith(":"):
            raise AccessMisconfigured(
                f"the user_prefix {issuer.user_prefix!r} of the issuer {issuer.name} has to end in a colon, "
                f"as the app {app.app_id} has several issuers that speak for users"
            )
