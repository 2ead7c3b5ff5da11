"""The command that makes a side's tree ready to run: once per side, and again when its lock files change."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from evalgate.errors import CandidateError
from evalgate.workers.protocol import LOG_LIMIT, readable

LOCK_FILES: Final = (
    *("requirements*.txt", "constraints*.txt", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pyproject.toml"),
    *("package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"),
    *("Cargo.lock", "go.sum", "Gemfile.lock", "composer.lock", "gradle.lockfile"),
)
"""Files that say what a setup installs."""
MARKERS: Final = Path(".evalgate", "setup")
"""Where, in the tree, a setup that is done is remembered."""
TIMEOUT: Final = 1800.0
"""Seconds that a setup may take: a cold build of a large application takes twenty minutes."""
_SHOWN: Final = 20
"""Lines of a failed setup's output that its error shows."""
_DEPTH: Final = 2
"""Directories below the tree's root in which lock files are looked for."""
_ELSEWHERE: Final = {"node_modules", "site-packages", "target", "vendor", "dist", "build", "__pycache__"}


async def run_setup(command: str, cwd: Path, environment: Mapping[str, str], log: Callable[[str], None]) -> bool:
    """Run a shell command in `cwd` unless it was run there with the same lock files. Returns whether it ran.

    Without lock files nothing says that an older result still holds, and the command always runs. Raises
    CandidateError with the end of its output.
    """
    from filelock import AsyncFileLock

    marker = cwd / MARKERS / hashlib.sha256(command.encode()).hexdigest()[:16]
    await asyncio.to_thread(marker.parent.mkdir, parents=True, exist_ok=True)
    async with AsyncFileLock(marker.with_suffix(".lock"), run_in_executor=False):  # suites that share a tree share this
        state = await asyncio.to_thread(_state, command, cwd)
        if state is not None and await asyncio.to_thread(_read, marker) == state:
            log(f"setup: {command}: kept, its lock files are the same")
            return False
        marker.unlink(missing_ok=True)
        log(f"setup: {command}")
        began = time.monotonic()
        await _run(command, cwd, environment)
        log(f"setup: done in {time.monotonic() - began:.1f} s")
        if state is not None:
            await asyncio.to_thread(marker.write_text, state, encoding="utf-8")
    return True


def _read(marker: Path) -> str | None:
    return marker.read_text(encoding="utf-8") if marker.is_file() else None


def _state(command: str, cwd: Path) -> str | None:
    """Return the hash of what a setup's result depends on; None when nothing is known of that."""
    digest = hashlib.sha256(f"{command}\0".encode())
    found = sorted(set(_lock_files(cwd)))
    for path in found:
        digest.update(f"\0{os.path.relpath(path, cwd)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest() if found else None


def _lock_files(cwd: Path) -> Iterator[Path]:
    """Yield the lock files of a tree, and those above it up to its repository's root, where workspaces keep theirs."""
    yield from _below(cwd, _DEPTH)
    directory = cwd.resolve()
    while not (directory / ".git").exists() and directory != directory.parent:
        directory = directory.parent
        yield from _below(directory, 0)


def _below(directory: Path, depth: int) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if path.is_file():
            if any(fnmatchcase(path.name, glob) for glob in LOCK_FILES):
                yield path
        elif depth and path.is_dir() and not path.name.startswith(".") and path.name not in _ELSEWHERE:
            yield from _below(path, depth - 1)


async def _run(command: str, cwd: Path, environment: Mapping[str, str]) -> None:
    with tempfile.TemporaryFile() as output:  # not a pipe, which a child left behind would hold open
        process = await asyncio.create_subprocess_shell(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=os.name == "posix",
        )
        try:
            code = await asyncio.wait_for(process.wait(), TIMEOUT)
            what = f"ended with exit code {code}" if code else None
        except TimeoutError:
            what = f"did not end within {TIMEOUT:g} s"
        finally:
            _kill_group(process)
            await process.wait()
        if what is not None:
            output.seek(max(0, output.seek(0, os.SEEK_END) - LOG_LIMIT))
            raise _failure(command, what, readable(output.read()))


def _kill_group(process: asyncio.subprocess.Process) -> None:
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        return


def _failure(command: str, what: str, logs: str) -> CandidateError:
    lines = logs.rstrip().splitlines()[-_SHOWN:]
    shown = "".join(f"\n  | {line}" for line in lines) or " and printed nothing"
    return CandidateError(
        f"setup: {command}: {what}{shown}",
        next_step="run it by hand in that tree; a variable that it needs is named under `env`",
    )
