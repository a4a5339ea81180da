"""A SLURM of one machine for tests: its own munge, controller and node, in one folder; for root only.

As a program: says why none can be started here, and ends with 1, if that is so.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
PATIENCE = 60.0
"""Seconds until something that has to come is given up."""


def missing() -> str:
    """Why none can be started here; empty if one can."""
    if os.geteuid() != 0:
        return "SLURM's daemons start as root"
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacking = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


class RealSlurm:
    """Starts at `start`, ends at `stop`; programs find it by `SLURM_CONF`, which is `conf`."""

    def __init__(self, folder: Path, hidden: Path | None = None) -> None:
        """`hidden` is a folder that the node does not share with this machine."""
        self.folder = folder
        self.hidden = hidden
        self.conf = folder / "slurm.conf"
        self.port = free_port()
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        for part in ("state", "spool"):
            (self.folder / part).mkdir()
        key = self.folder / "key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        self.conf.write_text(self._conf())
        munge = [
            f"--{name}={self.folder / name}" for name in ("socket", "pid-file", "log-file", "seed-file")
        ]
        self._spawn("munged", "--foreground", "--force", f"--key-file={key}", *munge)
        self._until(lambda: (self.folder / "socket").exists(), "munge has no socket")
        self._spawn("slurmctld", "-D")
        self._until(lambda: listens(self.port), "the controller does not listen")
        node = f"mount -t tmpfs none '{self.hidden}' && exec slurmd -D"
        self._spawn(*(("unshare", "--mount", "sh", "-c", node) if self.hidden else ("slurmd", "-D")))
        self._until(lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T"), "the node is not idle")

    def stop(self) -> None:
        if self._alive():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.ask("scancel", "--user=root")
        for daemon in reversed(self._daemons):
            daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(60)
            daemon.kill()
            daemon.wait()

    def complaint(self) -> str:
        """What its daemons said last."""
        lines = []
        for out in sorted(self.folder.glob("*.out")):
            said = out.read_text(errors="replace").split("\n")
            lines += [f"{out.stem} says {line.strip()!r}" for line in said if "rror" in line][-1:]
        return ", ".join(lines) or "its daemons say nothing"

    @property
    def environment(self) -> dict[str, str]:
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        return {**os.environ, "SLURM_CONF": str(self.conf), "PATH": path}

    def ask(self, *command: str) -> str:
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        ).stdout

    def _alive(self) -> bool:
        return all(daemon.poll() is None for daemon in self._daemons)

    def _until(self, condition: Callable[[], bool], otherwise: str) -> None:
        """Wait for it for as long as all that was started goes on."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self._alive(), otherwise
            assert time.monotonic() < end, otherwise
            time.sleep(0.1)

    def _spawn(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.out").open("wb") as out:
            self._daemons.append(
                subprocess.Popen(command, env=self.environment, stdout=out, stderr=out, cwd=self.folder)
            )

    def _conf(self) -> str:
        host = socket.gethostname().partition(".")[0]
        settings = {
            "ClusterName": "tests",
            "SlurmctldHost": f"{host}(127.0.0.1)",
            "SlurmctldPort": self.port,
            "SlurmdPort": free_port(),
            "SlurmUser": "root",
            "SlurmdUser": "root",
            "AuthType": "auth/munge",
            "AuthInfo": f"socket={self.folder / 'socket'}",
            "CredType": "cred/munge",
            "StateSaveLocation": self.folder / "state",
            "SlurmdSpoolDir": self.folder / "spool",
            "SlurmctldPidFile": self.folder / "slurmctld.pid",
            "SlurmdPidFile": self.folder / "slurmd.pid",
            "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_Core",
            "ReturnToService": 2,
            "KillWait": 5,
            "MpiDefault": "none",
        }
        lines = [f"{name}={value}" for name, value in settings.items()]
        lines.append(f"NodeName={host} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} State=UNKNOWN")
        lines.append(f"PartitionName=main Nodes={host} Default=YES MaxTime=60 State=UP")
        return "\n".join(lines) + "\n"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def probe() -> str:
    """Why no job can be run on a SLURM that is started here; empty if one can."""
    if reason := missing():
        return reason
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        found = RealSlurm(Path(folder))
        try:
            found.start()
            said = found.ask("srun", "echo", "it works").strip()
            return "" if said == "it works" else f"a job on it says {said!r}"
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            return f"{error}; {found.complaint()}"
        finally:
            found.stop()


if __name__ == "__main__":
    why = probe()
    if why:
        sys.exit(f"No SLURM can be started here, so the tests on a real one are skipped: {why}.")
