"""`sbatch`, `squeue` and `scancel` as small scripts that speak as SLURM's do, and run tasks here."""

from __future__ import annotations

from pathlib import Path

SBATCH = """#!/bin/bash
# sbatch --parsable SCRIPT, or --test-only with the script on standard input
for last; do :; done
if [ "$1" = --test-only ]; then script=$(cat); else script=$(cat "$last"); fi
echo "$@" >>"$STANDIN/asked"
option() { sed -n "s/^#SBATCH --$1=\\"\\{0,1\\}\\([^\\"]*\\).*/\\1/p" <<<"$script"; }
if [ -e "$STANDIN/away" ]; then
  echo "sbatch: error: Batch job submission failed: Unable to contact slurm controller" >&2
  exit 1
fi
if [ "$(option partition)" = nowhere ]; then
  echo "sbatch: error: invalid partition specified: nowhere" >&2
  echo "sbatch: error: Batch job submission failed: Invalid partition name specified" >&2
  exit 1
fi
if [ "$1" = --test-only ]; then echo "sbatch: Job 1 to start at once" >&2; exit 0; fi
job=$(option job-name)
for index in $(seq 0 "$(option array | cut -d- -f2)"); do
  out=$(option output); out=${out/\\%a/$index}
  SLURM_ARRAY_TASK_ID=$index SLURM_CPUS_ON_NODE=1 bash "$last" >>"$out" 2>&1 </dev/null &
  echo "$index $!" >>"$STANDIN/$job"
done
echo 4711
"""
SQUEUE = """#!/bin/bash
if [ -e "$STANDIN/away" ]; then
  echo "slurm_load_jobs error: Unable to contact slurm controller (connect failure)" >&2; exit 1
fi
for word; do case $word in --name=*) job=${word#--name=};; esac; done
[ -e "$STANDIN/$job" ] || exit 0
while read -r index pid; do
  state=$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null)
  if [ -n "$state" ] && [ "$state" != Z ]; then echo "$index|RUNNING|here|None"; fi
done <"$STANDIN/$job"
"""
SCANCEL = """#!/bin/bash
for word; do case $word in --name=*) job=${word#--name=};; --state=PENDING) exit 0;; esac; done
[ -e "$STANDIN/$job" ] || exit 0
while read -r index pid; do kill -TERM "$pid" 2>/dev/null; done <"$STANDIN/$job"
exit 0
"""


def stand_in(folder: Path, monkeypatch) -> Path:
    """Put them first on the PATH; the folder in which they keep what they know."""
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE), ("scancel", SCANCEL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("STANDIN", str(folder))
    return folder
