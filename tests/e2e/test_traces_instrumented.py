"""An application with OpenInference's own instrumentation and `phoenix.otel`, as their documentation has it."""

import asyncio

import pytest
import yaml

from tests.e2e.test_traces import EXAMPLES, outcomes, prepared, python, word
from tests.fake_model import Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

USAGE = {"prompt_tokens": 900, "completion_tokens": 100}


@pytest.mark.parametrize("through", ["evalgate", "its own way"])
async def test_its_calls_are_counted_once(project, fake_model, through):
    """Through evalgate they are counted there, and seen in its spans; else its spans alone tell of them."""
    fake_model.rules = [Rule(reply="echo", usage=USAGE)]
    ways = {"endpoint": "fake"} if through == "evalgate" else {"env": ["OPENAI_*"]}
    task = python("answer", python="instrumented.py:answer", timeout=120, **ways)
    prepared(project, task, checks={"exact_match": {"at_least": 1.0}, "tokens": {"at_most": 1000}})
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["endpoints"] = {"fake": {"base_url": fake_model.base_url}}
    path.write_text(yaml.safe_dump(config))
    own = {"OPENAI_BASE_URL": fake_model.base_url, "OPENAI_API_KEY": "none"}
    ended = await asyncio.to_thread(project.evalgate, "run", timeout=300, **own)
    assert (ended.code, fake_model.calls) == (0, EXAMPLES), ended.text
    model = "fake/small" if through == "evalgate" else "small"
    for name, outcome in outcomes(project).items():
        (used,) = outcome.usage
        assert (used.model, used.input_tokens, used.output_tokens, used.calls) == (model, 900, 100, 1)
        question = word(int(name[1:]))
        assert [each["content"] for each in outcome.messages] == [question, question]
