"""A server that echoes the key it was sent: it reaches no file and no terminal."""

from __future__ import annotations

import pytest
from echoing_endpoint import ECHOES, SECRET, TOLD, echoing
from fault_tools import a_home, a_task, genearena, here, journalled

from engine.embedding.endpoint.client import KEY
from engine.embedding.endpoint.consent import agree
from store.home import Home

pytestmark = pytest.mark.faults


def written(home: Home) -> bytes:
    return b"".join(path.read_bytes() for path in home.data.parent.rglob("*") if path.is_file())


@pytest.mark.parametrize("echo", ECHOES[:2], ids=lambda echo: echo.__name__)
def test_an_echoed_key_is_written_nowhere(tmp_path, echo):
    home = a_home(tmp_path)
    chosen = (
        *("--models", "remote", "--controls", "none"),
        "--protocols",
        "lr",
        "--seeds",
        "41",
        "--tasks",
        a_task(tmp_path, "toy"),
    )
    with echoing(echo) as (host, asked):
        home.config_file.write_text(f'[[models]]\nname = "remote"\nsource = "http://{host}/v1#m"\n')
        agree(home, host)
        environment = {KEY: SECRET, "GENEARENA_OFFLINE": ""}
        first = genearena(home, "run", *chosen, env=environment)
        assert first.returncode == 1, first.stderr
        assert len(journalled(home, "failed")) == 1
        apart = genearena(home, "run", *chosen, "--detach", "--retry-failed", env=environment)
        followed = here(home, "attach")
        log = here(home, "logs")
        table = here(home, "sql", "select * from failures", "--json")
    assert set(asked) == {f"Bearer {SECRET}"}
    said = "".join(done.stdout + done.stderr for done in (first, apart, followed, log, table))
    assert "Traceback" in table.stdout
    everything = written(home) + said.encode()
    for told in TOLD:
        assert told.encode() not in everything
