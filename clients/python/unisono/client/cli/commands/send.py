"""The command `unisono send`, which sends a notification."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, Final, cast

import click

from unisono.client._model import BodyFormat, Platform, Priority
from unisono.client._results import SendResult
from unisono.client.cli.commands.arguments import actions as typed_actions
from unisono.client.cli.commands.arguments import moment, span, texts_by_name
from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import common_options, endpoint_option
from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.json_output import member_of, names_of
from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.service.access import Access

if TYPE_CHECKING:
    from unisono.client._drafts import Content

#: What a person sees only below a title.
_SHOWN: Final = {"body", "link", "icon_url", "image_url", "actions", "format"}


@click.command(
    cls=Command,
    epilog=examples(
        'unisono send ada "Your parcel is at the door"',
        'unisono send ada "Build 812 failed" --body "3 of 1204 tests" --group ci --priority high',
        'unisono send ada "Build 812 passed" --key build-812 --replace',
        'unisono send ada "Standup" --show-for 10m --expire 2h --platform ios --platform android',
        'unisono send ada "Build 812 failed" --link https://ci.test/812 --action retry=Retry',
        "date | unisono send ada --raw -",
        'unisono send --me "Buy milk"      with the token of a user',
    ),
)
@click.argument("user", required=False, default="")
@click.argument("title", required=False)
@click.option("--me", is_flag=True, help="to the token's own user, in the place of USER")
@click.option("--body", metavar="TEXT", help="what is shown below the title")
@click.option("--link", metavar="URL", help="what opens when the person activates it")
@click.option("--icon-url", metavar="URL", help="a picture of who sends; https")
@click.option("--image-url", metavar="URL", help="a picture of the content; https")
@click.option(
    "--action",
    "actions",
    multiple=True,
    metavar="ID=LABEL[=LINK]",
    help="a button, and what it opens; repeatable",
)
@click.option(
    "--format",
    "body_format",
    type=click.Choice(names_of(BodyFormat), case_sensitive=False),
    help="how the --body is meant; otherwise plain text",
)
@click.option("--data", multiple=True, metavar="KEY=VALUE", help="a text for the app alone; repeatable")
@click.option(
    "--raw", "raw_content", type=click.File("rb"), metavar="FILE", help="bytes for the app alone; - is stdin"
)
@click.option(
    "--key", "app_notification_id", metavar="KEY", help="your own; sending the same again stores it once"
)
@click.option("--replace", is_flag=True, help="rewrite the live one that has this --key")
@click.option("--silent", is_flag=True, help="do not ring")
@click.option("--group", "group_name", metavar="NAME", help="for grouping, and to mark a group at once")
@click.option("--category", metavar="NAME", help="what kind it is, for apps to filter and present by")
@click.option(
    "--priority", type=click.Choice(names_of(Priority), case_sensitive=False), help="a hint for push"
)
@click.option(
    "--platform",
    "platforms",
    type=click.Choice(names_of(Platform), case_sensitive=False),
    multiple=True,
    help="for devices of this kind only; repeatable",
)
@click.option("--endpoint-id", "endpoint_ids", multiple=True, metavar="ID", help="the same, for one device")
@click.option("--expire", callback=span, metavar="TIME", help="when it leaves every device [default: 7d]")
@click.option(
    "--expire-at", "expire_time", callback=moment, metavar="WHEN", help="the same, as a point in time"
)
@click.option(
    "--show-for", "display_time_to_live", callback=span, metavar="TIME", help="how long to show and ring it"
)
@endpoint_option
@common_options
def send(
    access: Access, user: str, title: str | None, me: bool, endpoint: str, replace: bool, **given: Any
) -> None:
    """Send to all devices of a user, and print the id.

    When this ends well, the notification is on the server's disk.
    """
    if me:
        user, title = _shifted(user, title)
    elif not user:
        raise click.UsageError("name the USER to send to, or say --me with a user's token")
    if replace and not given["app_notification_id"]:
        raise click.UsageError("--replace needs the --key of what to rewrite")
    content = _content(title=title, replace=replace, **given)
    for_app = content.get("raw_content") or content.get("data")
    if not title and (not for_app or _SHOWN & content.keys()):
        raise click.UsageError(
            "give a TITLE, which a person sees, or --raw FILE or --data, for the app alone"
        )
    from unisono.client.cli.service.calls import Actor, call

    actor = Actor(user=user, endpoint=endpoint)
    _say(access, user, call(access, lambda service: service.send(actor, content)))


def _shifted(user: str, title: str | None) -> tuple[str, str | None]:
    """Return user and title with --me, where the only argument is the title."""
    if title is not None:
        raise click.UsageError("--me is in the place of USER: give the TITLE alone")
    return "", user or None


def _content(
    *,
    actions: Sequence[str],
    body_format: str | None,
    data: Sequence[str],
    raw_content: IO[bytes] | None,
    priority: str | None,
    platforms: Sequence[str],
    expire: timedelta | None,
    expire_time: datetime | None,
    **rest: Any,
) -> "Content":
    """Return the content for the SDK, without what was not given."""
    if expire and expire_time:
        raise click.UsageError("--expire and --expire-at exclude each other")
    content = {
        **rest,
        "actions": typed_actions(actions) if actions else None,
        "format": member_of(BodyFormat, body_format) if body_format else None,
        "data": texts_by_name(data) if data else None,
        "raw_content": raw_content.read() if raw_content else None,
        "priority": member_of(Priority, priority) if priority else None,
        "platforms": [member_of(Platform, name) for name in platforms],
        "expire_time": datetime.now(UTC) + expire if expire else expire_time,
    }
    return cast("Content", {name: value for name, value in content.items() if value is not None})


def _say(access: Access, user: str, sent: SendResult) -> None:
    if access.as_json:
        click.echo(json_output.json_line(json_output.to_json(sent)))
        return
    click.echo(one_line(sent.id))
    if sent.deduplicated:
        gone = ", and it is gone by now" if sent.removed else ""
        click.echo(f"this was sent before{gone}: nothing changed", err=True)
    if sent.endpoints == 0 and not sent.removed:
        who = f"{one_line(user)} has" if user else "you have"
        click.echo(f"{who} no device yet: it waits until one comes", err=True)
