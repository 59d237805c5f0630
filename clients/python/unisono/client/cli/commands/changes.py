"""The option --changed-after of `unisono list`: what changed since a revision, and where to go on."""

from typing import Final

import click

from unisono.client._model import Change, RemovedNotification
from unisono.client.cli.commands.listing import collect, page_size
from unisono.client.cli.commands.output import show
from unisono.client.cli.formatting import tables
from unisono.client.cli.formatting.json_output import json_line, to_json
from unisono.client.cli.service.access import Access
from unisono.client.cli.service.calls import CliClient, call

#: More than a feed and what it remembers can hold, whatever the operator chose.
_MAX_LISTED: Final = 1_000_000


def list_changes(access: Access, user: str, after: int, limit: int) -> None:
    """Print the first `limit` changes after a revision, all with 0, and the revision to go on after.

    As JSON, each says whether it is `removed`, and `last_revision` has a line of its own.
    """
    found, revision = call(access, lambda service: _listed(service, user, after, limit))
    more = bool(limit) and len(found) > limit
    found = found[: limit or None]
    if more:
        revision = found[-1].revision
    if access.as_json:
        for change in found:
            click.echo(json_line({**to_json(change), "removed": isinstance(change, RemovedNotification)}))
        click.echo(json_line({"last_revision": revision}))
        return
    show(found, tables.changes, as_json=False, none="nothing has changed")
    what = "there are more" if more else "for what comes next"
    click.echo(f"{what}: --changed-after {revision}", err=True)


async def _listed(service: CliClient, user: str, after: int, limit: int) -> tuple[list[Change], int]:
    """Return changes, `limit` of them and one more if there is one, and the revision that was reached.

    Raises `UnisonoError`, and `Failure` when there are more than a feed can have.
    """
    changes = service.calls.list_changes(user, after, page_size=page_size(limit), timeout=service.timeout)
    found = await collect(aiter(changes), limit, most=_MAX_LISTED, part="--limit")
    return found, changes.last_revision
