"""An embeddings endpoint on this machine, whose vectors are the digests of the texts."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from store.records import Model


def vector(text: str) -> list[float]:
    return [byte / 7 for byte in hashlib.sha256(text.encode()).digest()[:5]]


class Fake(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.statuses: list[int] = []
        self.change: Callable[[Any], Any] = lambda answer: answer
        self.location = ""
        self.refuse: Callable[[list[str]], tuple[int, Any] | None] = lambda texts: None


class _Handler(BaseHTTPRequestHandler):
    server: Fake

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body, self.headers.get("Authorization", "")))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        data = [
            {"object": "embedding", "index": place, "embedding": vector(text)}
            for place, text in enumerate(body["input"])
        ]
        answer = self.server.change({"object": "list", "model": body["model"], "data": data[::-1]})
        if refused := self.server.refuse(body["input"]):
            status, answer = refused
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Fake]:
    """The endpoint, up."""
    server = Fake()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def model_of(server: Fake) -> Model:
    return Model("remote", "endpoint", f"http://127.0.0.1:{server.server_address[1]}/v1#nomic")
