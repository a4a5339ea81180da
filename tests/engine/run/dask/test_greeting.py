"""What is said of an address at which no scheduler answers, or none that lets us in."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading

import pytest
from real_dask import certificates, free_port

from engine.plan.launch import Dask, Options
from engine.run.dask import greeting
from engine.run.dask.cluster import check
from engine.run.dask.greeting import Unreachable, why


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(greeting, "ANSWER", 2.0)


@pytest.fixture
def nobody():
    return free_port()


@pytest.fixture
def mute():
    """Takes connections, and says nothing: a process that is stopped does as much."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def web():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("nobody", "There is no Dask scheduler at {address} (Connection refused)."),
        ("mute", "What is at {address} does not answer as a Dask scheduler does."),
        ("web", "What is at {address} does not answer as a Dask scheduler does."),
    ],
)
def test_what_is_no_scheduler_is_named_and_not_waited_for(protocol, there, said, request, tmp_path):
    address = f"{protocol}://127.0.0.1:{request.getfixturevalue(there)}"
    keys = certificates(tmp_path) if protocol == "tls" else ("", "", "")
    if (protocol, there) == ("tls", "web"):
        said = "What listens at {address} does not speak TLS."
    with pytest.raises(Unreachable) as refused:
        check(Options(dask=Dask(address, 0, *keys, insecure=protocol == "tcp")))
    assert refused.value.message == said.format(address=address)
    assert "See whether" in refused.value.hint
    assert "port" in refused.value.hint


def alert(reason: str) -> OSError:
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1)")
    error.reason = reason
    outer = OSError("in <TLS (closed) local=tls://127.0.0.1:2 remote=tls://host:1>")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (alert("SSLV3_ALERT_CERTIFICATE_EXPIRED"), "do not go together (sslv3 alert certificate expired)."),
        (alert("TLSV1_ALERT_UNKNOWN_CA"), "do not go together (tlsv1 alert unknown ca)."),
        (alert("KEY_VALUES_MISMATCH"), "--tls-key is not the key of --tls-cert."),
        (ConnectionResetError(104, "Connection reset by peer"), "What listens at tls://host:1 hangs up"),
        (OSError("Stream is closed"), "whether the scheduler's authority signed --tls-cert."),
        (socket.gaierror(-2, "Name or service not known"), "No machine is known by the name host"),
    ],
)
def test_why_one_is_not_let_in_is_said_without_what_only_a_program_reads(error, said):
    told = " ".join(why("tls://host:1", error))
    assert said in told
    assert "object at" not in told
    assert "_ssl.c" not in told
