"""What must never be green: each way in which other gates pass on nothing, and what this one says instead."""

import json
import re
import sqlite3
from contextlib import closing

import pytest

from tests.e2e.project import TASK, golden

HALF_WRONG = "def answer(input):\n    return {'answer': input['q'] * 2 + (input['q'] % 2)}\n"


def test_a_real_regression_fails_the_build(project):
    """The gate itself: half of the answers broke; exit 1, and the text says how many and what comes next."""
    project.write("v2/app.py", HALF_WRONG)
    ended = project.prepare().run()
    assert ended.code == 1, ended.text
    assert "20 examples that passed" in ended.text
    assert "evalgate show" in ended.text


def test_an_unchanged_candidate_passes(project):
    """Identical answers: exit 0, and it says that nothing changed rather than that nothing is wrong."""
    ended = project.prepare().run()
    assert ended.code == 0, ended.text
    assert "Nothing changed" in ended.text


def test_an_empty_dataset(project):
    """No examples: exit 4, never 0."""
    project.write("golden.jsonl", "")
    ended = project.prepare().run()
    assert ended.code in {2, 4}
    assert "golden.jsonl" in ended.text


@pytest.mark.parametrize(
    ("suite", "words"),
    [
        ({"evaluators": []}, "evaluators"),
        ({"checks": {}}, "checks"),
        ({"checks": {"exact_match": {"report_only": True}}}, "gates"),
        ({"evaluators": ["json_valid"]}, "exact_match"),
    ],
)
def test_no_evaluator_no_check_or_an_evaluator_removed(project, suite, words):
    """A config that measures nothing is refused with its place, exit 2."""
    project.suite = suite
    ended = project.prepare().run()
    assert ended.code == 2, ended.text
    assert "evalgate.yaml:" in ended.text
    assert words in ended.text


def test_a_gating_check_on_a_score_of_which_neither_way_is_better(project):
    """A length without bounds has no better end: refused before anything runs."""
    project.suite = {"evaluators": ["length"], "checks": {"length": {"no_regression": {}}}}
    ended = project.prepare().run()
    assert ended.code == 2, ended.text
    assert "neither way is better" in ended.text


def test_a_filter_that_matches_nothing(project):
    """-k without a match: exit 4 and the expression."""
    ended = project.prepare().run("-k", "no-such-example")
    assert ended.code == 4, ended.text
    assert "no-such-example" in ended.text


@pytest.mark.parametrize("flags", [("--limit", "5"), ("-k", "parity=even")])
def test_a_partial_run_is_a_sample_without_a_verdict(project, flags):
    """Even when all of it passes: exit 4, worded as a sample."""
    ended = project.prepare().run(*flags)
    assert ended.code == 4, ended.text
    assert "sample" in ended.text
    assert re.search(r"exact_match +100 % +100 % .*no verdict", ended.out)


def test_a_sample_of_nothing_says_so_and_is_not_the_last_that_failed(project):
    """A filter that matches nothing is named; --last-failed then still means the run before it that ran something."""
    project.write("v2/app.py", "def answer(input):\n    return {'answer': 0 if input['q'] == 7 else input['q'] * 2}\n")
    project.prepare().run()
    nothing = project.run("-k", "nowhere")
    assert nothing.code == 4
    assert "nothing was run: -k 'nowhere' selects no example" in nothing.out
    assert "sample (-k 'nowhere')" in project.evalgate("journal", "list").out
    again = project.run("--last-failed")
    assert "1 example," in again.out
    assert "e7" in again.out


@pytest.mark.parametrize(
    "suite",
    [
        {"cluster": "metadata.conversation"},
        {"checks": {"exact_match": {"no_regression": {"slices": ["metadata.parity", "metadata.langauge"]}}}},
    ],
)
def test_a_cluster_or_a_slice_that_no_example_has(project, suite):
    """A path that matches nothing would look like one that found nothing: exit 2, before anything is paid."""
    project.suite = suite
    ended = project.prepare().run()
    assert ended.code == 2, ended.text
    assert suite.get("cluster", "metadata.langauge") in ended.text
    assert "no builds" in project.evalgate("journal", "list").out


def test_a_split_that_matches_nothing(project):
    """The dataset has examples, the split none of them: exit 4."""
    project.suite = {"dataset": {"file": "golden.jsonl", "split": "regression"}}
    ended = project.prepare().run()
    assert ended.code == 4, ended.text
    assert "golden.jsonl" in ended.text


@pytest.mark.parametrize(
    ("rule", "never"), [({"at_least": 80}, "PASS"), ({"at_least": -1}, "FAIL"), ({"at_most": 2}, "FAIL")]
)
def test_a_threshold_that_no_score_can_miss_or_reach(project, rule, never):
    """Outside of the scores a rule decides nothing: exit 2, and which way it would have been stuck."""
    project.suite = {"baseline": None, "checks": {"exact_match": rule}}
    ended = project.prepare().run()
    assert ended.code == 2, ended.text
    assert f"cannot {never}" in ended.text


@pytest.mark.parametrize(
    ("rule", "returned"),
    [
        *(
            ({"no_regression": {}}, returned)
            for returned in ("'good'", "float('nan')", "float('inf')", "[1, 2]", "7", "'1' * 400")
        ),
        *(({rule: value}, "None") for rule, value in (("at_least", 0.0), ("at_most", 1.0), ("zero_tolerance", {}))),
    ],
)
def test_an_evaluator_without_a_usable_score(project, rule, returned):
    """Labels alone, nothing, NaN, infinity, a wrong type, a score outside its range: no rule passes on them."""
    project.examples = 6
    project.write("evals.py", f"def strict(output):\n    return {returned}\n")
    project.suite = {"evaluators": [{"python": "evals.py:strict"}], "checks": {"strict": rule}}
    ended = project.prepare().run()
    assert ended.code == 4, ended.text
    assert "Traceback" not in ended.text


def test_a_dataset_without_expected_answers(project):
    """Nothing to compare with is the evaluator's error on both sides, not an equal score."""
    project.write("golden.jsonl", "".join(f'{{"id": "e{n}", "input": {{"q": {n}}}}}\n' for n in range(20)))
    ended = project.prepare().run()
    assert ended.code == 4, ended.text


def test_a_part_of_a_run_as_the_stored_baseline(project):
    """An exported sample is no baseline: exit 4, and why."""
    project.prepare().run("--limit", "5")
    assert project.evalgate("journal", "export", "1", "--to", "part.db").code == 0
    config = (project.folder / "evalgate.yaml").read_text()
    stored = config.replace("baseline:\n      task:\n        python: v1/app.py:answer", "baseline: file:part.db")
    project.write("evalgate.yaml", stored)
    ended = project.run()
    assert ended.code == 4, ended.text
    assert "a part of a run" in ended.text


@pytest.mark.parametrize("arguments", [(), ("7",), ("nothing.db",)])
def test_deciding_what_was_never_built(project, arguments):
    """No build, no such build, no such file: exit 2, never the verdict of something else."""
    ended = project.prepare().evalgate("decide", *arguments)
    assert ended.code == 2, ended.text
    assert "evalgate" in ended.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE evaluation SET score = 5", 4),
        ("UPDATE evaluation SET score = 9e999", 4),
        ("DELETE FROM evaluation", 4),
        ("UPDATE evaluation SET name = 'other'", 4),
        ("DELETE FROM example", 4),
        ("UPDATE build SET status = 'running'", 4),
        ("UPDATE build SET config = '{}'", 4),
        ("UPDATE build SET config = '['", 4),
        ("UPDATE run SET failure_kind = 'odd'", 4),
        ("UPDATE run SET failure = '{'", 4),
        ("UPDATE content SET body = 'x'", 4),
        ("UPDATE content SET body = '7'", 4),
        ("UPDATE experiment SET specs = '['", 4),
    ],
)
def test_a_journal_that_another_hand_changed(project, statement, code):
    """Rows that this program did not write like this are no pass, and no bug of it either."""
    project.examples = 6
    assert project.prepare().run().code == 0
    with closing(sqlite3.connect(project.folder / ".evalgate" / "journal.db", isolation_level=None)) as journal:
        journal.execute(statement)
    ended = project.evalgate("decide")
    assert ended.code == code, ended.text
    assert "a bug in evalgate" not in ended.text


def test_a_kind_that_may_warn_does_not_let_another_through(project):
    """on_unmeasurable: {baseline: warn} says nothing of errors."""
    project.write("evals.py", "def strict(output):\n    raise ValueError('confused')\n")
    project.policy = {"on_unmeasurable": {"baseline": "warn"}}
    project.suite = {"evaluators": [{"python": "evals.py:strict"}], "checks": {"strict": {"no_regression": {}}}}
    assert project.prepare().run().code == 4


def test_every_answer_failing_on_both_sides(project):
    """A task that raises everywhere is the worst score on both sides, not a pass on nothing for an absolute rule."""
    for version in ("v1", "v2"):
        project.write(f"{version}/app.py", "def answer(input):\n    raise RuntimeError('the provider is down')\n")
    project.suite = {"checks": {"exact_match": {"no_regression": {}, "at_least": 0.5}}}
    ended = project.prepare().run()
    assert ended.code == 1, ended.text
    assert "the provider is down" in ended.text


def test_a_command_whose_provider_is_away_on_every_call(project):
    """Infrastructure errors everywhere: missing answers, UNMEASURABLE."""
    line = '{"evalgate": 1, "id": %s, "error": {"kind": "infrastructure", "message": "503 from the provider"}}'
    program = (
        "import json, sys\n"
        "for request in sys.stdin:\n"
        f"    print({line!r} % json.dumps(json.loads(request)['id']), flush=True)\n"
    )
    project.write("app.py", program)
    project.suite = {"task": {"command": ["python3", "app.py"], "workers": 4}, "baseline": None}
    project.suite["checks"] = {"exact_match": {"at_least": 0.0}}
    project.examples = 8
    ended = project.prepare().run()
    assert ended.code == 4, ended.text
    assert "503 from the provider" in ended.text


def test_an_evaluator_that_fails_on_most_answers(project):
    """9 of 10 evaluations missing: UNMEASURABLE, not a score from the tenth."""
    project.write(
        "evals.py",
        "def strict(output):\n    if output['answer'] % 20:\n        raise ValueError('confused')\n    return 1.0\n",
    )
    project.suite = {
        "evaluators": [{"python": "evals.py:strict"}],
        "checks": {"strict": {"no_regression": {}, "at_least": 0.1}},
    }
    ended = project.prepare().run()
    assert ended.code == 4, ended.text
    assert "confused" in ended.text


def test_a_baseline_that_is_missing_where_one_is_required(project):
    """A comparison without a baseline is refused; a stored one that is not there is UNMEASURABLE."""
    project.suite = {"baseline": None}
    ended = project.prepare().run()
    assert ended.code == 2, ended.text
    assert "baseline" in ended.text


@pytest.mark.parametrize("named", ["build:latest", "build:77", "file:nothing.db"])
def test_a_stored_baseline_that_is_not_there(project, named):
    """UNMEASURABLE with the command that stores one; nothing passes on an absent comparison."""
    project.suite = {"baseline": named}
    ended = project.prepare().run()
    assert ended.code == 4, ended.text
    assert "journal export" in ended.text or "evalgate run" in ended.text


def test_a_baseline_scored_by_other_evaluators_or_on_another_dataset(project):
    """Its answers are scored again by what scores now; examples that it did not answer are no baseline."""
    project.prepare().run()
    config = (project.folder / "evalgate.yaml").read_text()
    project.write(
        "evalgate.yaml", config.replace("baseline:\n      task:\n        python: v1/app.py:answer", "baseline: build:1")
    )
    assert project.run().code == 0
    changed = (project.folder / "evalgate.yaml").read_text()
    project.write("evalgate.yaml", changed.replace("path: answer", "path: answer\n        ignore_case: true"))
    ended = project.run()
    assert ended.code == 0, ended.text
    assert "they are scored again here by exact_match (40 answers)." in " ".join(ended.text.split())
    project.write("evalgate.yaml", changed)
    project.write("golden.jsonl", golden(41))
    ended = project.run()
    assert ended.code == 4, ended.text
    assert "another version of the dataset" in ended.text


def test_a_baseline_that_does_not_load_is_not_the_candidates_fault(project):
    """UNMEASURABLE, with the baseline's own error; nothing is paid for the candidate."""
    project.write("v1/app.py", "import nothing_of_this_name\n")
    ended = project.prepare().run()
    assert ended.code == 4, ended.text
    assert "nothing_of_this_name" in ended.text


def test_a_candidate_that_does_not_load(project):
    """Exit 2 before anything is recorded."""
    project.write("v2/app.py", "def answer(input:\n    return 1\n")
    ended = project.prepare().run()
    assert ended.code == 2, ended.text
    assert "app.py" in ended.text
    assert project.evalgate("journal", "list").out.count("evalgate.yaml") == 0


def test_the_exit_code_swallowed_by_a_pipe_is_in_the_report_too(project):
    """Both the text and the JSON say the verdict, whatever became of the exit code."""
    project.write("v2/app.py", HALF_WRONG)
    ended = project.prepare().run("--json", "--no-gate")
    assert ended.code == 0, ended.text
    report = json.loads(ended.out)
    assert report["verdict"] == "FAIL"
    text = project.evalgate("decide", "--no-gate")
    assert text.code == 0
    assert "FAIL" in text.out


def test_observe_mode_shows_and_lets_through(project):
    """policy.mode observe: exit 0, and it says what would have happened."""
    project.write("v2/app.py", HALF_WRONG)
    project.policy = {"mode": "observe"}
    ended = project.prepare().run()
    assert ended.code == 0, ended.text
    assert "would have failed" in ended.text.lower()


def test_a_slice_that_broke_under_a_level_mean(project):
    """One parity broke while the other was mended: the mean is level, the slice fails."""
    project.examples = 60
    project.write("v1/app.py", TASK.replace("input['q'] * 2", "input['q'] * 2 + (1 - input['q'] % 2)"))
    project.write("v2/app.py", HALF_WRONG)
    project.suite = {"checks": {"exact_match": {"no_regression": {"slices": ["metadata.parity"]}}}}
    ended = project.prepare().run()
    assert ended.code == 1, ended.text
    assert "odd" in ended.text
