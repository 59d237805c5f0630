"""The command `unisono-server stats`, which asks the running server how it is."""

import json
from pathlib import Path
from typing import Any

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import all_settings, loaded, timeout_option


@click.command(
    epilog=examples(
        "unisono-server stats --config unisono.toml",
        "unisono-server stats --config unisono.toml --json",
    )
)
@click.option("--json", "as_json", is_flag=True, help="for programs: an object")
@timeout_option
@all_settings
def stats(as_json: bool, timeout: float, config: Path | None, **flags: Any) -> None:
    """Show how the server on this machine is: what it stores, who is connected, what it was asked.

    The settings are those that the server was started with. They say where it listens and where its store
    is, beside which it keeps the key that this command signs with: run it as a user who may read that.

    Exit status: 0 success, 1 the server does not answer, 2 wrong arguments or settings, or no key.
    """
    settings = loaded(config, flags).settings
    from unisono.server.app.asking import questions
    from unisono.server.app.asking.answer_json import to_json
    from unisono.server.app.asking.stats_text import lines

    answer = questions.stats(settings, timeout)
    if as_json:
        click.echo(json.dumps(to_json(answer), indent=2))
    else:
        click.echo("\n".join(lines(answer)))
