"""The same shards as rules of Snakemake, for those whose batch system it speaks to."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from engine.plan.launch import Slurm
from engine.run.shards.array import Frozen


def snakefile(frozen: Frozen) -> str:
    """Rules that work the shards of `frozen` off, each in a job of its own, and take the outcomes in."""
    slurm = frozen.launch.options.slurm or Slurm()
    units = sum(len(shard.units) for shard in frozen.shards)
    lines = [
        f"# {units} units of genearena: {frozen.launch.selection.words}",
        f"# What each shard is to do: {frozen.folder / 'array.json'}",
        "#   snakemake --cores 16 -s THIS_FILE",
        "#   snakemake --executor slurm --jobs 64 -s THIS_FILE",
        "",
        f"DONE = {_text(frozen.folder / 'done')}",
        "",
        "localrules: collect",
        "",
        "rule collect:",
        f'    input: expand(DONE + "/{{shard}}", shard=range({len(frozen.shards)}))',
        f"    shell: {_text(_command(frozen, 'collect'))}",
        "",
        "rule shard:",
        '    output: touch(DONE + "/{shard}")',
        f"    threads: {frozen.launch.options.workers}",
        "    retries: 2",
        *_resources(slurm),
        f"    shell: {_text(_command(frozen, '{wildcards.shard}'))}",
    ]
    return "\n".join(lines) + "\n"


def _resources(slurm: Slurm) -> Iterator[str]:
    named = {
        "slurm_partition": slurm.partition,
        "slurm_account": slurm.account,
        "runtime": _minutes(slurm.time),
        "mem": slurm.mem,
        "gpu": slurm.gpus,
        "slurm_extra": " ".join(slurm.sbatch),
    }
    asked = [f"{name}={_text(value)}" for name, value in named.items() if value]
    if asked:
        yield f"    resources: {', '.join(asked)}"


def _minutes(limit: str) -> int:
    """Minutes of a time as SLURM takes it (`90`, `4:00:00`, `1-12`), rounded up; 0 of any other word."""
    if not re.fullmatch(r"(\d+-)?\d+(:\d+){0,2}", limit):
        return 0
    days, dash, rest = limit.rpartition("-")
    parts = [int(part) for part in rest.split(":")]
    if dash:  # days-hours[:minutes[:seconds]]
        hours, minutes, seconds = (*parts, 0, 0)[:3]
        hours += 24 * int(days)
    else:  # minutes[:seconds] or hours:minutes:seconds
        hours, minutes, seconds = parts if len(parts) == 3 else (0, *parts, 0)[:3]
    return hours * 60 + minutes + bool(seconds)


def _command(frozen: Frozen, last: str) -> str:
    words = [sys.executable, "-P", "-m", "engine.run.shards", str(frozen.folder)]
    return f"umask 077 && {shlex.join(words).replace('{', '{{').replace('}', '}}')} {last}"


def _text(value: object) -> str:
    return json.dumps(str(value) if isinstance(value, Path) else value)
