"""Templates over an example: sandboxed, strict about what is missing, and blind to templates inside the data.

Only what the user wrote in a file is ever a template. What an example holds is put in as data and not read again. JSON
shows as JSON, not as Python, and nothing random can be asked for: equal examples give equal texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from evalgate.canonical import canonical_json
from evalgate.paths import MISSING, parse, resolve
from evalgate.records import Example, Json
from evalgate.suite.delimiting import delimited

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.environment import TemplateExpression
    from jinja2.sandbox import SandboxedEnvironment

ROOTS: Final = ("input", "metadata", "example")
"""What every template and every variable's path may start from."""

_EXAMPLE_FIELDS: Final = ("id", "input", "metadata", "split")
_LONGEST: Final = 1_000_000
_LARGEST_POWER: Final = 100
_MARKS: Final = ("{{", "{%", "{#")


class TemplateProblem(Exception):
    """A template that cannot be read, or cannot be filled from this example.

    `place` is where in the tree it stands (`("messages", 0, "content")`), `line` its line within, from 1, if known.
    """

    def __init__(self, message: str, *, place: tuple[str | int, ...] = (), line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.line = line


@dataclass(frozen=True, slots=True)
class Text:
    """A template that renders to text."""

    template: Template
    place: tuple[str | int, ...]

    def render(self, variables: Mapping[str, Json]) -> str:
        """Return the text. Raises TemplateProblem."""
        try:
            return self.template.render(variables)
        except Exception as error:  # noqa: BLE001 - an expression over data can raise anything
            raise TemplateProblem(_said(error), place=self.place) from None


@dataclass(frozen=True, slots=True)
class Expression:
    """A single expression that keeps the type of its value."""

    expression: TemplateExpression
    place: tuple[str | int, ...]

    def render(self, variables: Mapping[str, Json]) -> Json:
        """Return the value. Raises TemplateProblem, also when it is no JSON value."""
        from jinja2 import Undefined

        try:
            value = self.expression(variables)
            if isinstance(value, Undefined):
                str(value)
            canonical_json(value)
        except Exception as error:  # noqa: BLE001 - an expression over data can raise anything
            raise TemplateProblem(_said(error), place=self.place) from None
        else:
            made: Json = value
            return made


Tree = Any
"""A JSON value in which Text and Expression stand for strings that are templates."""


CODE: Final = "evalgate_code"
"""The variable that holds the code of the tags, for a template compiled by `compile_delimited`."""


def compile_delimited(source: str, *, place: tuple[str | int, ...] = ()) -> Text | str:
    """Return a template in which everything that an expression puts in stands between tags (`delimiting`).

    Its variables must have CODE. Raises TemplateProblem.
    """
    compiled: Text | str = _compile(source, typed=False, place=place, environment=_environment(within_tags=True))
    return compiled


def variables_of(source: str) -> frozenset[str]:
    """Return the names that a template reads and does not set itself. Raises TemplateProblem."""
    from jinja2 import TemplateSyntaxError, meta

    try:
        return frozenset(meta.find_undeclared_variables(_environment().parse(source)))
    except TemplateSyntaxError as error:
        raise TemplateProblem(error.message or "not a template", line=error.lineno) from None


def compile_tree(value: Json, *, typed: bool = False, place: tuple[str | int, ...] = ()) -> Tree:
    """Return `value` with every string in it compiled; keys are never templates.

    `typed`: a string that is exactly one `{{ expression }}` keeps the type of its value. Raises TemplateProblem.
    """
    if isinstance(value, str):
        return _compile(value, typed=typed, place=place, environment=_environment())
    if isinstance(value, Mapping):
        return {key: compile_tree(each, typed=typed, place=(*place, key)) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [compile_tree(each, typed=typed, place=(*place, index)) for index, each in enumerate(value)]
    return value


def render_tree(tree: Tree, variables: Mapping[str, Json]) -> Json:
    """Return the JSON value that `tree` is for these variables. Raises TemplateProblem."""
    if isinstance(tree, Text | Expression):
        return tree.render(variables)
    if isinstance(tree, Mapping):
        return {key: render_tree(each, variables) for key, each in tree.items()}
    if isinstance(tree, list):
        return [render_tree(each, variables) for each in tree]
    made: Json = tree
    return made


def check_example_path(path: str) -> str | None:
    """Return why no example can have anything at `path`, or None where one could."""
    root, *rest = parse(path)
    if root in {"output", "expected", "reference"} or (root == "example" and rest[:1] == ["output"]):
        return f"{path} is the expected answer, which a task never sees"
    if root not in ROOTS:
        return f"{path} starts with {root!r}; a path starts with one of {', '.join(ROOTS)}"
    if root == "example" and rest and rest[0] not in _EXAMPLE_FIELDS:
        return f"an example has no {rest[0]!r}, only {', '.join(_EXAMPLE_FIELDS)}"
    return None


def example_document(example: Example) -> dict[str, Json]:
    """Return what paths and templates see of `example`: never its expected answer."""
    whole: dict[str, Json] = {
        "id": example.id,
        "input": example.input,
        "metadata": example.metadata,
        "split": example.split,
    }
    return {"input": example.input, "metadata": example.metadata, "example": whole}


def example_variables(example: Example, mapping: Mapping[str, str]) -> tuple[dict[str, Json], dict[str, str]]:
    """Return the variables of a template, and the mapped names whose path this example does not have.

    Every key of the input is a variable, below `input`, `metadata` and `example`, below the names of `mapping`.
    """
    document = example_document(example)
    variables: dict[str, Json] = {**example.input, **document}
    absent: dict[str, str] = {}
    for name, path in mapping.items():
        value: Any = resolve(path, document)
        if value is MISSING:
            variables.pop(name, None)
            absent[name] = path
        else:
            variables[name] = value
    return variables, absent


def dotted(place: tuple[str | int, ...]) -> str:
    """Return a place in a tree as people write it."""
    return ".".join(map(str, place))


def _compile(source: str, *, typed: bool, place: tuple[str | int, ...], environment: SandboxedEnvironment) -> Tree:
    if not any(mark in source for mark in _MARKS):
        return source
    from jinja2 import TemplateSyntaxError, nodes

    try:
        tree = environment.parse(source)
        for kind in (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport):
            found = tree.find(kind)
            if found is not None:
                raise TemplateProblem("a template cannot load other files", place=place, line=found.lineno)
        if typed and (inner := _only_expression(source, tree)) is not None:
            return Expression(environment.compile_expression(inner, undefined_to_none=False), place)
        return Text(environment.from_string(source), place)
    except TemplateSyntaxError as error:
        raise TemplateProblem(error.message or "not a template", place=place, line=error.lineno) from None


def _only_expression(source: str, tree: Any) -> str | None:
    """Return the text of the one expression that `source` is, or None where it is anything more or less."""
    from jinja2 import nodes

    parts = [part for each in tree.body for part in each.nodes] if _outputs_only(tree) else []
    if len(parts) != 1 or isinstance(parts[0], nodes.TemplateData):
        return None
    if not (source.startswith("{{") and source.endswith("}}")):
        return None
    return source[2:-2].removeprefix("-").removeprefix("+").removesuffix("-").removesuffix("+")


def _outputs_only(tree: Any) -> bool:
    from jinja2 import nodes

    return all(isinstance(each, nodes.Output) for each in tree.body)


@cache
def _environment(*, within_tags: bool = False) -> SandboxedEnvironment:
    from jinja2 import StrictUndefined, pass_context
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Absent(StrictUndefined):
        """A missing value whose error says what there is instead."""

        def __init__(self, hint: str | None = None, **named: Any) -> None:
            if hint is None and {"obj", "name"} <= named.keys():
                hint = f"there is no {named['name']!r} here{_instead(named['obj'])}"
            super().__init__(hint, **named)

    class Sandbox(ImmutableSandboxedEnvironment):
        """Keys of the data come before methods: `input.items` is what the example has under `items`."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Mapping) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            _refuse_endless(operator, left, right)
            return super().call_binop(context, operator, left, right)

    environment = Sandbox(
        undefined=Absent,
        keep_trailing_newline=True,
        finalize=pass_context(_within_tags) if within_tags else _shown,
        autoescape=False,
    )
    for name in ("random", "pprint", "urlize", "xmlattr"):
        environment.filters.pop(name, None)
    environment.globals.pop("lipsum", None)
    environment.filters["tojson"] = _as_json
    return environment


def _refuse_endless(operator: str, left: Any, right: Any) -> None:
    """Refuse what would fill memory or never end: a template is filled in evalgate's own process."""
    from jinja2.exceptions import SecurityError

    if operator == "**":
        if isinstance(right, int) and abs(right) > _LARGEST_POWER:
            raise SecurityError(f"a power may be {_LARGEST_POWER:,} at most")
        return
    for text, times in ((left, right), (right, left)):
        if isinstance(text, str | list | tuple) and isinstance(times, int) and len(text) * times > _LONGEST:
            raise SecurityError(f"a text may be repeated to {_LONGEST:,} characters at most")


def _shown(value: Any) -> Any:
    """Show JSON as JSON: true, null and {"a": 1} rather than True, None and {'a': 1}."""
    if value is None or isinstance(value, bool | Mapping | list | tuple):
        return _as_json(value)
    return value


def _within_tags(context: Any, value: Any) -> Any:
    """Show a value between tags; numbers, true, false and null are nobody's text."""
    shown = _shown(value)
    if value is None or isinstance(value, bool) or not isinstance(shown, str):
        return shown
    return delimited(shown, context[CODE])


def shown_as_json(value: Any) -> str:
    """Return how a value shows in a text: as JSON, its characters as they are."""
    return _as_json(value)


def _as_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def _instead(value: object) -> str:
    """Say what a value has, for a message: some keys, or what it is."""
    if isinstance(value, Mapping):
        keys: Iterator[str] = (repr(key)[:40] for key in value)
        shown = ", ".join(key for _, key in zip(range(8), keys, strict=False))
        return f" (there are {shown}{', …' if len(value) > 8 else ''})" if shown else " (it is empty)"
    return f" (in a {type(value).__name__})"


def _said(error: Exception) -> str:
    from jinja2 import TemplateError

    text = str(error) or type(error).__name__
    return text if isinstance(error, TemplateError) else f"{type(error).__name__}: {text}"
