"""What the published schemas of the reports for machines have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator


def assert_closed_and_explained(
    schema: dict[str, Any], *, at_least: int, optional: frozenset[str] = frozenset()
) -> None:
    """Every object, of so many at least, is closed, and it and every field of it has its sentence.

    All fields are required but those that are `optional`.
    """
    Draft202012Validator.check_schema(schema)
    objects = list(_objects(schema))
    assert len(objects) >= at_least
    for each in objects:
        assert each["additionalProperties"] is False
        assert each["description"]
        assert all("description" in field or "$ref" in field for field in each["properties"].values())
        assert set(each["properties"]) - set(each["required"]) <= optional


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from _objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _objects(value)
