"""The command `unisono-server explain`, which asks the running server why a device did not ring."""

import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import all_settings, loaded, timeout_option
from unisono.server.config import Settings


@click.command(
    epilog=examples(
        "unisono-server explain --app mail.contoso.com ada",
        "unisono-server explain --app mail.contoso.com ada 01932c5e-7f3a-7c41-b1f0-3d1c5a0e9b77",
        "unisono-server explain --app mail.contoso.com ada order-17 --json",
    )
)
@click.option("--app", required=True, metavar="APP_ID", help="the app whose notifications they are")
@click.argument("user", metavar="USER")
@click.argument("notification", metavar="[NOTIFICATION]", default="")
@click.option(
    "--key", "is_key", is_flag=True, help="NOTIFICATION is a key of the app's, though it looks like an id"
)
@click.option(
    "--limit",
    type=click.IntRange(1, 20),
    default=10,
    show_default=True,
    metavar="N",
    help="live ones on a page",
)
@click.option("--page", metavar="TOKEN", default="", help="go on where the page before ended")
@click.option("--json", "as_json", is_flag=True, help="for programs: an object")
@timeout_option
@all_settings
def explain(
    app: str,
    user: str,
    notification: str,
    is_key: bool,
    limit: int,
    page: str,
    as_json: bool,
    timeout: float,
    config: Path | None,
    **flags: Any,
) -> None:
    """Explain what became of the notifications of USER, or of one: when and by whom it was sent, for which
    devices it is meant, which have it, whether it rings and until when, and why not.

    NOTIFICATION is its id, or the key that the app gave it (app_notification_id). Without one, the newest
    are explained, and those that were removed last. Nothing of a content is shown. The audit log has each
    use.

    The settings are those that the server was started with. They say where it listens and where its store
    is, beside which it keeps the key that this command signs with: run it as a user who may read that.

    Exit status: 0 success, 1 the server does not answer, or nothing is known of the user or the notification,
    2 wrong arguments or settings, or no key.
    """
    settings = loaded(config, flags).settings
    from unisono.server.app.asking import questions
    from unisono.server.app.asking.answer_json import to_json
    from unisono.server.app.asking.explanation_text import lines

    by_id = notification and not is_key and _is_id(notification)
    asked = questions.Asked(
        app_id=app,
        user_id=user,
        id=notification if by_id else "",
        key="" if by_id else notification,
        limit=limit,
        page=page,
    )
    answer = questions.explain(settings, asked, timeout)
    if as_json:
        click.echo(json.dumps(to_json(answer), indent=2))
    else:
        click.echo("\n".join(lines(answer, user, app, notification)))
    if not answer.HasField("feed"):
        _hint(settings, app)
    found = answer.HasField("feed") and (not notification or answer.notifications)
    sys.exit(0 if found else 1)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _hint(settings: Settings, app: str) -> None:
    """Say which apps there are where the one that was asked for is none of them."""
    from unisono.server.app.trust import declared_apps

    known = [one.app_id for one in declared_apps(settings)]
    if known and app not in known:
        click.echo(f"No app {app!r} is declared in these settings; there are: {', '.join(known)}", err=True)
