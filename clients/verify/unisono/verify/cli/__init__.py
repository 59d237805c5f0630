"""The command `unisono-verify`: runs load against a deployment, and reports whether promises were kept.

Whatever needs gRPC is imported when there is something to do: --help must not wait for it.
"""

import functools
import os
import sys
from typing import Any

import click

from unisono.client.cli.commands.help import block, examples
from unisono.client.cli.failures import UsageFailure, exit_status, wants_json
from unisono.verify.cli.judge import judge
from unisono.verify.cli.options import run_options

_LOAD = block(
    "What it does",
    "Each user gets three devices, and a backend sends to them; what was sent is",
    "updated, marked and deleted, with --rate calls a second for each user.",
    "Meanwhile streams are cut after any message, and answers are lost. In the end",
    "all of it is removed, and what was recorded is judged.",
)

_CARE = block(
    "Use test users",
    "The devices that these users have will ring. What their feeds hold already is",
    "left alone. Other users hear nothing of it; the server has the load to carry.",
)


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[judge FILE]",
    epilog="\n\n".join(
        (
            _LOAD,
            _CARE,
            examples(
                "unisono-verify --target 127.0.0.1:50051 --users 3 \\",
                "    --app-token-command 'unisono-server token --store STORE' \\",
                "    --token-command 'unisono-server token --store STORE --user {user}'",
                "",
                "unisono-verify --target unisono.example.com:443 --tls --for 5m \\",
                "    --app-token-command 'cat app.token' \\",
                "    --user test-1 --user test-2 --token-command 'cat {user}.token'",
                "",
                "unisono-verify ... --seed 4711 --save history.jsonl",
                "unisono-verify judge history.jsonl",
            ),
        )
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@run_options
@click.version_option(package_name="unisono-verify", prog_name="unisono-verify")
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """See whether a deployment of Unisono keeps its promises: under load, on a bad way.

    Prints how each of the promises was kept, or the evidence that it was broken.

    Exit status: 0 all that could be judged are kept, 1 one is broken or the run failed, 2 wrong
    arguments, 130 ended by Ctrl-C.
    """
    if ctx.invoked_subcommand is not None:
        _refuse_options(ctx)
        return
    from unisono.verify.cli.plan import Plan
    from unisono.verify.cli.verify import verify

    ctx.exit(verify(Plan.of(**given)))


command.add_command(judge)


def _refuse_options(ctx: click.Context) -> None:
    """Refuse the options of a run before `judge`, where they would have no effect."""
    for name in ctx.params:
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise UsageFailure(f"judge takes no --{name.replace('_', '-')} before it", "give it after judge")


def main() -> None:
    """Run the command on the arguments of the process, and exit with its status, which --help explains."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character gets a question mark, not an error.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # both are text files
    # gRPC reads this when it is imported. What it logs about connections is in the errors.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    run = functools.partial(command.main, prog_name="unisono-verify", standalone_mode=False)
    sys.exit(exit_status(run, as_json=wants_json(sys.argv[1:])))
