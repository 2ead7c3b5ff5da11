"""The JSON Schema of `evalgate.yaml`, from the models, with the short forms that they read.

`evalgate config schema > docs/evalgate.schema.json` writes the checked-in copy; a test keeps the two equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from evalgate.suite.checks import SHORT_NUMBERS, Check
from evalgate.suite.config import Config
from evalgate.suite.evaluator_kinds import EVALUATOR_KINDS
from evalgate.suite.evaluators import KINDS
from evalgate.suite.meanings import meanings
from evalgate.suite.model import ConfigModel
from evalgate.suite.resources import OF_RESOURCES, OF_SCORES, Resource
from evalgate.suite.shape import model_of


def config_schema() -> dict[str, Any]:
    """Return the schema, for editors and validators of the draft 2020-12."""
    schema = Config.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    _describe({**definitions, Config.__name__: schema})
    _also(definitions["Suite"]["properties"], "dataset", {"type": "string", "description": "The file, in short."})
    named = {"type": "string", "description": "The file, or phoenix:NAME, in short."}
    _also(definitions["Profile"]["properties"], "dataset", named)
    _also(definitions["Sample"]["properties"], "by", {"type": "string", "description": "One of them alone."})
    presidio = {"type": "string", "minLength": 1, "description": "Its model for every language, in short."}
    _also(definitions["Clean"]["properties"], "presidio", presidio)
    _also(definitions["NoRegression"]["properties"]["slices"], "items", {"type": "string"})
    for rule, field in Check.model_fields.items():
        model = model_of(field.annotation)
        if model is not None and model in SHORT_NUMBERS:
            full = definitions[model.__name__]["properties"][SHORT_NUMBERS[model]]
            short = {key: full[key] for key in full if key not in {"title", "description"}}
            definitions["Check"]["properties"][rule]["anyOf"].insert(0, short)
    _resources(definitions)
    evaluator = definitions["Evaluator"]
    evaluator["oneOf"] = [{"required": [kind]} for kind in KINDS]
    _also(definitions["Suite"]["properties"]["evaluators"], "items", {"enum": list(EVALUATOR_KINDS)})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "evalgate.yaml"}


def _describe(definitions: dict[str, Any]) -> None:
    """Say of every key what its model says of it."""
    for model in _models(ConfigModel):
        properties = definitions.get(model.__name__, {}).get("properties", {})
        said = meanings(model)
        for name, field in model.model_fields.items():
            if name in said and (key := field.alias or name) in properties:
                properties[key] = dict(sorted({**properties[key], "description": said[name]}.items()))


def _models(kind: type[ConfigModel]) -> Iterator[type[ConfigModel]]:
    for model in kind.__subclasses__():
        yield model
        yield from _models(model)


def _resources(definitions: dict[str, Any]) -> None:
    """Give the checks of cost, tokens and latency the rules that they can have, so that editors complete them."""
    checks = definitions["Suite"]["properties"]["checks"]
    rule, check = deepcopy(definitions["NoRegression"]), deepcopy(definitions["Check"])
    for key in OF_SCORES:
        del rule["properties"][key]
    for key in OF_RESOURCES:
        del definitions["NoRegression"]["properties"][key]
    for key in ("at_least", "zero_tolerance"):
        del check["properties"][key]
    rule["title"], check["title"] = "NoRise", "ResourceCheck"
    rule["description"] = "The candidate takes no more than the baseline and what is allowed; fails only on evidence."
    check["description"] = f"What runs take, with one or more rules: {', '.join(Resource)}."
    (reference,) = [one for one in check["properties"]["no_regression"]["anyOf"] if "$ref" in one]
    reference["$ref"] = "#/$defs/NoRise"
    definitions |= {"NoRise": rule, "ResourceCheck": check}
    checks["properties"] = {resource.value: {"$ref": "#/$defs/ResourceCheck"} for resource in Resource}


def schema_json() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"


def _also(around: dict[str, Any], key: str, short: dict[str, Any]) -> None:
    """Let the value at `key` be the short form too."""
    full = around[key]
    around[key] = {"anyOf": [short, {name: full[name] for name in full if name != "description"}]}
    if "description" in full:
        around[key]["description"] = full["description"]
