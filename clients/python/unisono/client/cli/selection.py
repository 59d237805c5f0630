"""How a command names notifications: by id, by the sender's key, by group, or all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from unisono.client._calls import Selector
    from unisono.client._refs import Ref

key_option = click.option(
    "--key", "keys", multiple=True, metavar="KEY", help="by the sender's key instead of the id; repeatable"
)


def references(ids: Sequence[str], keys: Sequence[str]) -> "list[Ref]":
    """The notifications that were named one by one."""
    from unisono.client._refs import Key

    return [*ids, *map(Key, keys)]


def selector(ids: Sequence[str], keys: Sequence[str], group: str | None, everything: bool) -> "Selector":
    """What was selected, which must be in exactly one way."""
    from unisono.client._calls import Everything, Group

    if [bool(ids or keys), group is not None, everything].count(True) != 1:
        raise click.UsageError("say which: IDs and --key, or --group, or --all")
    if everything:
        return Everything()
    return references(ids, keys) if group is None else Group(group)
