"""The command `unisono-server serve`, which runs the server."""

import asyncio
import os
from pathlib import Path
from typing import Any

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import all_settings, loaded
from unisono.server.config import load


@click.command(
    epilog=examples(
        "unisono-server serve --dev",
        "unisono-server serve --config unisono.toml --listen 0.0.0.0:50051 \\",
        "    --tls-certificate server.pem --tls-key server.key",
        "",
        "where unisono.toml says, for example:",
        'store = "sqlite:////var/lib/unisono/unisono.db"',
        "[[apps]]",
        'app_id = "mail.contoso.com"',
        'client_ids = ["mail-backend", "mail-ios", "mail-web"]',
        "[[issuers]]",
        'issuer = "https://id.contoso.com/"    # its keys are fetched from there',
        'audience = "unisono"',
    )
)
@all_settings
def serve(config: Path | None, **flags: Any) -> None:
    """Run the server.

    SIGTERM and SIGINT drain it, a second one stops it at once. SIGHUP has it read again the keys of issuers
    and the hooks.

    It needs to know whom to trust: apps and issuers of access tokens declared in a file, or --dev.

    Every setting that `unisono-server config` prints has a flag (heartbeat: --heartbeat 10), an
    environment variable (UNISONO_HEARTBEAT=10) and a key in the file (heartbeat = 10). A flag wins over
    the environment, that over the file, that over the default.
    """
    settings = loaded(config, flags).settings
    # gRPC reads this when it is imported. Its lines are not in the format of the log, and below the level of
    # errors it writes one for every stranger who does not speak TLS.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    from unisono.server.api.address import ListenError
    from unisono.server.api.tls import CertificateError
    from unisono.server.app.event_loop import loop_factory
    from unisono.server.app.run import serve as run

    try:
        with asyncio.Runner(loop_factory=loop_factory(settings.event_loop)) as runner:
            runner.run(run(settings, lambda: load(flags, os.environ, config).settings))
    except (ListenError, CertificateError) as error:
        raise click.ClickException(str(error)) from error
