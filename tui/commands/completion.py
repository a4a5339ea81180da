"""`genearena completion`: what a shell has to read to complete commands, options and values."""

from __future__ import annotations

import os
from pathlib import Path

import click

from store.errors import UsageError, unknown
from tui.commands.common import Session, command
from tui.completion.scripts import SCRIPTS


@command("completion")
@click.argument("shell", required=False, metavar="[bash|zsh|fish]")
def completion_command(_: Session, shell: str | None) -> None:
    r"""Print what a shell, else your own, has to read so that tab completes commands, options, and values.

    These are models, tasks, sets, protocols, presets and others, as the home has them.

    \b
    bash  eval "$(genearena completion bash)"    in ~/.bashrc
    zsh   eval "$(genearena completion zsh)"     in ~/.zshrc, below compinit
    fish  genearena completion fish > ~/.config/fish/completions/genearena.fish
    """
    wanted = shell or Path(os.environ.get("SHELL", "")).name
    if wanted not in SCRIPTS:
        raise UsageError(*unknown("completion for a shell", wanted, list(SCRIPTS)))
    click.echo(SCRIPTS[wanted], nl=False)
