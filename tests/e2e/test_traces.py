"""Applications that trace anyway: what their spans say fills what they did not return, whatever their language."""

import json
import shutil
import sys
import time
from pathlib import Path

import pytest

from evalgate.journal.store import Journal
from evalgate.trace_ids import read_trace_id, trace_of
from evalgate.traces.store import FILE
from tests.e2e.node import NODE, installed
from tests.e2e.project import TASK

PROGRAMS = Path(__file__).parent / "programs" / "traced"
EXAMPLES = 6
READS = """
def reads(output, context, messages, tool_calls):
    return context is not None or messages is not None
"""


@pytest.fixture(scope="session")
def node_program(tmp_path_factory):
    """The program in Node beside the packages that its lock file pins."""
    return installed(PROGRAMS, "traced.mjs", tmp_path_factory.mktemp("traced")) / "traced.mjs"


def word(n):
    """Each example is as long as no other: its tokens tell whose they are."""
    return f"word{n}" + "." * n


def prepared(project, task, **suite):
    project.suite = {
        "task": {"workers": 2, "timeout": 30, "inputs": ["*.py"], **task},
        "evaluators": [
            {"exact_match": {"path": "answer"}},
            {"python": "evals.py:reads", "interpreter": sys.executable},
        ],
        "checks": {"exact_match": {"at_least": 1.0}},
        "baseline": ...,
        **suite,
    }
    for program in PROGRAMS.glob("*.py"):
        shutil.copy(program, project.folder)
    project.write("evals.py", READS)
    rows = [{"id": f"e{n}", "input": {"q": word(n)}, "output": {"answer": word(n)}} for n in range(EXAMPLES)]
    project.write("golden.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    return project.prepare()


def python(function, **more):
    return {"python": f"traced.py:{function}", "interpreter": sys.executable, **more}


def outcomes(project):
    """What each run of the latest build is recorded as."""
    with Journal(project.folder / ".evalgate" / "journal.db") as journal:
        row = journal.experiments(journal.builds()[0].id)[0]
        facts = [*journal.run_facts(row.id)]
        return {example: journal.run(row.id, example, sample) for example, sample, *_ in facts}


def every_run_has_its_own(project, *, context=True):
    """Each run has what its own spans say, and none has another's."""
    found = outcomes(project)
    assert {*found} == {f"e{n}" for n in range(EXAMPLES)}
    for n in range(EXAMPLES):
        outcome = found[f"e{n}"]
        spoken = [{"role": role, "content": word(n)} for role in ("user", "assistant")]
        assert [(each["role"], each["content"]) for each in outcome.messages] == [
            (each["role"], each["content"]) for each in spoken
        ]
        (used,) = outcome.usage
        assert (used.model, used.input_tokens, used.output_tokens, used.calls) == ("gpt-4.1-mini", len(word(n)), 5, 1)
        assert used.cost is not None
        assert outcome.context == ([f"about {word(n)}"] if context else None)
    assert len({read_trace_id(outcome.trace_id) for outcome in found.values()}) == EXAMPLES
    return found


def test_a_python_function_in_several_processes(project):
    checks = {"exact_match": {"at_least": 1.0}, "cost": {"at_most": 1.0}, "tokens": {"at_most": 100}}
    ended = prepared(project, python("answer"), checks=checks).run()
    assert ended.code == 0, ended.text
    found = every_run_has_its_own(project)
    assert found["e0"].tool_calls == [{"name": "look", "arguments": {"n": 1}}]
    assert "belonged to no run" not in ended.text


def test_an_async_function_several_times_at_once_in_one_process(project):
    ended = prepared(project, python("together", workers=1, per_worker=6)).run()
    assert ended.code == 0, ended.text
    every_run_has_its_own(project)


@pytest.mark.parametrize("parent", ["child", "own"])
def test_a_node_program(project, node_program, parent):
    """It sends batches: as the child of what it was given, or in traces that it begins itself."""
    checks = {"exact_match": {"at_least": 1.0}, "cost": {"at_most": 1.0}}
    task = {"command": [str(NODE), str(node_program), parent], "inputs": ["golden.jsonl"]}
    ended = prepared(project, task, checks=checks).run()
    assert ended.code == 0, ended.text
    every_run_has_its_own(project, context=False)


def test_a_served_application(project):
    """The outermost span of each request ends after its answer."""
    serve = {"command": f"{sys.executable} server.py {{port}}", "ready": "/"}
    ended = prepared(project, {"http": {"url": "/", "serve": serve}, "per_worker": 3}).run()
    assert ended.code == 0, ended.text
    every_run_has_its_own(project)


def test_a_process_that_dies_amid_a_run(project):
    """That run failed, whatever it told of; the others have their own."""
    ended = prepared(project, python("dying")).run()
    assert ended.code == 1, ended.text
    found = outcomes(project)
    dead = found.pop("e1")
    assert (dead.failure.type, dead.messages, dead.usage) == ("WorkerDied", None, None)
    assert {name: outcome.usage[0].input_tokens for name, outcome in found.items()} == {
        f"e{n}": len(word(n)) for n in range(EXAMPLES) if n != 1
    }


def by_hand(project, *arguments, **task):
    command = [sys.executable, "by_hand.py", *arguments]
    return prepared(project, {"command": command, "per_example": True, "workers": 6, **task})


def test_a_process_for_each_run_has_the_trace_in_its_environment(project):
    ended = by_hand(project, "0.05").run()
    assert ended.code == 0, ended.text
    assert {name: outcome.context for name, outcome in outcomes(project).items()} == {
        f"e{n}": [f"about {word(n)}"] for n in range(EXAMPLES)
    }


def test_a_span_of_another_trace_is_nobodys(project):
    """It says that it began long ago, too: no run was at work then."""
    ended = by_hand(project, "0.05", "4bf92f3577b34da6a3ce929d0e0e4736").run()
    assert ended.code == 0, ended.text
    assert {outcome.context for outcome in outcomes(project).values()} == {None}
    assert "6 spans of programs belonged to no run, and were dropped" in ended.text


def test_a_single_run_sees_its_parent_in_the_environment(project):
    """Where a process holds one run at a time, whatever it starts can find out below which span it works."""
    ended = prepared(
        project, python("told"), checks={"exact_match": {"report_only": True}, "reads": {"at_least": 0}}
    ).run()
    assert ended.code == 0, ended.text
    for outcome in outcomes(project).values():
        assert trace_of(outcome.output["answer"]) == outcome.trace_id


def test_who_traces_nothing_waits_for_nothing(project):
    """Not even where somebody would read it: one moment for all, once."""
    prepared(project, python("answer", python="quiet.py:answer"))
    project.write("quiet.py", TASK.replace("* 2", ""))
    began = time.monotonic()
    ended = project.run()
    assert ended.code == 0, ended.text
    took = time.monotonic() - began
    assert {outcome.context for outcome in outcomes(project).values()} == {None}
    assert took < 15
    assert not (project.folder / ".evalgate" / FILE).exists()
