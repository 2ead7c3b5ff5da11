"""How git is run: nothing that a repository brings along starts a program or shows another repository."""

from __future__ import annotations

import os
import subprocess
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
)
_PASSED_ON: Final = ("HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT", "USERPROFILE")
_FIXED: Final = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
_TO_REACH_A_REMOTE: Final = ("SSH_AUTH_SOCK", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE")
_PROTOCOLS: Final = "file:git:http:https:ssh"
"""What may be fetched by: `ext::` and its like would be a program of the remote's address."""
_TIMEOUT: Final = 60.0
_PATIENCE: Final = 600.0
"""Seconds for what is long in a large repository: a fetch, a checkout."""
_CORE: Final = ("sshcommand", "askpass", "gitproxy", "alternaterefscommand")
_FIRST_COUNTS: Final = ("core.gitproxy", ".uploadpack")
"""Ends of keys of which git takes the first value: one on the command line comes too late."""
_WITHOUT: Final = {
    "sshcommand": "ssh -oBatchMode=yes",
    "alternaterefscommand": "true",
    "required": "false",
}
"""What git does where a key is not set, for those that cannot be empty."""
_LFS: Final = frozenset(
    {"git-lfs clean -- %f", "git-lfs smudge -- %f", "git-lfs smudge --skip -- %f", "git-lfs filter-process"}
    | {"git-lfs filter-process --skip"}
)
"""What `git lfs install --local` writes: git-lfs as it stands on PATH."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """How one call ended."""

    code: int
    out: bytes
    error: str

    @property
    def text(self) -> str:
        """What git printed, without the end of its last line; names keep bytes that are no UTF-8."""
        return self.out.decode("utf-8", "surrogateescape").removesuffix("\n")

    @property
    def names(self) -> list[str]:
        """What git printed with -z, one by one."""
        return [name for name in self.out.decode("utf-8", "surrogateescape").split("\0") if name]

    @property
    def why(self) -> str:
        """What git complained of, on one line."""
        said = [line.strip() for line in self.error.splitlines() if line.strip() and not line.startswith("hint:")]
        return " ".join(said)[:300] or f"it ended with {self.code}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Git:
    """A git program as it may be run. `environment` is complete; `options` stand before every command."""

    environment: Mapping[str, str]
    reaching: Mapping[str, str]
    """What a fetch needs beside it."""
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Git:
        """Return git with only what it needs of `environ`: GIT_DIR and its like would show another repository."""
        # A relative entry of PATH would let the tree that is looked at bring a `git` of its own.
        path = [entry for entry in environ.get("PATH", os.defpath).split(os.pathsep) if Path(entry).is_absolute()]
        passed_on = {name: environ[name] for name in _PASSED_ON if name in environ}
        reaching = {name: environ[name] for name in _TO_REACH_A_REMOTE if name in environ}
        return cls(
            environment={**passed_on, **_FIXED, "PATH": os.pathsep.join(path)},
            reaching={**reaching, **_with_token(environ)},
        )

    def call(self, cwd: Path, *arguments: str, **variables: str) -> Done | None:
        """Run git; None where there is no git, no such directory, or no answer in time."""
        return self._run(cwd, arguments, {**self.environment, **variables}, _TIMEOUT)

    def reach(self, cwd: Path, *arguments: str, **variables: str) -> Done | None:
        """Run git where it may ask a remote and take long: a fetch, the checkout of a partial clone; else as `call`."""
        lazily = {"GIT_ALLOW_PROTOCOL": _PROTOCOLS, "GIT_NO_LAZY_FETCH": "0"}
        return self._run(cwd, arguments, {**self.environment, **self.reaching, **lazily, **variables}, _PATIENCE)

    def without_programs(self, cwd: Path) -> Git:
        """Return git with every program that the repository's own configuration names put back.

        What the user's own configuration says holds again: its credential helpers, its git-lfs. Raises
        MeasurementError when git does not tell, and for a name that cannot be put back.
        """
        found = self.call(cwd, "config", "-z", "--show-scope", "--includes", "--list")
        if found is None or found.code != 0:
            raise unreadable(cwd, found)
        own: dict[str, list[str]] = {}
        theirs: dict[str, list[str]] = {}
        for scope, key, value in _entries(found.names):
            if _names_a_program(key):
                (own if scope in ("local", "worktree") else theirs).setdefault(key, []).append(value)
        hostile = {_driver(key) for key, values in own.items() if _runs(key) and not set(values) <= _LFS}
        put_back = [
            f"{key}={value}"
            for key in sorted(own)
            if not key.startswith("filter.") or _driver(key) in hostile
            for value in _instead(_settable(key, cwd), theirs.get(key, []))
        ]
        return self._with(put_back)

    def without_filters(self, cwd: Path) -> Git:
        """Return git that runs no content filter at all, wherever it is configured. Raises as `without_programs`."""
        found = self.call(cwd, "config", "-z", "--name-only", "--get-regexp", r"^filter\.")
        names = {_settable(name, cwd) for name in (found.names if found else [])}
        programs = {name for name in names if _runs(name)}
        required = {f"{_driver(name)}.required" for name in programs}
        return self._with([*(f"{name}=" for name in sorted(programs)), *(f"{name}=false" for name in sorted(required))])

    def _with(self, settings: Sequence[str]) -> Git:
        return replace(self, options=(*self.options, *(part for each in settings for part in ("-c", each))))

    def _run(self, cwd: Path, arguments: Sequence[str], environment: Mapping[str, str], timeout: float) -> Done | None:
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program with its own options, never a shell
                ("git", *_SAFE, *self.options, *arguments),  # noqa: S607 - found on PATH, without its relative entries
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return Done(code=done.returncode, out=done.stdout, error=done.stderr.decode("utf-8", "replace"))


def _with_token(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return what lets git read from GitHub with the token of a workflow: for one command, and kept nowhere.

    `persist-credentials: false` left git without one. Where it was left, this takes its place: two would be refused.
    """
    server, token = environ.get("GITHUB_SERVER_URL"), environ.get("EVALGATE_GITHUB_TOKEN")
    if environ.get("GITHUB_ACTIONS") != "true" or not server or not token:
        return {}
    key = f"http.{server.rstrip('/')}/.extraheader"
    basic = b64encode(f"x-access-token:{token}".encode()).decode("ascii")
    values = ("", f"AUTHORIZATION: basic {basic}")  # an empty one forgets those before it
    settings = {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(values)}
    keys = {f"GIT_CONFIG_KEY_{n}": key for n in range(len(values))}
    return {"GIT_CONFIG_COUNT": str(len(values)), **keys, **settings}


def unreadable(path: Path, done: Done | None) -> MeasurementError:
    """Return the error for a repository that git does not read."""
    return MeasurementError(
        f"git does not read {path}: {done.why if done else 'git does not run'}",
        next_step=f"run `git -C {path} status`",
    )


def _entries(listed: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    """Yield (scope, key, value) of `git config -z --show-scope --list`; a key without a value is true."""
    for scope, entry in zip(listed[::2], listed[1::2], strict=False):
        key, _, value = entry.partition("\n")
        yield scope, key, value


def _settable(key: str, cwd: Path) -> str:
    """Return a key that `-c` can set. Raises MeasurementError for one that would be split elsewhere or comes first."""
    if "=" in key or "\n" in key or key.endswith(_FIRST_COUNTS):
        raise MeasurementError(
            f"the configuration of the repository at {cwd} names a program in a way that cannot be switched off:"
            f" {key!r}",
            next_step="take it out of .git/config, or of what that includes; in ~/.gitconfig it would be yours",
        )
    return key


def _driver(key: str) -> str:
    """Return the section of a key: a filter's parameters belong together."""
    return key.rpartition(".")[0]


def _runs(key: str) -> bool:
    return key.startswith("filter.") and key.endswith((".clean", ".smudge", ".process"))


def _names_a_program(key: str) -> bool:
    """Whether the value of a configuration key is run by what is asked of git here."""
    section, _, rest = key.partition(".")
    last = rest.rpartition(".")[2]
    match section:
        case "core":
            return rest in _CORE
        case "credential":
            return last == "helper"
        case "filter":
            return last in ("clean", "smudge", "process", "required")
        case _:
            return section == "remote" and last == "uploadpack"


def _instead(key: str, theirs: Sequence[str]) -> Sequence[str]:
    """Return what a key is set to in place of the repository's own value: the user's, or what git does without."""
    if key.startswith("credential."):
        return ["", *theirs]  # an empty helper forgets those before it
    return theirs[-1:] or [_WITHOUT.get(key.rpartition(".")[2], "")]
