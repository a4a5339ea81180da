"""A scheduler and workers as people start them, by `dask scheduler` and `dask worker`, with TLS."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.plan.launch import Dask, Options

HERE = Path(__file__).parent


def certificates(folder: Path) -> tuple[str, str, str]:
    """Files of a certificate authority, a certificate and its key, as `--tls-*` take them."""
    from distributed.security import Security

    folder.mkdir(parents=True, exist_ok=True)
    made = Security.temporary()
    texts = {"ca.pem": made.tls_ca_file, "cert.pem": made.tls_client_cert, "key.pem": made.tls_client_key}
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    ca, cert, key = (str(folder / name) for name in texts)
    return ca, cert, key


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass
class RealDask:
    """One scheduler, and commands that keep two worker processes alive each."""

    folder: Path
    address: str
    tls: tuple[str, str, str]
    scheduler: subprocess.Popen
    workers: list[subprocess.Popen]

    @classmethod
    def start(cls, folder: Path, **environment: str) -> RealDask:
        tls = certificates(folder)
        address = f"tls://127.0.0.1:{free_port()}"
        port = address.rpartition(":")[2]
        scheduler = _started(
            folder, "scheduler", *_words(tls), "--protocol=tls", f"--port={port}", **environment
        )
        _listening(int(port))
        started = cls(folder, address, tls, scheduler, [])
        started.join(**environment)
        return started

    def join(self, **environment: str) -> None:
        """Have two more workers."""
        command = _started(
            self.folder, "worker", self.address, *_words(self.tls), "--nworkers=2", "--nthreads=1",
            "--memory-limit=0", f"--local-directory={self.folder}", f"--preload={HERE / 'behaving.py'}",
            **environment,
        )  # fmt: skip
        self.workers.append(command)

    @property
    def options(self) -> Options:
        return Options("cpu", dask=Dask(self.address, 0, *self.tls))

    def pids(self) -> list[int]:
        """Of the worker processes."""
        children = [one for own in self.workers for one in psutil.Process(own.pid).children(recursive=True)]
        return [one.pid for one in children if "resource_tracker" not in " ".join(one.cmdline())]

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            for child in (
                psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ()
            ):
                child.kill()
            process.kill()
            process.wait()


def _words(tls: tuple[str, str, str]) -> list[str]:
    given = [f"--tls-{name}={path}" for name, path in zip(("ca-file", "cert", "key"), tls, strict=True)]
    return [*given, "--host", "127.0.0.1", "--no-dashboard"]


def _listening(port: int) -> None:
    """Wait until somebody listens there: a run asks but once."""
    for _ in range(1200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on {port}")


def _started(folder: Path, *words: str, **environment: str) -> subprocess.Popen:
    known = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",  # what it dies of is known at once
        **environment,
    }
    with (folder / f"{words[0]}.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=log, stderr=log, env=known)
