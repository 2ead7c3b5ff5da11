"""json_schema: the output against a JSON Schema, with nothing fetched and nothing that hostile output can stall."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evalgate.canonical import canonical_json
from evalgate.errors import ConfigurationError
from evalgate.evaluators.documents import document
from evalgate.evaluators.equality import place
from evalgate.evaluators.measure import Measure
from evalgate.evaluators.patterns import TimedPattern
from evalgate.evaluators.score import EvaluatorFaultError, Given, failed, passed
from evalgate.evaluators.view import View
from evalgate.records import Json
from evalgate.suite.evaluators import JsonSchema

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Resource
    from referencing._core import Resolver

_MOST_ERRORS: Final = 50
_PATTERN_SECONDS: Final = 1.0
_LONGEST_MESSAGE: Final = 300


class JsonSchemaMeasure(Measure):
    """jsonschema's verdict; Draft 2020-12 by default, `format` not checked, `$ref` within the schema only."""

    inputs = frozenset({"output"})

    def __init__(self, parameters: JsonSchema, *, root: Path) -> None:
        self._parameters = parameters
        self._root = root
        self._patterns = _Patterns()
        self._validator: Validator

    async def start(self) -> None:
        """Read and check the schema."""
        given = self._parameters.schema_
        schema = _read(self._root / given, given) if isinstance(given, str) else given
        self._validator = _validator(schema, self._patterns)

    async def measure(self, view: View) -> Given:
        """Pass where the output validates; the explanation names the most telling place."""
        from jsonschema.exceptions import best_match  # noqa: PLC0415 - only where it is used

        output = view.output(self._parameters.path)
        instance = (
            document(output) if self._parameters.path is None or output is view.subject.outcome.output else output
        )
        self._patterns.wind_up()
        errors = list(islice(self._validator.iter_errors(instance), _MOST_ERRORS))
        if not errors:
            return passed()
        error = best_match(errors)
        where = place(tuple(error.absolute_path)) or "the whole"
        others = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return failed(f"at {where}: {_shortened(error.message)}{others}")


class _Patterns:
    """The patterns of one schema, searched against one clock for each validation."""

    def __init__(self) -> None:
        self._compiled: dict[str, TimedPattern] = {}
        self._deadline = 0.0

    def wind_up(self) -> None:
        """Start the clock."""
        self._deadline = time.monotonic() + _PATTERN_SECONDS

    def found(self, pattern: str, text: str) -> bool:
        """Return whether `pattern` is in `text`. Raises EvaluatorFaultError once the time is over."""
        if pattern not in self._compiled:
            self._compiled[pattern] = TimedPattern(pattern, timeout=_PATTERN_SECONDS)
        try:
            left = max(self._deadline - time.monotonic(), 1e-3)
            return self._compiled[pattern].search_now(text, timeout=left)
        except TimeoutError:
            raise EvaluatorFaultError(
                f"the schema's pattern {pattern[:80]!r} ran for over {_PATTERN_SECONDS:g} s", type="Timeout"
            ) from None


def _validator(schema: Json, patterns: _Patterns) -> Validator:
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - only where it is used
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415 - only where it is used
    from referencing import Registry  # noqa: PLC0415 - only where it is used
    from referencing.jsonschema import DRAFT202012, specification_with  # noqa: PLC0415 - only where it is used

    dialect = schema.get("$schema") if isinstance(schema, Mapping) else None
    base = validators.validator_for(schema if dialect else True, default=None) if dialect else Draft202012Validator
    if base is None:
        raise ConfigurationError(
            f"the schema's $schema {dialect!r} is not known",
            next_step="Name a published draft, https://json-schema.org/draft/2020-12/schema for example.",
        )
    try:
        base.check_schema(schema)
    except SchemaError as error:
        raise ConfigurationError(
            f"the schema is not a JSON Schema: at {place(tuple(error.absolute_path)) or 'the whole'}: "
            f"{_shortened(error.message)}",
            next_step="Correct the schema.",
        ) from error
    specification = specification_with(str(dialect)) if dialect else DRAFT202012
    resource = specification.create_resource(schema)
    registry: Registry[Any] = Registry().with_resource(resource.id() or "", resource).crawl()
    _check_references(resource, registry.resolver_with_root(resource))
    timed = validators.extend(base, _timed_keywords(patterns))
    return timed(schema, registry=registry)


def _check_references(resource: Resource[Any], resolver: Resolver[Any]) -> None:
    """Refuse every reference that leads out of the schema: nothing is fetched, now or later."""
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - only where it is used

    contents = resource.contents
    if isinstance(contents, Mapping):
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            reference = contents.get(keyword)
            if isinstance(reference, str):
                try:
                    resolver.lookup(reference)
                except Unresolvable as error:
                    raise ConfigurationError(
                        f"the schema refers to {reference!r}, which is not in it; nothing is fetched",
                        next_step="Copy what it refers to under `$defs` and write `#/$defs/…`.",
                    ) from error
    for inner in resource.subresources():
        _check_references(inner, resolver.in_subresource(inner))


def _timed_keywords(patterns: _Patterns) -> dict[str, Any]:
    """Return the keywords of jsonschema that hostile output could stall, against the clock or by hash."""
    from jsonschema import ValidationError  # noqa: PLC0415 - only where it is used

    def pattern(_: Validator, wanted: str, instance: object, __: object) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not patterns.found(wanted, instance):
            yield ValidationError(f"{instance[:80]!r} does not match {wanted!r}")

    def pattern_properties(
        validator: Any, wanted: Mapping[str, Any], instance: object, _: object
    ) -> Iterator[ValidationError]:
        for expression, subschema in wanted.items():
            for key in _keys(instance):
                if patterns.found(expression, key):
                    yield from validator.descend(instance[key], subschema, path=key, schema_path=expression)  # type: ignore[index]  # keys are the instance's

    def additional_properties(
        validator: Any, allowed: Any, instance: object, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        expressions = tuple(schema.get("patternProperties", {}))
        named = schema.get("properties", {})
        extra = [
            key
            for key in _keys(instance)
            if key not in named and not any(patterns.found(expression, key) for expression in expressions)
        ]
        if allowed is False and extra:
            listed = ", ".join(repr(key[:80]) for key in extra[:5])
            yield ValidationError(f"it has {listed}{' …' if len(extra) > 5 else ''}, which the schema does not allow")
        elif allowed is not False:
            for key in extra:
                yield from validator.descend(instance[key], allowed, path=key)  # type: ignore[index]  # keys are the instance's

    def unique_items(_: Validator, wanted: object, instance: object, __: object) -> Iterator[ValidationError]:
        if wanted and isinstance(instance, list) and len({_identity(item) for item in instance}) < len(instance):
            yield ValidationError("it has an item twice")

    return {
        "pattern": pattern,
        "patternProperties": pattern_properties,
        "additionalProperties": additional_properties,
        "uniqueItems": unique_items,
    }


def _keys(instance: object) -> Iterable[str]:
    return list(instance) if isinstance(instance, Mapping) else ()


def _identity(item: Json) -> bytes:
    """Return one byte form for items that JSON Schema calls equal: 1 and 1.0 are."""

    def folded(value: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, Mapping):
            return {key: folded(inner) for key, inner in value.items()}
        return [folded(inner) for inner in value] if isinstance(value, list) else value

    return canonical_json(folded(item))


def _read(path: Path, name: str) -> Json:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the schema {name} cannot be read: {error}", next_step="Give `schema` a file relative to the suite's root."
        ) from error
    try:
        if path.suffix.lower() in {".yaml", ".yml"}:
            import yaml  # noqa: PLC0415 - only for such a schema

            schema: Json = yaml.safe_load(text)
        else:
            schema = json.loads(text)
    except Exception as error:
        raise ConfigurationError(f"the schema {name} does not parse: {error}", next_step=f"Correct {name}.") from error
    if not isinstance(schema, dict | bool):
        raise ConfigurationError(f"the schema {name} is not an object", next_step=f"Write a JSON Schema in {name}.")
    return schema


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "…"
