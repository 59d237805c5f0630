"""The command behind `make bench` and its like: `python -m benchmarks`."""

import sys
from typing import Final

import click

from benchmarks.cli.checking import check
from benchmarks.cli.options import names
from benchmarks.cli.reporting import report
from benchmarks.cli.running import run
from unisono.client.cli.commands.help import block, examples
from unisono.client.cli.failures import exit_status

_HOW: Final = block(
    "What it does",
    "Each metric is a ratio of two things that are measured in the same run, mostly",
    "processor time for one operation: ours, and a floor below which it cannot go.",
    "Servers get one core, whoever makes the work gets another.",
)


@click.group(
    epilog="\n\n".join(
        (
            _HOW,
            block("Groups of metrics", *names()),
            examples(
                "python -m benchmarks run",
                "python -m benchmarks run --only sending --rounds 9",
                "python -m benchmarks run --scale quick --out .cache/benchmarks/quick.json",
                "python -m benchmarks check",
                "python -m benchmarks report",
            ),
        )
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
def command() -> None:
    """Measure what the service costs, beside what it could not cost less than.

    Exit status: 0 all went well, 1 a group failed, a metric got worse or a page is stale, 2 wrong
    arguments, 130 ended by Ctrl-C.
    """


for subcommand in (run, check, report):
    command.add_command(subcommand)


def main() -> None:
    """Run the command, and end with its exit status."""
    sys.exit(exit_status(lambda: command.main(prog_name="benchmarks", standalone_mode=False), as_json=False))
