"""An endpoint on this machine that echoes the key it was sent, in every place an answer has."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

SECRET = "sk-Echo/me+very=secret0123456789"
ENCODED = (
    quote(SECRET, safe=""),
    base64.b64encode(f"key:{SECRET}".encode()).decode(),
    base64.b64encode(f"Bearer {SECRET}".encode()).decode(),
    SECRET.encode().hex(),
)
TOLD = (SECRET, *ENCODED, ENCODED[1][8:40], ENCODED[2][12:40])


def in_reason(key: str) -> bytes:
    return f"HTTP/1.1 401 bad key {key} {' '.join(ENCODED)}\r\nContent-Length: 0\r\n\r\n".encode()


def in_heading(key: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nX Key: {key}\r\n\r\n".encode()


def in_first_line(key: str) -> bytes:
    return f"HTTP/1.1 {key}\r\n\r\n".encode()


def in_body(key: str) -> bytes:
    items = ", ".join(f'{{"index": {n}, "embedding": ["{key}"]}}' for n in range(24))
    return with_length(f'{{"data": [{items}]}}')


def in_key(key: str) -> bytes:
    return with_length(f'{{"data": {{"{key}": 1}}}}')


def in_text(key: str) -> bytes:
    return with_length(f"<html>{key}")


def in_redirect(key: str) -> bytes:
    place = f"http://127.0.0.1:1/?{quote(key)}"
    return f"HTTP/1.1 302 go to {place}\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()


def in_length(key: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {key}\r\n\r\n".encode()


def with_length(body: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


ECHOES = (in_reason, in_body, in_heading, in_first_line, in_key, in_text, in_redirect, in_length)


@contextmanager
def echoing(answer: Callable[[str], bytes]) -> Iterator[tuple[str, list[str]]]:
    """The host that echoes, and the authorisations it was sent."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.headers["Authorization"])
            self.wfile.write(answer(asked[-1].removeprefix("Bearer ")))
            self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
