"""From a raw example to an Example, or to everything that is wrong with it."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from evalgate.golden.raw import Path, Problem, Raw
from evalgate.paths import MISSING, parse, resolve
from evalgate.records import Example

KEYS: Final = ("id", "input", "output", "metadata", "split")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class Reading(NamedTuple):
    """What a raw example turned out to be. `id` is known even where something else is wrong."""

    id: str | None
    example: Example | None
    problems: list[Problem]


def to_example(raw: Raw, fields: Mapping[str, str]) -> Reading:
    """Return the example that `raw` is, or its problems.

    `fields` says where things stand in a file that names them differently (here: there). With it, keys that nothing
    knows are the file's own business; without it they are problems.
    """
    if not isinstance(raw.value, dict):
        return Reading(None, None, [Problem(f"an example should be an object; it is {_what(raw.value)}", *raw.place)])
    wrong: list[tuple[Path, str]] = []
    value = _renamed(raw.value, fields, wrong) if fields else raw.value
    if not fields:
        wrong += [((key,), _unknown(key[:60])) for key in value if key not in KEYS]
    identity = _id(value, wrong)
    _object(value, "input", wrong, required="input" not in {path[0] for path, _ in wrong})
    _object(value, "output", wrong)
    _object(value, "metadata", wrong)
    split = value.get("split")
    if split is not None and (not isinstance(split, str) or not split.strip() or _CONTROL.search(split)):
        wrong.append((("split",), f"split should be a name; it is {_what(split)}"))
    if wrong or identity is None:
        return Reading(identity, None, [Problem(message, *raw.find(path)) for path, message in wrong])
    example = Example(
        id=identity,
        input=value["input"],
        output=value.get("output") or None,
        metadata=value.get("metadata") or {},
        split=split,
    )
    return Reading(identity, example, [])


def _renamed(value: dict[str, Any], fields: Mapping[str, str], wrong: list[tuple[Path, str]]) -> dict[str, Any]:
    """Return the example with everything that `fields` names moved to where evalgate wants it."""
    found = {here: resolve(there, value) for here, there in fields.items()}
    result: dict[str, Any] = copy.deepcopy({key: value[key] for key in KEYS if key in value})
    for there in fields.values():
        _remove(result, parse(there))
    for here, content in found.items():
        path = parse(here)
        if content is not MISSING:
            _put(result, path, content)
        elif path[0] in ("id", "input"):
            wrong.append(((path[0],), f"nothing stands at {fields[here]!r}, which `fields` names for {here}"))
    return result


def _remove(value: Any, path: Path) -> None:
    for step in path[:-1]:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value.pop(path[-1], None)


def _put(value: dict[str, Any], path: Path, content: Any) -> None:
    for step in path[:-1]:
        below = value.get(str(step))
        value[str(step)] = value = below if isinstance(below, dict) else {}
    value[str(path[-1])] = content


def _id(value: Mapping[str, Any], wrong: list[tuple[Path, str]]) -> str | None:
    identity = value.get("id")
    if isinstance(identity, int) and not isinstance(identity, bool):
        return str(identity)
    if "id" not in value:
        if not any(path == ("id",) for path, _ in wrong):
            wrong.append((("id",), "the example has no id: give it one that no other example has"))
    elif not isinstance(identity, str):
        wrong.append((("id",), f"id should be text or a whole number; it is {_what(identity)}"))
    elif not identity.strip():
        wrong.append((("id",), "id is empty"))
    elif _CONTROL.search(identity):
        wrong.append((("id",), f"id holds a control character: {identity[:60]!r}"))
    else:
        return identity
    return None


def _object(value: Mapping[str, Any], key: str, wrong: list[tuple[Path, str]], *, required: bool = False) -> None:
    content = value.get(key)
    if isinstance(content, dict):
        return
    if key not in value and required:
        wrong.append(((key,), 'the example has no input: give it an object like {"question": "…"}'))
    elif content is not None or (key == "input" and key in value):
        wrong.append(((key,), f"{key} should be an object like {_LIKE[key]}; it is {_what(content)}"))


_LIKE: Final = {"input": '{"question": "…"}', "output": '{"answer": "…"}', "metadata": '{"lang": "en"}'}


@lru_cache(256)
def _unknown(key: str) -> str:
    close = difflib.get_close_matches(key.lower(), KEYS, n=1, cutoff=0.6)
    how = f"did you mean {close[0]!r}?" if close else f"an example has {', '.join(KEYS)}; put it under metadata"
    return f"unknown key {key!r}: {how}"


def _what(value: Any) -> str:
    if value is None:
        return "null"
    names = ((bool, "true or false"), (int | float, "a number"), (str, "text"), (dict, "an object"), (list, "a list"))
    name = next((name for kind, name in names if isinstance(value, kind)), type(value).__name__)
    return f"{name}, {value!r}" if isinstance(value, bool | int | float) and len(repr(value)) < 40 else name
