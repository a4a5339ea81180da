"""`serve` lets in who has the token of its address, and nobody else, whoever they are on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from tui.commands.serve import FOREIGN, NO_TOKEN, OTHER_TOKEN, Door, make_server

pytest.importorskip("textual_serve")

from aiohttp import ClientSession, CookieJar, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

NOBODY = 65534


class NoProgram:
    """What runs behind a tab, doing nothing."""

    def __init__(self, *_, **__): ...
    async def start(self, width, height): ...
    async def stop(self): ...


@contextlib.asynccontextmanager
async def visiting():
    """A browser without cookies, and the door of the server that it visits."""
    door = Door()
    app = await make_server("", 8000, door)._make_app()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual_serve.server.AppService", NoProgram)
        async with TestClient(
            TestServer(app, host="127.0.0.1"), cookie_jar=CookieJar(unsafe=True)
        ) as browser:
            yield browser, door


def origin(browser):
    return str(browser.make_url("/")).rstrip("/")


async def asked(browser, path, **headers):
    async with browser.get(path, headers=headers) as answer:
        return answer.status, await answer.text()


async def status_of_socket(browser, **headers):
    try:
        async with browser.ws_connect("/ws", headers=headers):
            return 101
    except WSServerHandshakeError as error:
        return error.status


async def test_the_token_of_the_address_is_changed_for_a_cookie_and_is_gone():
    async with visiting() as (browser, door):
        answer = await browser.get("/", params={"token": door.token, "fontsize": "20"})
        assert answer.status == 200
        assert 'content="0; url=/?fontsize=20"' in await answer.text()
        cookie = answer.cookies[door.cookie]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
        assert not cookie["domain"]
        for path in ("/", "/?fontsize=20", "/static/js/textual.js"):
            answer = await browser.get(path)
            assert answer.status == 200
            assert door.token not in await answer.text()
        assert await status_of_socket(browser, Origin=origin(browser)) == 101


async def test_several_tabs_are_open_at_once():
    async with visiting() as (browser, door):
        await asked(browser, f"/?token={door.token}")
        async with contextlib.AsyncExitStack() as tabs:
            for _ in range(3):
                await tabs.enter_async_context(
                    browser.ws_connect("/ws", headers={"Origin": origin(browser)})
                )


PATHS = ("/", "/ws", "/static/js/textual.js", "/static/", "/download/x", "/elsewhere")


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_answered_without_the_token(path):
    async with visiting() as (browser, door):
        assert await asked(browser, path) == (403, FOREIGN if path == "/ws" else NO_TOKEN)
        for wrong in ("", "x", door.token[:-1], f"{door.token}x", "%ff%00", "\N{ROBOT FACE}"):
            assert (await asked(browser, f"{path}?token={wrong}"))[0] == 403
        if path != "/":
            assert (await asked(browser, f"{path}?token={door.token}"))[0] == 403


async def test_a_websocket_needs_the_cookie_and_the_pages_own_origin():
    async with visiting() as (browser, door):
        own = origin(browser)
        assert await status_of_socket(browser, Origin=own) == 403
        await asked(browser, f"/?token={door.token}")
        assert await status_of_socket(browser) == 403
        for foreign in (
            "https://evil.example",
            "http://127.0.0.1:1",
            "http://localhost",
            "null",
            "",
            f"{own}.x",
        ):
            assert await status_of_socket(browser, Origin=foreign) == 403
        assert await status_of_socket(browser, Origin=own) == 101


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "", "[::1]"]
)
async def test_a_page_under_another_name_is_not_answered(name):
    async with visiting() as (browser, door):
        assert await asked(browser, f"/?token={door.token}", Host=name) == (403, FOREIGN)


async def test_a_foreign_page_cannot_use_the_cookie():
    async with visiting() as (browser, door):
        await asked(browser, f"/?token={door.token}")
        assert await asked(browser, "/", Origin="https://evil.example") == (403, FOREIGN)


async def test_through_a_tunnel_the_page_names_the_address_it_was_asked_by():
    async with visiting() as (browser, door):
        host = "localhost:9999"
        await asked(browser, f"/?token={door.token}")
        cookie = f"{door.cookie}={door.token}"
        _, page = await asked(browser, "/", Host=host, Cookie=cookie)
        assert 'data-session-websocket-url="ws://localhost:9999/ws"' in page
        assert "http://localhost:9999/static/js/textual.js" in page
        assert await status_of_socket(browser, Host=host, Origin=f"http://{host}", Cookie=cookie) == 101


async def test_the_cookie_of_an_earlier_server_is_told_so():
    async with visiting() as (browser, door):
        earlier = Door()
        assert earlier.token != door.token
        shown = {"Cookie": f"{earlier.cookie}={earlier.token}"}
        assert await asked(browser, "/", **shown) == (403, OTHER_TOKEN)
        assert await asked(browser, f"/?token={earlier.token}") == (403, OTHER_TOKEN)
        # Beside the right one it does no harm: several servers share a browser's cookies.
        both = {"Cookie": f"{earlier.cookie}={earlier.token}; {door.cookie}={door.token}"}
        assert (await asked(browser, "/", **both))[0] == 200


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_can_be_neither_framed_nor_kept(path):
    async with visiting() as (browser, door):
        for _ in ("without", "with"):
            async with browser.get(path) as answer:
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["Cache-Control"] == "no-store"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "no-referrer"
            await asked(browser, f"/?token={door.token}")


def test_without_the_extra_it_says_what_to_install(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    assert "pip install 'textual-serve" in call.refused("serve")


# ---------------------------------------- a real server, and other users of the machine

ASK = """
import encodings.idna, http.client, json, os, sys
port, found, uid = int(sys.argv[1]), {}, int(sys.argv[3])
if uid != os.getuid():
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
SOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
for name, (path, headers) in json.loads(sys.argv[2]).items():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={**(SOCKET if path.startswith("/ws") else {}), **headers})
    answer = connection.getresponse()
    found[name] = [answer.status, "" if answer.status == 101 else answer.read().decode()]
    connection.close()
print(json.dumps(found))
"""


@pytest.fixture
def served(home):
    """A server of this user, as the command line starts it: its port, its token, its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-P",
        "-m",
        "tui",
        "--home",
        str(home.data.parent),
        "serve",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        yield port, re.search(rf"http://127\.0\.0\.1:{port}/\?token=(\S+)", line)[1], process
    finally:
        process.terminate()
        rest = process.communicate()[1]
    assert rest == "", "the rest of what it printed, which could have the token in it"


def as_user(uid, port, requests):
    """The answers to `requests` that a user of the machine gets."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", ASK, str(port), json.dumps(requests), str(uid)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout)


def requests_without_the_token(port, cookie):
    own = {"Origin": f"http://127.0.0.1:{port}"}
    return {
        "page": ("/", {}),
        "wrong token": ("/?token=" + "A" * 43, {}),
        "wrong cookie": ("/", {"Cookie": f"{cookie}={'A' * 43}"}),
        "script": ("/static/js/textual.js", {}),
        "download": ("/download/x", {}),
        "socket": ("/ws", own),
        "socket, wrong cookie": ("/ws", {**own, "Cookie": f"{cookie}=x"}),
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as somebody else")
def test_another_user_of_the_machine_is_refused(served):
    port, token, _ = served
    answers = as_user(NOBODY, port, requests_without_the_token(port, "genearena-00000000"))
    assert {status for status, _ in answers.values()} == {403}
    assert {text for _, text in answers.values()} == {NO_TOKEN, OTHER_TOKEN}
    # Nor do they see the token in the list of processes.
    listed = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert f"--port {port}" in listed
    assert token not in listed


def test_the_owner_is_let_in_and_a_websocket_only_from_the_own_page(served, home):
    port, token, process = served
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/?token={token}") as answer:
        jar = answer.headers["Set-Cookie"].split(";")[0]
    answers = as_user(
        os.geteuid(),
        port,
        {
            "page": ("/", {"Cookie": jar}),
            "no origin": ("/ws", {"Cookie": jar}),
            "foreign origin": ("/ws", {"Cookie": jar, "Origin": "https://evil.example"}),
            "another port": ("/ws", {"Cookie": jar, "Origin": f"http://127.0.0.1:{port + 1}"}),
            "own page": ("/ws", {"Cookie": jar, "Origin": f"http://127.0.0.1:{port}"}),
        },
    )
    assert {name: status for name, (status, _) in answers.items()} == {
        "page": 200, "no origin": 403, "foreign origin": 403, "another port": 403, "own page": 101,
    }  # fmt: skip
    process.terminate()
    process.wait(60)
    written = b"".join(path.read_bytes() for path in Path(home.data.parent).rglob("*") if path.is_file())
    assert token.encode() not in written


async def test_the_tabs_of_a_server_that_was_killed_end_with_it(served):
    port, token, process = served
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        page = f"http://127.0.0.1:{port}"
        async with browser.get(f"{page}/?token={token}"):
            pass
        async with browser.ws_connect(f"{page}/ws", headers={"Origin": page}) as tab:
            assert (await tab.receive(60)).type == WSMsgType.BINARY  # the first of what is drawn
            tabs = psutil.Process(process.pid).children(recursive=True)
            assert len(tabs) == 1
            process.kill()
            assert psutil.wait_procs(tabs, 60)[1] == []


def test_a_port_in_use_is_told(call):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"Port {port} cannot be used" in call.refused("serve", "--port", port)
