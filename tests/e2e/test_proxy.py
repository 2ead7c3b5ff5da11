"""Applications that use the ordinary OpenAI SDK: cached, counted, limited and replayed without knowing of it."""

import asyncio
import sys

import pytest

from tests.e2e.application import PROGRAMS, outcomes, write_suite
from tests.e2e.node import NODE, installed
from tests.fake_model import Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

"""Of the development requirements: the machine need have none."""
KEY = "sk-very-secret-0123456789"
USAGE = {"prompt_tokens": 900, "completion_tokens": 100}
ANSWERED = {"evaluators": [{"json_path": {"expression": "$.answer"}}], "checks": {"json_path": {"at_least": 1.0}}}
SERVER = """
import http.server, json, sys
from openai import OpenAI
def passed_on(handler):
    return {"traceparent": handler.headers["traceparent"]}
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
        made = OpenAI(max_retries=0).chat.completions.create(
            model="small", messages=[{"role": "user", "content": asked["q"]}]
        )
        self.reply({"answer": made.choices[0].message.content})
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture(scope="session")
def node_packages(tmp_path_factory):
    """The program beside the packages that its lock file pins."""
    return installed(PROGRAMS, "app.mjs", tmp_path_factory.mktemp("node"))


def prepared(project, fake, task, **suite):
    endpoint = {"base_url": fake.base_url, "api_key_env": "MODEL_KEY", "timeout": 20}
    task = {"endpoint": "fake", "workers": 2, "timeout": 60, "inputs": ["app.py"], **task}
    return write_suite(project, endpoint, {"task": task, **suite}, program="app.py")


def python(function, **more):
    return {"python": f"app.py:{function}", "interpreter": sys.executable, **more}


async def run(project, *arguments, key=KEY):
    return await asyncio.to_thread(project.run, *arguments, **({"MODEL_KEY": key} if key else {}))


@pytest.mark.parametrize("function", ["whole", "streamed", "responses", "responses_streamed", "tools"])
async def test_a_python_program_is_cached_counted_and_replayed_unchanged(project, fake_model, function):
    fake_model.rules = [Rule(usage=USAGE)]
    prepared(project, fake_model, python(function))
    if function == "tools":
        golden = (project.folder / "golden.jsonl").read_text()
        for n in range(3):
            golden = golden.replace(f'{{"answer": "word{n} more"}}', '{"answer": "look"}')
        project.write("golden.jsonl", golden)
    first = await run(project)
    assert (first.code, fake_model.calls) == (0, 3), first.text
    assert {request["headers"]["Authorization"] for request in fake_model.requests} == {f"Bearer {KEY}"}
    found = outcomes(project)
    assert [(part.model, part.input_tokens, part.calls, part.from_cache) for part in found["e0", "r1"].usage] == [
        ("fake/small", 900, 1, False)
    ]
    assert found["e0", "r1"].usage[0].cost == pytest.approx(0.001)
    again = await run(project)
    assert (again.code, fake_model.calls) == (0, 3), again.text
    assert outcomes(project)["e0", "r1"].usage[0].from_cache
    replayed = await run(project, "--replay", key=None)
    assert (replayed.code, fake_model.calls) == (0, 3), replayed.text
    assert "Models: 3 calls, all of them from the cache; 3,000 tokens; $0.003, nothing of it paid" in " ".join(
        replayed.out.split()
    )


async def test_a_node_program_is_too(project, fake_model, node_packages):
    fake_model.rules = [Rule(usage=USAGE)]
    task = {"command": [str(NODE), str(node_packages / "app.mjs")], "inputs": ["golden.jsonl"]}
    checks = {
        "evaluators": [{"contains": {"path": "whole", "text": "word"}}],
        "checks": {"contains": {"at_least": 1}},
    }
    prepared(project, fake_model, task, **checks)
    first = await run(project)
    assert (first.code, fake_model.calls) == (0, 12), first.text
    said = outcomes(project)["e1", "r1"].output
    assert said == dict.fromkeys(("whole", "streamed", "response", "told"), "word1 more")
    replayed = await run(project, "--replay", key=None)
    assert (replayed.code, fake_model.calls) == (0, 12), replayed.text


async def test_a_served_application_is_too_one_sample_at_a_time(project, fake_model):
    fake_model.rules = [Rule(reply="random", usage=USAGE)]
    serve = {"command": f"{sys.executable} server.py {{port}}", "ready": "/"}
    task = {"http": {"url": "/", "serve": serve}, "inputs": ["server.py"], "per_worker": 3}
    prepared(
        project,
        fake_model,
        task,
        repetitions=2,
        evaluators=[{"contains": {"path": "answer", "text": "answer"}}],
        checks={"contains": {"at_least": 1.0}},
    )
    project.write("server.py", SERVER)
    first = await run(project)
    assert (first.code, fake_model.calls) == (0, 6), first.text
    drawn = {key: outcome.output["answer"] for key, outcome in outcomes(project).items()}
    assert len({*drawn.values()}) == 6
    replayed = await run(project, "--replay", key=None)
    assert (replayed.code, fake_model.calls) == (0, 6), replayed.text
    assert {key: outcome.output["answer"] for key, outcome in outcomes(project).items()} == drawn


async def test_repetitions_are_draws_of_their_own_at_any_concurrency(project, fake_model):
    fake_model.rules = [Rule(reply="random", latency=0.02)]
    contains = {"evaluators": [{"contains": {"path": "answer", "text": "answer"}}]}
    prepared(project, fake_model, python("whole"), repetitions=3, checks={"contains": {"at_least": 1.0}}, **contains)
    first = await run(project)
    assert (first.code, fake_model.calls) == (0, 9), first.text
    drawn = {key: outcome.output["answer"] for key, outcome in outcomes(project).items()}
    assert len({*drawn.values()}) == 9
    assert (await run(project)).code == 0
    assert fake_model.calls == 9
    assert {key: outcome.output["answer"] for key, outcome in outcomes(project).items()} == drawn


async def test_several_calls_of_one_run_are_added_up(project, fake_model):
    fake_model.rules = [Rule(usage=USAGE)]
    evaluators = {"evaluators": [{"json_path": {"expression": "$.answer"}}], "checks": {"json_path": {"at_least": 1.0}}}
    prepared(project, fake_model, python("several"), **evaluators)
    ended = await run(project)
    assert (ended.code, fake_model.calls) == (0, 9), ended.text
    (usage,) = outcomes(project)["e2", "r1"].usage
    assert (usage.calls, usage.input_tokens) == (3, 2_700)


async def test_with_several_runs_in_a_process_nobody_knows_whose_calls_they_were(project, fake_model):
    fake_model.rules = [Rule(usage=USAGE, latency=0.2)]
    evaluators = {"evaluators": [{"json_path": {"expression": "$.answer"}}], "checks": {"json_path": {"at_least": 1.0}}}
    prepared(project, fake_model, python("several", workers=1, per_worker=3), **evaluators)
    ended = await run(project)
    assert (ended.code, fake_model.calls) == (0, 9), ended.text
    assert "Which of 3 runs made which call is not known: their cost is that of the whole." in " ".join(
        ended.out.split()
    )
    parts = [part for outcome in outcomes(project).values() for part in outcome.usage]
    assert {part.shared for part in parts} == {True}
    assert (sum(part.calls for part in parts), sum(part.input_tokens for part in parts)) == (9, 8_100)


async def test_a_process_with_several_runs_may_say_whose_call_it_is(project, fake_model):
    fake_model.rules = [Rule(usage=USAGE, latency=0.2)]
    evaluators = {"evaluators": [{"json_path": {"expression": "$.answer"}}], "checks": {"json_path": {"at_least": 1.0}}}
    prepared(project, fake_model, python("named", workers=1, per_worker=3), **evaluators)
    ended = await run(project)
    assert (ended.code, fake_model.calls, fake_model.most_in_flight) == (0, 3, 3), ended.text
    assert {outcome.usage[0].calls for outcome in outcomes(project).values()} == {1}


async def test_a_trace_that_a_program_passes_on_says_whose_call_it_is(project, fake_model):
    fake_model.rules = [Rule(usage=USAGE, latency=0.2)]
    prepared(project, fake_model, python("traced", workers=1, per_worker=3), **ANSWERED)
    ended = await run(project)
    assert (ended.code, fake_model.calls, fake_model.most_in_flight) == (0, 6, 3), ended.text
    assert {outcome.usage[0].calls for outcome in outcomes(project).values()} == {2}
    assert not any(part.shared for outcome in outcomes(project).values() for part in outcome.usage)
    assert "Which of" not in ended.out
    again = await run(project, "--replay", key=None)
    assert (again.code, fake_model.calls) == (0, 6), again.text


async def test_a_served_application_gets_the_trace_in_a_header(project, fake_model):
    fake_model.rules = [Rule(usage=USAGE, latency=0.2)]
    serve = {"command": f"{sys.executable} server.py {{port}}", "ready": "/"}
    prepared(
        project,
        fake_model,
        {"http": {"url": "/", "serve": serve}, "inputs": ["server.py"], "per_worker": 3},
        **ANSWERED,
    )
    project.write("server.py", SERVER.replace("model=", "extra_headers=passed_on(self), model="))
    ended = await run(project)
    assert (ended.code, fake_model.calls, fake_model.most_in_flight) == (0, 3, 3), ended.text
    assert {outcome.usage[0].calls for outcome in outcomes(project).values()} == {1}


@pytest.mark.parametrize("fault", [{"fault": "cut_stream"}, {"fault": "status", "status": 500}])
async def test_what_another_attempt_mends_the_program_never_sees(project, fake_model, fault):
    fake_model.rules = [Rule(times=2, **fault)]
    prepared(project, fake_model, python("streamed"))
    ended = await run(project)
    assert (ended.code, fake_model.calls) == (0, 5), ended.text


async def test_a_rejected_request_reaches_the_program_in_the_endpoints_words_and_is_its_own_error(project, fake_model):
    fake_model.rules = [Rule(when="word1", fault="status", status=400)]
    prepared(project, fake_model, python("whole"))
    ended = await run(project)
    assert ended.code == 1, ended.text
    failure = outcomes(project)["e1", "r1"].failure
    assert (failure.kind.value, failure.type) == ("task", "BadRequestError")
    assert "status 400 on demand" in failure.message


@pytest.mark.parametrize("function", ["whole", "swallowing"])
async def test_an_endpoint_that_refuses_all_is_no_fault_of_the_program(project, fake_model, function):
    fake_model.rules = [Rule(fault="echo_key")]
    prepared(project, fake_model, python(function))
    ended = await run(project)
    if function == "whole":
        assert ended.code == 4, ended.text
        assert "answers no call at all" in ended.out
        assert {outcome.failure.kind.value for outcome in outcomes(project).values()} <= {"infrastructure"}
    assert KEY not in ended.text


@pytest.mark.parametrize("function", ["whole", "swallowing"])
async def test_a_replay_that_lacks_a_call_is_no_answer_whatever_the_program_makes_of_it(project, fake_model, function):
    prepared(project, fake_model, python(function))
    await run(project, "--limit", "2", "--no-gate")
    ended = await run(project, "--replay", key=None)
    assert ended.code == 4, ended.text
    assert "lacks the answer of fake/small for the example e2 (sample r1)" in " ".join(ended.out.split())
    assert ("e2", "r1") not in outcomes(project)


async def test_a_budget_stops_a_program_too(project, fake_model):
    fake_model.rules = [Rule(usage=USAGE)]
    prepared(project, fake_model, python("swallowing", workers=1))
    path = project.folder / "evalgate.yaml"
    path.write_text(path.read_text() + "budget: {calls: 1}\n")
    ended = await run(project)
    assert (ended.code, fake_model.calls) == (4, 1), ended.text
    path.write_text(path.read_text().replace("calls: 1", "calls: 50"))
    resumed = await run(project, "--resume")
    assert (resumed.code, fake_model.calls) == (0, 3), resumed.text


def test_an_endpoint_that_is_not_there_and_one_for_a_foreign_server_are_refused(project):
    project.suite = {"task": {"python": "v2/app.py:answer", "endpoint": "fak"}}
    project.prepare()
    path = project.folder / "evalgate.yaml"
    path.write_text(path.read_text() + "endpoints: {fake: {base_url: 'http://127.0.0.1:9/v1'}}\n")
    ended = project.run()
    assert ended.code == 2
    assert "`fak` is not in `endpoints`: did you mean `fake`?" in ended.text
    project.write(
        "evalgate.yaml", path.read_text().replace("python: v2/app.py:answer", "http: {url: 'http://127.0.0.1:9/'}")
    )
    ended = project.run()
    assert ended.code == 2
    assert "`endpoint` is for a server that evalgate starts: add `serve`, or leave `endpoint` out" in ended.text
