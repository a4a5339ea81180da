"""SLURM by its own commands: sbatch, squeue, scancel. A job is known by its name, which is its array's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from engine.plan.launch import Slurm
from engine.run.shards.followed import Queued
from engine.run.slurm.script import headers
from store.errors import GeneArenaError, UsageError

_PATIENCE: Final = 60.0
"""Seconds that a command may take: a controller that is busy answers late."""


class SchedulerError(GeneArenaError):
    """SLURM refuses what is asked of it, or is not here."""


class Unreachable(SchedulerError):
    """SLURM does not answer now."""


class Scheduler(Protocol):
    """Who runs the tasks of an array."""

    def submit(self, script: Path) -> str:
        """Hand the array over; what the scheduler calls it.

        Raises:
            SchedulerError: it is not taken.
        """

    def queued(self, name: str) -> list[Queued]:
        """The tasks of the array of that name that have not ended.

        Raises:
            SchedulerError: this cannot be learned now.
        """

    def cancel(self, name: str, *, waiting_only: bool = False) -> None:
        """End all tasks of the array of that name, with a SIGTERM first, or those that only wait.

        Raises:
            SchedulerError: this cannot be asked now.
        """


class Commands:
    """The `Scheduler` that this machine's commands reach."""

    def submit(self, script: Path) -> str:
        """See `Scheduler.submit`."""
        return _ask(["sbatch", "--parsable", str(script)]).strip().partition(";")[0]

    def queued(self, name: str) -> list[Queued]:
        """See `Scheduler.queued`."""
        # Of one user's jobs the controller sends no others: on a large cluster that matters.
        mine = [f"--user={os.geteuid()}", f"--name={name}"]
        asked = ["squeue", "--noheader", "--array", *mine, "--format=%K|%T|%N|%r"]
        rows = (line.strip().split("|", 3) for line in _ask(asked).splitlines())
        return [Queued(int(row[0]), *row[1:]) for row in rows if len(row) == 4 and row[0].isdigit()]

    def cancel(self, name: str, *, waiting_only: bool = False) -> None:
        """See `Scheduler.cancel`."""
        _ask(["scancel", f"--name={name}", *(["--state=PENDING"] if waiting_only else [])])

    def check(self, slurm: Slurm) -> None:
        """Ask SLURM whether it would take such tasks; nothing is submitted.

        Raises:
            UsageError: it would not, in its own words, or is not here.
        """
        tried = "\n".join(
            ["#!/bin/bash", *headers(slurm), f"#SBATCH --array=0-{slurm.array - 1}", "true\n"]
        )
        try:
            _ask(["sbatch", "--test-only", "--job-name=genearena"], tried)
        except SchedulerError as error:
            raise UsageError(error.message, error.hint) from error


def _ask(command: Sequence[str], text: str | None = None) -> str:
    """What the command prints; raises `SchedulerError` with what it complains about."""
    if shutil.which(command[0]) is None:
        raise SchedulerError(
            f"There is no {command[0]} on the PATH of this machine.",
            "Run it where jobs are submitted, as a rule on a login node.",
        )
    try:
        done = subprocess.run(
            command, input=text or "", capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _late(command[0], (error.stderr or b"").decode("utf-8", "replace")) from error
    except OSError as error:
        raise SchedulerError(f"{command[0]} cannot be started: {error.strerror}.") from error
    if done.returncode:
        raise _complaint(command[0], done.stderr, done.returncode)
    return done.stdout


def _late(command: str, said: str) -> SchedulerError:
    """A command did not end; what it complained about meanwhile."""
    what = f"{command} has not answered for {_PATIENCE:.0f} s"
    words = _words(said)
    return Unreachable(f"{what}; it says: {words}." if words else f"{what}.", _hint(words) or _LATER)


def _complaint(command: str, said: str, code: int) -> SchedulerError:
    """What a command of SLURM says is wrong, and what can be done."""
    what = _words(said) or f"it ended with code {code}"
    if any(words in said.lower() for words in _AWAY):
        return Unreachable(f"{command} says: {what}.", _hint(what) or _LATER)
    return SchedulerError(f"{command} says: {what}.", _hint(what))


def _words(said: str) -> str:
    """The complaints, without what is of use to SLURM's own developers alone."""
    lines = [
        re.sub(r"^(.*error|sbatch|squeue|scancel): ", "", line.strip()).rstrip(".")
        for line in said.splitlines()
        if line.strip()
    ]
    plain = [line for line in lines if not line.startswith(_INNER)]
    return "; ".join(dict.fromkeys(plain or lines))


def _hint(what: str) -> str:
    return next((hint for words, hint in _HINTS if words in what.lower()), "")


_INNER: Final = ("slurm_msg_sendto", "slurm_send_node_msg", "If munged is up", 'Try "')
_AWAY: Final = (
    "unable to contact", "timed out", "try again", "connection refused", "communication", "socket error",
    "authentication",
)  # fmt: skip
_LATER: Final = "See `sinfo`; tasks that run already go on."
_HINTS: Final = (
    ("munge", "SLURM knows its users by munge, which has to run on this machine: see `munge -n`."),
    ("invalid --time", "Give minutes or H:MM:SS, e.g. --time 4:00:00."),
    ("time limit", "`sinfo -o '%P %l'` lists the longest time of each partition."),
    ("partition", "`sinfo` lists the partitions."),
    ("gres", "`sinfo -o '%P %G'` lists the cards of each partition."),
    ("node configuration", "Ask for less of --cpus, --mem or --gpus: `sinfo -N -l` lists what nodes have."),
    ("--mem", "Give it as e.g. --mem 16G."),
    ("unrecognized option", "It is one of --sbatch; `man sbatch` lists all."),
    ("account", "`sacctmgr show associations user=$USER` lists your accounts."),
)
"""Words of SLURM's -> what to do; the first that fits."""
