"""What outlives a job: caches by scope, and artifacts by run."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.runner.event import Event

_FORBIDDEN = set('":<>|*?\r\n\\/')


class StoreError(ValueError):
    """What the service refuses."""


@dataclass(frozen=True)
class Cache:
    """One entry: never changed once it is there."""

    scope: str
    key: str
    version: str
    archive: Path


@dataclass
class Caches:
    """The caches of a repository: written to the ref of the run, read there, at the base and at the default branch."""

    folder: Path
    entries: list[Cache] = field(default_factory=list)

    def save(self, event: Event, key: str, paths: list[str], workspace: Path) -> str | None:
        """Keep the files; return why that was not done, None where it was."""
        _checked(key)
        there = [path for path in paths if (workspace / path).exists()]
        if not there:
            return "Path(s) specified in the action for caching do(es) not exist, hence no cache is being saved."
        if not event.saves:
            return "Unable to reserve cache: the token of this run cannot write caches"
        version = _version(paths)
        if any((each.scope, each.key, each.version) == (event.ref, key, version) for each in self.entries):
            return f"Unable to reserve cache with key {key}, another job may be creating this cache."
        self.folder.mkdir(parents=True, exist_ok=True)
        archive = self.folder / f"{len(self.entries)}.tar"
        subprocess.run(["tar", "--posix", "-cf", archive, "-P", "-C", workspace, *there], check=True)
        self.entries.append(Cache(event.ref, key, version, archive))
        return None

    def restore(
        self, event: Event, key: str, restore_keys: list[str], paths: list[str], workspace: Path, *, lookup_only: bool
    ) -> str | None:
        """Bring the files back; return the key that was found, the newest where several begin as asked."""
        for each in (key, *restore_keys):
            _checked(each)
        for scope in event.scopes:
            kept = [each for each in reversed(self.entries) if (each.scope, each.version) == (scope, _version(paths))]
            exact = [each for each in kept if each.key == key]
            by_prefix = [each for start in (key, *restore_keys) for each in kept if each.key.startswith(start)]
            for found in (*exact, *by_prefix):
                if not lookup_only:
                    subprocess.run(["tar", "-xf", found.archive, "-P", "-C", workspace], check=True)
                return found.key
        return None


@dataclass
class Artifacts:
    """The artifacts of all runs, as zip files: a name is given once in an attempt."""

    folder: Path
    kept: dict[tuple[int, int, str], Path] = field(default_factory=dict)

    def upload(self, event: Event, name: str, files: dict[str, Path], *, overwrite: bool) -> Path:
        """Keep files by their names in the archive. Raises StoreError."""
        if not name or _FORBIDDEN & {*name}:
            raise StoreError(f"The artifact name is not valid: {name}")
        place = (event.run_id, event.attempt, name)
        if place in self.kept and not overwrite:
            raise StoreError(f"(409) Conflict: an artifact with this name already exists on the workflow run: {name}")
        self.folder.mkdir(parents=True, exist_ok=True)
        archive = self.folder / f"{event.run_id}-{event.attempt}-{name}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
            for inside, path in files.items():
                written.write(path, inside)
        self.kept[place] = archive
        return archive

    def of(self, run_id: int) -> dict[str, Path]:
        """Return the artifacts of a run by name, the latest attempt's where several have one."""
        return {name: path for (run, _, name), path in sorted(self.kept.items()) if run == run_id}


def _version(paths: list[str]) -> str:
    return hashlib.sha256("|".join(paths).encode()).hexdigest()


def _checked(key: str) -> None:
    if "," in key or len(key) > 512 or not key:
        raise StoreError(
            f"Key Validation Error: {key} cannot be a key: empty, longer than 512 characters, or with a comma."
        )
