"""Reaching a Dask cluster: one that is there, or processes of this machine for as long as a run lasts.

Whoever can speak to a scheduler or a worker of Dask can have it run any code. So what is started here is
bound to the loopback, where other users are, too, and speaks only to who holds a key that is made for
this run and never leaves these processes; and what is there already has to speak TLS.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing.resource_tracker
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.environment import usable_cores
from engine.machine import cards
from engine.plan.launch import Dask, Options
from engine.run.dask.greeting import Unreachable, greet, why
from store.errors import GeneArenaError, UsageError

if TYPE_CHECKING:
    from distributed import Client

GPU: Final = "GPU"
"""The resource that workers with a card declare: `dask worker --resources GPU=1`."""
_ENCRYPTED: Final = ("tls://", "wss://")
_QUIET: Final = ("distributed", "tornado", "asyncio", "bokeh")
"""Loggers that would write into a person's terminal what is said there in a sentence already."""
_THE_RUNNERS: Final = (signal.SIGINT, signal.SIGHUP)
"""Signals that may reach every process of a group; the runner decides what they mean."""
_OURS: Final[dict[str, Any]] = {
    # No page is served: neither a dashboard nor what else listens for browsers.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.nanny.pre-spawn-environ": {},
    # Three deaths, as for any other executor; memory is the kernel's to judge, as of threads.
    "distributed.scheduler.allowed-failures": 2,
}


def check_address(dask: Dask) -> None:
    """Refuse what cannot be right before anything is asked of it; imports no library.

    Raises:
        UsageError: the address is none, speaks in the clear, or a file of its keys is not there.
    """
    if dask.scheduler and "://" not in dask.scheduler:
        raise UsageError(
            f"--scheduler {dask.scheduler!r} does not say how to speak to it.",
            f"Give it as tls://{dask.scheduler}.",
        )
    if dask.scheduler and not dask.scheduler.startswith(_ENCRYPTED) and not dask.insecure:
        raise UsageError(
            f"At {dask.scheduler} Dask speaks in the clear: who reaches it can run code there and here.",
            "Give it TLS (see docs/clusters.md), or say --insecure where nobody else can reach it.",
        )
    for option, name in (("ca", dask.tls_ca), ("cert", dask.tls_cert), ("key", dask.tls_key)):
        if name and not Path(name).is_file():
            raise UsageError(f"--tls-{option} {name!r} is not a file.")


def check(options: Options) -> None:
    """Reach the cluster that `options` ask for, so that what is wrong with it is known at once.

    Raises:
        UsageError: it cannot be reached, or Dask is not installed.
    """
    if options.dask is not None:
        check_address(options.dask)
        _library()
        if options.dask.scheduler:
            with _there(options.dask):
                pass
        else:
            _temporary()


@contextlib.contextmanager
def cluster(options: Options) -> Iterator[tuple[Client, int]]:
    """A client of the cluster that `options` ask for, and how many threads of torch each piece has (0: all
    of its worker's); a cluster that was started for it ends with the block.

    Raises:
        UsageError: it cannot be reached or started, or Dask is not installed.
    """
    dask = options.dask or Dask()
    check_address(dask)
    _library()
    if dask.scheduler:
        with _there(dask) as client:
            yield client, 0
    else:
        processes = dask.processes or usable_cores()
        with _started(processes, options) as client:
            yield client, max(1, usable_cores() // processes)


@contextlib.contextmanager
def _there(dask: Dask) -> Iterator[Client]:
    """A client of a cluster that is there already."""
    from distributed import Client
    from distributed.security import Security

    files = {"tls_ca_file": dask.tls_ca, "tls_client_cert": dask.tls_cert, "tls_client_key": dask.tls_key}
    given = {name: path for name, path in files.items() if path}
    encrypted = dask.scheduler.startswith(_ENCRYPTED)
    try:
        security = Security(require_encryption=encrypted or None, **given)
        if encrypted and not (security.tls_ca_file and security.tls_client_cert):
            raise Unreachable(
                f"There is no certificate to show to {dask.scheduler}.",
                "Give --tls-ca, --tls-cert and --tls-key, or set them in Dask's own configuration.",
            )
        greet(dask.scheduler, security)
        client = Client(dask.scheduler, security=security, set_as_default=False, name="genearena")
    except GeneArenaError:
        raise
    except Exception as error:
        raise Unreachable(*why(dask.scheduler, error)) from error
    with _closing(client):
        yield client


@contextlib.contextmanager
def _closing(one: Any) -> Iterator[None]:
    """Close a client or cluster after the block; that it cannot say farewell any more is no matter."""
    try:
        yield
    finally:
        try:
            one.close()
        except Exception:  # noqa: BLE001 - of a scheduler that is gone, or half of one
            one.status = "closed"  # or it would be tried, and told, once more


@contextlib.contextmanager
def _started(processes: int, options: Options) -> Iterator[Client]:
    """A client of a cluster of so many processes of this machine, each of one thread."""
    import dask
    from distributed import Client, Nanny, Scheduler, SpecCluster

    security = _temporary()
    asked = {"host": "127.0.0.1", "protocol": "tls://", "security": security, "dashboard": False}
    own = {"nthreads": 1, "memory_limit": 0, "silence_logs": logging.CRITICAL, **asked}
    found = len(cards()) if options.device in ("auto", "cuda") else 0
    workers = {
        number: {"cls": Nanny, "options": {**own, **_card(number, found)}} for number in range(processes)
    }
    with dask.config.set(_OURS), _deaf():
        try:
            started = SpecCluster(
                scheduler={
                    "cls": Scheduler,
                    "options": {**asked, "port": 0, "dashboard_address": "127.0.0.1:0"},
                },
                workers=workers,
                security=security,
                silence_logs=logging.CRITICAL,
                name="genearena",
            )
        except Exception as error:
            raise Unreachable(f"{processes} processes could not be started: {error}") from error
    with _closing(started):
        client = Client(started, set_as_default=False, name="genearena")
        with _closing(client):
            yield client


def _card(number: int, found: int) -> dict[str, Any]:
    """What process `number` is given of the cards that were found: each has one, and the others none."""
    if not found:
        return {}
    if number >= found:
        return {"env": {"CUDA_VISIBLE_DEVICES": "-1"}}
    return {"env": {"CUDA_VISIBLE_DEVICES": str(number)}, "resources": {GPU: 1}}


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Let threads and processes that start meanwhile not hear signals that are for the runner."""
    multiprocessing.resource_tracker.ensure_running()  # its start would unblock them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _THE_RUNNERS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _library() -> None:
    """Load Dask, and let it write nothing of its own.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "Dask is not installed here.", "Install it: pip install 'genearena[cluster]' (or distributed)."
        ) from error
    warnings.filterwarnings("ignore", module="distributed")  # what matters of versions is a sentence here
    for name in (*_QUIET, *(n for n in logging.root.manager.loggerDict if n.startswith(_QUIET))):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _temporary() -> Any:
    """A key and a certificate for this run alone.

    Raises:
        UsageError: what makes them is not installed.
    """
    from distributed.security import Security

    try:
        return Security.temporary()
    except ImportError as error:
        raise UsageError(
            "The package cryptography is missing, which keeps other users out of these processes.",
            "Install it: pip install 'genearena[cluster]' (or cryptography).",
        ) from error
