"""`genearena serve`: the same terminal interface in a browser on this machine.

Every user of the machine reaches a port of it, so who asks has to show a token, which only the printed
address has, or the cookie that was given for it.
"""

from __future__ import annotations

import errno
import html
import logging
import os
import re
import secrets
import shlex
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from store.errors import UsageError
from store.umask import users_umask
from tui.commands.common import Session, command, say
from tui.widgets.text import clean

if TYPE_CHECKING:
    from aiohttp import web
    from textual_serve.server import Server

LOOPBACK: Final = "127.0.0.1"
"""Never another address: whoever has the token steers the runs, and on the way nothing is encrypted."""
_OWN_HOST: Final = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?")
_SOCKET: Final = "/ws"
_COOKIE: Final = "genearena-"
"""How a cookie's name begins; the rest is another for each server, since ports share their cookies."""

FOREIGN: Final = "Open the arena by its own address, in a window of its own.\n"
NO_TOKEN: Final = "Open the whole address that `genearena serve` printed: its token lets you in.\n"
OTHER_TOKEN: Final = (
    "This is not the token of the `genearena serve` that runs here now. "
    "Open the address that it printed when it started.\n"
)

_HEADERS: Final = {
    "Cache-Control": "no-store",
    # textual-serve's page has scripts and styles in it; the font that it wants from the web is left out.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@command("serve")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--readonly", is_flag=True, help="Show, but neither start nor steer.")
def serve_command(session: Session, port: int, readonly: bool) -> None:
    """Open the arena in a browser on this machine (use an SSH tunnel from another).

    The printed address has a token in it: whoever has it can do what you can do in the arena.
    """
    home = session.writable()
    if session.override:
        os.environ["GENEARENA_HOME"] = str(home.data.parent)
    program = [sys.executable, "-P", "-m", "tui", *(["--readonly"] if readonly else [])]
    # What is exported from the browser has the mode that the user's own mask gives it; `exec`: the shell
    # that starts it would stand between a tab and the server that it ends with.
    make_server(f"umask {users_umask():03o}; exec {shlex.join(program)}", port, Door()).serve()


class Door:
    """Who may come in: who shows the token, in the page's address or as the cookie got for it."""

    def __init__(self) -> None:
        """Make a token, which is kept nowhere else."""
        self.token = secrets.token_urlsafe(32)
        self.cookie = f"{_COOKIE}{secrets.token_hex(4)}"
        """The cookie's name."""

    def refusal(self, request: web.Request) -> str:
        """Why `request` is not answered; empty if it is.

        A browser names no origin when a person opens a page, but always when a page opens a websocket.
        """
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if not _OWN_HOST.fullmatch(host) or origin not in (None, f"http://{host}"):
            return FOREIGN
        if origin is None and request.path == _SOCKET:
            return FOREIGN
        if self.has_token(request) or _same(request.cookies.get(self.cookie, ""), self.token):
            return ""
        older = "token" in request.query or any(name.startswith(_COOKIE) for name in request.cookies)
        return OTHER_TOKEN if older else NO_TOKEN

    def has_token(self, request: web.Request) -> bool:
        """Whether the page is asked for with the token in its address."""
        return request.path == "/" and _same(request.query.get("token", ""), self.token)


def _same(shown: str, token: str) -> bool:
    """Whether they are equal, found in a time that does not tell where they differ."""
    return secrets.compare_digest(shown.encode(errors="replace"), token.encode())


def make_server(program: str, port: int, door: Door) -> Server:
    """A server that starts `program` for each browser tab that `door` lets in.

    Raises:
        UsageError: textual-serve is not installed.
    """
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError as error:
        raise UsageError(
            "Serving needs the package textual-serve.",
            "Install it with: pip install 'textual-serve>=1.1.3'",
        ) from error

    @web.middleware
    async def let_in(request: web.Request, handler: Any) -> web.StreamResponse:
        if refusal := door.refusal(request):
            raise web.HTTPForbidden(text=refusal)
        if door.has_token(request):
            return without_token(request)
        response: web.StreamResponse = await handler(request)
        return response

    def without_token(request: web.Request) -> web.Response:
        """A page that goes on to the address without the token, with the cookie.

        Not a redirect: where a page elsewhere has the link, browsers send a strict cookie only after it.
        """
        rest = html.escape(str(request.rel_url.without_query_params("token")))
        page = f'<!doctype html><meta http-equiv="refresh" content="0; url={rest}"><title>genearena</title>'
        response = web.Response(text=page, content_type="text/html")
        response.set_cookie(door.cookie, door.token, httponly=True, samesite="Strict")
        return response

    async def seal(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(_HEADERS)

    class LocalServer(Server):  # type: ignore[misc]
        async def _make_app(self) -> web.Application:
            app: web.Application = await super()._make_app()
            app.middlewares.append(let_in)
            app.on_response_prepare.append(seal)
            return app

        async def handle_index(self, request: web.Request) -> web.StreamResponse:
            self.public_url = f"http://{request.host}"  # through a tunnel it is not the one served on
            response: web.StreamResponse = await super().handle_index(request)
            return response

        async def on_startup(self, app: web.Application) -> None:
            """Print nothing: the logo and the command are no help, and the address lacks the token."""

        def serve(self, debug: bool = False) -> None:
            _log_sentences()
            address = f"http://{LOOPBACK}:{port}/?token={door.token}"
            try:
                web.run_app(
                    self._make_app(),
                    host=LOOPBACK,
                    port=port,
                    access_log=None,  # it would have the token in it
                    shutdown_timeout=2.0,
                    print=lambda *_: say(f"Open {address} in a browser; Ctrl+C ends it."),
                )
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                raise UsageError(f"Port {port} cannot be used: {error.strerror}.", _HINT) from error

    return LocalServer(program, host=LOOPBACK, port=port, title="genearena")


_HINT: Final = "Choose another with --port."


def _log_sentences() -> None:
    """Let what the server's libraries log reach the terminal as sentences, without tracebacks."""

    class Sentence(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return clean(f"{record.levelname.lower()}: {record.getMessage()}")

    handler = logging.StreamHandler()
    handler.setFormatter(Sentence())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
