"""Killed at any moment, a run goes on: nothing is done twice, and the verdict is the uninterrupted one."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.e2e.project import REPOSITORY, Project, environment, start

COUNTING = """
import os, time
def answer(input):
    time.sleep(0.02)
    with open(os.path.join(os.path.dirname(__file__), "calls"), "a") as calls:
        calls.write(f"{input['q']}\\n")
    return {"answer": input["q"] * 2 + (1 if input["q"] % 10 == WRONG else 0)}
"""


@pytest.fixture
def counted(project):
    """Both sides count their calls in a file; the candidate is wrong on one example in ten more."""
    project.examples = 80
    project.write("v1/app.py", COUNTING.replace("WRONG", "11"))
    project.write("v2/app.py", COUNTING.replace("WRONG", "3"))
    task = {"interpreter": sys.executable, "workers": 2, "inputs": ["v*/app.py"]}
    project.suite = {
        "task": {"python": "v2/app.py:answer", **task},
        "baseline": {"task": {"python": "v1/app.py:answer"}},
    }
    return project.prepare()


def started(project, *arguments):
    """A run that has answered something and is far from its end."""
    process = start(project.folder, "run", *arguments)
    deadline = time.monotonic() + 120
    while len(calls(project)) < 10:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def decision(project):
    """What was decided of the latest build."""
    return without_build(json.loads(project.evalgate("decide", "--json", "--no-gate").out))


def without_build(report):
    """A report without what tells one build of the same answers from another."""
    del report["build"]
    for suite in report["suites"]:
        for view in suite["examples"]:
            for side in ("candidate", "baseline"):
                del view[side]["latency"]
    return report


def calls(project):
    files = [project.folder / side / "calls" for side in ("v1", "v2")]
    return [line for path in files if path.exists() for line in path.read_text().split()]


def test_ten_kills_at_random_moments_and_the_same_verdict(counted):
    """kill -9 ten times over one build, then to the end: the decision's bytes are those of an undisturbed run."""
    assert counted.run().code in {0, 1}
    undisturbed = decision(counted)
    for side in ("v1", "v2"):
        (counted.folder / side / "calls").unlink()
    moments = random.Random(20240613)
    resume: tuple[str, ...] = ()
    kills = 0
    for _ in range(10):
        process = start(counted.folder, "run", *resume)
        time.sleep(moments.uniform(0.4, 1.6))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate(timeout=30)
        listed = counted.evalgate("journal", "list").out
        resume = ("--resume",) if "unfinished" in listed else ()
        if not resume and listed.count("complete") > 1:
            break
    if resume:
        assert counted.run(*resume).code in {0, 1}
    assert kills >= 2
    assert decision(counted) == undisturbed
    # Each answer once, but for the ones in flight at a kill: at most one for each worker of each side.
    assert len(calls(counted)) <= 160 + kills * 4


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_flushes_and_says_how_to_go_on(counted, sent):
    """Exit 130, the command to go on with, and no answer twice after it."""
    process = started(counted)
    process.send_signal(sent)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said.decode()
    assert b"evalgate run --resume" in said
    ended = counted.run("--resume")
    assert ended.code in {0, 1}, ended.text
    assert len(calls(counted)) == 160


def test_resume_is_refused_where_the_code_changed(counted):
    """Half the answers from one version and half from another are no side: exit 2, and the file is named."""
    process = started(counted)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    path = counted.folder / "v2" / "app.py"
    path.write_text(path.read_text() + "\n# edited\n")
    ended = counted.run("--resume")
    assert ended.code == 2, ended.text
    assert "v2/app.py" in ended.text


def test_nothing_to_resume(counted):
    """A finished build is not gone on with."""
    counted.run()
    ended = counted.run("--resume")
    assert ended.code == 2
    assert "nothing to resume" in ended.text


def test_resume_takes_no_other_choice_of_examples(counted):
    """What a build holds was chosen when it began: exit 2."""
    ended = counted.run("--resume", "--limit", "5")
    assert ended.code == 2
    assert "--resume goes on with" in ended.text


def test_answers_that_infrastructure_failed_are_asked_for_again(project):
    """The provider was away for a while: exit 4, and --resume asks only for what is missing."""
    program = (
        "import json, os, sys\n"
        "for line in sys.stdin:\n"
        "    request = json.loads(line)\n"
        "    open('calls', 'a').write(request['id'] + chr(10))\n"
        "    reply = {'evalgate': 1, 'id': request['id'], 'output': {'answer': request['input']['q'] * 2}}\n"
        "    if request['input']['q'] % 4 == 0 and not os.path.exists('back'):\n"
        "        reply = {'evalgate': 1, 'id': request['id'], 'error': {'kind': 'infrastructure', 'message': '503'}}\n"
        "    print(json.dumps(reply), flush=True)\n"
    )
    project.examples = 8
    project.write("app.py", program)
    task = {"command": [sys.executable, "app.py"], "workers": 2, "inputs": ["app.py"]}
    project.suite = {"task": task, "baseline": None, "checks": {"exact_match": {"at_least": 1.0}}}
    first = project.prepare().run()
    assert first.code == 4, first.text
    assert "evalgate run --resume" in first.text
    (project.folder / "calls").unlink()
    project.write("back", "")
    again = project.run("--resume")
    assert again.code == 0, again.text
    assert sorted((project.folder / "calls").read_text().split()) == ["e0", "e4"]


def test_the_demo_killed_at_ten_random_moments(tmp_path):
    """Ten runs of the demo, each killed at a moment of its own and gone on with: ten times the undisturbed decision."""
    demo = Project(REPOSITORY)
    undisturbed = demo_decision(demo, tmp_path / "undisturbed.db")
    moments = random.Random(20240613)
    killed = 0
    for number in range(10):
        journal = tmp_path / f"{number}.db"
        process = subprocess.Popen(
            [sys.executable, "-m", "evalgate", *demo_run(journal)],
            cwd=REPOSITORY,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        until = time.monotonic() + 120
        while not journal.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 1.2))
        if process.poll() is None:
            process.kill()
            killed += 1
        process.wait(30)
        assert demo_decision(demo, journal) == undisturbed
    assert killed >= 5


def demo_run(journal):
    return ("run", "--config", "datasets/demo.yaml", "--journal", str(journal), "--quiet")


def demo_decision(demo, journal):
    """Bring the demo's build to its end, however far it is, and return what is decided of it."""
    if journal.exists() and "unfinished" in demo.evalgate("journal", "list", "--journal", str(journal)).out:
        ended = demo.evalgate(*demo_run(journal), "--resume")
    elif journal.exists() and "complete" in demo.evalgate("journal", "list", "--journal", str(journal)).out:
        ended = demo.evalgate("decide", "--journal", str(journal))
    else:
        ended = demo.evalgate(*demo_run(journal))
    assert ended.code == 1, ended.text
    return without_build(json.loads(demo.evalgate("decide", "--json", "--no-gate", "--journal", str(journal)).out))
