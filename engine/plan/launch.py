"""One launch: what is to be run, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from engine.plan.selection import Selection


@dataclass(frozen=True, slots=True)
class Slurm:
    """What is asked of SLURM for a job array; what is empty or 0 is left to its own default."""

    array: int = 16
    """Tasks of the array, at most."""
    partition: str = ""
    gpus: int = 0
    """Of each task, as are those that follow."""
    cpus: int = 0
    mem: str = ""
    time: str = ""
    account: str = ""
    sbatch: tuple[str, ...] = ()
    """Further options of `sbatch`, e.g. `--qos=long`."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Slurm:
        """What `asdict` gave.

        Raises:
            TypeError: `data` is something else.
        """
        read = cls(**{**data, "sbatch": tuple(data["sbatch"])})
        whole = (read.array, read.gpus, read.cpus)
        words = (read.partition, read.mem, read.time, read.account, *read.sbatch)
        if not (all(type(one) is int for one in whole) and all(isinstance(one, str) for one in words)):
            raise TypeError("what is asked of SLURM has whole numbers and words")
        return read


@dataclass(frozen=True, slots=True)
class Dask:
    """Which Dask cluster does the work: one that is there, or processes of this machine."""

    scheduler: str = ""
    """Its address, such as `tls://host:8786`; empty: a cluster is started here, for this run."""
    processes: int = 0
    """Of the cluster that is started here; 0: one for each core."""
    tls_ca: str = ""
    """The path of a file, as are those that follow; empty: what the user's own settings of Dask say."""
    tls_cert: str = ""
    tls_key: str = ""
    insecure: bool = False
    """Whether it may be spoken to in the clear."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Dask:
        """What `asdict` gave.

        Raises:
            TypeError: `data` is something else.
        """
        read = cls(**data)
        words = (read.scheduler, read.tls_ca, read.tls_cert, read.tls_key)
        if not all(isinstance(one, str) for one in words) or (
            type(read.processes),
            type(read.insecure),
        ) != (
            int,
            bool,
        ):
            raise TypeError("what is asked of Dask has words and a whole number")
        return read


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, none of which may change a number beyond rounding."""

    device: str = "auto"
    workers: int = 0
    """CPU threads that classify; 0: one for each core."""
    threads: int = 0
    """Threads of torch on the CPU; 0: one for each core."""
    slurm: Slurm | None = None
    """The job array that does the work; None: something else does."""
    dask: Dask | None = None
    """The Dask cluster that does the work; None, as `slurm` is: threads of the runner do."""

    @property
    def while_paused(self) -> str:
        """What somebody should know who pauses a run with these options, in a sentence; often nothing."""
        if self.slurm is None:
            return ""
        return (
            "The tasks of its job array keep their nodes while it is paused. For a longer break, "
            "`genearena cancel --drain` ends them and `genearena resume` submits what is missing."
        )


@dataclass(frozen=True, slots=True)
class Launch:
    """A selection and the options it is run with, as they wait in the queue together."""

    selection: Selection
    options: Options = field(default_factory=Options)

    def to_json(self) -> dict[str, Any]:
        """A dict that JSON can hold."""
        return {"selection": self.selection.to_json(), "options": asdict(self.options)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Launch:
        """The launch that `to_json` gave.

        Raises:
            KeyError, TypeError: `data` is something else.
        """
        asked = data["options"].get("slurm")
        slurm = None if asked is None else Slurm.from_json(asked)
        on = data["options"].get("dask")
        dask = None if on is None else Dask.from_json(on)
        selection = Selection.from_json(data["selection"])
        options = Options(**{**data["options"], "slurm": slurm, "dask": dask})
        whole = (*selection.seeds, options.workers, options.threads)
        words = (*selection.models, *selection.tasks, *selection.protocols, options.device)
        if not (all(type(one) is int for one in whole) and all(isinstance(one, str) for one in words)):
            raise TypeError("a launch has whole numbers for seeds and threads, and words for the rest")
        return cls(selection, options)

    @property
    def without_retries(self) -> Launch:
        """The same, once what failed was tried again."""
        return replace(self, selection=replace(self.selection, retry_failed=False))
