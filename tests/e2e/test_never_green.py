"""What must never be green: each way in which other gates pass on nothing, and what this one says instead."""

import json
import re

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
    """A stored baseline must have been scored the same way on the same examples."""
    project.prepare().run()
    config = (project.folder / "evalgate.yaml").read_text()
    project.write(
        "evalgate.yaml", config.replace("baseline:\n      task:\n        python: v1/app.py:answer", "baseline: build:1")
    )
    assert project.run().code == 0
    changed = (project.folder / "evalgate.yaml").read_text()
    project.write("evalgate.yaml", changed.replace("path: answer", "path: answer\n        ignore_case: true"))
    ended = project.run()
    assert ended.code == 4, ended.text
    assert "scored by other evaluators" in ended.text
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
