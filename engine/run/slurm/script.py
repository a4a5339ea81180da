"""The script that is handed to sbatch, for people to read."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

from engine.plan.launch import Slurm
from engine.run.shards.array import Frozen
from engine.run.shards.cut import Shard
from store.visible import visible


def script(frozen: Frozen) -> str:
    """What each task of the array does, under what is asked of SLURM for it."""
    slurm = frozen.launch.options.slurm or Slurm()
    units = sum(len(shard.units) for shard in frozen.shards)
    lines = [
        "#!/bin/bash",
        *headers(slurm),
        f"#SBATCH --job-name={frozen.name}",
        f"#SBATCH --array=0-{len(frozen.shards) - 1}",
        f"#SBATCH --output={_word(str(frozen.folder / 'logs').replace('%', '%%') + '/%a.out')}",
        "#SBATCH --open-mode=append",
        "#SBATCH --requeue",
        f"# {units} units of genearena: {visible(frozen.launch.selection.words)}",
        f"# What each task is to do: {visible(str(frozen.folder / 'array.json'))}",
        "umask 077",
        "exec "
        + shlex.join([sys.executable, "-P", "-m", "engine.run.shards", str(frozen.folder)])
        + ' "$SLURM_ARRAY_TASK_ID"',
    ]
    return "\n".join(lines) + "\n"


def headers(slurm: Slurm) -> list[str]:
    """The lines in which SLURM reads what each task needs."""
    return [f"#SBATCH {option}" for option in _options(slurm)]


def _options(slurm: Slurm) -> Iterator[str]:
    named = {
        "partition": slurm.partition,
        "gpus": slurm.gpus,
        "cpus-per-task": slurm.cpus,
        "mem": slurm.mem,
        "time": slurm.time,
        "account": slurm.account,
    }
    yield from (f"--{name}={value}" for name, value in named.items() if value)
    yield from slurm.sbatch


def sizes(shards: list[Shard]) -> Iterator[tuple[int, int, float, str]]:
    """Of each shard: its number, units, seconds as foreseen, and models."""
    for index, shard in enumerate(shards):
        models = dict.fromkeys(unit.model for unit in shard.units)
        yield index, len(shard.units), shard.seconds, ", ".join(models)


def _word(text: str) -> str:
    """As sbatch reads one word of its own lines."""
    return f'"{text}"' if " " in text else text
