"""A judge of pairs over the real transport: both orders, ties, votes, answers that are none, and what it costs."""

from __future__ import annotations

import os

import pytest

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.evaluators.registry import build
from evalgate.records import ErrorKind, Failure
from evalgate.suite.evaluators import Evaluator
from tests.fake_model import Rule
from tests.unit.evaluators.conftest import subject
from tests.unit.evaluators.judge.attacks import ATTACKS, WRONG

FIRST, SECOND, TIE = (f'{{"explanation": "so", "label": "{label}"}}' for label in ("A", "B", "tie"))
FILE = """\
messages:
  - role: user
    content: |
      {{ input.question }}
      One: {{ answer_a }}
      Other: {{ answer_b }}
pairwise: true
"""


@pytest.fixture
def preferred(root, models):
    """Hold one answer against others; the model is `fake/m` unless the config says otherwise."""

    async def made(ours, *theirs, config=None, samples=None):
        given = Evaluator.model_validate({"judge": "preference", "model": "fake/m", **(config or {})})
        judge = build(given, root=root, environ=os.environ, models=models)
        await judge.start()
        return await judge.prefer(_run(ours), [_run(each, f"r{n}") for n, each in enumerate(theirs, 1)])

    return made


def _run(answer, sample="r1"):
    failed = answer if isinstance(answer, Failure) else None
    run = subject(None if failed else answer, failure=failed)
    return type(run)(example=run.example, sample=sample, outcome=run.outcome)


@pytest.mark.parametrize(
    ("ours", "theirs", "score", "label"),
    [("Paris", "Lyon", 1.0, "candidate"), ("Lyon", "Paris", 0.0, "baseline"), ("Paris", "It is Paris", 0.5, "tie")],
)
async def test_what_holds_in_both_orders_counts(preferred, fake_model, ours, theirs, score, label):
    """Two calls, each answer once A and once B, and neither called by its side."""
    fake_model.rules = [Rule(reply="judge")]
    found = await preferred(ours, theirs)
    assert (found.score, found.label, found.failure) == (score, label, None)
    assert found.metadata["orders"] == [[label, label]]
    asked = [call["body"]["messages"][-1]["content"] for call in fake_model.requests]
    assert len(asked) == 2
    assert sorted(text.index(ours + "</data-") < text.index(theirs + "</data-") for text in asked) == [False, True]
    assert not any("candidate" in text or "baseline" in text for text in asked)


@pytest.mark.parametrize(
    ("reply", "said"),
    [(FIRST, ["candidate", "baseline"]), (SECOND, ["baseline", "candidate"]), (TIE, ["tie", "tie"])],
)
async def test_what_goes_with_the_order_is_a_tie(preferred, fake_model, reply, said):
    """Whatever stands first, or second: the answers themselves do not matter to it."""
    fake_model.rules = [Rule(reply=reply)]
    found = await preferred("one", "other")
    assert (found.score, found.label, found.metadata["orders"]) == (0.5, "tie", [said])


@pytest.mark.parametrize("vote", ["majority", "mean"])
@pytest.mark.parametrize("replies", [("judge",), (FIRST,), ("judge", TIE), ("judge", FIRST), ("judge", TIE, SECOND)])
async def test_sides_that_swap_their_answers_swap_their_scores(preferred, fake_model, replies, vote):
    """What the joint test needs: nothing in it, a vote's draw neither, is kinder to one side."""
    models = [f"fake/m{n}" for n, _ in enumerate(replies)]
    fake_model.rules = [Rule(model=f"m{n}", reply=reply) for n, reply in enumerate(replies)]
    config = {"model": models, "vote": vote}
    there, back = await preferred("Paris", "Lyon", config=config), await preferred("Lyon", "Paris", config=config)
    assert there.score + back.score == pytest.approx(1)
    assert {there.label, back.label} in ({"candidate", "baseline"}, {"tie"})


async def test_answers_that_are_the_same_are_a_tie_that_nobody_is_asked_about(preferred, fake_model):
    found = await preferred("Paris", "Paris")
    assert (found.score, found.label, fake_model.calls) == (0.5, "tie", 0)
    assert found.explanation == "the answers are the same"


FAILED = Failure(kind=ErrorKind.TASK, type="ValueError", message="no")


@pytest.mark.parametrize(
    ("ours", "theirs", "score"),
    [(None, "Paris", 0.0), ("Paris", None, 1.0), (None, None, 0.5), (FAILED, "x", 0.0), ("x", FAILED, 1.0)],
)
async def test_a_side_without_an_answer_loses_and_nobody_is_asked(preferred, fake_model, ours, theirs, score):
    """On both sides alike."""
    assert (await preferred(ours, theirs)).score == score
    assert fake_model.calls == 0


async def test_against_several_answers_the_score_is_the_mean(preferred, fake_model):
    """As at a screen; a pair of another run is a draw of its own though its answers be the same."""
    fake_model.rules = [Rule(reply="judge")]
    found = await preferred("Lyon", "Paris", "Lyon", "Paris")
    assert found.score == pytest.approx(0.5 / 3)
    assert found.metadata["preferred"] == ["baseline", "tie", "baseline"]
    assert fake_model.calls == 4


async def test_a_judge_that_says_nothing_is_an_error_and_no_score(preferred, fake_model):
    """Asked once more in each order, then missing."""
    fake_model.rules = [Rule(reply='{"label": "candidate"}')]
    found = await preferred("one", "other")
    assert (found.score, found.failure.kind) == (None, ErrorKind.EVALUATOR)
    assert "the judge gave no verdict, asked twice" in found.failure.message
    assert fake_model.calls == 4


async def test_a_provider_that_is_away_is_asked_again_when_the_build_goes_on(preferred, fake_model):
    fake_model.rules = [Rule(fault="status", status=401)]
    assert (await preferred("one", "other")).failure.kind is ErrorKind.INFRASTRUCTURE


async def test_a_prompt_of_the_users_own(preferred, fake_model, root):
    """With the answers as A and B, and what input_mapping calls the answer."""
    (root / "which.yaml").write_text(FILE)
    fake_model.rules = [Rule(reply="judge")]
    config = {"judge": "which.yaml", "input_mapping": {"output": "output.text"}}
    found = await preferred({"text": "Lyon", "id": 1}, {"text": "Paris", "id": 2}, config=config)
    assert found.label == "baseline"
    prompt = fake_model.requests[0]["body"]["messages"][-1]["content"]
    assert prompt.endswith("The labels:\n- A: Answer A is better.\n- B: Answer B is better.\n- tie: Neither is better.")


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (FILE.replace("answer_b", "output"), "which.yaml:2:3: a pairwise judge that is not shown answer_b"),
        (FILE.replace("One:", "{{ output }}"), "a pairwise judge has two answers, and `output` is that of one side"),
    ],
)
async def test_a_prompt_that_shows_one_side_is_refused(preferred, root, file, says):
    (root / "which.yaml").write_text(file)
    with pytest.raises(CandidateError) as caught:
        await preferred("one", "other", config={"judge": "which.yaml"})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"direction": "minimize"}, "so direction means nothing to it"),
        ({"scores": {"candidate": 2}}, "so scores means nothing to it"),
        ({"input_mapping": {"input": "context"}}, "context, which input_mapping names for input, is of one of them"),
    ],
)
async def test_what_would_favour_a_side_is_refused(preferred, config, says):
    with pytest.raises(ConfigurationError) as caught:
        await preferred("one", "other", config=config)
    assert says in str(caught.value)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_answer_that_gives_orders_wins_nothing(preferred, fake_model, attack):
    """Whichever side gives them, and whichever of the labels it orders."""
    fake_model.rules = [Rule(reply="judge")]
    for wanted in ("A", "B"):
        hostile = WRONG + ATTACKS[attack](wanted)
        assert (await preferred(hostile, "Paris")).label == "baseline"
        assert (await preferred("Paris", hostile)).label == "candidate"
