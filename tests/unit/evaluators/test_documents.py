"""json_valid, json_path and json_schema."""

import json
import time

import pytest

from evalgate.errors import ConfigurationError
from tests.unit.evaluators.test_texts import HOSTILE, RUNAWAY


@pytest.mark.parametrize(
    ("output", "score"),
    [
        ({"a": 1}, 1),
        (7, 1),
        ('{"a": 1}', 1),
        ("7", 1),
        ("null", 1),
        (None, 0),
        ("web", 0),
        ('{"a": NaN}', 0),
        ("```json\n{}\n```", 0),
        ("[" * 100_000, 0),
        ('{"a": ' + "9" * 5_000 + "}", 0),
    ],
)
async def test_json_valid(evaluate, output, score):
    """A value is JSON, a text where it parses strictly; null is the answer of a task that gave none."""
    assert (await evaluate("json_valid", output)).score == score


async def test_json_valid_at_a_path_reads_the_text_there(evaluate):
    """Arguments of a call are often JSON in a text."""
    config = {"json_valid": {"path": "arguments"}}
    assert (await evaluate(config, {"arguments": '{"a": 1}'})).score == 1
    assert (await evaluate(config, {"arguments": "{"})).score == 0


OUTPUT = {"items": [{"name": "a", "price": 3}, {"name": "b", "price": 5}]}


@pytest.mark.parametrize(
    ("config", "score", "explanation"),
    [
        ({"expression": "$.items[0].price"}, 1, None),
        ({"expression": "$.items[?(@.price > 4)].name", "equals": "b"}, 1, None),
        ({"expression": "$.items[0].price", "equals": 3.0}, 1, None),
        ({"expression": "$.items[0].price", "equals": "3"}, 0, "at items.[0].price: expected '3', got 3"),
        ({"expression": "$.items[0].price", "equals": None}, 0, "at items.[0].price: expected None, got 3"),
        ({"expression": "$.items[1].name", "expected": "best"}, 1, None),
        ({"expression": "$.items[0].name", "expected": "best"}, 0, "at items.[0].name: expected 'b', got 'a'"),
        (
            {"expression": "$.total"},
            0,
            "$.total matches nothing in {'items': [{'name': 'a', 'price': 3}, {'name': 'b', 'price': 5}]}",
        ),
    ],
)
async def test_json_path(evaluate, config, score, explanation):
    """The first match equals what it must; without such a value a match is enough."""
    for output in (OUTPUT, json.dumps(OUTPUT)):
        found = await evaluate({"json_path": config}, output, {"best": "b"})
        assert (found.score, found.explanation) == (score, explanation)


async def test_a_broken_expression_is_a_configuration_error(runner):
    """It is refused before anything is run."""
    with pytest.raises(ConfigurationError, match="is not a JSONPath expression"):
        await runner({"json_path": {"expression": "$.a["}}).start()


SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[a-z]+$"}, "tags": {"uniqueItems": True}},
    "patternProperties": {"^x_": {"type": "integer"}},
    "additionalProperties": False,
    "required": ["name"],
}


@pytest.mark.parametrize(
    ("output", "score", "explanation"),
    [
        ({"name": "a", "tags": [1, 2], "x_a": 1}, 1, None),
        ('{"name": "a"}', 1, None),
        ("web", 0, "the output is not JSON: 'web'"),
        (None, 0, "the output is null"),
        ({}, 0, "at the top: 'name' is a required property"),
        ({"name": 1}, 0, "at name: 1 is not of type 'string'"),
        ({"name": "A"}, 0, "at name: 'A' does not match '^[a-z]+$'"),
        ({"name": "a", "x_a": "1"}, 0, "at x_a: '1' is not of type 'integer'"),
        ({"name": "a", "b": 1, "c": 2}, 0, "at the top: 'b', 'c': the schema does not allow that"),
        ({"name": "a", "tags": [1, 1.0]}, 0, "at tags: the same item stands there twice"),
        ({"name": "a", "tags": [1, True]}, 1, None),
    ],
)
async def test_json_schema(evaluate, output, score, explanation):
    """The output validates; else the explanation names the place."""
    found = await evaluate({"json_schema": {"schema": SCHEMA}}, output)
    assert (found.score, found.explanation) == (score, explanation)


async def test_additional_properties_may_have_a_schema(evaluate):
    """Only those that neither a name nor a pattern covers are held to it."""
    schema = {"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": {"type": "string"}}
    assert (await evaluate({"json_schema": {"schema": schema}}, {"a": 1, "x": 1, "b": "s"})).score == 1
    assert (await evaluate({"json_schema": {"schema": schema}}, {"b": 1})).score == 0


async def test_json_schema_reads_files_and_drafts(evaluate, root):
    """JSON or YAML, and the draft that `$schema` names."""
    (root / "a.json").write_text('{"$schema": "http://json-schema.org/draft-07/schema#", "type": "integer"}')
    (root / "a.yaml").write_text("type: object\nproperties: {a: {$ref: '#/$defs/n'}}\n$defs: {n: {type: integer}}\n")
    assert (await evaluate({"json_schema": {"schema": "a.json", "path": "a"}}, {"a": 1})).score == 1
    assert (await evaluate({"json_schema": {"schema": "a.yaml"}}, {"a": "x"})).score == 0


async def test_formats_are_not_checked(evaluate):
    """`format` is an annotation, as the draft has it."""
    assert (await evaluate({"json_schema": {"schema": {"format": "date"}, "path": "a"}}, {"a": "no date"})).score == 1


@pytest.mark.parametrize(
    "reference", ["https://example.com/a.json", "other.json", "#/$defs/none", "file:///etc/passwd", "#nowhere"]
)
async def test_a_reference_out_of_the_schema_is_a_configuration_error(runner, reference):
    """Nothing is ever fetched; the reference is found wherever it stands."""
    schema = {"properties": {"a": {"items": {"anyOf": [{"$ref": reference}]}}}}
    with pytest.raises(ConfigurationError, match="which is not in it; nothing is fetched"):
        await runner({"json_schema": {"schema": schema}}).start()


async def test_references_within_a_schema_with_ids_are_resolved(evaluate):
    """Also relative to the `$id` of an inner schema."""
    schema = {
        "$id": "https://example.com/root.json",
        "properties": {"a": {"$ref": "inner.json#/$defs/n"}, "b": {"$ref": "#n"}},
        "$defs": {"inner": {"$id": "inner.json", "$defs": {"n": {"type": "integer"}}}, "n": {"$anchor": "n"}},
    }
    assert (await evaluate({"json_schema": {"schema": schema}}, {"a": 1, "b": 2})).score == 1
    assert (await evaluate({"json_schema": {"schema": schema}}, {"a": "1"})).score == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("{", "does not parse"),
        ("[]", "is not an object"),
        ('{"type": "text"}', "is not a JSON Schema: at type"),
        ('{"$schema": "https://example.com/mine"}', "is not known"),
    ],
)
async def test_a_broken_schema_is_a_configuration_error(runner, root, text, message):
    """Each says what is wrong with it."""
    if text is not None:
        (root / "a.json").write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        await runner({"json_schema": {"schema": "a.json"}}).start()


@pytest.mark.parametrize(
    "schema",
    [
        {"items": {"pattern": RUNAWAY}},
        {"items": {"patternProperties": {RUNAWAY: {}}, "additionalProperties": False}},
    ],
)
async def test_hostile_output_cannot_stall_a_schemas_patterns(evaluate, schema):
    """All patterns of one validation share one second; counted in the processor's time, whatever else it does."""
    began = time.process_time()
    found = await evaluate({"json_schema": {"schema": schema}}, [HOSTILE, {HOSTILE: 1}] * 10)
    assert found.failure.type == "Timeout"
    assert time.process_time() - began < 3


async def test_unique_items_take_time_in_proportion_to_their_number(evaluate):
    """Comparing each with each would take minutes here."""
    items = [{"a": [number]} for number in range(20_000)] + [["b"]]
    assert (await evaluate({"json_schema": {"schema": {"uniqueItems": True}}}, items)).score == 1
