"""An endpoint's host is asked about once, on a terminal; elsewhere nothing is sent and the way is told."""

from __future__ import annotations

import sys

import pexpect
import pytest
import workbench

from engine.embedding.endpoint.consent import agreed_hosts

HOST = "127.0.0.1:9"


@pytest.fixture
def plan(home, tmp_path):
    """The arguments of a dry run with an endpoint of the user's own."""
    home.create()
    home.config_file.write_text(f'[[models]]\nname = "remote"\nsource = "http://{HOST}/v1#m"\n')
    return (
        "run",
        "--models",
        "remote",
        "--protocols",
        "lr",
        "--tasks",
        workbench.write_task(tmp_path),
        "--controls",
        "none",
        "--dry-run",
    )


def asked(home, plan, answer):
    """The terminal's text and the exit code after the question was answered."""
    child = pexpect.spawn(
        sys.executable,
        ["-c", "import tui.cli; tui.cli.main()", "--home", str(home.data.parent), *plan],
        encoding="utf-8",
        dimensions=(24, 200),
        timeout=60,
    )
    child.expect(r"remote sends 24 texts \(\d+ characters; the first is 'text of [a-z0-9 ]+'\) to 127")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    return child.before, child.exitstatus


def test_the_question_is_asked_until_it_is_agreed_to(home, plan, call):
    text, code = asked(home, plan, "n")
    assert (agreed_hosts(home), code) == (frozenset(), 2)
    assert "nothing is sent" in " ".join(text.split())
    text, code = asked(home, plan, "y")
    assert (agreed_hosts(home), code) == ({HOST}, 0)
    assert "10 to run" in text
    assert call.json(*plan)["to_run"] == 10


def test_without_a_terminal_nobody_is_asked(home, plan, call):
    assert f"genearena models --allow {HOST}" in call.refused(*plan)
    assert agreed_hosts(home) == frozenset()
    assert call("models", "--allow", HOST).exit_code == 0
    assert call.json(*plan)["to_run"] == 10


def test_offline_the_endpoint_is_left_alone_even_if_agreed_to(home, plan, call):
    call("models", "--allow", HOST)
    assert "GENEARENA_OFFLINE is set" in call.refused("--offline", *plan)
