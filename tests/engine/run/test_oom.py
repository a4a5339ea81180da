from __future__ import annotations

import pytest

from engine.run import oom

V1 = "9:name=systemd:/\n4:memory:/jobs/7\n0::/\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Writes files of /proc and /sys/fs/cgroup."""
    monkeypatch.setattr(oom, "PROC", tmp_path / "proc")
    monkeypatch.setattr(oom, "GROUPS", tmp_path / "sys")

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


def test_nothing_is_known_where_nothing_counts(machine):
    assert oom.kills() == 0


def test_the_own_group_counts_before_the_machine(machine):
    machine(proc__vmstat="nr_free 1\noom_kill 7\n")
    assert oom.kills() == 7
    machine(
        proc__self__cgroup="0::/jobs/7\n", sys__memory_dot_events="oom 9\noom_kill 5\noom_group_kill 8\n"
    )
    assert oom.kills() == 5, "as a container sees its own group"
    machine(sys__jobs__7__memory_dot_events="oom_kill 3\n")
    assert oom.kills() == 3


def test_the_older_groups_count_too(machine):
    machine(proc__self__cgroup=V1, proc__vmstat="oom_kill 7\n")
    machine(sys__memory__jobs__7__memory_dot_oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    assert oom.kills() == 2


@pytest.mark.parametrize("text", ["", "no colons\n", "0::/\x00\n"])
def test_a_file_of_groups_that_is_none_stops_nobody(machine, text):
    machine(proc__self__cgroup=text, proc__vmstat="oom_kill 7\n")
    assert oom.kills() == 7
