"""One suite as the config of another commit declares it: what that commit runs, and whatever else of it can be read.

Only the suite's own part is read. The rest of that file may be of another version of evalgate, and a dataset that this
change brings along need not be there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from evalgate.encoding import NotUtf8Error, decode, printable
from evalgate.errors import ConfigurationError, ErrorGroup, Location
from evalgate.suite.config import Endpoint, Suite
from evalgate.suite.model import ConfigModel
from evalgate.suite.phoenix import PhoenixSettings
from evalgate.suite.shape import Path, look_up
from evalgate.suite.tasks import Task, TaskBase
from evalgate.suite.wording import complaints
from evalgate.yaml_source import Node, read_yaml


@dataclass(frozen=True, kw_only=True, slots=True)
class CommittedSuite:
    """A suite of another commit. `whole` is None where more than its task is not as this version reads it."""

    root: str
    task: TaskBase
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    whole: Suite | None = None
    phoenix: PhoenixSettings | None = None
    """Where it says its servers are, as far as that can be read."""


class _TaskAlone(ConfigModel):
    """What is read of a suite whatever else it says."""

    task: Task


def read_committed(path: FilePath, suite: str, *, shown: str) -> CommittedSuite | None:
    """Read one suite of the config at `path`; None where it has no such suite. `shown` is what errors call the file.

    Raises ConfigurationError where it cannot be read, ErrorGroup with all that is wrong with the suite's task.
    """
    root = _read(path, shown)
    raw = root.plain()
    declared = look_up(raw, ("suites", suite))
    if declared is None:
        return None
    base: Path = ("suites", suite)
    own = {"task": look_up(raw, (*base, "task"))}
    try:
        task = _TaskAlone.model_validate(own).task
    except ValidationError as error:
        found = complaints(error.errors(include_url=False), own, _TaskAlone)
        raise ErrorGroup(
            [_error((*base, *each.path), each.message, root, shown, on_key=each.on_key) for each in found]
        ) from None
    whole = None
    with contextlib.suppress(ValidationError):
        whole = Suite.model_validate(declared)
    within = declared.get("root") if isinstance(declared, Mapping) else None
    return CommittedSuite(
        root=within if isinstance(within, str) else ".",
        task=task,
        endpoints=_endpoints(raw),
        whole=whole,
        phoenix=_phoenix(raw),
    )


def accepts_without_owner(path: FilePath) -> bool:
    """Return whether the policy of the config at `path` lets acceptances count that nobody owns."""
    return look_up(_read(path, path.name).plain(), ("policy", "accept_without_owner")) is True


def _read(path: FilePath, shown: str) -> Node:
    try:
        document = read_yaml(decode(path.read_bytes()))
    except NotUtf8Error as problem:
        place = Location(file=shown, line=problem.line, column=problem.column)
        raise ConfigurationError(problem.message, location=place) from None
    except OSError as error:
        raise ConfigurationError(f"{shown} cannot be read: {error.strerror}") from error
    if document.problems:
        raise ErrorGroup(
            [
                ConfigurationError(
                    printable(each.message), location=Location(file=shown, line=each.line, column=each.column)
                )
                for each in document.problems
            ]
        )
    if document.root is None:
        raise ConfigurationError("the file is empty", location=Location(file=shown))
    return document.root


def _endpoints(raw: Any) -> dict[str, Endpoint]:
    declared = look_up(raw, ("endpoints",))
    found: dict[str, Endpoint] = {}
    for name, endpoint in declared.items() if isinstance(declared, Mapping) else ():
        with contextlib.suppress(ValidationError):
            found[name] = Endpoint.model_validate(endpoint)
    return found


def _phoenix(raw: Any) -> PhoenixSettings | None:
    with contextlib.suppress(ValidationError):
        return PhoenixSettings.model_validate(look_up(raw, ("phoenix",)) or {})
    return None


def _error(path: Path, message: str, root: Node, shown: str, *, on_key: bool) -> ConfigurationError:
    line, column = root.place_of(path, key=on_key)
    return ConfigurationError(printable(message), location=Location(file=shown, line=line, column=column))
