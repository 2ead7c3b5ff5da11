"""Every value of a loaded config with its source, for people to read: secrets never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from evalgate.records import Json
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.shape import Path, leaves, look_up, show_path

HIDDEN: Final = "(hidden)"

_FREE: Final = frozenset({"headers", "body", "parameters"})
"""Keys whose content evalgate does not know, so that a secret may stand in it."""
_PROGRAMS: Final = frozenset({"command", "setup"})
_NAMES: Final = (
    r"api[-_]?key|access[-_]?key|private[-_]?key|token|secret|passw(?:or)?d|authorization|cookie|credentials?"
)
_SECRET_NAME: Final = re.compile(rf"(?:^|[-_]|x-)(?:{_NAMES}|key)$", re.IGNORECASE)
_ARGUMENT: Final = re.compile(rf"((?:^|[\s_-])(?:{_NAMES})(?:=|\s+))(?!-)\S+", re.IGNORECASE)
_USER: Final = re.compile(r"(?<=://)[^/@\s]+@")
_QUERY: Final = re.compile(rf"([?&][\w-]*(?:{_NAMES}|key|sig(?:nature)?)=)[^&#\s]+", re.IGNORECASE)
_NAMED_ELSEWHERE: Final = re.compile(r"(?:(?:Bearer|Basic|Token)\s+)?(?:\$\{\w+\}\s*)+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One value as it may be shown, and where it comes from."""

    key: str
    value: Json
    source: str


def settings(loaded: LoadedConfig) -> list[Setting]:
    """Return every value that is set or has a default, in the order of the models."""
    values = loaded.config.model_dump(mode="json", by_alias=True)
    return [
        Setting(key=show_path(path), value=shown(path, look_up(values, path)), source=loaded.origins[show_path(path)])
        for path, _ in leaves(values)
        if show_path(path) in loaded.origins
    ]


def shown(path: Path, value: Any) -> Json:
    """Return the value at `path` with everything in it hidden that looks like a secret."""
    if isinstance(value, dict):
        return {key: shown((*path, key), child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return _arguments(path, [shown((*path, index), child) for index, child in enumerate(value)])
    named = [step for step in path if isinstance(step, str)]
    if _FREE & {*named} and value is not None and _SECRET_NAME.search(named[-1]):
        return value if isinstance(value, str) and _NAMED_ELSEWHERE.fullmatch(value) else HIDDEN
    if not isinstance(value, str):
        return value if isinstance(value, bool | int | float) else None
    if _PROGRAMS & {*named}:
        value = _ARGUMENT.sub(rf"\g<1>{HIDDEN}", value)
    return _QUERY.sub(rf"\g<1>{HIDDEN}", _USER.sub(f"{HIDDEN}@", value))


def _arguments(path: Path, items: list[Json]) -> Json:
    """Hide the argument that follows the flag of a secret: [serve, --token, …]."""
    if not _PROGRAMS & {step for step in path if isinstance(step, str)}:
        return items
    return [
        HIDDEN if before and _is_flag(before) else item for before, item in zip([None, *items], items, strict=False)
    ]


def _is_flag(item: Json) -> bool:
    return isinstance(item, str) and item.startswith("-") and bool(_SECRET_NAME.search(item.lstrip("-")))
