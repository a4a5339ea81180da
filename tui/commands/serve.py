"""`genearena serve`: the same terminal interface in a browser on this machine."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from store.errors import UsageError
from store.umask import users_umask
from tui.commands.common import Session, command, say

if TYPE_CHECKING:
    from textual_serve.server import Server

_LOOPBACK: Final = "127.0.0.1"
"""Never another address: whoever reaches the port steers the runs, and nothing asks who it is."""


@command("serve")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--readonly", is_flag=True, help="Show, but neither start nor steer.")
def serve_command(session: Session, port: int, readonly: bool) -> None:
    """Open the arena in a browser; only this machine can reach it (use an SSH tunnel from another)."""
    home = session.writable()
    if session.override:
        os.environ["GENEARENA_HOME"] = str(home.data.parent)
    program = [sys.executable, "-P", "-m", "tui", *(["--readonly"] if readonly else [])]
    # What is exported from the browser has the mode that the user's own mask gives it.
    server = make_server(f"umask {users_umask():03o}; exec {shlex.join(program)}", port)
    say(f"Open http://{_LOOPBACK}:{port} in a browser; Ctrl+C ends it.")
    server.serve()


def make_server(program: str, port: int) -> Server:
    """A server that starts `program` for each browser tab, and answers only pages of its own.

    Raises:
        UsageError: textual-serve is not installed.
    """
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError as error:
        raise UsageError(
            "Serving needs the package textual-serve.", "Install it with: pip install 'genearena[serve]'"
        ) from error

    @web.middleware
    async def only_own_pages(request: web.Request, handler: Any) -> web.StreamResponse:
        if not is_own(request.headers):
            raise web.HTTPForbidden(text="Open the arena by its own address.")
        response: web.StreamResponse = await handler(request)
        return response

    class LocalServer(Server):  # type: ignore[misc]
        async def _make_app(self) -> web.Application:
            app: web.Application = await super()._make_app()
            app.middlewares.append(only_own_pages)
            return app

    return LocalServer(program, host=_LOOPBACK, port=port, title="genearena")


def is_own(headers: Mapping[str, str]) -> bool:
    """Whether a request names this machine and does not come from another site's page.

    A page anywhere on the web can send requests to a port of this machine; its browser then tells
    the page's origin, or, where a name was made to point here, that name as the host.
    """
    host = headers.get("Host", "")
    if urlsplit(f"//{host}").hostname not in (_LOOPBACK, "localhost"):
        return False
    origin = headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == host
