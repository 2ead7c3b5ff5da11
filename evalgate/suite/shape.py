"""The shape of the config models: which keys exist where, and which place of the file a pydantic error is about."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from evalgate.suite.config import Config
from evalgate.suite.evaluator_kinds import Parameters
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.tasks import kind_of

Path: TypeAlias = tuple[str | int, ...]


class Target(NamedTuple):
    """Where an error is in the file, and what the models say about that place."""

    path: Path
    expected: Any
    owner: Any
    """What the models expect around it."""
    on_key: bool
    """Whether the error is about a key of a mapping rather than its value."""
    fits: bool
    """Whether the value has the form (mapping, list, single value) of the union member that complains."""


def known_keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by the keys that the file uses."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def show_path(path: Path) -> str:
    """Return a path as people write it: `suites.support.evaluators[0].name`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def look_up(value: Any, path: Path) -> Any:
    """Return what stands at `path` in plain values; None where nothing does."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def target(loc: Path, raw: Any, start: Any = Config) -> Target:
    """Follow a pydantic `loc` through the models, leaving out its labels of union members."""
    expected, owner, fits = start, None, True
    path: Path = ()
    for step in loc:
        options = members(expected)
        if len(options) > 1:
            expected = next((option for option in options if step in _labels(option)), _container(options, str(step)))
            fits = fits and _same_form(expected, look_up(raw, path))
            expected = _strip(expected)
        elif step != "[key]":
            owner = _strip(options[0]) if options else None
            expected, path = _below(owner, step), (*path, step)
    return Target(path, expected, owner, loc[-1:] == ("[key]",), fits)


def members(annotation: Any) -> list[Any]:
    """Return what a value may be, None left out: several for a union (one within another is one), else one or none."""
    bare = _strip(annotation)
    if not _is_union(bare):
        return [bare] if bare is not None else []
    options = [option for option in get_args(bare) if option is not type(None)]
    return [each for option in options for each in (members(option) if _is_union(_strip(option)) else [option])]


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the one model that an annotation stands for, if it does."""
    options = members(annotation)
    only = _strip(options[0]) if len(options) == 1 else None
    return only if isinstance(only, type) and issubclass(only, BaseModel) else None


def leaves(raw: Any, annotation: Any = Config, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path and annotation of every single value that the file has or could have, given its names in `raw`."""
    model = model_of(annotation) or _chosen(annotation, raw)
    if model is not None:
        for key, field in known_keys(model).items():
            child = raw.get(key) if isinstance(raw, Mapping) else None
            if child is None and model is Evaluator and _is_parameters(field.annotation):
                continue
            yield from leaves(child, field.annotation, (*path, key))
        return
    below = [option for option in members(annotation) if get_origin(_strip(option)) in (dict, tuple)]
    if below and isinstance(raw, Mapping):
        for key, child in raw.items():
            yield from leaves(child, get_args(_strip(below[0]))[1], (*path, key))
    elif below and isinstance(raw, Sequence) and not isinstance(raw, str):
        for index, child in enumerate(raw):
            yield from leaves(child, get_args(_strip(below[0]))[0], (*path, index))
    elif not _group(annotation):
        yield path, annotation


def _group(annotation: Any) -> bool:
    """Whether a value there can only be a mapping or a list."""
    return all(get_origin(_strip(option)) in (dict, tuple) for option in members(annotation))


def _chosen(annotation: Any, raw: Any) -> type[BaseModel] | None:
    """Return the kind of task that `raw` says it is, or the model of a union that a mapping must be."""
    options = members(annotation)
    tagged = [option for option in options if kind_of(raw) in _labels(option)] if isinstance(raw, Mapping) else []
    models = [model_of(option) for option in (tagged or options) if model_of(option)]
    return models[0] if isinstance(raw, Mapping) and len(models) == 1 else None


def _is_parameters(annotation: Any) -> bool:
    model = model_of(annotation)
    return model is not None and issubclass(model, Parameters)


def _is_union(bare: Any) -> bool:
    return get_origin(bare) in (Union, types.UnionType)


def _strip(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _labels(option: Any) -> tuple[str, ...]:
    """Return what pydantic may call a member of a union in `loc`."""
    tags = (
        [meta.tag for meta in get_args(option)[1:] if isinstance(meta, Tag)] if get_origin(option) is Annotated else []
    )
    return (*tags, getattr(_strip(option), "__name__", ""))


def _container(options: list[Any], label: str) -> Any:
    """Return the member that a label like `dict[str,any]` or `literal['warn','fail']` means."""
    wanted = label.partition("[")[0]
    return next((o for o in options if getattr(get_origin(_strip(o)), "__name__", "").lower() == wanted), None)


def _below(expected: Any, step: str | int) -> Any:
    expected = _strip(expected)
    if isinstance(expected, type) and issubclass(expected, BaseModel):
        field = known_keys(expected).get(str(step))
        return field.annotation if field else None
    arguments = get_args(expected)
    if get_origin(expected) is dict:
        return arguments[1]
    return arguments[0] if get_origin(expected) is tuple and arguments else None


def _same_form(expected: Any, value: Any) -> bool:
    """Whether a value is a mapping, a list or a single value, as the member expects."""
    expected = _strip(expected)
    wants_mapping = get_origin(expected) is dict or (isinstance(expected, type) and issubclass(expected, BaseModel))
    wants_list = get_origin(expected) is tuple
    return wants_mapping == isinstance(value, Mapping) and wants_list == isinstance(value, list)
