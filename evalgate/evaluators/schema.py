"""json_schema: the output against a JSON Schema, nothing fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from evalgate.errors import ConfigurationError
from evalgate.evaluators.documents import document
from evalgate.evaluators.equality import place
from evalgate.evaluators.measure import Measure
from evalgate.evaluators.schema_keywords import TimedKeywords
from evalgate.evaluators.score import Given, failed, passed
from evalgate.evaluators.view import View
from evalgate.suite.evaluator_kinds import JsonSchema
from evalgate.yaml_source import parse_yaml

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Resource
    from referencing._core import Resolver

Schema: TypeAlias = "bool | dict[str, Any]"

_MOST_ERRORS: Final = 50
_LONGEST_MESSAGE: Final = 300


class JsonSchemaMeasure(Measure):
    """jsonschema's verdict; Draft 2020-12 by default, `format` not checked, `$ref` within the schema only."""

    inputs = frozenset({"output"})

    def __init__(self, parameters: JsonSchema, *, root: Path) -> None:
        self._parameters = parameters
        self._root = root
        self._keywords: TimedKeywords
        self._validator: Validator

    async def start(self) -> None:
        """Read and check the schema."""
        given = self._parameters.schema_
        schema = _read(self._root / given, given) if isinstance(given, str) else given
        self._keywords = TimedKeywords()
        self._validator = _validator(schema, self._keywords)

    async def measure(self, view: View) -> Given:
        """Pass where the output validates; the explanation names the most telling place."""
        from jsonschema.exceptions import best_match

        whole, part = view.output(), view.output(self._parameters.path)
        instance = document(part) if part is whole else part
        self._keywords.wind_up()
        errors = list(islice(self._validator.iter_errors(cast("Any", instance)), _MOST_ERRORS))
        if not errors:
            return passed()
        error = best_match(errors)
        others = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return failed(f"at {_where(error.absolute_path)}: {_shortened(error.message)}{others}")


def _validator(schema: Schema, keywords: TimedKeywords) -> Validator:
    from jsonschema import Draft202012Validator, validators
    from jsonschema.exceptions import SchemaError
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012, specification_with

    dialect = schema.get("$schema") if isinstance(schema, dict) else None
    base = Draft202012Validator if dialect is None else _dialect(dialect)
    try:
        base.check_schema(cast("Any", schema))
    except SchemaError as error:
        raise ConfigurationError(
            f"the schema is not a JSON Schema: at {_where(error.absolute_path)}: {_shortened(error.message)}",
            next_step="Correct the schema.",
        ) from error
    specification = DRAFT202012 if dialect is None else specification_with(dialect)
    resource = specification.create_resource(schema)
    registry: Registry[Any] = Registry().with_resource(resource.id() or "", resource).crawl()
    _check_references(resource, registry.resolver_with_root(resource))
    extended = cast("Any", validators).extend(base, keywords.by_name())
    return cast("Validator", extended(schema, registry=registry))


def _dialect(dialect: object) -> type[Validator]:
    from jsonschema import validators

    known = isinstance(dialect, str) and validators.validator_for({"$schema": dialect}, default=cast("Any", None))
    if not known:
        raise ConfigurationError(
            f"the schema's $schema {dialect!r} is not known",
            next_step="Name a published draft, https://json-schema.org/draft/2020-12/schema for example.",
        )
    return known


def _check_references(resource: Resource[Any], resolver: Resolver[Any]) -> None:
    """Refuse every reference that leads out of the schema: nothing is fetched, now or later."""
    from referencing.exceptions import Unresolvable

    contents = resource.contents
    if isinstance(contents, Mapping):
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            reference = contents.get(keyword)
            if not isinstance(reference, str):
                continue
            try:
                resolver.lookup(reference)
            except Unresolvable as error:
                raise ConfigurationError(
                    f"the schema refers to {reference!r}, which is not in it; nothing is fetched",
                    next_step="Copy what it refers to under `$defs` and write `#/$defs/…`.",
                ) from error
    for inner in resource.subresources():
        _check_references(inner, resolver.in_subresource(inner))


def _read(path: Path, name: str) -> Schema:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the schema {name} cannot be read: {error}", next_step="Give `schema` a file relative to the suite's root."
        ) from error
    schema = _parsed(text, path.suffix.lower(), name)
    if not isinstance(schema, dict | bool):
        raise ConfigurationError(f"the schema {name} is not an object", next_step=f"Write a JSON Schema in {name}.")
    return schema


def _parsed(text: str, suffix: str, name: str) -> Any:
    try:
        return parse_yaml(text) if suffix in {".yaml", ".yml"} else json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"the schema {name} does not parse: {error}", next_step=f"Correct {name}.") from error


def _where(steps: Any) -> str:
    return place(tuple(steps)) or "the top"


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "…"
