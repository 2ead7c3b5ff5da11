"""A config with other tasks in the place of its own: what is compared when several are tried on one dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from evalgate.encoding import NotUtf8Error, decode, printable
from evalgate.errors import ConfigurationError, ErrorGroup, Location
from evalgate.suite.config import BaselineTask, Suite
from evalgate.suite.crosschecks import cross_check, second_task
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.shape import Path, show_path
from evalgate.suite.tasks import PromptTask, TaskBase
from evalgate.yaml_source import Node, read_yaml


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskChange:
    """What a task has that the config's does not, as `baseline: {task: …}` says it; `root` has the places of a file."""

    values: Mapping[str, Any]
    origin: str
    """Where it was said: a file's name, or `--model openai/gpt-4.1`."""
    root: Node | None = None


def read_task_change(path: FilePath) -> TaskChange:
    """Read a file that says what differs, alone or below `task:`.

    Raises ConfigurationError where it cannot be read, ErrorGroup with all that is wrong with its YAML.
    """
    try:
        document = read_yaml(decode(path.read_bytes()))
    except FileNotFoundError:
        raise ConfigurationError(f"there is no file {path}", next_step="name a file that says what differs") from None
    except NotUtf8Error as problem:
        place = Location(file=str(path), line=problem.line, column=problem.column)
        raise ConfigurationError(problem.message, location=place, next_step=f"save {path} as UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}", next_step="check it") from error
    if document.problems:
        raise ErrorGroup(
            [
                ConfigurationError(
                    printable(each.message), location=Location(file=str(path), line=each.line, column=each.column)
                )
                for each in document.problems
            ],
            next_step=f"edit {path}",
        )
    root = document.root.child("task") or document.root if document.root is not None else None
    values = None if root is None else root.plain()
    if not isinstance(values, dict):
        raise ConfigurationError(
            "a task was expected: what differs from the suite's own, key by key",
            location=Location(file=str(path), line=1, column=1),
            next_step="write it like `model: openai/gpt-4.1-mini`",
        )
    return TaskChange(values=values, origin=str(path), root=root)


def retasked(loaded: LoadedConfig, change: TaskChange, names: tuple[str, ...]) -> LoadedConfig:
    """Return the config with the change in the tasks of the named suites (no names: all), compared with nothing.

    What the change does not say is the suite's own. Raises ErrorGroup with all that is wrong with it.
    """
    suites = dict(loaded.config.suites)
    wrong: list[ConfigurationError] = []
    for name in [name for name in suites if not names or name in names]:
        task, found = _task(name, suites[name], change, loaded)
        wrong += found
        suites[name] = suites[name].model_copy(update={"task": task or suites[name].task, "baseline": None})
    if wrong:
        wrong.sort(key=lambda error: (error.location and error.location.line) or 0)
        raise ErrorGroup(wrong, next_step="correct it, or name the suites that it is meant for: --suite NAME")
    return replace(loaded, config=loaded.config.model_copy(update={"suites": suites}), baseline_tasks={})


def _task(
    name: str, suite: Suite, change: TaskChange, loaded: LoadedConfig
) -> tuple[TaskBase | None, list[ConfigurationError]]:
    if not change.values:
        return suite.task, []
    prompt_only = {"prompt", "model"} & set(change.values) and change.root is None
    if prompt_only and not isinstance(suite.task, PromptTask):
        message = f"{change.origin} means nothing to the suite {name}: its task is no prompt"
        return None, [ConfigurationError(message)]
    paired = suite.model_copy(update={"baseline": BaselineTask(task=dict(change.values))})
    raw = {"suites": {name: {"baseline": {"task": change.values}}}}
    path: Path = ("suites", name, "baseline", "task")
    complaints = [
        each
        for each in cross_check({name: paired}, loaded.config.endpoints, raw, loaded.path.parent)
        if each.path[: len(path)] == path
    ]
    errors = [_error(name, each.path[len(path) :], each.message, change, on_key=each.on_key) for each in complaints]
    if errors:
        return None, errors
    return second_task(paired, raw, path[:2])[0], []


def _error(suite: str, path: Path, message: str, change: TaskChange, *, on_key: bool) -> ConfigurationError:
    if change.root is None:
        return ConfigurationError(f"suite {suite}: {printable(message)}", location=Location(file=change.origin))
    line, column = change.root.place_of(path, key=on_key)
    at = f"{show_path(path)}: " if path and on_key is False and len(path) > 1 else ""
    return ConfigurationError(
        f"suite {suite}: {at}{printable(message)}", location=Location(file=change.origin, line=line, column=column)
    )
