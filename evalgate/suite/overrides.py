"""Values of the config that come from the environment or from a flag, laid over what the file says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from evalgate.errors import ConfigurationError, Location
from evalgate.suite.checks import SHORT_NUMBERS
from evalgate.suite.config import DatasetRef
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.model import closest
from evalgate.suite.shape import Path, leaves, members, model_of, show_path, target
from evalgate.yaml_source import resolve_scalar

PREFIX: Final = "EVALGATE_"
RESERVED: Final = frozenset(
    {"ACCEPT", "BASELINE", "CACHE", "COLOR", "COMPARE", "CONFIG", "CURATE", "DATASET", "DEBUG", "DECIDE", "DOCTOR"}
    | {"FORK", "GITHUB", "INIT", "JOURNAL", "JUDGE", "LOG", "NO", "NOISE", "PHOENIX", "PLAN", "PROMPT", "QUIET"}
    | {"RELEASE", "RUN", "SHOW", "VERBOSE"}
)
"""First words of EVALGATE_ names that belong to commands and their options, not to keys of the config."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """One value from outside the file. `origin` says where from: a variable's name, or `--set policy.mode`."""

    path: Path
    value: Any
    origin: str


def environment_name(path: Path) -> str:
    """Return the variable that sets the key at `path`: EVALGATE_POLICY__MODE."""
    return PREFIX + "__".join(_plain_name(str(step)) for step in path)


def read_environment(environ: Mapping[str, str], raw: Any) -> tuple[list[Override], list[ConfigurationError]]:
    """Return what `environ` sets over the file's values `raw`, and what in it sets nothing. Empty means unset."""
    keys = {environment_name(path): (path, annotation) for path, annotation in leaves(raw)}
    found: list[Override] = []
    wrong: list[ConfigurationError] = []
    for name in sorted(environ):
        upper, text = name.upper(), environ[name]
        if not upper.startswith(PREFIX) or not text or _reserved(upper):
            continue
        if upper in keys:
            path, annotation = keys[upper]
            found.append(Override(path=path, value=_typed(text, annotation), origin=name))
        else:
            wrong.append(_sets_nothing(name, upper, sorted(keys)))
    return found, wrong


def read_flags(overrides: Mapping[str, str], raw: Any) -> tuple[list[Override], list[ConfigurationError]]:
    """Return what flags, by dotted path, set over the file's values `raw`, and those that name no key."""
    keys = {show_path(path): (path, annotation) for path, annotation in leaves(raw)}
    found: list[Override] = []
    wrong: list[ConfigurationError] = []
    for dotted, text in overrides.items():
        if dotted in keys:
            path, annotation = keys[dotted]
            found.append(Override(path=path, value=_typed(text, annotation), origin=f"--set {dotted}"))
        else:
            wrong.append(ConfigurationError(f"--set {dotted} sets nothing: {_near(dotted, sorted(keys))}"))
    return found, wrong


def lay_over(raw: Any, overrides: list[Override]) -> Any:
    """Return a copy of `raw` with each override in its place, short forms spelled out where one goes into them."""
    result = raw
    for override in overrides:
        result = _put(result, override.path, override.value, ())
    return result


def _put(value: Any, rest: Path, new: Any, above: Path) -> Any:
    if not rest:
        return new
    step, deeper = rest[0], rest[1:]
    here = (*above, step)
    if isinstance(value, list) and isinstance(step, int):
        return [_put(item, deeper, new, here) if index == step else item for index, item in enumerate(value)]
    inside = _spelled_out(value, above)
    return {**inside, step: _put(inside.get(step), deeper, new, here)}


def _spelled_out(value: Any, path: Path) -> dict[Any, Any]:
    """Return a mapping for what may be written shorter."""
    if isinstance(value, Mapping):
        return dict(value)
    model = model_of(target(path, None).expected)
    if model is DatasetRef and isinstance(value, str):
        return {"file": value}
    if model in SHORT_NUMBERS and value is not None:
        return {SHORT_NUMBERS[model]: value}
    return {value: {}} if model is Evaluator and isinstance(value, str) else {}


def _typed(text: str, annotation: Any) -> Any:
    """Read `text` as YAML would, unless the key takes text; `null` unsets what may be unset."""
    if text in ("null", "~"):
        return None
    return text if str in members(annotation) else resolve_scalar(text)


def _plain_name(step: str) -> str:
    return re.sub(r"\W", "_", step).upper()


def _reserved(name: str) -> bool:
    rest = name.removeprefix(PREFIX)
    return "__" not in rest and rest.partition("_")[0] in RESERVED


def _sets_nothing(name: str, upper: str, keys: list[str]) -> ConfigurationError:
    return ConfigurationError(f"this variable sets nothing: {_near(upper, keys)}", location=Location(file=name))


def _near(name: str, keys: list[str]) -> str:
    group = [key for key in keys if key.startswith((f"{name}__", f"{name}."))]
    if group:
        return f"it names a group; set one of its keys, `{group[0]}` for example"
    prefix = PREFIX if name.startswith(PREFIX) else ""
    close = closest(name.removeprefix(prefix), [key.removeprefix(prefix) for key in keys])
    return f"did you mean `{prefix}{close}`?" if close else "`evalgate config show` lists the keys"
