"""A config as a release decides by it: strict without a section, stricter with one, and never looser than a merge."""

from pathlib import Path

import pytest

from evalgate.errors import ErrorGroup
from evalgate.suite.loading import load_config
from evalgate.suite.released import released

CONFIG = """
suites:
  support:
    dataset: golden.jsonl
    task: {python: "app.py:answer"%(env)s}
    evaluators: [{exact_match: {path: answer}}, {regex: {pattern: x}, name: tone}]
    checks:
      exact_match:
        no_regression: {rule_out_drop: 0.1, ignore_drop_under: 0.08}
        at_least: {threshold: 0.8, mode: evidence}
      tone: {report_only: true}
      cost: {no_regression: {allow_increase: 0.2}, at_most: 0.5}
policy: {mode: observe, on_unmeasurable: warn, on_inconclusive: warn, baseline_runs: stored}
"""


@pytest.fixture
def load(tmp_path: Path):
    (tmp_path / "golden.jsonl").write_text('{"id": "a", "input": {}, "output": {}}\n')
    (tmp_path / "app.py").write_text("def answer(input): ...\n")

    def loaded(release: str = "", env: str = "", **environ: str):
        path = tmp_path / "evalgate.yaml"
        path.write_text(CONFIG % {"env": env} + (f"release: {release}\n" if release else ""))
        return load_config(path, environ=environ, overrides={}).config

    return loaded


def test_without_a_section_nothing_is_let_through(load):
    config = released(load())
    policy = config.policy
    assert (policy.mode, policy.on_inconclusive, policy.on_unmeasurable) == ("enforce", "fail", "fail")
    assert policy.baseline_runs == "confirm"
    assert config.suites == load().suites


def test_what_is_asked_is_laid_over_the_checks(load):
    asked = (
        "{max_age: 12h, on_inconclusive: warn, checks: {support: {exact_match: {rule_out_drop: 0.05, at_least: 0.9},"
    )
    config = released(
        load(asked + " tone: {at_least: 0.5, rule_out_drop: 0.1}, cost: {allow_increase: 0.1, at_most: 0.4}}}}")
    )
    checks = config.suites["support"].checks
    rule, at_least = checks["exact_match"].no_regression, checks["exact_match"].at_least
    assert rule is not None
    assert at_least is not None
    assert (rule.rule_out_drop, rule.ignore_drop_under, at_least.threshold, at_least.mode) == (
        0.05,
        0.05,
        0.9,
        "evidence",
    )
    assert checks["tone"].gating
    assert checks["tone"].no_regression is not None
    assert checks["cost"].no_regression is not None
    assert checks["cost"].no_regression.allow_increase == 0.1
    assert checks["cost"].at_most is not None
    assert checks["cost"].at_most.threshold == 0.4
    assert (config.release.max_age, config.policy.on_inconclusive) == ("12h", "warn")
    assert config.policy.mode == "enforce"


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("{checks: {support: {exact_match: {rule_out_drop: 0.2}}}}", "a release asks for no less than a merge"),
        ("{checks: {support: {exact_match: {at_least: 0.7}}}}", "at_least is 0.8 for the check itself"),
        ("{checks: {support: {cost: {at_most: 0.6}}}}", "at_most is 0.5"),
        ("{checks: {support: {cost: {allow_increase: 0.3}}}}", "allow_increase is 0.2"),
        ("{checks: {support: {cost: {rule_out_drop: 0.1}}}}", "say allow_increase"),
        ("{checks: {support: {cost: {at_least: 0.1}}}}", "less is better"),
        ("{checks: {support: {exact_match: {allow_increase: 0.1}}}}", "say rule_out_drop"),
        ("{checks: {support: {exact_match: {}}}}", "nothing is asked"),
        ("{checks: {support: {exact_match: {rule_out_drop: 0.1, allow_increase: 0.1}}}}", "say one"),
        ("{checks: {suport: {exact_match: {at_least: 1}}}}", "did you mean `support`?"),
        ("{checks: {support: {ton: {at_least: 1}}}}", "did you mean `tone`?"),
        ("{tag: baseline}", "no release moves it"),
        ("{tag: Production}", "tag"),
        ("{max_age: 7}", "max_age"),
        ("{max_age: 7y}", "is no period"),
        ("{keyenv: X}", "did you mean `key_env`?"),
        ("{key_env: 1X}", "key_env"),
    ],
)
def test_what_is_wrong_has_its_place(load, release, words):
    with pytest.raises(ErrorGroup) as raised:
        load(release)
    assert words in str(raised.value)
    assert "evalgate.yaml:" in str(raised.value)


@pytest.mark.parametrize("env", ['["EVALGATE_*"]', '["*"]', '["EVALGATE_RELEASE_KEY"]'])
def test_no_task_sees_the_key_that_signs(load, env):
    with pytest.raises(ErrorGroup, match="would hand EVALGATE_RELEASE_KEY to the task"):
        load("{key_env: EVALGATE_RELEASE_KEY}", env=f", env: {env}")
    assert load("{key_env: EVALGATE_RELEASE_KEY}", env=', env: ["AWS_*"]').release.key_env


def test_the_environment_reaches_it_as_any_key(load):
    assert load("{max_age: 7d}", EVALGATE_RELEASE__MAX_AGE="12h").release.max_age == "12h"
    assert load("{max_age: 7d}", EVALGATE_RELEASE_KEY="secret").release.max_age == "7d"
