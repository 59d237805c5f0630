"""Turns what is typed into what the SDK takes: times, and which notifications are meant."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unisono.client._model import Action
from unisono.client.cli.failures import UsageFailure
from unisono.client.cli.formatting.texts import typed
from unisono.client.cli.formatting.times import typed_moment, typed_span

if TYPE_CHECKING:
    from unisono.client._refs import Ref
    from unisono.client._selections import Selector

key_option = click.option(
    "--key", "keys", multiple=True, metavar="KEY", help="by the sender's key instead of the id; repeatable"
)


def in_text(value: Any) -> Any:
    """Return the value of a parameter, with its texts as they were typed. Names of files stay as they are.

    Raises `UsageFailure` for a text that is not UTF-8.
    """
    if isinstance(value, tuple):
        return tuple(map(in_text, value))
    if not isinstance(value, str):
        return value
    text = typed(value)
    if text is None:
        raise UsageFailure(f"{value!a} is no text in UTF-8", "let the terminal use UTF-8")
    return text


def certificates(ctx: click.Context, param: click.Parameter, file: Path | None) -> bytes | None:
    """Return what is in a file of certificates; None for an option that is left out. A callback of click.

    Raises `click.BadParameter` for a file without certificates in PEM.
    """
    if file is None:
        return None
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError:
        raise click.BadParameter(f"{file} holds no certificates in PEM", ctx, param) from None
    return file.read_bytes()


def actions(given: Sequence[str]) -> list[Action]:
    """Return actions that were typed as ID=LABEL or ID=LABEL=LINK.

    Raises `click.UsageError` for any other text.
    """
    parts = [text.split("=", 2) for text in given]
    for text, part in zip(given, parts, strict=True):
        if len(part) < 2:
            raise click.UsageError(f"--action {text} is no ID=LABEL or ID=LABEL=LINK")
    return [Action(action_id=id_, label=label, link="".join(link)) for id_, label, *link in parts]


def texts_by_name(given: Sequence[str]) -> dict[str, str]:
    """Return texts that were typed as KEY=VALUE. Raises `click.UsageError` for any other, and a key twice."""
    texts: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or key in texts:
            raise click.UsageError(
                f"--data {text} is no KEY=VALUE" if not equals else f"--data has {key} twice"
            )
        texts[key] = value
    return texts


def references(ids: Sequence[str], keys: Sequence[str]) -> "list[Ref]":
    """Return the notifications that were named one by one: by ids first, then by keys."""
    from unisono.client._refs import Key

    return [*ids, *map(Key, keys)]


def selector(ids: Sequence[str], keys: Sequence[str], group: str | None, everything: bool) -> "Selector":
    """Return which notifications were selected. Raises `click.UsageError` unless in exactly one way."""
    from unisono.client._selections import Everything, Group

    if [bool(ids or keys), group is not None, everything].count(True) != 1:
        raise click.UsageError("say which: IDs and --key, or --group, or --all")
    if everything:
        return Everything()
    return references(ids, keys) if group is None else Group(group)


def span(ctx: click.Context, param: click.Parameter, text: str | None) -> timedelta | None:
    """Return a length of time; None for an option that is left out. A callback of click.

    Raises `click.BadParameter` for a text that is none.
    """
    if text is None:
        return None
    length = typed_span(text)
    if length is None:
        raise click.BadParameter(f"{text} is no time such as 90s, 15m, 2h or 7d", ctx, param)
    return length


def moment(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    """Return a point in time, aware; None for an option that is left out. A callback of click.

    Raises `click.BadParameter` for a text that is none.
    """
    if text is None:
        return None
    when = typed_moment(text)
    if when is None:
        example = "2030-01-31T08:00, or 2030-01-31T08:00Z"
        raise click.BadParameter(f"{text} is no time such as {example}", ctx, param)
    return when


def past_moment(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    """Return a point in time as `moment`, from that or from how long ago it was. A callback of click."""
    length = typed_span(text or "")
    return datetime.now(UTC) - length if length else moment(ctx, param, text)
