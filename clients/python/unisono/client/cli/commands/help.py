"""The layout of --help: a command's own options first, then those that all have, then examples."""

from typing import Final

import click

_CONNECTION: Final = "Connection (also from the environment: UNISONO_TARGET and so on)"


class CommonOption(click.Option):
    """An option that every command has."""


class Command(click.Command):
    """A command whose --help shows its own options first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See `click.Command`."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        for title, common in (("Options", False), (_CONNECTION, True)):
            of_this_kind = (option for option in options if isinstance(option, CommonOption) is common)
            with formatter.section(title):
                formatter.write_dl([record for o in of_this_kind if (record := o.get_help_record(ctx))])


def examples(*lines: str) -> str:
    """Return examples as an epilog; their lines are not wrapped."""
    return block("Examples:", *lines)


def block(title: str, *lines: str) -> str:
    """Return lines under a title as a part of an epilog; they are not wrapped."""
    return "\n".join(("\b", title, *(f"  {line}" for line in lines)))
