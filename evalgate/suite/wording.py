"""Pydantic's errors in human words, each with its place in the file and the nearest key that exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

from evalgate.suite.checks import SHORT_NUMBERS
from evalgate.suite.evaluator_kinds import EVALUATOR_KINDS
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.model import closest, nearest
from evalgate.suite.shape import Path, Target, known_keys, look_up, model_of, show_path, target
from evalgate.suite.tasks import TASK_KINDS
from evalgate.yaml_source import kind_of


class Complaint(NamedTuple):
    """One thing that is wrong: the path it is about, whether its key is meant rather than its value, and a sentence."""

    path: Path
    message: str
    on_key: bool = False
    first: Path | None = None
    """The other place, where two things clash."""


_NUMBER = "a number"
_WHOLE = "a whole number"
_MAPPING = ("model_type", "model_attributes_type")
_TYPES: dict[str, str] = {
    "string_type": "text",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than": "above",
    "greater_than_equal": "at least",
    "less_than": "below",
    "less_than_equal": "at most",
}
_LIMITS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
_PATTERNS = {
    "python": "path/to/file.py:function or package.module:function",
    "model": "endpoint/model, the endpoint being one of `endpoints`",
    "name": "letters, digits, and . - _ only",
    "tag": "lower case letters, digits, - and _ only",
}


def complaints(errors: Iterable[ErrorDetails], raw: Any, start: Any) -> list[Complaint]:
    """Put pydantic's `errors` about `raw`, validated as `start`, into words; one for each thing that is wrong."""
    found = [(error, target(error["loc"], raw, start)) for error in errors]
    fitting = {where.path[: len(other.path)] for _, where in found if where.fits for _, other in found}
    said: dict[tuple[Path, str], Complaint] = {}
    for error, where in found:
        if not where.fits and where.path in fitting:
            continue
        if error["type"] == "too_short" and any(_below(where.path, other.path) for _, other in found):
            continue  # pydantic counts what is right: of one evaluator in error, none
        for complaint in _words(error, where, raw):
            said.setdefault((complaint.path, complaint.message), complaint)
    return list(said.values())


def _below(path: Path, other: Path) -> bool:
    return len(other) > len(path) and other[: len(path)] == path


def _words(error: ErrorDetails, where: Target, raw: Any) -> list[Complaint]:
    if where.owner in SHORT_NUMBERS and not isinstance(look_up(raw, where.path[:-1]), Mapping):
        where = where._replace(path=where.path[:-1])  # a number in short: its key is not written
    kind, path, value = error["type"], where.path, look_up(raw, where.path)
    if kind == "extra_forbidden":
        return [_unknown(path, str(path[-1]), known_keys(where.owner))]
    if kind == "missing":
        return [Complaint(path, f"{show_path(path[:-1]) or 'the file'} needs `{path[-1]}`", on_key=True)]
    if kind == "union_tag_not_found":
        return _no_task(path, value)
    if kind == "value_error":
        return _refused(error, where, value)
    return [Complaint(path, f"{show_path(path) or 'the file'} {_plain(error, where, value)}", on_key=where.on_key)]


def _unknown(path: Path, name: str, known: Collection[str]) -> Complaint:
    return Complaint(path, f"unknown key `{name}`: {nearest(name, known)}", on_key=True)


def _no_task(path: Path, value: Any) -> list[Complaint]:
    """A task that says no kind, or several."""
    if not isinstance(value, Mapping):
        return [Complaint(path, f"{show_path(path)} should be a mapping; it is {kind_of(value)}")]
    given = [kind for kind in TASK_KINDS if kind in value]
    near = [key for key in value if not given and closest(str(key), TASK_KINDS)]
    if near:
        return [_unknown((*path, key), str(key), TASK_KINDS) for key in near]
    found = " and ".join(given) or "none"
    return [Complaint(path, f"a task needs exactly one of {', '.join(TASK_KINDS)}; found {found}", on_key=True)]


def _refused(error: ErrorDetails, where: Target, value: Any) -> list[Complaint]:
    """What a validator of ours says. One that ran before the keys were looked at may hide an unknown key."""
    message = str(error.get("ctx", {}).get("error", error["msg"]))
    model = model_of(where.expected)
    if model is Evaluator and isinstance(value, str):
        return [_unknown(where.path, value, EVALUATOR_KINDS)]
    known = known_keys(model) if model and isinstance(value, Mapping) else {}
    unknown = [str(key) for key in value if key not in known] if known else []
    if unknown:
        return [_unknown((*where.path, key), key, known) for key in unknown]
    return [Complaint(where.path, message, on_key=where.on_key or model is not None)]


def _plain(error: ErrorDetails, where: Target, value: Any) -> str:
    """Return what a single value should have been, and what it is."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "too_short":
        return "is empty: it needs at least one"
    if kind in _BOUNDS:
        wanted = f"{_BOUNDS[kind]} {context[_LIMITS[kind]]}"
    elif kind in ("literal_error", "enum"):
        wanted = context["expected"]
    elif kind == "string_pattern_mismatch":
        wanted = _PATTERNS.get(str(where.path[-1]), f"text that matches {context['pattern']}")
    elif kind in _MAPPING and model_of(where.expected) in SHORT_NUMBERS:
        wanted = "a number or a mapping"
    elif kind in _TYPES:
        wanted = _TYPES[kind]
    else:
        return f"is not right: {error['msg'][:1].lower()}{error['msg'][1:]}"
    if not where.path:
        return f"should be {wanted}; it is {kind_of(value)}"  # what is no such file is not shown: whose is it?
    return f"should be {wanted}; it is {_got(where.path[-1] if where.on_key else value, kind)}"


def _got(value: Any, kind: str) -> str:
    if isinstance(value, bool | int | float):
        return f"{kind_of(value)}: write it in quotes" if kind == "string_type" else f"{value!r}"
    if not isinstance(value, str):
        return kind_of(value)
    return repr(value) if len(value) <= 60 else repr(value[:57] + "...")
