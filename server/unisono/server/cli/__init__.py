"""The command `unisono-server`: reads arguments, calls the layers below, and reports their errors."""

import click

from unisono.server import __version__
from unisono.server.cli.backup import backup
from unisono.server.cli.config import config
from unisono.server.cli.doctor import doctor
from unisono.server.cli.examples import examples
from unisono.server.cli.explain import explain
from unisono.server.cli.failures import Commands
from unisono.server.cli.health import health
from unisono.server.cli.hook import hook
from unisono.server.cli.migrate import migrate
from unisono.server.cli.rename_users import rename_users
from unisono.server.cli.restore import restore
from unisono.server.cli.serve import serve
from unisono.server.cli.stats import stats
from unisono.server.cli.token import token


@click.group(
    cls=Commands,
    epilog=examples(
        "unisono-server serve --dev            serve on this machine, to try things out",
        "unisono-server token                  a token of the app demo, to send",
        "unisono-server token --user ada       a token of its user ada, to receive",
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="unisono-server")
def main() -> None:
    """Unisono: notifications that target people, in unison on all their devices.

    Exit status: 0 success, 2 wrong arguments or settings, 1 anything else.
    """


for command in (
    *(serve, token, hook, doctor, health, stats, explain),
    *(migrate, config, backup, restore, rename_users),
):
    main.add_command(command)
