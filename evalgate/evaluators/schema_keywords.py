"""The keywords of JSON Schema that hostile output could stall in jsonschema: searched against a clock, or by hash."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from evalgate.canonical import canonical_json
from evalgate.evaluators.patterns import TimedPattern
from evalgate.evaluators.score import EvaluatorFaultError
from evalgate.records import Json

_PATTERN_SECONDS: Final = 1.0
"""All patterns of one validation together."""


class TimedKeywords:
    """The replaced keywords of one schema, with its compiled patterns and the clock of the validation under way."""

    def __init__(self) -> None:
        from jsonschema import ValidationError

        self._error = ValidationError
        self._compiled: dict[str, TimedPattern] = {}
        self._deadline = 0.0

    def wind_up(self) -> None:
        """Start the clock."""
        self._deadline = time.monotonic() + _PATTERN_SECONDS

    def by_name(self) -> dict[str, Any]:
        """Return the keywords as `jsonschema.validators.extend` takes them."""
        return {
            "pattern": self._pattern,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional_properties,
            "uniqueItems": self._unique_items,
        }

    def _pattern(self, _validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Exception]:
        if isinstance(instance, str) and not self._found(pattern, instance):
            yield self._error(f"{instance[:80]!r} does not match {pattern!r}")

    def _pattern_properties(
        self, validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any
    ) -> Iterator[Exception]:
        if not isinstance(instance, Mapping):
            return
        for pattern, inner in patterns.items():
            for key, value in instance.items():
                if self._found(pattern, key):
                    yield from validator.descend(value, inner, path=key, schema_path=pattern)

    def _additional_properties(
        self, validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[Exception]:
        if not isinstance(instance, Mapping):
            return
        named, patterns = schema.get("properties", {}), tuple(schema.get("patternProperties", {}))
        extra = [key for key in instance if key not in named and not any(self._found(p, key) for p in patterns)]
        if allowed is not False:
            for key in extra:
                yield from validator.descend(instance[key], allowed, path=key)
        elif extra:
            listed = ", ".join(repr(key[:80]) for key in extra[:5])
            yield self._error(f"{listed}{' …' if len(extra) > 5 else ''}: the schema does not allow that")

    def _unique_items(self, _validator: Any, unique: Any, instance: Any, _schema: Any) -> Iterator[Exception]:
        if unique and isinstance(instance, list) and len({_identity(item) for item in instance}) < len(instance):
            yield self._error("the same item stands there twice")

    def _found(self, pattern: str, text: str) -> bool:
        if pattern not in self._compiled:
            self._compiled[pattern] = TimedPattern(pattern, timeout=_PATTERN_SECONDS)
        try:
            return self._compiled[pattern].search_now(text, timeout=max(self._deadline - time.monotonic(), 1e-3))
        except TimeoutError:
            raise EvaluatorFaultError(
                f"the schema's pattern {pattern[:80]!r} ran for over {_PATTERN_SECONDS:g} s", type="Timeout"
            ) from None


def _identity(item: Json) -> bytes:
    """Return one byte form for the items that JSON Schema calls equal: 1 and 1.0 are."""
    return canonical_json(_folded(item))


def _folded(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _folded(inner) for key, inner in value.items()}
    return [_folded(inner) for inner in value] if isinstance(value, list) else value
