"""Classifying in a process of its own: the same numbers, without the caller's interpreter lock.

Of a small unit's time 60% is Python, so threads of one process hardly help each other: on two cores
two of them took 0.65 (dosage) to 1.0 (the small tasks) of the time of one, two processes 0.6.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Final

from engine.cancel import Cancel, Progress, check
from engine.run import oom
from engine.run.shortage import Killed
from store.errors import GeneArenaError

if TYPE_CHECKING:
    from engine.classify import Classified

_PATIENCE: Final = 0.05
"""Seconds between two looks at the cancel event."""
_THE_PARENTS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that may reach every process of a group; the parent decides what they mean."""
TRIES: Final = 3
"""Processes that may end at one unit before it is given up."""
_LAST_BREATH: Final = 5.0
"""Seconds for a process that has closed its pipe to end by itself, so that it is seen how."""
_own = threading.local()


class ClassifierDied(GeneArenaError):
    """The process that classified a unit ended by its own doing, time after time."""


def classify_apart(*arguments: Any, **options: Any) -> Classified:
    """As `engine.classify.classify`, by a process that belongs to the calling thread.

    The process starts at the thread's first unit and ends with the thread.

    Raises:
        ClassifierDied: one process after the other died at it.
        Killed: one was killed for want of memory, or one after the other from outside.
    """
    if not hasattr(_own, "process"):
        _own.process = ClassifierProcess()
    process: ClassifierProcess = _own.process
    return process.classify(*arguments, **options)


class ClassifierProcess:
    """One process that classifies for one caller at a time; started at its first unit.

    It ends when its pipe does, so it outlives its parent, however that ends, by the unit it is at.
    """

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._end: Finalize | None = None

    @property
    def pid(self) -> int | None:
        """The process's number; None: there is no process."""
        return self._process.pid if self._process else None

    def classify(
        self, *arguments: Any, cancel: Cancel, progress: Progress | None = None, **options: Any
    ) -> Classified:
        """As `engine.classify.classify`, with its arguments, result and errors.

        Cancelling ends the process at once; the next unit starts another. A process that ends is
        replaced and the unit begun again.

        Raises:
            ClassifierDied: each of `TRIES` processes ended at it, one of them at least by its own doing.
            Killed: that was never its own doing, or one was killed for want of memory.
            OSError: no process can be started.
        """
        codes = []
        for _ in range(TRIES):
            check(cancel)
            killed_before = oom.kills()
            pipe = self.connect()
            try:
                reply = self._ask(pipe, (arguments, options), cancel, progress)
            except (EOFError, OSError):
                codes.append(self._ended())
                if codes[-1] == -signal.SIGKILL and oom.kills() > killed_before:
                    raise Killed(
                        "Out of memory: the kernel killed the process that classified this unit.",
                        "Use fewer workers, or give it more memory.",
                    ) from None
            except BaseException:
                self.close()
                raise
            else:
                if isinstance(reply, BaseException):
                    raise reply
                result: Classified = reply
                return result
        if set(codes) == {-signal.SIGKILL}:
            raise Killed(
                f"The process that classified this unit was killed from outside {TRIES} times.",
                "If memory is short, use fewer workers, or give it more.",
            )
        raise ClassifierDied(
            f"The process that classified this unit ended {TRIES} times, with codes "
            f"{', '.join(map(str, codes))}.",
            "See the log; run it again with --retry-failed.",
        )

    def close(self) -> int | None:
        """End the process, if there is one; its exit code."""
        process, end, self._process, self._pipe = self._process, self._end, None, None
        if process is None or end is None:
            return None
        end()
        return process.exitcode

    def _ended(self) -> int | None:
        """How the process ended that has closed its pipe."""
        if self._process is not None:
            self._process.join(_LAST_BREATH)
        return self.close()

    def _ask(self, pipe: Connection, job: object, cancel: Cancel, progress: Progress | None) -> Any:
        pipe.send(job)
        while isinstance(reply := _receive(pipe, cancel), tuple):
            if progress:
                progress(*reply)
        return reply

    def connect(self) -> Connection:
        """Start the process, unless there is one; the pipe to it."""
        if self._pipe is None:
            # Forking would copy the locks that other threads hold at that moment.
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
            try:
                _start(process)
            except BaseException:
                ours.close()
                raise
            finally:
                theirs.close()
            self._pipe, self._process = ours, process
            # Deaf as it is, it would be waited for at the parent's exit for as long as the pipe is open,
            # and the main thread's is until then.
            self._end = Finalize(self, _end, (process, ours), exitpriority=1)
        return self._pipe


def _start(process: BaseProcess) -> None:
    """Start it deaf to the signals of the group from its first moment on: what is blocked is inherited."""
    resource_tracker.ensure_running()  # its start would unblock signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _THE_PARENTS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: BaseProcess, pipe: Connection) -> None:
    pipe.close()
    process.kill()
    process.join()


def _receive(pipe: Connection, cancel: Cancel) -> Any:
    check(cancel)  # before every answer: one that reports often never lets the patience run out
    while not pipe.poll(_PATIENCE):
        check(cancel)
    return pipe.recv()


def _serve(pipe: Connection) -> None:
    """Answer jobs until the pipe ends: (done, total) meanwhile, then a result or an exception."""
    oom.volunteer()
    classify: Callable[..., Classified] | None = None
    tell = partial(_tell, pipe)
    with suppress(EOFError, OSError):
        while True:
            job = pipe.recv_bytes()
            try:
                classify = classify or _load()
                arguments, options = pickle.loads(job)  # noqa: S301 - from the parent
                reply: object = classify(*arguments, **options, cancel=threading.Event(), progress=tell)
            except Exception as error:  # noqa: BLE001 - the process's boundary: the parent raises it
                error.add_note(traceback.format_exc())
                reply = error
            pipe.send(reply)


def _load() -> Callable[..., Classified]:
    """The heavy libraries, loaded once a job is there, so that what goes wrong meanwhile is told, too."""
    from threadpoolctl import threadpool_limits

    from engine.classify import classify

    threadpool_limits(1)
    return classify


def _tell(pipe: Connection, done: int, total: int) -> None:
    pipe.send((done, total))
