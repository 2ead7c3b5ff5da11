"""What evalgate asks of git, safely: no configuration of the repository runs a program, no variable redirects it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evalgate.errors import MeasurementError

_SAFE: Final = (
    "--no-optional-locks",
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.quotePath=false"),
    *("-c", "safe.bareRepository=explicit"),
)
_PASSED_ON: Final = ("HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT", "USERPROFILE")
_FIXED: Final = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
_TIMEOUT: Final = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """One work tree. `root` is its directory, `environment` what git is run with."""

    root: Path
    environment: Mapping[str, str]

    @classmethod
    def find(cls, path: Path, *, environ: Mapping[str, str] | None = None) -> Repository | None:
        """Return the repository that `path` is in; None where there is none, no git, or it belongs to someone else.

        Of `environ` (default: this process's) only what git needs to start is passed on: GIT_DIR and its like would
        show another repository.
        """
        environment = _environment(os.environ if environ is None else environ)
        found = _run(("rev-parse", "--show-toplevel"), path, environment)
        if found is None or found.returncode != 0:
            return None
        return cls(
            root=Path(found.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")), environment=environment
        )

    def head(self) -> str | None:
        """Return the commit that is checked out, in full; None before the first commit."""
        return self._text("rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}")

    def branch(self) -> str | None:
        """Return the branch that is checked out, also before its first commit; None on a detached HEAD."""
        return self._text("symbolic-ref", "--quiet", "--short", "HEAD")

    def is_dirty(self) -> bool:
        """Return whether the work tree differs from its commit, files that git does not know yet included.

        A submodule counts by its commit alone. Raises MeasurementError when git cannot tell.
        """
        listing = ("status", "--porcelain=v2", "-z", "--untracked-files=normal", "--ignore-submodules=dirty")
        return bool(self._bytes(*self._without_filters(), *listing))

    def files(self, folder: Path) -> list[str]:
        """Return the files under `folder`, relative to it and sorted: tracked ones and new ones that are not ignored.

        A submodule is one entry, its directory. Files that were deleted without git are left out.
        Raises MeasurementError when git cannot tell, and ValueError when `folder` is outside of the repository.
        """
        here = folder.resolve().relative_to(self.root.resolve())
        names = self._bytes("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", cwd=folder)
        listed = {name.decode("utf-8", "surrogateescape") for name in names.split(b"\0") if name}
        return sorted(name.removesuffix("/") for name in listed if _there(self.root / here / name))

    def _without_filters(self) -> list[str]:
        """Return the options that keep content filters, which are programs, from running on changed files."""
        found = _run(("config", "-z", "--name-only", "--get-regexp", r"^filter\."), self.root, self.environment)
        names = found.stdout.decode("utf-8", "surrogateescape").split("\0") if found else []
        programs = sorted({name for name in names if name.endswith((".clean", ".smudge", ".process"))})
        required = sorted({name.rpartition(".")[0] + ".required" for name in programs})
        return [
            *(part for name in programs for part in ("-c", f"{name}=")),
            *(part for name in required for part in ("-c", f"{name}=false")),
        ]

    def _text(self, *arguments: str) -> str | None:
        """Return the one line that git prints; None when it says no."""
        done = _run(arguments, self.root, self.environment)
        if done is None or done.returncode != 0:
            return None
        return done.stdout.decode("utf-8", "replace").strip() or None

    def _bytes(self, *arguments: str, cwd: Path | None = None) -> bytes:
        done = _run(arguments, cwd or self.root, self.environment)
        if done is None or done.returncode != 0:
            reason = done.stderr.decode("utf-8", "replace").strip() if done else "git does not run"
            raise MeasurementError(
                f"git does not read {self.root}: {reason[:300]}", next_step=f"run `git -C {self.root} status`"
            )
        return done.stdout


def _there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    # A relative entry of PATH would let the tree that is looked at bring a `git` of its own.
    path = [entry for entry in environ.get("PATH", os.defpath).split(os.pathsep) if Path(entry).is_absolute()]
    passed_on = {name: environ[name] for name in _PASSED_ON if name in environ}
    return {**passed_on, **_FIXED, "PATH": os.pathsep.join(path)}


def _run(
    arguments: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes] | None:
    """Run git; None where there is no git, no such directory, or no answer in time."""
    try:
        return subprocess.run(  # noqa: S603 - a fixed program with its own options, never a shell
            ("git", *_SAFE, *arguments),  # noqa: S607 - found on PATH, whose relative entries are gone
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
