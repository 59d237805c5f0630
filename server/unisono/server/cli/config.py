"""The command `unisono-server config`, which shows the settings."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from unisono.server.app.words import table
from unisono.server.cli.examples import examples
from unisono.server.cli.options import all_settings, loaded
from unisono.server.config import SettingInfo, Settings, describe

_HEAD: Final = ("SETTING", "VALUE", "UNIT", "DEFAULT", "FROM", "MEANING")


@click.command(
    epilog=examples(
        "unisono-server config",
        "unisono-server config --config unisono.toml --json",
        "unisono-server config --config unisono.toml --check && systemctl restart unisono",
    )
)
@click.option("--json", "as_json", is_flag=True, help="for programs: a list of objects")
@click.option("--check", is_flag=True, help="only say whether a server would start with them")
@all_settings
def config(config: Path | None, as_json: bool, check: bool, **flags: Any) -> None:
    """Print every setting and where it comes from.

    A flag (--heartbeat 10) wins over the environment (UNISONO_HEARTBEAT=10), that over the file named
    with --config (heartbeat = 10), that over the default. Secrets are masked.

    With --check nothing is printed but what would keep a server from starting, or clients from it: apps,
    issuers and their keys, certificates, the store, where logs go. It changes nothing, and a server may run.
    What has to be fetched, and whether ports are free, is not looked at. Run it as the user of the server.

    Exit status: 0 success, 1 with --check: something is wrong, 2 wrong arguments or settings.
    """
    result = loaded(config, flags)
    if check:
        _check(result.settings)
        return
    settings = describe(result)
    if as_json:
        click.echo(json.dumps([asdict(setting) for setting in settings], indent=2))
    else:
        click.echo("\n".join(table([_HEAD, *map(_row, settings)])))


def _check(settings: Settings) -> None:
    from unisono.server.app.dry_run import problems

    found = problems(settings)
    if found:
        raise click.ClickException("\n".join(found))


def _row(setting: SettingInfo) -> Sequence[str]:
    value, default = _text(setting.value), _text(setting.default)
    return setting.name, value, setting.unit, default, setting.origin, setting.meaning


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_item, value)) or "none"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _item(item: Any) -> str:
    """Return a text of a list, or what a table of it begins with."""
    return str(next(iter(item.values()))) if isinstance(item, dict) else str(item)
