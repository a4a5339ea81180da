"""What is installed, where things are, what is wrong with them, and the command that mends it."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Final

from engine.catalog.local import PACKAGED
from engine.catalog.models import how_to_get, hub_cache, list_models, local_path
from engine.environment import LIBRARIES, require_folder, usable_cores
from engine.machine import cards
from engine.mailbox import damaged, lock_fault, read_status, runner_alive, unfinished, waiting
from store.errors import GeneArenaError, NewerStore, OtherFormat, StoreBusy, StoreError, UsageError
from store.home import Home
from store.journal import Damaged, journal_sizes, read_journals
from store.limits import FOR_MODELS, check_memory

_LOW_DISK: Final = 2**30
"""Free bytes under which a run is likely to be paused: one model's download, or a day of journals."""
_HEAD: Final = re.compile(rb'"kind":"(\w+)","key":"([^"]+)"')
"""How a line of a journal tells what it holds."""
_INSTALL: Final = "pip install -c constraints.txt -e '.[dev]'"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something worth knowing."""

    topic: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong."""

    topic: str
    sentence: str
    remedy: str
    """The command or the act that mends it."""


Finding = Fact | Problem


def examine(home: Home) -> tuple[Finding, ...]:
    """Look at everything a run depends on; changes nothing and opens no connection."""
    checks: tuple[Callable[[Home], Iterator[Finding]], ...] = (
        _versions,
        _devices,
        _folders,
        _others,
        _journals,
        _database,
        _runner,
        _models,
        _downloads,
    )
    return tuple(finding for check in checks for finding in check(home))


# ---------------------------------------------------------------------------- the installation


def _versions(_: Home) -> Iterator[Finding]:
    yield Fact("versions", "python", platform.python_version())
    yield Fact("versions", "platform", platform.platform())
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield Problem(
            "versions", f"Python {platform.python_version()} is untested.", "use Python 3.11, 3.12 or 3.13"
        )
    for library in (*LIBRARIES, "textual"):
        try:
            yield Fact("versions", library, metadata.version(library))
        except metadata.PackageNotFoundError:
            yield Problem("versions", f"{library} is not installed.", _INSTALL)
    encoding = sys.getfilesystemencoding()
    if encoding.lower() != "utf-8":
        yield Problem("versions", f"Texts are encoded as {encoding}, not UTF-8.", "export LC_ALL=C.UTF-8")


def _devices(_: Home) -> Iterator[Finding]:
    import psutil

    memory = psutil.virtual_memory()
    yield Fact(
        "devices", "cpu", f"{usable_cores()} cores, {_size(memory.total)}, {_size(memory.available)} free"
    )
    found = cards()
    for place, card in enumerate(found):
        memory_of = f"{_size(card.memory)}, {_size(card.free)} free"
        yield Fact("devices", f"gpu {place}", f"{card.name}, {memory_of}, driver {card.driver}")
    try:
        check_memory(FOR_MODELS)
        require_folder()
    except UsageError as error:
        yield Problem("devices", error.message, error.hint)
        return
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Problem("devices", f"torch cannot be loaded: {error}.", _INSTALL)
        return
    seen = torch.cuda.device_count() if torch.cuda.is_available() else 0
    used = f"{seen} CUDA devices" if seen else "mps" if torch.backends.mps.is_available() else "cpu"
    yield Fact("devices", "used by torch", used)
    if not found or seen:
        return
    if torch.version.cuda is None:
        sentence = f"There is an NVIDIA card, but torch {torch.__version__} is built without CUDA."
        yield Problem("devices", sentence, "install a CUDA build of the same torch version")
    elif os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        yield Fact("devices", "CUDA_VISIBLE_DEVICES", "hides every card from this process")
    else:
        sentence = f"There is an NVIDIA card, but torch cannot use it with CUDA {torch.version.cuda}."
        yield Problem("devices", sentence, "update the NVIDIA driver, or install a torch for an older CUDA")


# ---------------------------------------------------------------------------- folders and the store


def _folders(home: Home) -> Iterator[Finding]:
    frozen: list[Path] = []
    closed: list[Path] = []
    full: dict[int, tuple[Path, int]] = {}
    """File system -> a folder on it, and the bytes that are left."""
    for name in ("data", "cache", "config", "log"):
        folder: Path = getattr(home, name)
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        state = "" if folder.exists() else ", not made yet"
        yield Fact("folders", name, f"{folder}, {_size(free)} free{state}")
        if os.statvfs(there).f_flag & os.ST_RDONLY:
            frozen.append(folder)
        elif not os.access(there, os.W_OK | os.X_OK):
            closed.append(folder)
        elif free < _LOW_DISK:
            full.setdefault(there.stat().st_dev, (folder, free))
    elsewhere = "use --home DIR or GENEARENA_HOME"
    if frozen:
        yield Problem("folders", f"The file system of {_listed(frozen)} is read-only.", elsewhere)
    if closed:
        yield Problem("folders", f"{_listed(closed)} cannot be written.", elsewhere)
    for folder, free in full.values():
        yield Problem(
            "folders",
            f"Only {_size(free)} are free in {folder}.",
            f"free some space; rm -r {home.embeddings} loses nothing that is not computed again",
        )
    for folder in (home.journals, home.mailbox):
        if folder.exists() and not folder.is_dir():
            yield Problem("folders", f"{folder} has to be a folder.", f"mv {folder} {folder}.aside")
    if home.data.exists() and hasattr(os, "getuid") and home.data.stat().st_uid != os.getuid():
        yield Problem("folders", f"{home.data} belongs to another user.", elsewhere)


def _listed(folders: list[Path]) -> str:
    return ", ".join(map(str, folders))


def _others(home: Home) -> Iterator[Finding]:
    """Files that other users of this machine can read: texts and names that may not be meant for them."""
    for folder in dict.fromkeys((home.data, home.cache, home.config, home.log)):
        found = list(_open_files(folder))
        if found and all(_lets_others(above, 0o011) for above in folder.resolve().parents):
            files = f"{len(found)} files in {folder}, {found[0].name} among them"
            yield Problem("folders", f"Other users can read {files}.", f"chmod -R go= {folder}")


def _open_files(folder: Path) -> Iterator[Path]:
    if not (folder.is_dir() and _lets_others(folder, 0o011)):
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _open_files(path)
        elif _lets_others(path, 0o044):
            yield path


def _lets_others(path: Path, bits: int) -> bool:
    return bool(path.stat().st_mode & bits)


def _journals(home: Home) -> Iterator[Finding]:
    sizes = journal_sizes(home.journals)
    lines = 0
    there: set[tuple[str, str]] = set()
    starts: dict[str, int] = {}
    damaged: list[tuple[int, Damaged]] = []
    try:
        for entry in read_journals(home.journals, {}):
            lines += 1
            if isinstance(entry, Damaged):
                damaged.append((starts.get(entry.file, 0), entry))
            else:
                there.add((entry.kind, entry.key))
            starts[entry.file] = entry.end
    except StoreError as error:
        yield Problem("store", error.message, error.hint or "check who owns it")
    yield from (_damage(home.journals / line.file, start, line, there) for start, line in damaged)
    yield Fact("store", "journals", f"{len(sizes)} files, {lines} lines, {_size(sum(sizes.values()))}")
    newest = max((path.stat().st_mtime for path in home.journals.glob("*.jsonl")), default=0.0)
    if newest > time.time() + 60:
        yield Problem("store", "The newest journal is from the future.", "set this machine's clock")


def _damage(path: Path, start: int, line: Damaged, there: Set[tuple[str, str]]) -> Finding:
    """A damaged line: a problem until what it held stands in another line, as far as it can be read."""
    where = f"{path} is damaged before byte {line.end}: {line.reason}; that line is skipped"
    try:
        with path.open("rb") as journal:
            journal.seek(start)
            held = _HEAD.findall(journal.read(line.end - start))
    except OSError:
        held = []
    if held and all((kind.decode(), key.decode(errors="replace")) in there for kind, key in held):
        return Fact("store", "damaged line", f"{where}, and what it held was computed again")
    return Problem("store", f"{where}.", _again({kind.decode() for kind, _ in held}))


def _again(kinds: Set[str]) -> str:
    """What helps where lines of `kinds` are lost; of one that cannot be read at all, nobody knows."""
    if kinds and kinds.isdisjoint(("scored", "failed")):
        return f"leave it: it holds no score, only a line of the kind {', '.join(sorted(kinds))}"
    return "genearena run (computes again what the line held)"


def _database(home: Home) -> Iterator[Finding]:
    from store.altered import altered
    from store.database import applied_offsets, connect
    from store.refused import refused_lines
    from store.repair import exclusively

    if not home.database.exists():
        yield Fact("store", "database", "not made yet")
        if journal_sizes(home.journals):
            yield Problem("store", f"{home.database} is missing.", "genearena repair")
        return
    yield Fact("store", "database", f"{home.database}, {_size(home.database.stat().st_size)}")
    try:
        with connect(home) as con:
            counts = {
                name: con.execute(f"select count(*) from {name}").fetchall()[0][0]
                for name in ("units", "failures", "conflicts", "environments")
            }
            twice = con.execute("select count(*) - count(distinct key) from scores").fetchall()[0][0]
            ahead = con.execute("select count(*) from units where finished_at > ?", [_soon()]).fetchall()[
                0
            ][0]
            applied = applied_offsets(con)
            refused = refused_lines(con)
            other = altered(home, con)
    except StoreBusy as error:
        yield Problem("store", error.message, "close it there; saved splits wait in the journal meanwhile")
        return
    except (NewerStore, OtherFormat) as error:
        yield Problem("store", error.message, "update genearena; an older one should leave the file alone")
        return
    except StoreError as error:
        yield Problem("store", error.message, _command_in(error.hint) or "genearena repair")
        return
    except UsageError as error:
        yield Problem("devices", error.message, error.hint)
        return
    yield Fact("store", "rows", ", ".join(f"{count} {name}" for name, count in counts.items()))
    if twice:
        yield Problem("store", f"The table scores holds keys twice: {twice}.", "genearena repair")
    if counts["conflicts"]:
        sentence = f"{counts['conflicts']} reruns gave another number than the one kept."
        yield Problem("store", sentence, 'genearena sql "from conflicts"')
    if ahead:
        yield Problem(
            "store",
            f"Splits dated later than now: {ahead}; a clock was wrong when they were run, or is now.",
            "set this machine's clock; the numbers are right, and those of the last run are shown",
        )
    if other.changed or other.missing:
        yield Problem(
            "store",
            f"Somebody else changed the tables: of the splits that were drawn {len(other.changed)} differ "
            f"from the journals, and {other.missing} of all are missing.",
            "genearena repair",
        )
    for line in refused:
        where = f"{home.journals / line.file} at byte {line.start}"
        if line.newer:
            yield Problem("store", f"A newer version wrote {where}: {line.reason}.", "update genearena")
        else:
            sentence = f"{where} fits no table: {line.reason} ({line.kind} {line.key[:12]})."
            yield Problem("store", sentence, _again({line.kind}))
    if not runner_alive(home) and next(read_journals(home.journals, applied), None):
        remedy = "genearena rank (applies them)"
        try:
            with exclusively(home.database):
                pass
        except StoreError as error:
            remedy = f"{error} Then: {remedy}"
        yield Problem("store", "Saved rows are not in the database yet.", remedy)


def _soon() -> datetime:
    """A minute from now, in UTC as the tables have it."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=1)


def _command_in(hint: str) -> str:
    """The command a hint names between backticks."""
    parts = hint.split("`")
    return parts[1] if len(parts) == 3 else ""


# ---------------------------------------------------------------------------- runner, models, downloads


def _runner(home: Home) -> Iterator[Finding]:
    if fault := lock_fault(home):
        yield Problem("runner", fault.message, _command_in(fault.hint) or fault.hint)
    try:
        status = read_status(home)
    except StoreError as error:
        yield Problem("runner", error.message, error.hint or "check who owns it")
        status = None
    alive = runner_alive(home)
    yield Fact("runner", "state", status.state if status else "running" if alive else "nothing has run yet")
    if alive and status and status.silent:
        yield Problem(
            "runner",
            f"The runner (PID {status.pid} on {status.host}) has been silent for {status.silent_s:.0f} s.",
            "genearena cancel --now, then genearena resume",
        )
    if not alive and status and status.state == "interrupted":
        yield Problem("runner", f"Run {status.run_id} was interrupted.", "genearena resume")
    elif left := len(unfinished(home, alive)):
        are = "1 run was" if left == 1 else f"{left} runs were"
        yield Problem("runner", f"{are} begun and did not come to the end.", "genearena queue")
    for path in damaged(home):
        yield Problem("runner", f"The file {path} should be a launch and cannot be read.", f"rm {path}")
    if not alive and (ahead := len(waiting(home))):
        are = "1 run waits" if ahead == 1 else f"{ahead} runs wait"
        yield Problem("runner", f"{are} for a runner.", "genearena resume")


def _models(home: Home) -> Iterator[Finding]:
    try:
        models = list_models(home)
        here = [model.name for model in models if local_path(model, home)]
    except GeneArenaError as error:
        yield Problem("models", error.message, error.hint)
        return
    yield Fact("models", "on this machine", f"{len(here)} of {len(models)}: {', '.join(here) or 'none'}")
    for model in models:
        if model.kind in PACKAGED and model.name not in here:  # what a run takes if no model is named
            yield Problem("models", *how_to_get(model))
    yield Fact("models", "hugging face cache", str(hub_cache()))
    vectors = [path.stat().st_size for path in home.embeddings.rglob("*") if path.is_file()]
    yield Fact("models", "embeddings", f"{len(vectors)} files, {_size(sum(vectors))}, {home.embeddings}")


def _downloads(home: Home) -> Iterator[Finding]:
    parts = [path for path in home.downloads.rglob("*.part") if path.is_file()]
    yield Fact("downloads", "folder", str(home.downloads))
    for path in parts:
        sentence = f"{path} is an unfinished download ({_size(path.stat().st_size)})."
        remedy = f"genearena fetch {path.parent.name} (goes on where it stopped), or rm {path}"
        yield Problem("downloads", sentence, remedy)
    listed = _names_by_source(home)
    blobs: list[Path] = []
    with contextlib.suppress(OSError):  # reported with the models already
        blobs = sorted(hub_cache().glob("models--*/blobs/*"))
    for path in blobs:
        source = path.parent.parent.name.removeprefix("models--").replace("--", "/")
        sentence = f"The download of {source} is unfinished."
        if path.suffix == ".part" and source in listed:
            remedy = f"genearena fetch model {listed[source]} (goes on where it stopped), or rm {path}"
            yield Problem("downloads", sentence, remedy)
        elif path.suffix in (".part", ".incomplete"):  # the latter is the Hub's own, which starts anew
            yield Problem("downloads", sentence, f"rm {path}")


def _names_by_source(home: Home) -> dict[str, str]:
    """The listed models of the Hub; none if the list cannot be read, which is told elsewhere."""
    try:
        return {model.source: model.name for model in list_models(home) if model.kind == "huggingface"}
    except GeneArenaError:
        return {}


def _size(count: float) -> str:
    """Bytes in the largest unit that keeps the number above one."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
