"""What jobs run on and what outlives them: tools, released actions, the repository, caches and artifacts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.runner.event import REPOSITORY
from tests.runner.stores import Artifacts, Caches

_KEPT = ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_KEPT_STARTS = ("PIP_", "UV_", "TESTS_")


@dataclass
class Host:
    """One repository on one GitHub, with a machine for its jobs. `folder` is where all of it is kept."""

    folder: Path
    origin: Path | None = None
    """The repository that is checked out, bare or not."""
    actions: Mapping[str, Path] = field(default_factory=dict)
    """Trees of released actions, by `owner/name`."""
    repository: str = REPOSITORY
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    server_url: str = "https://github.invalid"
    api_url: str = "http://127.0.0.1:9"
    token: Callable[[Mapping[str, str]], str] = lambda permissions: ""
    """Makes the token of a job from its permissions; an empty one is none."""
    tools: Callable[[Path], Path] | None = None
    """Writes the program that stands for uv into a folder; None: the real one of this machine."""

    def __post_init__(self) -> None:
        self.caches = Caches(self.folder / "caches")
        self.artifacts = Artifacts(self.folder / "artifacts")
        self.home = self.folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)

    def place_of(self, uses: str, workspace: Path) -> Path | None:
        """Return the folder of an action: of the workspace, or a released one's; None for one that is emulated."""
        if uses.startswith("./"):
            return (workspace / uses).resolve() if uses != "./" else workspace
        return self.actions.get(uses.partition("@")[0])

    def machine(self, path: list[str]) -> dict[str, str]:
        """Return the environment of the machine: nothing of what runs the tests but the way to package indexes."""
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_STARTS)}
        system = [str(Path(sys.executable).parent), *os.environ.get("PATH", "/usr/bin:/bin").split(os.pathsep)]
        return {
            **kept,
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "PATH": os.pathsep.join(dict.fromkeys([*path, *system])),
        }
