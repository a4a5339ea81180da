"""`serve` answers this machine's own page and nobody else."""

from __future__ import annotations

import sys

import pytest

from tui.commands.serve import is_own, make_server


@pytest.mark.parametrize(
    ("headers", "answered"),
    [
        ({"Host": "127.0.0.1:8000"}, True),
        ({"Host": "localhost:9000", "Origin": "http://localhost:9000"}, True),
        ({"Host": "127.0.0.1:8000", "Origin": "https://evil.example"}, False),
        ({"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:9999"}, False),
        ({"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}, False),
        ({"Host": "127.0.0.1:8000", "Origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_own_pages_are_answered(headers, answered):
    assert is_own(headers) is answered


async def test_the_server_refuses_a_foreign_page():
    pytest.importorskip("textual_serve")
    from aiohttp.test_utils import TestClient, TestServer

    app = await make_server("true", 8000)._make_app()
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        assert (await client.get("/")).status == 200
        assert (await client.get("/", headers={"Origin": "https://evil.example"})).status == 403
        assert (await client.get("/ws", headers={"Host": "evil.example"})).status == 403


def test_without_the_extra_it_says_what_to_install(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    assert "genearena[serve]" in call.refused("serve")
