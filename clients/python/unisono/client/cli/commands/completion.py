"""The command `unisono completion`, which prints the completion script of a shell."""

from typing import Final

import click
from click.shell_completion import get_completion_class

from unisono.client.cli.commands.help import examples

_SHELLS: Final = ("bash", "zsh", "fish")


@click.command(
    epilog=examples(
        'eval "$(unisono completion bash)"      in ~/.bashrc',
        'eval "$(unisono completion zsh)"       in ~/.zshrc, after compinit',
        "unisono completion fish > ~/.config/fish/completions/unisono.fish",
    )
)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    It completes commands, options and what can be chosen for them.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "unisono", "_UNISONO_COMPLETE").source())
