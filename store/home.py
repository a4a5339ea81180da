"""Where things live for the user: data, cache, config and log folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Home:
    """The four folders; with `--home DIR` or `GENEARENA_HOME` all of them inside one."""

    data: Path
    cache: Path
    config: Path
    log: Path

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.data / "arena.duckdb"

    @property
    def journals(self) -> Path:
        """One append-only file for each process that saved results."""
        return self.data / "journal"

    @property
    def tasks(self) -> Path:
        """Imported tasks, one folder each."""
        return self.data / "tasks"

    @property
    def mailbox(self) -> Path:
        """The runner's lock, status, queue and requests."""
        return self.data / "runner"

    @property
    def embeddings(self) -> Path:
        """The embedding cache; may be deleted at any time."""
        return self.cache / "embeddings"

    @property
    def downloads(self) -> Path:
        """Fetched files and their manifest."""
        return self.cache / "downloads"

    @property
    def config_file(self) -> Path:
        """The user's settings."""
        return self.config / "config.toml"

    def create(self) -> Home:
        """Make the folders (0700).

        Raises:
            StoreError: a folder cannot be made or written.
        """
        for folder in (self.data, self.cache, self.config, self.log, self.journals, self.mailbox):
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise StoreError(
                    f"The folder {folder} cannot be made: {error.strerror}.",
                    "Choose a writable place with --home DIR or GENEARENA_HOME.",
                ) from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise StoreError(
                    f"The folder {folder} cannot be written.",
                    "Choose a writable place with --home DIR or GENEARENA_HOME.",
                )
        return self


def find_home(override: str | os.PathLike[str] | None = None) -> Home:
    """The home named by `override`, else by GENEARENA_HOME, else the platform's usual folders."""
    place = override or os.environ.get("GENEARENA_HOME")
    if place:
        root = Path(place).expanduser().absolute()
        return Home(root / "data", root / "cache", root / "config", root / "log")
    import platformdirs

    dirs = platformdirs.PlatformDirs("genearena", appauthor=False)
    return Home(dirs.user_data_path, dirs.user_cache_path, dirs.user_config_path, dirs.user_log_path)
