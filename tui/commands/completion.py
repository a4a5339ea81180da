"""`genearena completion`: what a shell has to read to complete commands, options and values."""

from __future__ import annotations

import click

from tui.commands.common import Session, command
from tui.completion.scripts import SCRIPTS


@command("completion")
@click.argument("shell", type=click.Choice(list(SCRIPTS)))
def completion_command(_: Session, shell: str) -> None:
    r"""Print what SHELL has to read so that tab completes commands, options, and their values.

    These are models, tasks, sets, protocols, presets and others, as the home has them.

    \b
    bash  eval "$(genearena completion bash)"    in ~/.bashrc
    zsh   eval "$(genearena completion zsh)"     in ~/.zshrc, below compinit
    fish  genearena completion fish > ~/.config/fish/completions/genearena.fish
    """
    click.echo(SCRIPTS[shell], nl=False)
