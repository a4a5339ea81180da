"""A local HTTP server that behaves, or misbehaves, file by file as the test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Served:
    """One file and how it is served."""

    content: bytes
    etag: str = '"v1"'
    ranges: bool = True
    cut_at: float | None = None
    """Fraction of what is asked for after which the connection breaks, ..."""
    cuts: int = 0
    """... the first so many times."""
    announce: int = 0
    """Bytes added to the true Content-Length."""
    statuses: list[int] = field(default_factory=list)
    """Answered first, one a request."""
    headers: dict[str, str] = field(default_factory=dict)
    redirect: str = ""


class Server(ThreadingHTTPServer):
    """Serves `files` by path and remembers each request's path and Range."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, Served] = {}
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A broken connection is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.answer(body=True)

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def answer(self, body: bool) -> None:
        wanted = self.headers.get("Range", "")
        self.server.asked.append((self.path, wanted))
        served = self.server.files.get(self.path)
        if served is None:
            self.send_error(404)
            return
        if served.statuses and body:
            self.send_response(served.statuses.pop(0))
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if served.redirect:
            self.send_response(302)
            self.send_header("Location", served.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = 0
        condition = self.headers.get("If-Range")
        if served.ranges and wanted and condition in (None, served.etag):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        size = len(served.content)
        if start >= size > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        rest = served.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size + served.announce}")
        if served.etag:
            self.send_header("ETag", served.etag)
        for name, value in served.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(rest) + served.announce))
        self.end_headers()
        if not body:
            return
        if served.cut_at is not None and served.cuts > 0:
            served.cuts -= 1
            rest = rest[: int(len(rest) * served.cut_at)]
        self.wfile.write(rest)
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def serving() -> Iterator[Server]:
    """A running server, stopped in the end."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
