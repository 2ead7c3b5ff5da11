"""What a release is of: a commit as it stands, a config by its hashes, the key that signs; looked at beforehand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from evalgate.canonical import content_hash
from evalgate.errors import ConfigurationError
from evalgate.gate.release.signing import Sign, signer, unsigned
from evalgate.gate.release.verdict import DecidedConfig
from evalgate.gate.request import Commit
from evalgate.git.repository import Repository
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.release import Release


def committed(repository: Repository, verdict: Path) -> Commit:
    """Return what is checked out; the file of the verdict may differ. Raises ConfigurationError where more does."""
    commit = repository.head()
    if commit is None:
        raise ConfigurationError("nothing is committed here: there is nothing to release", next_step="commit it")
    own, root = verdict.resolve(), repository.root.resolve()
    if changed := [name for name in repository.uncommitted() if root / name != own]:
        raise ConfigurationError(
            f"{changed[0]} is not as it is committed, and a release is of a commit",
            next_step="commit it, stash it, or leave it to .gitignore",
        )
    return Commit(id=commit, branch=repository.branch())


def sign_with(release: Release, file: Path | None, environ: Mapping[str, str]) -> Sign:
    """Return what signs: the key in a file, else in the variable that the config names. Raises ConfigurationError."""
    if file is not None:
        try:
            return signer(file.read_bytes(), named=str(file))
        except OSError as error:
            raise ConfigurationError(
                f"{file} cannot be read: {error.strerror}", next_step="name the private key"
            ) from error
    variable = release.key_env
    if variable is None:
        return unsigned
    key = environ.get(variable, "")
    if not key.strip():
        raise ConfigurationError(
            f"{variable} is not set, and verdicts are signed with it (`release.key_env`)",
            next_step=f"hand the key to this step: {variable}, from a secret of the environment",
        )
    return signer(key.encode("utf-8", "surrogateescape"), named=variable)


def decided_config(loaded: LoadedConfig, names: Sequence[str]) -> DecidedConfig:
    """Return a config by its file's hash, and by that of all that decides about the suites of these names."""
    config = loaded.config
    kept = config.model_copy(update={"suites": {name: config.suites[name] for name in names}})
    return DecidedConfig(
        file=loaded.path.name,
        sha256=hashlib.sha256(loaded.path.read_bytes()).hexdigest(),
        decided_by=content_hash({**kept.snapshot(), "release": config.release.model_dump(mode="json")}),
    )
