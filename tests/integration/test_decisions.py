"""From rows to verdicts: redraws, repetitions, clusters, stored baselines, several suites, evaluators that break."""

import sys

import pytest
import yaml

from evalgate.gate.request import Wanted
from evalgate.gate.resume import resumable
from evalgate.journal.transfer import export_build
from evalgate.records import Side, Verdict
from tests.e2e.project import TASK
from tests.integration.build import SUITE, measured

COUNTED = """
import os
def answer(input):
    path = os.path.join(os.path.dirname(__file__), f"drawn-{input['q']}")
    with open(path, "a") as file:
        file.write("x")
    draw = os.path.getsize(path)
    wrong = input["q"] == 3 and WHEN
    return {"answer": input["q"] * 2 + (1 if wrong else 0)}
"""
"""Counts the draws of each example; `WHEN` says in which of them e3 is wrong."""
ZERO = {"checks": {"exact_match": {"zero_tolerance": {}}}}
RIGHT = "    return {'answer': input['q'] * 2}\n"
WRONG_ON_ODD = TASK.replace("* 2", "* 2 + input['q'] % 2")


async def flaky(project, journal, *, candidate, baseline, **suite):
    """Run zero_tolerance with e3 wrong when each side's expression says so."""
    project.write("v2/app.py", COUNTED.replace("WHEN", candidate))
    project.write("v1/app.py", COUNTED.replace("WHEN", baseline))
    project.suite = {**ZERO, **suite}
    build = await measured(project.prepare(), journal)
    (rule,) = build.check().rules
    return build, rule


async def test_a_failure_that_does_not_come_again_passes(project, journal):
    """e3 fails once, is drawn once more on both sides, and passes: nothing failed twice."""
    build, rule = await flaky(project, journal, candidate="draw == 1", baseline="False")
    for side in Side:
        assert {run for run in build.runs(side) if run[1] == "again1"} == {("e3", "again1")}
    assert (rule.verdict, rule.example_ids) == (Verdict.PASS, ())


async def test_a_failure_that_comes_again_fails(project, journal):
    """Twice wrong where the baseline is right: FAIL, and the example is named."""
    _, rule = await flaky(project, journal, candidate="True", baseline="False")
    assert (rule.verdict, rule.example_ids) == (Verdict.FAIL, ("e3",))


async def test_a_failure_that_the_baseline_has_too_is_known(project, journal):
    """Both sides fail twice: it is shown and blocks nothing."""
    build, rule = await flaky(project, journal, candidate="True", baseline="True")
    assert build.scores(Side.BASELINE)["e3", "again1", "exact_match"] == 0.0
    assert (rule.verdict, rule.example_ids) == (Verdict.PASS, ())


async def test_a_baseline_that_fails_once_only_does_not_excuse(project, journal):
    """The candidate fails twice, the baseline once of two: FAIL."""
    _, rule = await flaky(project, journal, candidate="True", baseline="draw == 1")
    assert (rule.verdict, rule.example_ids) == (Verdict.FAIL, ("e3",))


@pytest.mark.parametrize(
    ("lost", "side"),
    [("run", Side.BASELINE), ("run", Side.CANDIDATE), ("evaluation", Side.BASELINE), ("evaluation", Side.CANDIDATE)],
)
async def test_a_kill_between_two_second_draws_changes_no_verdict(project, journal, lost, side):
    """What one side lacks of its second draw is drawn or scored on resume, and nothing else."""
    task = {"python": "v2/app.py:answer", "interpreter": sys.executable, "inputs": ["v*/app.py"], "timeout": 20}
    build, rule = await flaky(project, journal, candidate="True", baseline="draw == 1", task=task)
    tables = ("run", "evaluation") if lost == "run" else ("evaluation",)
    for table in tables:
        journal._db.execute(
            f"DELETE FROM {table} WHERE sample = 'again1' AND experiment = ?", (build.experiment(side).id,)
        )
    journal._db.execute("UPDATE build SET status = 'running'")
    again = await measured(project, journal, Wanted(resume=resumable(journal)))
    assert again.check().rules == (rule,)
    assert rule.verdict is Verdict.FAIL
    draws = [(project.folder / version / "drawn-3").stat().st_size for version in ("v2", "v1")]
    assert sum(draws) == (5 if lost == "run" else 4)


async def test_repetitions_are_draws_of_their_own(project, journal):
    """Three samples of each example on both sides, each drawn for real."""
    project.write("v2/app.py", COUNTED.replace("WHEN", "draw == 2"))
    project.suite = {"repetitions": 3}
    build = await measured(project.prepare(), journal)
    assert build.runs() == {(f"e{n}", f"r{k}") for n in range(12) for k in (1, 2, 3)}
    assert sorted(score for (id_, *_), score in build.scores().items() if id_ == "e3") == [0.0, 1.0, 1.0]
    check = build.check()
    assert check.comparison is not None
    assert check.comparison.pairs == 12
    assert check.candidate_mean is not None
    assert abs(check.candidate_mean - 35 / 36) < 1e-12


async def test_a_cluster_is_one_unit(project, journal):
    """Six examples that broke are one cluster that broke: too little to fail on."""
    project.write("v2/app.py", WRONG_ON_ODD)
    alone = await measured(project.prepare(), journal)
    config = project.folder / "evalgate.yaml"
    config.write_text(config.read_text().replace("evaluators:", "cluster: metadata.parity\n    evaluators:", 1))
    together = await measured(project, journal)
    first, second = alone.check().comparison, together.check().comparison
    assert first is not None
    assert second is not None
    assert (first.changed, second.changed) == (6, 1)
    assert alone.decision.verdict is Verdict.FAIL
    assert together.decision.verdict is not Verdict.FAIL


async def test_a_stored_build_is_the_baseline(project, journal):
    """The rows are copied: the exported file may go, and deciding again needs none of it."""
    first = await measured(project.prepare(), journal)
    kept = project.folder / "kept.db"
    export_build(journal.path, first.ended.build, kept)
    config = project.folder / "evalgate.yaml"
    written = yaml.safe_load(config.read_text())
    written["suites"][SUITE]["baseline"] = "file:kept.db"
    config.write_text(yaml.safe_dump(written))
    project.write("v2/app.py", WRONG_ON_ODD)
    build = await measured(project, journal)
    kept.unlink()
    assert build.experiment(Side.BASELINE).stored
    assert build.scores(Side.BASELINE) == first.scores(Side.CANDIDATE)
    assert build.decision.verdict is Verdict.FAIL
    assert build.report.build.exit_code == 1


async def test_two_suites_on_one_dataset_are_one_family(project, journal):
    """Each has its rows; their comparisons are corrected together; the build is the worse of them."""
    project.write("v3/app.py", WRONG_ON_ODD)
    config = project.prepare().folder / "evalgate.yaml"
    written = yaml.safe_load(config.read_text())
    suite = written["suites"][SUITE]
    written["suites"]["odd"] = {**suite, "task": {**suite["task"], "python": "v3/app.py:answer"}}
    config.write_text(yaml.safe_dump(written))
    build = await measured(project, journal)
    assert {each.name: each.verdict for each in build.decision.suites} == {SUITE: Verdict.PASS, "odd": Verdict.FAIL}
    assert build.decision.verdict is Verdict.FAIL
    assert build.decision.columns == 2
    assert build.runs(suite="odd") == build.runs()
    assert build.experiment(suite="odd").dataset == build.experiment().dataset


async def test_an_evaluator_whose_worker_dies_is_a_missing_score(project, journal):
    """The process ends on one answer: that evaluation failed, the others are scored by another process."""
    project.write(
        "evals.py",
        "import os\ndef checked(output):\n    if output['answer'] == 6:\n        os._exit(3)\n    return 1.0\n",
    )
    project.suite = {
        "evaluators": [{"python": "evals.py:checked", "interpreter": sys.executable}],
        "checks": {"checked": {"at_least": 0.5}},
        "baseline": None,
    }
    build = await measured(project.prepare(), journal)
    failed = [key for key, score in build.scores().items() if score is None]
    assert failed == [("e3", "r1", "checked")]
    (tally,) = build.report.suites[0].errors
    assert (tally.evaluator, tally.count) == ("checked", 1)
    assert build.decision.verdict is Verdict.PASS  # one missing answer is always let through


async def test_a_crashed_answer_is_the_worst_score_of_each_check(project, journal):
    """The task raised: no evaluation is made, and the example counts as 0 on that side."""
    project.write("v2/app.py", "def answer(input):\n    if input['q'] < 6:\n        raise KeyError('q')\n" + RIGHT)
    build = await measured(project.prepare(), journal)
    assert len(build.scores()) == 6
    check = build.check()
    assert (check.candidate_mean, check.baseline_mean) == (0.5, 1.0)
    assert check.missing.candidate_errors == 6
    assert build.decision.verdict is Verdict.FAIL


async def test_what_was_recorded_before_a_stop_is_not_done_again(project, journal):
    """A build without some of its rows goes on: what has no answer is drawn, what has no score is scored."""
    project.write("v2/app.py", COUNTED.replace("WHEN", "False"))
    project.suite = {
        "task": {
            "python": "v2/app.py:answer",
            "interpreter": sys.executable,
            "workers": 1,
            "timeout": 20,
            "inputs": ["v*/app.py"],
        }
    }
    whole = await measured(project.prepare(), journal)
    experiment = whole.experiment().id
    journal._db.execute("DELETE FROM run WHERE experiment = ? AND example_id > 'e5'", (experiment,))
    journal._db.execute("DELETE FROM evaluation WHERE experiment = ? AND example_id > 'e3'", (experiment,))
    journal._db.execute("UPDATE build SET status = 'running'")
    before = whole.scores(Side.BASELINE)
    again = await measured(project, journal, Wanted(resume=resumable(journal)))
    assert again.ended == whole.ended
    assert again.runs() == {(f"e{n}", "r1") for n in range(12)}
    assert set(again.scores().values()) == {1.0}
    assert again.scores(Side.BASELINE) == before
    draws = {n: (project.folder / "v2" / f"drawn-{n}").stat().st_size for n in range(12)}
    assert draws == {n: 2 if 5 < n < 10 else 1 for n in range(12)}
    assert again.report.build.resumed == 1
