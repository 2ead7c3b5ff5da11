"""A config whose candidate is another version of its prompt in Phoenix; the baseline is what the config says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError

from evalgate.errors import ConfigurationError
from evalgate.suite.config import BaselineTask
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.model import nearest
from evalgate.suite.prompt_ref import PromptRef
from evalgate.suite.tasks import PromptTask

FLAG = "--prompt-version"


def reprompted(
    loaded: LoadedConfig, given: Sequence[str], names: Sequence[str]
) -> tuple[LoadedConfig, tuple[str, ...]]:
    """Return a config in which suites send another version of their prompt, compared with their own task; and which.

    `given` are `SUITE=VERSION`, or a version or a tag alone where one suite has a prompt in Phoenix; `names` are the
    suites that are asked for (none: all). Raises ConfigurationError.
    """
    suites, seconds = dict(loaded.config.suites), dict(loaded.baseline_tasks)
    able = {name: suite.task for name, suite in suites.items() if _ref(suite.task) is not None}
    touched: list[str] = []
    for text in given:
        name, version = _read(text, [each for each in able if not names or each in names])
        task = able.get(name)
        if task is None:
            known = nearest(name, able) if name not in suites else "its task has no prompt in Phoenix"
            raise ConfigurationError(f"{FLAG} {text} means nothing to the suite {name}: {known}", next_step=_STEP)
        if not isinstance(task, PromptTask) or (ref := task.ref) is None:
            raise TypeError(f"{name} was found to have a prompt in Phoenix")
        own = BaselineTask(task=task.model_dump(mode="json", by_alias=True, exclude_unset=True))
        changed = task.model_copy(update={"prompt": _other(ref, version, text)})
        suites[name] = suites[name].model_copy(update={"task": changed, "baseline": own})
        seconds[name] = task
        touched.append(name)
    config = loaded.config.model_copy(update={"suites": suites})
    return replace(loaded, config=config, baseline_tasks=seconds), tuple(touched)


_STEP = f"name the suite and the version: {FLAG} SUITE=13, or SUITE=TAG"


def _ref(task: object) -> PromptRef | None:
    return task.ref if isinstance(task, PromptTask) else None


def _read(text: str, able: Sequence[str]) -> tuple[str, str]:
    """Return the suite and the version that one flag names."""
    name, equals, version = text.partition("=")
    if equals and version and not version.startswith("="):  # an id may end with =
        return name, version
    if len(able) != 1:
        several = f"{len(able)} suites have a prompt in Phoenix" if able else "no suite has a prompt in Phoenix"
        raise ConfigurationError(f"{FLAG} {text} names no suite, and {several}", next_step=_STEP)
    return able[0], text


def _other(ref: PromptRef, version: str, text: str) -> PromptRef:
    """Return a reference to another version: a number, an id, `latest`, or a tag."""
    numbered = version.isdigit() or version == "latest" or _is_id(version)
    try:
        found = {"phoenix": ref.phoenix, "server": ref.server, ("version" if numbered else "tag"): version}
        return PromptRef.model_validate({key: value for key, value in found.items() if value is not None})
    except ValidationError:
        raise ConfigurationError(f"{FLAG} {text} names no version, and no tag", next_step=_STEP) from None


def _is_id(version: str) -> bool:
    """Whether it is an id: those are base64, and tags have no capital letters."""
    return not version.islower()
