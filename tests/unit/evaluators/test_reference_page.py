"""docs/evaluators.md says what can be configured."""

import re
from pathlib import Path

import pytest
import yaml

from evalgate.evaluators.registry import build
from evalgate.records import EvaluatorKind
from evalgate.suite.checks import Policy
from evalgate.suite.evaluators import KINDS, Evaluator
from evalgate.suite.judges import JUDGES as NAMED

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "evaluators.md").read_text(encoding="utf-8")
JUDGES = (DOCS / "judges.md").read_text(encoding="utf-8")
FILE = next(block for block in re.findall(r"```yaml\n(.*?)```", JUDGES, re.DOTALL) if "messages:" in block)
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
EXAMPLES = [example for block in BLOCKS for example in (block["evaluators"] if isinstance(block, dict) else block)]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_example_of_the_page_can_be_built(example, tmp_path):
    """It is accepted by the config and by its kind, and so is the judge's file of the page on judges."""
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "tone.yaml").write_text(FILE)
    assert build(Evaluator.model_validate(example), root=tmp_path, environ={}).spec.name


def test_the_page_has_an_example_of_every_kind():
    """And of a user function, and of a judge."""
    shown = {Evaluator.model_validate(example).kind for example in EXAMPLES}
    assert shown == set(KINDS)


def test_the_page_on_judges_shows_what_can_be_configured(tmp_path):
    """Its evaluators are built, its policy is one, and its table has every judge by name."""
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "tone.yaml").write_text(FILE)
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", JUDGES, re.DOTALL)]
    for example in blocks[0]["evaluators"]:
        assert build(Evaluator.model_validate(example), root=tmp_path, environ={}).spec.kind is EvaluatorKind.LLM
    scale = next(block for block in blocks if "rubric" in block)
    whole = {"messages": yaml.safe_load(FILE)["messages"], **scale}
    (tmp_path / "judges" / "tone.yaml").write_text(yaml.safe_dump(whole))
    found = build(Evaluator.model_validate(blocks[0]["evaluators"][1]), root=tmp_path, environ={}).spec
    assert (found.low, found.high) == (1, 5)
    assert Policy.model_validate(blocks[-1]["policy"]).require_validated
    table = JUDGES.partition("| judge | parameters |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(NAMED)
