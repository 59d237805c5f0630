"""The command `unisono-server doctor`, which explains a token."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.failures import ConfigurationError
from unisono.server.cli.options import access_settings, loaded
from unisono.server.config import Settings

STDIN_MAX: Final = 1024 * 1024
"""Characters that are read of standard input: more than any token has."""


@click.command(
    epilog=examples(
        "unisono-server doctor - --config unisono.toml < token",
        'printf %s "$TOKEN" | unisono-server doctor - --config unisono.toml',
        "unisono-server token --user ada | unisono-server doctor - --dev",
        "unisono-server doctor - --config unisono.toml --json < token",
    )
)
@click.argument("token", metavar="TOKEN")
@click.option("--json", "as_json", is_flag=True, help="for programs: an object")
@access_settings
def doctor(token: str, as_json: bool, config: Path | None, **flags: Any) -> None:
    """Explain an access token: whose it is, for which app, with what scopes, until when; or why not.

    TOKEN is the token, or - to read it from standard input, where no history of a shell and no list of
    processes shows it. The server's own checks are made, in their order, and all that still can be after
    one that fails; then it says what to do. Keys that an issuer publishes are fetched now. Nothing is sent
    anywhere else. With --dev tokens of the development key count, too.

    Exit status: 0 the token is good, 1 it is refused, 2 wrong arguments or settings.
    """
    text = _read(token)
    settings = loaded(config, flags).settings
    _check_dev_key(settings)
    sys.exit(_explain(text, settings, as_json))


def _read(token: str) -> str:
    text = sys.stdin.read(STDIN_MAX) if token == "-" else token
    text = text.strip().removeprefix("Bearer ").strip()
    if not text:
        raise click.BadParameter("there is no token", param_hint="TOKEN")
    return text


def _check_dev_key(settings: Settings) -> None:
    """Raise rather than make a key: it would be this user's, and not that of the server."""
    from unisono.server.app import dev_key

    file = dev_key.key_file(settings.store_file)
    if settings.dev and not file.exists():
        raise ConfigurationError(
            f"there is no development key {file}: no server with --dev has used this --store"
        )


def _explain(text: str, settings: Settings, as_json: bool) -> int:
    from unisono.server.app.doctor.diagnosis import diagnose
    from unisono.server.app.log import warnings_on_stderr
    from unisono.server.app.trust import trust
    from unisono.server.cli.doctor_output import lines, to_json
    from unisono.server.clock import SystemClock

    with warnings_on_stderr():
        diagnosis = asyncio.run(diagnose(text, trust(settings, SystemClock()), settings))
    if as_json:
        click.echo(json.dumps(to_json(diagnosis), indent=2))
    else:
        encoding = sys.stdout.encoding or "ascii"
        report = "\n".join(lines(diagnosis, plain=not _has_marks(encoding)))
        click.echo(report.encode(encoding, "backslashreplace").decode(encoding))
    return 1 if diagnosis.error else 0


def _has_marks(encoding: str) -> bool:
    try:
        return bool("✓✗·".encode(encoding))
    except UnicodeEncodeError:
        return False
