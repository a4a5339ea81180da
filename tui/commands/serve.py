"""`genearena serve`: the same terminal interface in a browser on this machine."""

from __future__ import annotations

import shlex
import sys
from typing import Final

import click

from store.errors import UsageError
from tui.commands.common import Session, command, say

_LOOPBACK: Final = "127.0.0.1"
"""Never another address: whoever reaches the port steers the runs, and nothing asks who it is."""


@command("serve")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="On 127.0.0.1."
)
@click.option("--readonly", is_flag=True, help="Show, but neither start nor steer.")
def serve_command(session: Session, port: int, readonly: bool) -> None:
    """Open the arena in a browser; only this machine can reach it (use an SSH tunnel from another)."""
    try:
        from textual_serve.server import Server
    except ImportError as error:
        raise UsageError(
            "Serving needs the package textual-serve.", "Install it with: pip install 'genearena[serve]'"
        ) from error
    home = session.writable()
    arguments = [sys.executable, "-P", "-m", "tui", "--home", str(home.data.parent)] if session.override else [
        sys.executable, "-P", "-m", "tui"
    ]  # fmt: skip
    if readonly:
        arguments.append("--readonly")
    say(f"Open http://{_LOOPBACK}:{port} in a browser; Ctrl+C ends it.")
    Server(shlex.join(arguments), host=_LOOPBACK, port=port, title="genearena").serve()
