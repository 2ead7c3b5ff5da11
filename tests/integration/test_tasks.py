"""Every kind of task from its config to its rows and its verdict."""

import json
import shlex
import sys

import pytest

from evalgate.records import Side, Usage, Verdict
from evalgate.suite.checks import Unmeasurable
from tests.fake_model import Rule
from tests.integration.build import measured

EXAMPLES = {f"e{n}" for n in range(12)}
COMMAND = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    answer = {"answer": asked["input"]["q"] * 2}
    print(json.dumps({"evalgate": 1, "id": asked["id"], "sample": asked["sample"], "output": answer}), flush=True)
"""
SERVER = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def reply(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.reply({"ok": True})
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.reply({"answer": asked["q"] * 2})
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
DOUBLED = "    return {'answer': input['q'] * FACTOR}\n"
PROMPT = "messages:\n  - {role: user, content: '{\"answer\": {{ q * 2 }} }'}\n"


def every_answer_is_right(build, side):
    """Each example was answered once and scored 1."""
    assert build.runs(side) == {(example, "r1") for example in EXAMPLES}
    assert build.scores(side) == {(example, "r1", "exact_match"): 1.0 for example in EXAMPLES}


def with_model(project, fake, **more):
    """A project whose candidate asks the fake model; it echoes what the prompt says."""
    project.suite = {
        "task": {"prompt": "p.yaml", "model": "fake/m", "variables": {"q": "input.q"}, "output": "json", **more},
        "baseline": {"task": {"model": "fake/old"}},
    }
    project.write("p.yaml", PROMPT)
    project.prepare()
    path = project.folder / "evalgate.yaml"
    endpoint = {"base_url": fake.base_url, "timeout": 20}
    path.write_text(path.read_text() + f"endpoints: {{fake: {json.dumps(endpoint)}}}\n")


async def test_python(project, journal):
    """A function in worker processes: every row is there, identical answers pass."""
    build = await measured(project.prepare(), journal)
    for side in Side:
        every_answer_is_right(build, side)
    assert build.ended.complete
    assert build.decision.verdict is Verdict.PASS
    assert build.decision.suites[0].identical == len(EXAMPLES)
    assert build.report.build.exit_code == 0


async def test_async_functions_share_a_worker(project, journal):
    """With per_worker one process holds several runs: they wait for each other, which one alone could not."""
    together = (
        "import asyncio\nmet = asyncio.Event()\nwaiting = 0\n"
        "async def answer(input):\n"
        "    global waiting\n    waiting += 1\n    if waiting == 4:\n        met.set()\n"
        "    await met.wait()\n    return {'answer': input['q'] * 2}\n"
    )
    project.write("v2/app.py", together)
    project.suite = {
        "task": {
            "python": "v2/app.py:answer",
            "interpreter": sys.executable,
            "workers": 1,
            "per_worker": 4,
            "timeout": 20,
        }
    }
    build = await measured(project.prepare(), journal)
    every_answer_is_right(build, Side.CANDIDATE)


@pytest.mark.parametrize("per_example", [False, True])
async def test_command(project, journal, per_example):
    """A program over JSON lines, kept or started for each run."""
    for version in ("v1", "v2"):
        project.write(f"{version}.py", COMMAND)
    task = {"command": [sys.executable, "v2.py"], "per_example": per_example, "workers": 2, "timeout": 20}
    project.suite = {"task": task, "baseline": {"task": {"command": [sys.executable, "v1.py"]}}}
    build = await measured(project.prepare(), journal)
    for side in Side:
        every_answer_is_right(build, side)
    assert build.decision.verdict is Verdict.PASS


async def test_http_with_a_server_for_each_side(project, journal):
    """One server a side, each on its own port, stopped at the end."""
    for version in ("v1", "v2"):
        project.write(f"{version}.py", SERVER)

    def serve(version):
        return {"serve": {"command": f"{shlex.quote(sys.executable)} {version}.py {{port}}"}}

    project.suite = {"task": {"http": serve("v2"), "timeout": 20}, "baseline": {"task": {"http": serve("v1")}}}
    build = await measured(project.prepare(), journal)
    for side in Side:
        every_answer_is_right(build, side)
    assert build.decision.verdict is Verdict.PASS


async def test_prompt_with_its_usage(project, journal, fake_model):
    """A model's answers, and the tokens that each run used, under the name that the config has for the model."""
    with_model(project, fake_model)
    build = await measured(project, journal)
    for side in Side:
        every_answer_is_right(build, side)
    assert fake_model.by_model == {"m": 12, "old": 12}
    run = journal.run(build.experiment().id, "e3", "r1")
    assert run is not None
    assert run.usage is not None
    assert [(each.model, each.input_tokens > 0) for each in run.usage] == [("fake/m", True)]


async def test_a_tasks_own_usage_is_recorded(project, journal):
    """What Result says of tokens is in the run's row; a task that says nothing has unknown usage."""
    told = (
        "from evalgate import Result\n"
        "def answer(input):\n"
        "    used = [{'model': 'm', 'input_tokens': 7, 'output_tokens': 2}]\n"
        "    return Result({'answer': input['q'] * 2}, usage=used, context=['c'], trace_id='t1')\n"
    )
    project.write("v2/app.py", told)
    project.suite = {
        "evaluators": [{"exact_match": {"path": "answer"}}, {"tokens": {}, "name": "used"}],
        "checks": {"exact_match": {"no_regression": {}}, "used": {"report_only": True}},
    }
    build = await measured(project.prepare(), journal)
    run = journal.run(build.experiment().id, "e0", "r1")
    assert run is not None
    assert (run.usage, run.context, run.trace_id) == ((Usage(model="m", input_tokens=7, output_tokens=2),), ["c"], "t1")
    assert build.scores()["e0", "r1", "used"] == 9
    assert set(build.scores(Side.BASELINE).values()) == {1.0, None}


async def test_a_model_that_fails_on_a_third_of_all_calls(project, journal, fake_model):
    """Retries answer every example; nothing is missing, nothing is counted against the task."""
    fake_model.rules.append(Rule(share=0.3, fault="status", status=503, headers={"retry-after": "0"}))
    with_model(project, fake_model)
    build = await measured(project, journal)
    assert fake_model.calls > 24
    for side in Side:
        every_answer_is_right(build, side)
    assert build.decision.verdict is Verdict.PASS


async def test_a_provider_that_refuses_every_call_is_no_verdict(project, journal, fake_model):
    """The run ends after a few calls, and says what the provider said."""
    fake_model.rules.append(Rule(fault="status", status=401))
    with_model(project, fake_model)
    build = await measured(project, journal)
    assert (build.ended.complete, build.ended.halted.kind) == (False, Unmeasurable.SERVICE)
    assert list(journal.run_facts(build.experiment().id)) == []
    assert fake_model.calls < 40
    assert build.decision.verdict is Verdict.UNMEASURABLE
    assert build.report.build.exit_code == 4
    assert "answers no call at all" in build.decision.suites[0].reason
    assert "answered 401: status 401 on demand" in build.decision.suites[0].reason


async def test_setup_runs_before_the_task_loads(project, journal):
    """What setup makes is there when the module is imported."""
    project.write("v2/app.py", "FACTOR = int(open('factor').read())\ndef answer(input):\n" + DOUBLED)
    project.suite = {
        "task": {
            "python": "v2/app.py:answer",
            "interpreter": sys.executable,
            "setup": "echo 2 > factor",
            "workers": 1,
            "timeout": 20,
        }
    }
    build = await measured(project.prepare(), journal)
    every_answer_is_right(build, Side.CANDIDATE)
    assert any("echo 2 > factor" in line for line in build.said)
