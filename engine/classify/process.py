"""Classifying in a process of its own: the same numbers, without the caller's interpreter lock.

Of a small unit's time 60% is Python, so threads of one process hardly help each other: on two cores
two of them took 0.65 (dosage) to 1.0 (the small tasks) of the time of one, two processes 0.6.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import traceback
from contextlib import suppress
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any, Final

from threadpoolctl import threadpool_limits

from engine.cancel import Cancel, Progress, check
from engine.classify import Classified, classify
from store.errors import GeneArenaError

_PATIENCE: Final = 0.05
"""Seconds between two looks at the cancel event."""
_THE_PARENTS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that may reach every process of a group; the parent decides what they mean."""
TRIES: Final = 3
"""Processes that may be killed at one unit before it is given up."""
_own = threading.local()


class ClassifierDied(GeneArenaError):
    """The process that classified a unit ended without an answer, time after time."""


def classify_apart(*arguments: Any, **options: Any) -> Classified:
    """As `engine.classify.classify`, by a process that belongs to the calling thread.

    The process starts at the thread's first unit and ends with the thread.

    Raises:
        ClassifierDied: one process after the other was killed, for want of memory perhaps.
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

        Cancelling ends the process at once; the next unit starts another. A process that is killed is
        replaced and the unit begun again.

        Raises:
            ClassifierDied: each of `TRIES` processes was killed at it.
        """
        for _ in range(TRIES):
            check(cancel)
            try:
                reply = self._ask((arguments, options), cancel, progress)
            except (EOFError, OSError):
                code = self.close()
            except BaseException:
                self.close()
                raise
            else:
                if isinstance(reply, BaseException):
                    raise reply
                result: Classified = reply
                return result
        raise ClassifierDied(
            f"The process that classified this unit ended {TRIES} times, last with code {code}.",
            "If memory is short, run with fewer workers; then run it again with --retry-failed.",
        )

    def close(self) -> int | None:
        """End the process, if there is one; its exit code."""
        process, end, self._process, self._pipe = self._process, self._end, None, None
        if process is None or end is None:
            return None
        end()
        return process.exitcode

    def _ask(self, job: object, cancel: Cancel, progress: Progress | None) -> Any:
        pipe = self.connect()
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
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
            resource_tracker.ensure_running()  # its start would unblock signals
            # A process inherits what is blocked, so it is deaf from its first moment on.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _THE_PARENTS)
            try:
                self._process.start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
            # Deaf as it is, it would be waited for at the parent's exit for as long as the pipe is open,
            # and the main thread's is until then.
            self._end = Finalize(self, _end, (self._process, self._pipe), exitpriority=1)
        return self._pipe


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
    tell = partial(_tell, pipe)
    with threadpool_limits(1), suppress(EOFError, OSError):
        while True:
            arguments, options = pipe.recv()
            try:
                reply: object = classify(*arguments, **options, cancel=threading.Event(), progress=tell)
            except Exception as error:  # noqa: BLE001 - the process's boundary: the parent raises it
                error.add_note(traceback.format_exc())
                reply = error
            pipe.send(reply)


def _tell(pipe: Connection, done: int, total: int) -> None:
    pipe.send((done, total))
