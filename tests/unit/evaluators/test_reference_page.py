"""docs/evaluators.md says what can be configured."""

import re
from pathlib import Path

import pytest
import yaml

from evalgate.evaluators.registry import build
from evalgate.suite.evaluators import EVALUATOR_KINDS, Evaluator

PAGE = (Path(__file__).parents[3] / "docs" / "evaluators.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
EXAMPLES = [example for block in BLOCKS for example in (block["evaluators"] if isinstance(block, dict) else block)]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_example_of_the_page_can_be_built(example, tmp_path):
    """It is accepted by the config and by its kind."""
    assert build(Evaluator.model_validate(example), root=tmp_path, environ={}).spec.name


def test_the_page_has_an_example_of_every_kind():
    """And of a user function."""
    shown = {Evaluator.model_validate(example).kind for example in EXAMPLES}
    assert shown == {*EVALUATOR_KINDS, "python"}
