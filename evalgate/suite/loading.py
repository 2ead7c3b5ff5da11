"""From the text of `evalgate.yaml`, the environment and flags to a Config, or to all that is wrong with it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from evalgate.encoding import NotUtf8Error, decode, printable
from evalgate.errors import ConfigurationError, ErrorGroup, Location
from evalgate.suite.config import Config, Suite
from evalgate.suite.crosschecks import cross_check, second_task
from evalgate.suite.overrides import PREFIX, Override, lay_over, read_environment, read_flags
from evalgate.suite.resources import OF_RESOURCES, OF_SCORES
from evalgate.suite.shape import Path, leaves, look_up, show_path
from evalgate.suite.tasks import TaskBase
from evalgate.suite.wording import Complaint, complaints
from evalgate.yaml_source import Node, read_yaml

_RULE_KEY = len(("suites", "NAME", "checks", "NAME", "no_regression", "KEY"))


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedConfig:
    """A config that holds together, and where each of its values comes from.

    `origins` maps each value's dotted path to `default`, `file:line:column`, a variable's name or `--set <path>`.
    `baseline_tasks` has, by suite, the second task of every suite that declares one, merged and validated.
    """

    config: Config
    path: FilePath
    origins: Mapping[str, str]
    baseline_tasks: Mapping[str, TaskBase]

    def root(self, suite: str) -> FilePath:
        """Return the directory that every path of `suite` is relative to."""
        return self.path.parent / self.config.suites[suite].root

    def is_set_outside(self, path: Path) -> bool:
        """Return whether a variable or a flag set the value at `path`, or a part of it."""
        above = show_path(path)
        return any(
            name == above or name.startswith((f"{above}.", f"{above}["))
            for name, origin in self.origins.items()
            if origin.upper().startswith((PREFIX, "--SET "))
        )


def load_config(
    path: FilePath,
    *,
    environ: Mapping[str, str],
    overrides: Mapping[str, str],
    committed: bool = False,
    without_suites: bool = False,
) -> LoadedConfig:
    """Read and check the config at `path`; values cascade default < file < `environ` < `overrides` (dotted path: text).

    `committed`: it is that of another commit, so a value from outside may be meant for a key that only this one has,
    and the files that it names are looked for by whoever runs it. `without_suites`: one that declares none will do, for
    what measures nothing. Raises ConfigurationError when the file cannot be
    read, and ErrorGroup with everything that is wrong with it.
    """
    named = "" if path == FilePath("evalgate.yaml") else f" --config {path}"
    following = f"edit {path}, then run `evalgate config show{named}`"
    document = read_yaml(_read(path))
    wrong: list[ConfigurationError] = [
        ConfigurationError(
            printable(problem.message), location=Location(file=str(path), line=problem.line, column=problem.column)
        )
        for problem in document.problems
    ]
    root = document.root
    if root is None or root.value is None:
        if wrong:
            raise ErrorGroup(wrong, next_step=following)
        raise ConfigurationError(
            "the file is empty", location=Location(file=str(path)), next_step="delete it and run `evalgate init`"
        )
    raw = root.plain()
    from_environment, unknown = read_environment(environ, raw)
    from_flags, unknown_flags = read_flags(overrides, raw)
    laid = {override.path: override for override in (*from_environment, *from_flags)}
    merged = lay_over(raw, [*from_environment, *from_flags])
    config, found = _validate(merged, None if committed else path.parent)
    wrong += [_error(complaint, root, laid, path) for complaint in found]
    wrong.sort(key=_by_place)
    wrong += [] if committed else [*unknown, *unknown_flags]
    if config is None or wrong:
        raise ErrorGroup(wrong, next_step=following)
    if not config.suites and not without_suites:
        raise ConfigurationError(
            "it has no `suites`: nothing says what is measured",
            location=Location(file=str(path)),
            next_step=f"add a suite to {path} as docs/config.md shows, then run `evalgate doctor{named}`",
        )
    seconds = {name: second_task(suite, merged, ("suites", name))[0] for name, suite in config.suites.items()}
    return LoadedConfig(
        config=config,
        path=path,
        origins=_origins(config, root, laid, path),
        baseline_tasks={name: task for name, task in seconds.items() if task is not None},
    )


def _read(path: FilePath) -> str:
    if path.is_dir():
        raise ConfigurationError(f"{path} is a directory", next_step="name the file: --config DIRECTORY/evalgate.yaml")
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        here = f"no {path.name} here" if path.parent == FilePath() else f"{path} does not exist"
        raise ConfigurationError(here, next_step="run `evalgate init`, or name the file with --config") from None
    except NotUtf8Error as problem:
        place = Location(file=str(path), line=problem.line, column=problem.column)
        raise ConfigurationError(
            problem.message, location=place, next_step=f"save {path} as UTF-8 and run the command again"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}", next_step="check its permissions and run the command again"
        ) from error


def _validate(merged: Any, directory: FilePath | None) -> tuple[Config | None, list[Complaint]]:
    """Check the form of everything, then what is between the parts of each suite whose form is right."""
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        wrong = complaints(error.errors(include_url=False), merged, Config)
        endpoints = look_up(merged, ("endpoints",))
        names = list(endpoints) if isinstance(endpoints, Mapping) else []
        return None, wrong + cross_check(_valid_suites(merged), names, merged, directory)
    return config, cross_check(config.suites, config.endpoints, merged, directory)


def _valid_suites(merged: Any) -> dict[str, Suite]:
    declared = look_up(merged, ("suites",))
    valid: dict[str, Suite] = {}
    for name, suite in declared.items() if isinstance(declared, Mapping) else ():
        with contextlib.suppress(ValidationError):
            valid[name] = Suite.model_validate(suite)
    return valid


def _error(complaint: Complaint, root: Node, laid: Mapping[Path, Override], path: FilePath) -> ConfigurationError:
    """Give a complaint its place: the override that it is about, or line and column of the file."""
    lengths = range(len(complaint.path), 0, -1)
    override = next((laid[complaint.path[:n]] for n in lengths if complaint.path[:n] in laid), None)
    if override is not None:
        return ConfigurationError(printable(complaint.message), location=Location(file=override.origin))
    line, column = root.place_of(complaint.path, key=complaint.on_key)
    message = printable(complaint.message)
    if complaint.first is not None:
        message += " (the first stands at {}:{})".format(*root.place_of(complaint.first, key=complaint.on_key))
    return ConfigurationError(message, location=Location(file=str(path), line=line, column=column))


def _by_place(error: ConfigurationError) -> tuple[bool, int, int]:
    place = error.location
    return (place is None or place.line is None, (place and place.line) or 0, (place and place.column) or 0)


def _origins(config: Config, root: Node, laid: Mapping[Path, Override], path: FilePath) -> dict[str, str]:
    """Return where every value comes from, by its dotted path, in the order of the models."""
    values = config.model_dump(mode="json", by_alias=True)
    origins: dict[str, str] = {}
    for leaf, _ in leaves(values):
        if _idle(config, leaf):
            continue
        value = look_up(values, leaf)
        origin = laid[leaf].origin if leaf in laid else _in_file(leaf, value, root, path)
        if origin or value is not None:
            origins[show_path(leaf)] = origin or "default"
    return origins


def _idle(config: Config, leaf: Path) -> bool:
    """Return whether a key of no_regression means nothing for what its check is about."""
    if leaf[::2] != ("suites", "checks", "no_regression") or len(leaf) != _RULE_KEY:
        return False
    resource = config.suites[str(leaf[1])].resource(str(leaf[3]))
    return leaf[5] in (OF_RESOURCES if resource is None else OF_SCORES)


def _in_file(leaf: Path, value: Any, root: Node, path: FilePath) -> str | None:
    """Return `file:line:column` of a value that the file has, in full or in a short form."""
    node, depth = root, 0
    while depth < len(leaf) and (child := node.child(leaf[depth])) is not None:
        node, depth = child, depth + 1
    if depth == len(leaf) or (not isinstance(node.value, dict | list) and node.value == value):
        return ":".join(str(part) for part in (path, *node.place))
    return None
