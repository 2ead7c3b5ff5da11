"""Cost, tokens and latency from real tasks: what they return, what evalgate clocks, and what the gate makes of it."""

import yaml

from evalgate.records import Verdict
from evalgate.report.console import Console
from evalgate.report.terminal import render_terminal
from evalgate.suite.checks import Unmeasurable
from tests.integration.build import measured

TASK = """
import time
from evalgate import Result

def answer(input):
    number = 100 + 13 * (input["q"] % 7)
    used = USED
    time.sleep(SLEEP)
    return Result({"answer": input["q"] * 2}, usage=used)
"""
USED = '[{"model": "m", "input_tokens": TOKENS, "output_tokens": 10, "cost": TOKENS * 2e-6}]'
CHECKS = {"exact_match": {"report_only": True}}


def task(tokens="number", *, used=USED, sleep="0"):
    return TASK.replace("USED", used.replace("TOKENS", tokens)).replace("SLEEP", sleep)


async def ran(project, journal, candidate, baseline, **checks):
    project.examples = 40
    project.write("v2/app.py", candidate)
    project.write("v1/app.py", baseline)
    project.suite = {"checks": {**CHECKS, **checks}}
    return await measured(project.prepare(), journal)


async def test_a_dearer_prompt_fails_and_its_tokens_too(project, journal):
    """40 % more input tokens, and the price with them."""
    build = await ran(
        project,
        journal,
        task("int(number * 1.4)"),
        task(),
        cost={"no_regression": {"allow_increase": 0.10}},
        tokens={"no_regression": {"allow_increase": 0.10}},
    )
    assert build.decision.verdict is Verdict.FAIL
    cost, tokens = build.check("cost"), build.check("tokens")
    assert cost.rules[0].reason.startswith(
        "Cost per answer rose 40 % against v1/app.py:answer (40 to 47 %); 10 % is allowed. 40 of 40 examples cost more,"
        " none less; in all, $0.011 became $0.0153 (+40 %)."
    )
    assert tokens.rules[0].reason.startswith("Tokens per answer rose 37 %")
    assert cost.ratio is not None
    assert cost.ratio.baseline is not None
    assert cost.ratio.baseline.count == 40
    text = " ".join(render_terminal(build.report, Console(width=100)).split())
    assert " cost $0.000275 $0.000384 +40 %, worse" in text


async def test_a_task_that_tells_no_cost_is_not_free(project, journal):
    """Tokens are known, dollars are not."""
    silent = '[{"model": "m", "input_tokens": TOKENS, "output_tokens": 10}]'
    build = await ran(
        project,
        journal,
        task(used=silent),
        task(),
        cost={"no_regression": {}, "at_most": 0.01},
        tokens={"no_regression": {}},
    )
    cost = build.check("cost")
    assert [(rule.rule, rule.verdict, rule.unmeasurable) for rule in cost.rules] == [
        ("no_regression", Verdict.UNMEASURABLE, Unmeasurable.ERRORS),
        ("at_most", Verdict.UNMEASURABLE, Unmeasurable.ERRORS),
    ]
    assert build.check("tokens").verdict is Verdict.PASS
    assert build.decision.verdict is Verdict.UNMEASURABLE


async def test_a_task_that_tells_nothing_has_unknown_tokens_and_one_without_a_model_none(project, journal):
    build = await ran(project, journal, task(used="None"), task(used="None"), tokens={"no_regression": {}})
    assert (
        build.check("tokens")
        .rules[0]
        .reason.startswith(
            "Nobody counted the tokens of 40 of 40 answers of the candidate and 40 of 40 answers of v1/app.py:answer"
        )
    )
    (project.folder / "v1/app.py").unlink()
    (project.folder / "v2/app.py").unlink()
    (project.folder / "evalgate.yaml").unlink()
    free = await ran(project, journal, task(used="[]"), task(used="[]"), cost={"no_regression": {}})
    assert free.check("cost").rules[0].reason == "No answer of either side cost anything."


async def test_a_slower_task_fails_by_the_clock(project, journal):
    """Three times as slow: latency is measured, not told."""
    build = await ran(
        project, journal, task(sleep="0.06"), task(sleep="0.02"), latency={"no_regression": {"allow_increase": 0.5}}
    )
    latency = build.check("latency")
    assert latency.verdict is Verdict.FAIL
    assert latency.rules[0].reason.startswith("Time per answer rose ")
    assert latency.baseline_mean is not None
    assert 0.02 <= latency.baseline_mean < 0.06


async def test_a_stored_baselines_cost_gates_and_its_latency_is_shown(project, journal):
    """The copied rows keep what they cost."""
    first = await ran(project, journal, task(), task(), cost={"at_most": 1})
    config = project.folder / "evalgate.yaml"
    declared = yaml.safe_load(config.read_text())
    suite = declared["suites"]["doubling"]
    suite["baseline"] = f"build:{first.ended.build}"
    suite["checks"] |= {"cost": {"no_regression": {}}, "latency": {"no_regression": {}, "report_only": True}}
    config.write_text(yaml.safe_dump(declared, sort_keys=False))
    project.write("v2/app.py", task("number * 2"))
    second = await measured(project, journal)
    assert second.check("cost").verdict is Verdict.FAIL
    latency = second.check("latency")
    assert (latency.gating, latency.rules[0].unmeasurable) == (False, Unmeasurable.CACHED)
    assert latency.baseline_mean is not None
    assert second.decision.verdict is Verdict.FAIL


async def test_runs_that_failed_are_in_no_pair(project, journal):
    """Two crash after they were paid for: 38 pairs, and the mean is of those that answered."""
    crash = task().replace("    used =", "    if input['q'] in (3, 5): raise ValueError('no')\n    used =")
    build = await ran(project, journal, crash, task(), cost={"no_regression": {}})
    cost = build.check("cost")
    assert cost.comparison is not None
    assert (cost.comparison.pairs, cost.missing.candidate_errors) == (38, 2)
    assert cost.verdict is Verdict.PASS
    assert "Compared on 38 of 40 examples" in cost.rules[0].reason
