"""The command `unisono`: reads arguments, calls the SDK, and prints the results and errors.

Whatever needs gRPC is imported when a command runs: --help and completion must not wait for it.
"""

import functools
import os
import sys

import click

from unisono.client.cli.commands.completion import completion
from unisono.client.cli.commands.delete import delete
from unisono.client.cli.commands.devices import devices
from unisono.client.cli.commands.erase import erase
from unisono.client.cli.commands.export import export
from unisono.client.cli.commands.help import examples
from unisono.client.cli.commands.history import history
from unisono.client.cli.commands.listen import listen
from unisono.client.cli.commands.login import login, logout
from unisono.client.cli.commands.mark import mark
from unisono.client.cli.commands.send import send
from unisono.client.cli.commands.show import show
from unisono.client.cli.failures import exit_status, wants_json


@click.group(
    epilog=examples(
        'unisono send ada "Your parcel is at the door"    with an app\'s token',
        "unisono listen                                   with the token of ada",
        "unisono login --issuer URL --client-id ID        signs you in, with a browser",
        "",
        "Tokens of a server of `make serve`, the app's and ada's:",
        "export UNISONO_TOKEN=$(cat var/app.token)",
        "export UNISONO_TOKEN=$(cat var/ada.token)",
        "",
        "Tokens of any server with --dev, where STORE is the --store of that server:",
        "export UNISONO_TOKEN=$(unisono-server token --store STORE)",
        "export UNISONO_TOKEN=$(unisono-server token --store STORE --user ada)",
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="unisono-client", prog_name="unisono")
def commands() -> None:
    """Unisono: notifications that target people, in unison on all their devices.

    An app's token sends, to any user; a user's token receives, and acts for that user alone.

    Exit status: 0 success, 2 wrong arguments, 130 ended by Ctrl-C, 1 anything else.
    """


for command in (
    *(send, listen, history, show, mark, delete, devices, export, erase),
    *(login, logout, completion),
):
    commands.add_command(command)


def main() -> None:
    """Run the command on the arguments of the process, and end the process with its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that has no ♪ gets a question mark, not an error.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # both are text files
    # gRPC reads this when it is imported. The errors of commands have what it would log about connections.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    run = functools.partial(commands.main, prog_name="unisono", standalone_mode=False)
    sys.exit(exit_status(run, as_json=wants_json(sys.argv[1:])))
