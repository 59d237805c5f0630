"""The command `unisono-server health`, which asks the server of the same settings whether it serves."""

from pathlib import Path
from typing import Any

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import all_settings, loaded, timeout_option


@click.command(
    epilog=examples(
        "unisono-server health --config unisono.toml",
        "unisono-server health --listen 0.0.0.0:50051 --timeout 1",
        "",
        "in a Containerfile, where the settings are in the environment:",
        "HEALTHCHECK CMD unisono-server health",
    )
)
@timeout_option
@all_settings
def health(timeout: float, config: Path | None, **flags: Any) -> None:
    """Ask the server on this machine whether it serves.

    The settings are those that the server was started with: they say where it listens, and which certificate
    it shows. No token is needed.

    Exit status: 0 it serves, 1 it does not, with a line that says why, 2 wrong arguments or settings.
    """
    settings = loaded(config, flags).settings
    from unisono.server.app.asking.health import ask

    status = ask(settings, timeout)
    if status != "SERVING":
        raise click.ClickException(f"the server at {settings.listen} says {status}")
    click.echo(status)
