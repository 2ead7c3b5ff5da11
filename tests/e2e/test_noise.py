"""`evalgate noise` through the command line: real tasks that flip, that shift, that are killed and gone on with."""

import json
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
import yaml
from jsonschema import Draft202012Validator

from evalgate.decision import decide
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.journal.store import Journal
from tests.e2e.project import REPOSITORY, start

# What it answers is settled by the number of the run and by the example, so that every study sees the same.
FLIPPING = """
import json, random, sys
for line in sys.stdin:
    asked = json.loads(line)
    q, run = asked["input"]["q"], asked["sample"].split("-")[0]
    open("asked.txt", "a").write(f"{asked['sample']} {asked['id']}\\n")
    wrong = q % 4 == 0 and random.Random(f"{run} {q}").random() < 0.4
    output = {"answer": -1 if wrong else q * 2}
    print(json.dumps({"evalgate": 1, "id": asked["id"], "sample": asked["sample"], "output": output}), flush=True)
"""
# A process draws its luck once, for all examples of its run.
SHIFTING = """
import json, random, sys
loses = None
for line in sys.stdin:
    asked = json.loads(line)
    q, run = asked["input"]["q"], asked["sample"].split("-")[0]
    if loses is None:
        loses = run in ("noise2", "noise5")
    wrong = random.Random(f"{run} {q}").random() < (0.45 if loses else 0.1)
    output = {"answer": -1 if wrong else q * 2}
    print(json.dumps({"evalgate": 1, "id": asked["id"], "sample": asked["sample"], "output": output}), flush=True)
"""
CACHING = """
import functools, random
@functools.cache
def drawn(q):
    return random.random() < 0.5
def answer(input):
    return {"answer": input["q"] * 2 if drawn(input["q"]) else -1}
"""
SLOW = FLIPPING.replace("    wrong =", "    import time; time.sleep(0.03)\n    wrong =")
FICKLE = """
import random
def fickle(output):
    return float(random.random() < 0.5)
"""
SCHEMA = json.loads((REPOSITORY / "docs" / "noise.schema.json").read_text("utf-8"))


def task(program="app.py"):
    return {"command": [sys.executable, program], "inputs": [program], "workers": 1}


@pytest.fixture
def flipping(project):
    project.suite = {"task": task("new.py"), "baseline": {"task": task()}}
    project.write("app.py", FLIPPING)
    project.write("new.py", FLIPPING)
    return project


def noise(project, *arguments, code=0):
    ended = project.evalgate("noise", "--json", *arguments)
    assert ended.code == code, ended.text
    found = json.loads(ended.out)
    Draft202012Validator(SCHEMA).validate(found)
    return found


def asked(project):
    return (project.folder / "asked.txt").read_text().splitlines()


def test_a_study_and_what_goes_by_it(flipping):
    """The baseline runs five times; plan and run then read its flip rate, as does the build wherever it is decided."""
    flipping.prepare()
    found = noise(flipping)
    (suite,) = found["suites"]
    (check,) = suite["checks"]
    assert (found["runs"], suite["task"], suite["examples"]) == (5, "baseline", 40)
    assert len(asked(flipping)) == len(set(asked(flipping))) == 200
    assert len({line.split()[0].split("-")[1] for line in asked(flipping)}) == 1
    assert {line.split("-")[0] for line in asked(flipping)} == {f"noise{number}" for number in range(1, 6)}
    rate = check["flip"]["rate"]
    assert 0.02 < rate < 0.2
    assert all(int(each["example"][1:]) % 4 == 0 for each in check["flaky"])
    assert {sum(score["runs"] for score in each["scores"]) for each in check["flaky"]} == {5}
    assert check["evaluator"] == {"scored_again": 40, "differently": 0}
    proposed = yaml.safe_load(flipping.evalgate("noise", "--show", "--quarantine").out)["examples"]
    wavering = [each for each in check["flaky"] if min(score["runs"] for score in each["scores"]) >= 2]
    assert [each["id"] for each in proposed] == [each["example"] for each in wavering]
    assert {(each["check"], each["owner"], each["expires"]) for each in proposed} == {("exact_match", "", "")}
    assert found["false_alarms"]["failed"] == 0
    plan = json.loads(flipping.evalgate("plan", "--json").out)["suites"][0]["checks"][0]
    known = {name: plan["noise"][name] for name in ("flip", "binary", "source", "build")}
    assert known == {"flip": rate, "binary": True, "source": "the 5 runs of noise study 1", "build": None}
    assert plan["outlooks"][0]["drop"] == check["drops"][0]["caught"][0]["drop"]
    decided = json.loads(flipping.run("--json", "--no-gate").out)
    with Journal(flipping.folder / ".evalgate" / "journal.db", create=False) as journal:
        (measured,) = decide(build_evidence(journal, 2)).suites
    assert measured.checks[0].detectable_from == "the 5 runs of noise study 1"
    assert decided["suites"][0]["checks"][0]["detectable"] == pytest.approx(measured.checks[0].detectable, abs=1e-6)
    assert decided["suites"][0]["warnings"] == []
    assert flipping.evalgate("journal", "export", "2", "--to", "one.db").code == 0
    assert noise(flipping)["suites"] == found["suites"]  # another study, which changes nothing of that build
    for where in (("2",), ("one.db",)):
        again = flipping.evalgate("decide", *where, "--json", "--no-gate")
        assert json.loads(again.out)["suites"] == decided["suites"]


def test_a_study_is_for_exactly_what_was_studied(flipping):
    """After a change of the baseline nothing is known, and after a change of the candidate it still is."""
    flipping.prepare()
    noise(flipping, "--runs", "2")
    flipping.write("new.py", FLIPPING + "# changed\n")
    plan = json.loads(flipping.evalgate("plan", "--json").out)["suites"][0]["checks"][0]
    assert plan["noise"]["source"] == "the 2 runs of noise study 1"
    flipping.write("app.py", FLIPPING + "# changed\n")
    assert json.loads(flipping.evalgate("plan", "--json").out)["suites"][0]["checks"][0]["noise"] is None


def test_whole_runs_that_shift_are_found_and_every_report_warns(flipping):
    """The promise does not hold for such a task, so no report of it keeps silent."""
    flipping.write("app.py", SHIFTING)
    flipping.write("new.py", SHIFTING)
    flipping.examples = 120
    flipping.prepare()
    ended = flipping.evalgate("noise")
    assert ended.code == 0, ended.text
    assert "exact_match: Whole runs shift their examples together, by about" in ended.out
    assert ended.out.endswith("until then every report warns\n")
    shown = noise(flipping, "--show")
    assert shown["suites"][0]["checks"][0]["whole_runs"]["shift"] is True
    assert shown["false_alarms"]["failed"] >= 1
    assert shown["false_alarms"]["failing"][0]["check"] == "exact_match"
    told = flipping.run("--no-gate", "--markdown", "out.md", "--junit", "out.xml")
    for text in (told.out, (flipping.folder / "out.md").read_text(), (flipping.folder / "out.xml").read_text()):
        assert "whole runs shift all examples together" in " ".join(text.split())


def test_what_a_process_keeps_is_not_taken_for_a_steady_task(flipping):
    """An application that caches its answers and draws them by chance: each run has a process of its own."""
    flipping.write("app.py", CACHING)
    flipping.suite["baseline"] = {"task": {"python": "app.py:answer", "interpreter": sys.executable}}
    (check,) = noise(flipping.prepare())["suites"][0]["checks"]
    assert check["flip"]["rate"] > 0.2


def test_cost_and_latency_share_the_promise(flipping):
    """Their comparisons are among those of each pair; what they vary by is told, and plans go by it."""
    flipping.suite["checks"] = {"exact_match": {"no_regression": {}}, "latency": {"no_regression": {}}}
    found = noise(flipping.prepare(), "--runs", "2")
    assert [check["name"] for check in found["suites"][0]["checks"]] == ["exact_match"]
    assert found["comparisons"] == 2
    (latency,) = found["suites"][0]["resources"]
    assert latency["spread"] > 0
    assert (latency["name"], latency["obstacle"], latency["rises"][0]["examples"]) == ("latency", None, 40)
    (plan,) = json.loads(flipping.evalgate("plan", "--json").out)["suites"][0]["ratios"]
    assert (plan["source"], plan["build"]) == ("the 2 runs of noise study 1", None)
    assert plan["outlooks"][0]["spread"] == pytest.approx(latency["spread"], abs=1e-6)
    assert plan["outlooks"][0]["rise"] == latency["rises"][0]["caught"][0]["rise"]


def test_without_a_baseline_task_the_suite_s_own_runs(project):
    """And the report says which."""
    project.suite = {"task": task(), "baseline": ..., "checks": {"exact_match": {"at_least": 0.5}}}
    project.write("app.py", FLIPPING)
    ended = project.prepare().evalgate("noise", "--runs", "2")
    assert ended.code == 0, ended.text
    assert "This is its own task as it stands." in ended.out
    assert "no check with `no_regression` gates" in ended.out


def test_a_base_commit_s_own_task_is_what_runs(flipping):
    """Not the change in the work tree, which does not even run."""
    flipping.suite |= {"task": task(), "baseline": "merge-base"}
    flipping.prepare()

    def git(*arguments):
        given = ("-c", "user.name=a", "-c", "user.email=a@b.c", *arguments)
        subprocess.run(["git", *given], cwd=flipping.folder, check=True, capture_output=True)

    git("init", "-b", "main")
    git("add", "evalgate.yaml", "golden.jsonl", "app.py")
    git("commit", "-m", "what is shipped")
    git("checkout", "-b", "change")
    flipping.write("app.py", "import sys\nsys.exit(3)\n")
    git("commit", "-am", "does not run at all")
    found = noise(flipping, "--runs", "2", "--set", "suites.doubling.baseline=git:main")
    assert found["suites"][0]["task"] == "baseline"
    assert found["suites"][0]["errors"] == 0


def test_an_evaluator_that_differs_is_told_from_the_task(flipping):
    """Its second scores of the same answers say that the variance is its own."""
    flipping.write("evals.py", FICKLE)
    flipping.suite |= {
        "evaluators": [{"python": "evals.py:fickle", "interpreter": sys.executable}],
        "checks": {"fickle": {"no_regression": {}}},
    }
    flipping.examples = 60
    (check,) = noise(flipping.prepare(), "--runs", "3")["suites"][0]["checks"]
    assert check["evaluator"]["scored_again"] == 50
    assert 10 < check["evaluator"]["differently"] < 40
    assert check["variance"]["evaluator"] > check["variance"]["answers"]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_study_goes_on_where_it_was_stopped(flipping, sent):
    """Nothing is asked twice but what was in flight, and the result is that of a study in one go."""
    flipping.write("app.py", SLOW)
    flipping.prepare()
    process = start(flipping.folder, "noise", "--runs", "3")
    deadline = time.monotonic() + 120
    while not (flipping.folder / "asked.txt").exists() or len(asked(flipping)) < 50:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(sent)
    _, said = process.communicate(timeout=30)
    assert process.returncode == (130 if sent == signal.SIGINT else -sent), said.decode()
    if sent == signal.SIGINT:
        assert b"evalgate noise --resume" in said
    assert flipping.evalgate("noise", "--show").code == 2
    assert flipping.run("--resume").code == 2  # a study is no build
    (check,) = noise(flipping, "--resume")["suites"][0]["checks"]
    made = asked(flipping)
    assert len(set(made)) == 120
    assert len(made) <= 120 + 2
    (whole,) = noise(flipping, "--runs", "3")["suites"][0]["checks"]
    assert check == whole
    assert flipping.evalgate("noise", "--resume").code == 2


def test_a_study_with_too_few_answers_is_unmeasurable(flipping):
    """Exit 4, what was not measured is named, and no later build goes by it."""
    flipping.write("app.py", "import sys\nfor line in sys.stdin:\n    print('nonsense', flush=True); sys.exit(3)\n")
    flipping.prepare()
    ended = flipping.evalgate("noise", "--runs", "2")
    assert ended.code == 4, ended.text
    assert "exact_match: not measured: every run failed in the task itself." in ended.out
    assert noise(flipping, "--show", code=4)["measured"] is False
    db = sqlite3.connect(flipping.folder / ".evalgate" / "journal.db")
    assert db.execute("SELECT count(*) FROM noise").fetchone() == (0,)
    db.close()


def test_a_baseline_that_does_not_load_is_unmeasurable(flipping):
    flipping.suite["baseline"] = {"task": {"command": ["./nothing-here"], "inputs": ["app.py"]}}
    ended = flipping.prepare().evalgate("noise")
    assert ended.code == 4, ended.text
    assert "The baseline does not load" in ended.err
    assert "next:" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--runs", "1"), 2, "1 is not in the range 2<=x<=200"),
        (("--suite", "doublin"), 2, "did you mean doubling?"),
        (("--resume",), 2, "no noise study is unfinished"),
        (("--resume", "--runs", "3"), 2, "leave the others out"),
        (("--show",), 2, "evalgate noise"),
        (("--show", "--runs", "3"), 2, "leave --suite, --runs and --resume out"),
        (("--set", "suites.doubling.dataset.file=none.jsonl"), 2, "none.jsonl"),
        (("--set", "suites.doubling.dataset.split=none"), 4, "golden.jsonl has no example of it"),
    ],
)
def test_bad_input_is_one_clear_message(flipping, arguments, code, said):
    """Before anything is started."""
    ended = flipping.prepare().evalgate("noise", *arguments)
    assert ended.code == code, ended.text
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert not (flipping.folder / "asked.txt").exists()


def test_a_study_is_listed_and_exported_and_is_no_build(flipping):
    """`decide` has nothing to say of it, `--last` and `baseline: build:latest` do not see it, a copy shows it again."""
    flipping.prepare()
    found = noise(flipping, "--runs", "2")
    assert "noise, 2 runs" in flipping.evalgate("journal", "list").out
    refused = flipping.evalgate("decide", "1")
    assert refused.code == 2
    assert "1 is a noise study, not a build" in refused.err
    ended = flipping.evalgate("journal", "export", "1", "--to", "study.db")
    assert ended.code == 0, ended.text
    assert noise(flipping, "--show", "--journal", "study.db")["suites"] == found["suites"]
    flipping.suite["baseline"] = "build:latest"
    (flipping.folder / "evalgate.yaml").unlink()
    latest = flipping.prepare().run()
    assert latest.code == 4, latest.text
    assert "has no answers of the suite doubling" in latest.out


def test_a_proposal_is_refused_until_somebody_has_filled_it_in(flipping):
    """Nothing enters by itself: it has no owner and no last day."""
    flipping.prepare()
    noise(flipping)
    proposal = flipping.evalgate("noise", "--show", "--quarantine").out
    flipping.write("quarantine.yaml", proposal)
    config = yaml.safe_load((flipping.folder / "evalgate.yaml").read_text())
    config["suites"]["doubling"]["quarantine"] = "quarantine.yaml"
    flipping.write("evalgate.yaml", yaml.safe_dump(config))
    ended = flipping.run()
    assert (ended.code, "it says nothing: fill it in" in ended.err) == (2, True)
    filled = proposal.replace('owner: ""', "owner: me").replace('expires: ""', "expires: 2999-01-01")
    flipping.write("quarantine.yaml", filled)
    ended = flipping.run()
    assert "in quarantine, decides nothing in exact_match: " in " ".join(ended.out.split())
    assert "in equal runs (noise study 1)" in " ".join(ended.out.split())


def test_a_proposal_is_of_a_finished_study(flipping):
    flipping.prepare()
    ended = flipping.evalgate("noise", "--quarantine")
    assert (ended.code, "evalgate noise --show --quarantine" in ended.err) == (2, True)
