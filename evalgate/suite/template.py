"""Templates over an example: sandboxed, strict about what is missing, and blind to templates inside the data.

Only what the user wrote in a file is ever a template. What an example holds is put in as data and not read again. JSON
shows as JSON, not as Python, and nothing random can be asked for: equal examples give equal texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from evalgate.canonical import canonical_json
from evalgate.paths import MISSING, parse, resolve
from evalgate.records import Example, Json
from evalgate.suite.sandbox import sandbox

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.environment import TemplateExpression
    from jinja2.sandbox import SandboxedEnvironment

ROOTS: Final = ("input", "metadata", "example")
"""What every template and every variable's path may start from."""

_EXAMPLE_FIELDS: Final = ("id", "input", "metadata", "split")
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


def compile_delimited(source: str, *, place: tuple[str | int, ...] = ()) -> Text | str:
    """Return a template in which everything that an expression puts in stands between tags (`delimiting`).

    Its variables must have CODE. Raises TemplateProblem.
    """
    compiled: Text | str = _compile(source, typed=False, place=place, environment=sandbox(within_tags=True))
    return compiled


def variables_of(source: str) -> frozenset[str]:
    """Return the names that a template reads and does not set itself. Raises TemplateProblem."""
    from jinja2 import TemplateSyntaxError, meta

    try:
        return frozenset(meta.find_undeclared_variables(sandbox().parse(source)))
    except TemplateSyntaxError as error:
        raise TemplateProblem(error.message or "not a template", line=error.lineno) from None


def compile_tree(value: Json, *, typed: bool = False, place: tuple[str | int, ...] = ()) -> Tree:
    """Return `value` with every string in it compiled; keys are never templates.

    `typed`: a string that is exactly one `{{ expression }}` keeps the type of its value. Raises TemplateProblem.
    """
    if isinstance(value, str):
        return _compile(value, typed=typed, place=place, environment=sandbox())
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


def _said(error: Exception) -> str:
    from jinja2 import TemplateError

    text = str(error) or type(error).__name__
    return text if isinstance(error, TemplateError) else f"{type(error).__name__}: {text}"
