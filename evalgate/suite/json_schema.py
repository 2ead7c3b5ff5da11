"""The JSON Schema of `evalgate.yaml`, from the models, with the short forms that they read.

`evalgate config schema > docs/evalgate.schema.json` writes the checked-in copy; a test keeps the two equal.
"""

from __future__ import annotations

import json
from typing import Any

from evalgate.suite.checks import SHORT_NUMBERS, Check
from evalgate.suite.config import Config
from evalgate.suite.evaluators import EVALUATOR_KINDS, KINDS
from evalgate.suite.shape import model_of


def config_schema() -> dict[str, Any]:
    """Return the schema, for editors and validators of the draft 2020-12."""
    schema = Config.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    _also(definitions["Suite"]["properties"], "dataset", {"type": "string", "description": "The file, in short."})
    _also(definitions["NoRegression"]["properties"]["slices"], "items", {"type": "string"})
    for rule, field in Check.model_fields.items():
        model = model_of(field.annotation)
        if model is not None and model in SHORT_NUMBERS:
            full = definitions[model.__name__]["properties"][SHORT_NUMBERS[model]]
            short = {key: full[key] for key in full if key not in {"title", "description"}}
            definitions["Check"]["properties"][rule]["anyOf"].insert(0, short)
    evaluator = definitions["Evaluator"]
    evaluator["oneOf"] = [{"required": [kind]} for kind in KINDS]
    _also(definitions["Suite"]["properties"]["evaluators"], "items", {"enum": list(EVALUATOR_KINDS)})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "evalgate.yaml"}


def schema_json() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"


def _also(around: dict[str, Any], key: str, short: dict[str, Any]) -> None:
    """Let the value at `key` be the short form too."""
    full = around[key]
    around[key] = {"anyOf": [short, {name: full[name] for name in full if name != "description"}]}
    if "description" in full:
        around[key]["description"] = full["description"]
