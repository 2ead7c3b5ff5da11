"""The server's own Python environment in the user's cache: made once, from a list of hashes, whole or not at all.

Beside evalgate the server would slow every command down by seconds (docs/phoenix.md). The environment is made in a
folder of its own name, and a marker that names the folder is written last: what a kill leaves behind is never used,
and is removed by whoever comes next.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError, EvalgateError, MeasurementError
from evalgate.phoenix.server import VERSION

REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
_BASE: Final = ("PATH", "LANG", "LC_*", "TZ", "TMPDIR", "TMP", "TEMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_INSTALLER: Final = (
    *_BASE,
    *("HOME", "XDG_*", "PIP_*", "UV_*", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NETRC"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
)
"""What an installer sees of the caller's environment: where packages come from, and nothing of models and services."""
_EVERY_S: Final = 10.0
"""Seconds between two signs of life of an installation."""
_SHOWN: Final = 12
"""Lines of a failed installation's output that its error shows."""

Say = Callable[[str], None]


def server_python(
    environ: Mapping[str, str], say: Say, *, folder: Path | None = None, requirements: Path = REQUIREMENTS
) -> Path:
    """Return the interpreter of an environment that has what `requirements` lists; make it where there is none.

    `folder` is where environments are kept (default: the user's cache). Several processes may ask at once: one makes
    it, the others wait. Raises ConfigurationError where this Python cannot make one, MeasurementError where packages
    do not come or the disk is full.
    """
    from filelock import FileLock, Timeout

    home = folder or cache_folder(environ)
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    name = f"server-{VERSION}-py{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if python := _made(home, name):
            return python
        lock = FileLock(home / f"{name}.lock")
        try:
            lock.acquire(timeout=1)
        except Timeout:
            say("another process is installing the Phoenix server: waiting for it")
            lock.acquire()
        try:
            return _made(home, name) or _make(home, name, requirements, environ, say)
        finally:
            lock.release()
    except OSError as error:
        raise MeasurementError(
            f"the environment of the Phoenix server cannot be made in {home}: {error.strerror or error}",
            next_step="make room there (it takes about 900 MB), or name another place with XDG_CACHE_HOME",
        ) from error


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where environments are kept: in the user's cache, or in the temporary folder where there is no home."""
    named = environ.get("XDG_CACHE_HOME", "")
    if not Path(named).is_absolute():
        home = environ.get("HOME", "")
        if not Path(home).is_absolute():
            return Path(tempfile.gettempdir()) / f"evalgate-{os.getuid()}" / "phoenix"
        named = f"{home}/Library/Caches" if sys.platform == "darwin" else f"{home}/.cache"
    return Path(named) / "evalgate" / "phoenix"


def base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what any program needs of the caller's environment, and no key or token."""
    return _seen(environ, _BASE)


def _seen(environ: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if any(fnmatchcase(name, glob) for glob in names)}


def _made(home: Path, name: str) -> Path | None:
    """Return the interpreter of the environment that was finished, if it is still all there."""
    try:
        folder = (home / f"{name}.ready").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    python = home / folder / "bin" / "python"
    # A link to a Python that has been upgraded away leads nowhere.
    return python if folder.startswith(name) and python.exists() else None


def _make(home: Path, name: str, requirements: Path, environ: Mapping[str, str], say: Say) -> Path:
    ready = home / f"{name}.ready"
    ready.unlink(missing_ok=True)
    _sweep(home, name)
    # A name of its own: the installer of a command that was killed may go on for a while in the folder it had.
    folder = home / f"{name}-{secrets.token_hex(4)}"
    say(f"installing the Phoenix server {VERSION} in {folder}: once, about a minute and 900 MB")
    began = time.monotonic()
    try:
        _fill(folder, requirements, _seen(environ, _INSTALLER), say)
        unfinished = ready.with_suffix(f".{secrets.token_hex(4)}")
        unfinished.write_text(folder.name, encoding="utf-8")
        unfinished.replace(ready)
        _sweep(home, name, but=folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    say(f"installed in {time.monotonic() - began:.0f} s")
    return folder / "bin" / "python"


def _sweep(home: Path, name: str, *, but: Path | None = None) -> None:
    for left in home.glob(f"{name}-*"):
        if left != but:
            shutil.rmtree(left, ignore_errors=True)


def _fill(folder: Path, requirements: Path, environ: Mapping[str, str], say: Say) -> None:
    """Make the environment with uv where there is one, which is many times faster, else with venv and pip."""
    python = folder / "bin" / "python"
    # The list is whole: what each package asks for besides would be asked for by versions that are not pinned.
    hashed = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(requirements)]
    if uv := shutil.which("uv", path=environ.get("PATH")):
        with suppress(EvalgateError):  # its indexes are set otherwise than pip's: pip has the last word
            _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], environ, say)
            _run([uv, "pip", "install", "--compile-bytecode", "--python", str(python), *hashed], environ, say)
            return
        shutil.rmtree(folder, ignore_errors=True)
    try:
        _run([sys.executable, "-I", "-m", "venv", str(folder)], environ, say)
    except MeasurementError as error:
        raise ConfigurationError(
            f"this Python ({sys.executable}) cannot make an environment for the Phoenix server\n{error.message}",
            next_step="install its venv module (Debian, Ubuntu: apt install python3-venv) or uv, and run this again",
        ) from error
    _run([str(python), "-I", "-m", "pip", "install", "--quiet", "--no-input", *hashed], environ, say)


def _run(command: list[str], environ: Mapping[str, str], say: Say) -> None:
    """Run an installer to its end with a sign of life now and then. Raises MeasurementError with its last lines."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 our own commands
            command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            code = _waited(process, say)
        except BaseException:
            process.kill()
            process.wait()
            raise
        if code:
            output.seek(0)
            raise _failed(command, code, output.read().decode(errors="replace"))


def _waited(process: subprocess.Popen[bytes], say: Say) -> int:
    began = time.monotonic()
    while True:
        try:
            return process.wait(_EVERY_S)
        except subprocess.TimeoutExpired:
            say(f"still installing, {time.monotonic() - began:.0f} s")


def _failed(command: list[str], code: int, output: str) -> MeasurementError:
    lines = [_without_credentials(line) for line in output.rstrip().splitlines()[-_SHOWN:]]
    shown = "".join(f"\n  | {line}" for line in lines) or " and printed nothing"
    full = "No space left" in output
    return MeasurementError(
        f"{' '.join(Path(part).name for part in command[:4])} ended with exit code {code}{shown}",
        next_step="make room on the disk (it takes about 900 MB), and run this again"
        if full
        else "it takes packages from where pip is set to (pip config list): mend that, or run your own server and "
        "export PHOENIX_ENDPOINT",
    )


def _without_credentials(line: str) -> str:
    """Return a line of an installer with what stands before the @ of an address taken out: an index may need a key."""
    return re.sub(r"(\w+://)[^/\s@]+@", r"\1***@", line)
