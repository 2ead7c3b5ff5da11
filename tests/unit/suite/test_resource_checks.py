"""Checks of cost, tokens and latency in the config: what can be asked, and what each mistake is answered with."""

from pathlib import Path

import jsonschema
import pytest

from evalgate.suite.json_schema import config_schema
from tests.unit.suite.test_loading import load, refusals

HEAD = """\
suites:
  support:
    dataset: data.jsonl
    task: {python: answer.py:answer}
    evaluators: [EVALUATORS]
    baseline: BASELINE
    checks:
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "data.jsonl").write_text('{"id": "1", "input": {}}\n')
    (tmp_path / "answer.py").write_text("def answer(input): ...\n")
    (tmp_path / "old.py").write_text("def answer(input): ...\n")
    return tmp_path


def config(*checks: str, evaluators: str = "exact_match", baseline: str = "{task: {python: old.py:answer}}") -> str:
    lines = "".join(f"      {check}\n" for check in checks)
    return HEAD.replace("EVALUATORS", evaluators).replace("BASELINE", baseline) + lines


def test_the_names_need_no_evaluator(home):
    loaded = load(
        home,
        config(
            "exact_match: {no_regression: {rule_out_drop: 0.05}}",
            "cost: {no_regression: {allow_increase: 0.2, slices: [metadata.lang]}, at_most: 0.002}",
            "tokens: {improves: {by: 0.30}}",
            "latency: {report_only: true}",
        ),
    )
    suite = loaded.config.suites["support"]
    assert list(suite.scored_checks) == ["exact_match"]
    assert [(name, str(resource)) for name, (resource, _) in suite.resource_checks.items()] == [
        ("cost", "cost"),
        ("tokens", "tokens"),
        ("latency", "latency"),
    ]
    keys = [key for key in loaded.origins if "no_regression" in key]
    base = "suites.support.checks"
    assert keys == [
        f"{base}.exact_match.no_regression.rule_out_drop",
        f"{base}.exact_match.no_regression.ignore_drop_under",
        f"{base}.cost.no_regression.allow_increase",
        f"{base}.cost.no_regression.slices[0].path",
        f"{base}.cost.no_regression.slices[0].required",
    ]


def test_each_rule_that_means_nothing_is_refused_with_the_one_that_does(home):
    said = refusals(
        home,
        config(
            "exact_match: {no_regression: {allow_increase: 0.1}}",
            "cost: {no_regression: {rule_out_drop: 0.1, ignore_drop_under: 0.05}}",
            "tokens: {at_least: 5, zero_tolerance: {}}",
            "latency: {at_most: {threshold: 2, mode: evidence}}",
        ),
    )
    score = "is a share of a score's range, and cost has none: say by how much it may rise with allow_increase, such as"
    assert said == [
        (
            "evalgate.yaml:8:37: `allow_increase` is for the checks cost, tokens and latency; exact_match is a "
            "score: say how large a drop must be ruled out with rule_out_drop, such as rule_out_drop: 0.10"
        ),
        f"evalgate.yaml:9:30: `rule_out_drop` {score} allow_increase: 0.10",
        f"evalgate.yaml:9:50: `ignore_drop_under` {score} allow_increase: 0.10",
        (
            "evalgate.yaml:10:16: of tokens less is better, and at_least would fail what is good: use at_most, "
            "in tokens for one answer"
        ),
        (
            "evalgate.yaml:10:29: nothing that one answer takes of tokens is a failure by itself: use at_most, "
            "in tokens for one answer, or no_regression"
        ),
        (
            "evalgate.yaml:11:41: latency has no upper end, so these examples bound its mean in neither "
            "direction: leave `mode` out"
        ),
    ]


@pytest.mark.parametrize("value", ["0", "1.5", "-0.1", "lots"])
def test_an_increase_is_a_share_above_0_and_up_to_1(home, value):
    (said,) = refusals(home, config(f"cost: {{no_regression: {{allow_increase: {value}}}}}"))
    assert said.startswith("evalgate.yaml:8:46: suites.support.checks.cost.no_regression.allow_increase should be ")


def test_a_name_that_two_things_answer_to_is_refused(home):
    """An evaluator that somebody adds must not change in silence what a check means."""
    (said,) = refusals(home, config("latency: {at_most: 2}", evaluators="exact_match, latency: {max: 2}"))
    assert said == (
        "evalgate.yaml:8:7: the check `latency` could mean the evaluator of that name or the latency that "
        "every run has by itself: give the evaluator a `name:` of its own, or take it out of `evaluators` (the "
        "first stands at 5:31)"
    )
    named = "exact_match, {latency: {max: 2}, name: in_time}"
    checks = load(home, config("latency: {at_most: 2}", "in_time: {at_least: 0.9}", evaluators=named))
    assert list(checks.config.suites["support"].scored_checks) == ["in_time"]


def test_latency_is_not_gated_against_a_stored_baseline(home):
    (said,) = refusals(home, config("latency: {no_regression: {}}", baseline="build:latest"))
    assert said == (
        "evalgate.yaml:8:17: no_regression of latency compares times of one build, and the baseline 'build:latest' is"
        " stored: set `baseline:` to {task: …}, or say report_only: true"
    )
    for check in ("latency: {at_most: 2}", "cost: {no_regression: {}}"):
        load(home, config(check, baseline="build:latest"))
    shown = "latency: {no_regression: {}, report_only: true}"
    load(home, config(shown, "exact_match: {at_least: 1}", baseline="build:latest"))


def test_a_comparison_needs_a_baseline_and_an_improvement_a_fresh_one(home):
    assert (
        "no_regression compares with a baseline" in refusals(home, config("cost: {no_regression: {}}", baseline="~"))[0]
    )
    assert "improves needs both sides fresh" in refusals(home, config("cost: {improves: 0.3}", baseline="build:1"))[0]


def test_a_name_near_to_one_of_them_is_answered_with_it(home):
    (said,) = refusals(home, config("tokens: {at_most: 5}", "latancy: {at_most: 2}"))
    assert said == "evalgate.yaml:9:7: the check `latancy` is about no evaluator: did you mean `latency`?"


def test_the_page_shows_a_config_that_loads(home):
    page = (Path(__file__).parents[3] / "docs" / "cost-and-latency.md").read_text("utf-8")
    block = page.split("```yaml\nchecks:\n")[1].split("```")[0].replace("correctness", "exact_match")
    lines = [line.strip() for line in block.splitlines()]
    checks = load(home, config(*lines)).config.suites["support"].checks
    assert list(checks) == ["exact_match", "cost", "tokens", "latency"]


@pytest.mark.parametrize(
    ("check", "rules", "valid"),
    [
        ("cost", {"no_regression": {"allow_increase": 0.1, "slices": ["metadata.lang"]}}, True),
        ("cost", {"improves": 0.3, "at_most": 0.002}, True),
        ("cost", {"no_regression": {"rule_out_drop": 0.1}}, False),
        ("latency", {"zero_tolerance": {}}, False),
        ("tokens", {"at_least": 3}, False),
        ("exact_match", {"no_regression": {"allow_increase": 0.1}}, False),
        ("exact_match", {"no_regression": {"rule_out_drop": 0.1}}, True),
    ],
)
def test_editors_are_told_the_same(check, rules, valid):
    whole = {
        "dataset": "data.jsonl",
        "task": {"python": "app.py:answer"},
        "evaluators": ["exact_match"],
        "checks": {check: rules},
    }
    validator = jsonschema.Draft202012Validator(config_schema())
    assert validator.is_valid({"suites": {"s": whole}}) is valid
