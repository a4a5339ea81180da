"""What `genearena fetch` does: from the name of a data set or model to checked files and their manifest."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from engine import network
from engine.cancel import Cancel
from engine.catalog.models import list_models, name_model
from engine.digests import sha256_of
from engine.fetch.archives import unpack
from engine.fetch.download import PAUSES, download, make_client
from engine.fetch.manifest import Manifest
from engine.fetch.sources import DataSet, Source, data_sets
from store.errors import DataError, UsageError, unknown
from store.home import Home
from store.records import Model
from store.withheld import withheld

_TABLES: Final = "genept"
"""The data set that holds the catalog's tables of vectors."""
_SWITCHES: Final = (network.OFFLINE, "HF_HUB_OFFLINE")

FileProgress = Callable[[str, int, int], None]
"""Called with (file, bytes done, bytes in all; 0 while unknown)."""


@dataclass(frozen=True, slots=True)
class Got:
    """One file that is now here."""

    path: Path
    size: int
    fresh: bool
    """Whether it was downloaded now."""


def choices() -> tuple[str, ...]:
    """What `fetch` takes besides `model`: the data sets and `all`."""
    return (*data_sets(), "all")


def refuse_offline(offline: bool = False) -> None:
    """Refuse if a switch says that no socket may be opened.

    Raises:
        UsageError: `offline`, GENEARENA_OFFLINE or HF_HUB_OFFLINE is set.
    """
    switches = ["--offline"] if offline else list(filter(network.offline, _SWITCHES))
    if switches:
        named = " and ".join(switches)
        raise UsageError(f"Nothing is fetched: {named} is set.", f"Do without {named} to fetch.")


def fetch(
    what: str,
    home: Home,
    *,
    model: str = "",
    client: httpx.Client | None = None,
    cancel: Cancel | None = None,
    progress: FileProgress = lambda name, done, total: None,
    offline: bool = False,
    pauses: tuple[float, ...] = PAUSES,
) -> Iterator[Got]:
    """Download a data set, a model, or everything; each file as the result is consumed.

    Args:
        what: a name of `choices()`, or `model`.
        home: files go to its downloads; models to the cache of the Hugging Face libraries.
        model: with `model`: a name that `name_model` knows.
        client: another HTTP client than `make_client`'s; left open.
        cancel: looked at with every block; what has come stays for the next time.
        progress: called with every block.
        offline: refuse at once.
        pauses: seconds between attempts.

    Raises:
        UsageError: there is nothing of that name, or an offline switch is on.
        FetchError: a source cannot be reached or sends other bytes than expected; the old file is kept.
        StoreError: a file cannot be written.
        Stopped: `cancel` was set.
    """
    refuse_offline(offline)
    sets = data_sets()
    if what == "all":
        models = [entry for entry in list_models(home) if entry.kind == "huggingface"]
    elif what == "model":
        wanted = name_model(model, home)
        if wanted.source.startswith("zenodo:"):
            return fetch(
                _TABLES,
                home,
                client=client,
                cancel=cancel,
                progress=progress,
                offline=offline,
                pauses=pauses,
            )
        sets, models = {}, [_of_the_hub(wanted)]
    elif what in sets:
        sets, models = {what: sets[what]}, []
    else:
        raise UsageError(*unknown("download", what, (*sets, "model", "all")))
    return _files(tuple(sets.values()), models, home, client, cancel or threading.Event(), progress, pauses)


def _files(
    sets: Sequence[DataSet],
    models: Sequence[Model],
    home: Home,
    client: httpx.Client | None,
    cancel: Cancel,
    progress: FileProgress,
    pauses: tuple[float, ...],
) -> Iterator[Got]:
    with contextlib.nullcontext(client) if client is not None else make_client() as session:
        visit = _Visit(home.downloads, session, cancel, progress, pauses)
        for data_set in sets:
            for source in data_set.files:
                yield from visit.file(data_set, source)
        for model in models:
            yield from visit.model(model)


def _of_the_hub(model: Model) -> Model:
    if model.kind != "huggingface":
        raise UsageError(f"{model.name} is not a model of the Hugging Face Hub, so it cannot be fetched.")
    return model


class _Visit:
    """One call of `fetch`."""

    def __init__(
        self,
        folder: Path,
        client: httpx.Client,
        cancel: Cancel,
        progress: FileProgress,
        pauses: tuple[float, ...],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._client = client
        self._cancel = cancel
        self._progress = progress
        self._pauses = pauses
        self._manifest = Manifest(folder)

    def file(self, data_set: DataSet, source: Source) -> Iterator[Got]:
        """Fetch one file, and what is in it if it is an archive, unless it is here already."""
        target = self._folder / data_set.name / source.name
        results = [target.with_name(member.name) for member in source.members] or [target]
        if not source.changes and all(map(self._is_as_recorded, results)):
            yield from (Got(path, path.stat().st_size, False) for path in results)
            return
        fetched = download(
            source,
            target,
            self._client,
            cancel=self._cancel,
            progress=lambda done, total: self._progress(source.name, done, total),
            known="" if source.changes else str(self._manifest.entry(target).get("sha256", "")),
            pauses=self._pauses,
        )
        facts = {"source": withheld(source.url), "licence": data_set.licence, "page": data_set.page}
        self._manifest.record(target, **facts, size=fetched.size, sha256=fetched.sha256)
        if source.members:
            self._extract(source, target)
            target.unlink()
            for path in results:
                self._manifest.record(path, **facts, size=path.stat().st_size, sha256=sha256_of(path))
        yield from (Got(path, path.stat().st_size, True) for path in results)

    def model(self, model: Model) -> Iterator[Got]:
        """Fetch a model's files into the cache of the Hugging Face libraries."""
        from engine.fetch.hub import fetch_model

        for file in fetch_model(model, cancel=self._cancel, progress=self._progress, pauses=self._pauses):
            facts = {"source": withheld(file.url), "licence": model.licence, "model": model.name}
            self._manifest.record(file.path, **facts, size=file.size, sha256=file.sha256)
            yield Got(file.path, file.size, file.fresh)

    def _extract(self, source: Source, archive: Path) -> None:
        """Put the wanted members beside the archive, once all of them have been checked."""
        room = sum(member.size for member in source.members)
        with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".unpack") as place:
            wanted = [member.path for member in source.members]
            found = unpack(archive, Path(place), wanted, cancel=self._cancel, most_bytes=room)
            for member in source.members:
                if sha256_of(found[member.path]) != member.sha256:
                    raise DataError(
                        f"{archive} holds another {member.path} than expected.", "Fetch it again."
                    )
            for member in source.members:
                found[member.path].replace(archive.with_name(member.name))

    def _is_as_recorded(self, path: Path) -> bool:
        entry = self._manifest.entry(path)
        return bool(entry) and path.is_file() and sha256_of(path) == entry.get("sha256")
