"""From real builds in a journal to what is compared: like with like, and what is not said."""

import json
from dataclasses import replace

import pytest

from evalgate.decision.contest_results import Claim
from evalgate.decision.several import compare_several
from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.gate.contest import Asked, make_contest
from evalgate.gate.gather import Source
from evalgate.gate.recorded import entrant
from evalgate.gate.request import Wanted
from evalgate.records import Side
from tests.e2e.project import golden
from tests.integration.build import SUITE, measured

COUNTED = """
class Result:
    evalgate_result = True
    context = messages = tool_calls = steps = trace_id = None
    def __init__(self, output, usage):
        self.output, self.usage = output, usage

def answer(input):
    q = input["q"]
    used = [{"model": "m", "input_tokens": 90 + q, "output_tokens": 10, "cost": COST}]
    return Result({"answer": 2 * q if q >= WRONG else -1}, used)
"""


def counted(cost, wrong=0):
    """A task that is wrong for the first few and says what it used."""
    return COUNTED.replace("COST", str(cost)).replace("WRONG", str(wrong))


@pytest.fixture
def alone(project):
    """A project whose suite is compared with nothing."""
    project.suite = {"checks": {"exact_match": {"at_least": 0.1}}, "baseline": ...}
    return project.prepare()


async def build(project, journal, task=None, **suite):
    """Run a build with this task; `suite` changes the config."""
    if task is not None:
        project.write("v2/app.py", task)
    if suite:
        project.suite = {**project.suite, **suite}
        (project.folder / "evalgate.yaml").unlink()
        project.prepare()
    return (await measured(project, journal)).ended.build


def entered(journal, *builds, side=Side.CANDIDATE):
    return [entrant(Source(journal=journal, build=each), side, name=f"b{each}", address=str(each)) for each in builds]


def compared(journal, *builds, **asked):
    return compare_several(make_contest(entered(journal, *builds), Asked(**asked)))


async def test_builds_of_three_tasks(alone, journal):
    """Levels, costs, tokens and claims are those of the runs that are recorded."""
    alone.examples = 40
    (alone.folder / "golden.jsonl").write_text(golden(40))
    # Sources of three sizes: Python takes one of equal size and second for the one that it has compiled.
    tasks = (counted("0.002", 4), counted("0.0010", 0), counted("0", 20))
    builds = [await build(alone, journal, task) for task in tasks]
    result = compared(journal, *builds)
    (suite,) = result.suites
    first, second, third = suite.contenders
    assert (suite.examples, suite.metric, suite.repetitions) == (40, "exact_match", 1)
    assert [each.levels[0].mean for each in suite.contenders] == [0.9, 1.0, 0.5]
    assert (first.taken.cost, first.taken.cost_per_run) == pytest.approx((0.08, 0.002))
    assert second.taken.tokens_per_run == pytest.approx(100 + 19.5)
    assert third.taken.cost == 0
    assert first.label.startswith("v2/app.py:answer (build 1, 20")
    assert [pair.checks[0].claim for pair in suite.pairs] == [Claim.AS_GOOD, Claim.WORSE]
    assert (first.by_cost.behind, second.by_cost.behind, third.by_cost.behind) == ("b2", None, None)


async def test_a_task_that_counts_nothing_has_no_cost(alone, journal):
    """Unknown, not free; and what failed is in no figure."""
    silent = "def answer(input):\n    assert input['q'] != 3\n    return {'answer': input['q'] * 2}\n"
    builds = [await build(alone, journal, counted(0.001)), await build(alone, journal, silent)]
    taken = compared(journal, *builds).suites[0].contenders[1].taken
    assert (taken.runs, taken.errors, taken.answered) == (12, 1, 11)
    assert (taken.cost, taken.unpriced, taken.tokens, taken.uncounted) == (None, 11, None, 11)


async def test_both_sides_of_one_build(project, journal):
    """The baseline of a build is a contender like any other."""
    project.write("v1/app.py", "def answer(input):\n    return {'answer': 0}\n")
    project.prepare()
    made = await build(project, journal)
    both = [*entered(journal, made), *entered(journal, made, side=Side.BASELINE)]
    both[1] = replace(both[1], name="base")
    suite = compare_several(make_contest(both, Asked())).suites[0]
    assert [(each.name, each.levels[0].mean) for each in suite.contenders] == [
        ("b1", 1.0),
        ("base", pytest.approx(1 / 12)),
    ]
    assert suite.contenders[1].label.startswith("v1/app.py:answer (the baseline of build 1,")


async def test_examples_that_say_the_same_are_compared(alone, journal):
    """One was edited, one added, one removed: eleven are left, and that is said."""
    builds = [await build(alone, journal)]
    lines = (alone.folder / "golden.jsonl").read_text().splitlines()
    edited = json.loads(lines[5]) | {"input": {"q": 500}}
    added = json.loads(lines[5]) | {"id": "new"}
    (alone.folder / "golden.jsonl").write_text(
        "\n".join([*lines[1:5], json.dumps(edited), *lines[6:], json.dumps(added)])
    )
    builds.append(await build(alone, journal))
    (suite,) = compared(journal, *builds).suites
    assert suite.examples == 10
    assert " ".join(suite.notes) == (
        "They did not all answer the same dataset: 10 examples of up to 12 say the same in all of them and are"
        " compared, the others are left out."
    )
    assert suite.contenders[0].taken.runs == 10


async def test_another_dataset_is_left_out_and_said(alone, journal):
    """With it alone nothing is comparable, beside others it is left out."""
    builds = [await build(alone, journal), await build(alone, journal)]
    (alone.folder / "golden.jsonl").write_text(golden(12).replace('"e', '"other'))
    other = await build(alone, journal)
    result = compared(journal, *builds, other)
    reason = "It answered other examples: none of its 12 is one of b1."
    assert [(left.name, left.suite, left.reason) for left in result.left_out] == [("b3", SUITE, reason)]
    assert len(result.suites[0].contenders) == 2
    with pytest.raises(MeasurementError, match=r"nothing can be compared with b1\. b3: It answered other examples"):
        compared(journal, builds[0], other)


async def test_another_evaluator_is_left_out_and_said(alone, journal):
    """The metric's own makes a contender incomparable, another check's makes the check so."""
    both = [{"exact_match": {"path": "answer"}}, {"regex": {"path": "answer", "pattern": "[0-9]"}, "name": "number"}]
    checks = {"exact_match": {"at_least": 0.1}, "number": {"at_least": 0.1}}
    first = await build(alone, journal, evaluators=both, checks=checks)
    other = [both[0], {"regex": {"path": "answer", "pattern": "[0-9]+"}, "name": "number"}]
    second = await build(alone, journal, evaluators=other)
    result = compared(journal, first, second)
    assert [check.name for check in result.suites[0].checks] == ["exact_match"]
    assert result.suites[0].notes == (
        "number is left out: not everybody was scored by the same evaluator (b2 differs).",
    )
    with pytest.raises(MeasurementError, match="Its number was scored by another evaluator than that of b1"):
        compared(journal, first, second, metric="number")


async def test_unequal_repetitions_compare_the_first_answers(alone, journal):
    """Means, runs and costs are of what is compared."""
    once = await build(alone, journal, counted(0.001))
    thrice = await build(alone, journal, counted(0.001), repetitions=3)
    (suite,) = compared(journal, thrice, once).suites
    assert suite.repetitions == 1
    assert suite.notes == ("b2 answered more often: of each example, the first answer of each is compared.",)
    assert [each.taken.runs for each in suite.contenders] == [12, 12]


async def test_samples_and_interrupted_builds_are_left_out(alone, journal):
    """They say nothing of the whole; as the chosen one they end the comparison."""
    builds = [await build(alone, journal), await build(alone, journal)]
    sample = (await measured(alone, journal, Wanted(limit=3))).ended.build
    begun = journal.create_build(replace(journal.build(1), id=0))
    result = compared(journal, *builds, sample, begun)
    assert [(left.name, left.reason) for left in result.left_out] == [
        ("b3", "Build 3 is a sample (--limit 3): what it leaves out could turn the comparison."),
        ("b4", "Build 4 was interrupted: a part of it says nothing of the whole."),
    ]
    with pytest.raises(MeasurementError, match="b3, which the others are compared with, cannot be compared: build 3"):
        compared(journal, sample, *builds)


async def test_no_common_suite(alone, journal):
    """Nothing is comparable, and whose suite it is that is missing is said."""
    first = await build(alone, journal)
    config = alone.folder / "evalgate.yaml"
    config.write_text(config.read_text().replace("doubling:", "halving:"))
    second = await build(alone, journal)
    with pytest.raises(MeasurementError, match="b2: It has no suite doubling"):
        compared(journal, first, second)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"against": "b9"}, "--against b9 is none of those to compare"),
        ({"suites": ("halving",)}, "none of those to compare has a suite halving"),
        ({"metric": "speed"}, "the suite doubling has no gating check speed"),
    ],
)
async def test_names_that_mean_nothing_are_refused(alone, journal, asked, said):
    """With what there is."""
    builds = [await build(alone, journal), await build(alone, journal)]
    with pytest.raises(ConfigurationError, match=said):
        compared(journal, *builds, **asked)


async def test_the_chosen_one_may_be_any(alone, journal):
    """By name or by how it was asked for; it comes first."""
    builds = [await build(alone, journal), await build(alone, journal, counted(0.1))]
    for against in ("b2", "2"):
        result = compared(journal, *builds, against=against)
        assert [each.name for each in result.suites[0].contenders] == ["b2", "b1"]
    with pytest.raises(ConfigurationError, match="1 is named twice"):
        compared(journal, 1, 1)


async def test_clusters_flip_together(alone, journal):
    """The chosen one's config says what belongs together."""
    builds = [await build(alone, journal, cluster="metadata.parity"), await build(alone, journal, counted(0, 6))]
    (suite,) = compared(journal, *builds).suites
    assert suite.clusters == 2
    assert suite.pairs[0].checks[0].comparison.interval.method == "CR2 t with two imaginary clusters"


async def test_a_judge_that_is_served_elsewhere_is_another_judge(alone, journal, fake_model):
    """Its prompt and model are the same, the endpoint is not: the scores are not compared."""
    judge = {"evaluators": [{"judge": "conciseness", "model": "fake/m"}], "checks": {"conciseness": {"at_least": 0}}}
    with_endpoint = f"endpoints:\n  fake: {{base_url: '{fake_model.base_url}'}}\n"
    builds = []
    for address in (fake_model.base_url, fake_model.base_url.replace("127.0.0.1", "localhost")):
        alone.suite = {**alone.suite, **judge}
        (alone.folder / "evalgate.yaml").unlink()
        alone.prepare()
        config = alone.folder / "evalgate.yaml"
        config.write_text(config.read_text() + with_endpoint.replace(fake_model.base_url, address))
        builds.append((await measured(alone, journal)).ended.build)
    with pytest.raises(MeasurementError, match="Its conciseness was scored by another evaluator"):
        compared(journal, *builds)
