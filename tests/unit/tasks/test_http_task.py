"""HTTP tasks against real servers: somebody else's, and one started for the run."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from evalgate.errors import CandidateError
from evalgate.records import ErrorKind, Example, TaskOutcome, Usage
from evalgate.suite.tasks import HttpTask
from evalgate.tasks.http import HttpTaskRunner
from tests.unit.tasks.programs import SERVER

EXAMPLE = Example(id="q7", input={"question": "Why?", "n": 3}, output={"answer": "secret"}, metadata={"lang": "de"})


class Remote:
    """Somebody else's endpoint: answers what the test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.answer: object = {"answer": {"text": "Because."}}
        self.delay = 0.0
        self.requests: list[tuple[dict[str, str], object]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(({k.lower(): v for k, v in request.headers.items()}, await request.json()))
        await asyncio.sleep(self.delay)
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 307:
            return web.Response(status=307, headers={"Location": "http://example.org/login"})
        return web.json_response(self.answer, status=status)


@pytest_asyncio.fixture
async def remote() -> AsyncIterator[Remote]:
    """An endpoint that is not ours."""
    made = Remote()
    app = web.Application()
    app.router.add_post("/answer", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/answer"
    yield made
    await runner.cleanup()


@pytest.fixture
def make(tmp_path, transport):
    """Build a runner; settings of `http` by name, of the task under `task`."""

    def build(*, task: dict | None = None, environ: dict | None = None, **http: object) -> HttpTaskRunner:
        (tmp_path / "server.py").write_text(SERVER)
        declared = HttpTask.model_validate({"http": http, **(task or {})})
        path = {"PATH": os.environ["PATH"]}
        return HttpTaskRunner(declared, root=tmp_path, environ={**path, **(environ or {})}, transport=transport)

    return build


def serve(mode: str = "", **more: object) -> dict:
    return {"command": f"{shlex.quote(sys.executable)} server.py {{port}} {mode}", "ready": "/healthz", **more}


async def ran(runner: HttpTaskRunner, *wishes: object) -> list[TaskOutcome]:
    examples = [Example(id=f"e{i}", input={"wish": wish}) for i, wish in enumerate(wishes)] or [EXAMPLE]
    try:
        await runner.start()
        return [await runner.run(example, "r1") for example in examples]
    finally:
        await runner.close()
        await runner.close()


def alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


async def gone(pid: int, seconds: float = 8.0) -> bool:
    for _ in range(int(seconds / 0.02)):
        if not alive(pid):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_the_input_is_the_body_and_the_answers_place_is_the_output(make, remote):
    [outcome] = await ran(make(url=remote.url, output="answer.text"))
    assert outcome.output == "Because."
    assert remote.requests[0][1] == EXAMPLE.input
    assert (outcome.failure, outcome.usage, outcome.logs) == (None, None, "")
    assert 0 < outcome.latency < 1


async def test_a_body_is_filled_and_lone_expressions_keep_their_type(make, remote):
    body = {"q": "{{ question }}!", "n": "{{ n }}", "all": ["{{ input }}"], "lang": "{{ metadata.lang }}", "k": 1}
    await ran(make(url=remote.url, body=body))
    assert remote.requests[0][1] == {"q": "Why?!", "n": 3, "all": [EXAMPLE.input], "lang": "de", "k": 1}


async def test_a_missing_variable_is_the_runs_error_and_nothing_is_sent(make, remote):
    [outcome] = await ran(make(url=remote.url, body={"a": ["{{ nope }}"]}))
    assert outcome.failure.message == "example 'q7': http.body.a.0: 'nope' is undefined"
    assert (outcome.failure.kind, remote.requests) == (ErrorKind.TASK, [])


async def test_headers_take_only_listed_variables_and_their_values_are_shown_nowhere(make, remote):
    remote.statuses = [403]
    remote.answer = {"detail": "token tok-123456 is not known"}
    runner = make(
        url=remote.url,
        headers={"Authorization": "Bearer ${TOKEN}", "Content-Type": "application/x+json"},
        task={"env": ["TOK*"]},
        environ={"TOKEN": "tok-123456\n"},
    )
    [outcome] = await ran(runner)
    sent = remote.requests[0][0]
    assert sent["authorization"] == "Bearer tok-123456"
    assert sent["content-type"] == "application/x+json"
    assert "tok-123456" not in repr(outcome)
    assert "token *** is not known" in outcome.failure.message


async def test_a_busy_endpoint_is_tried_again(make, remote):
    remote.statuses = [503, 429, 502]
    [outcome] = await ran(make(url=remote.url))
    assert outcome.failure is None
    assert len(remote.requests) == 4


@pytest.mark.parametrize(
    ("status", "kind", "type_"),
    [
        (504, ErrorKind.INFRASTRUCTURE, "server_error"),
        (429, ErrorKind.INFRASTRUCTURE, "rate_limited"),
        (307, ErrorKind.INFRASTRUCTURE, "refused"),
        (500, ErrorKind.TASK, "http_status"),
        (404, ErrorKind.TASK, "http_status"),
    ],
)
async def test_a_status_is_the_endpoints_or_the_tasks(make, remote, status, kind, type_):
    remote.statuses = [status] * 1000
    [outcome] = await ran(make(url=remote.url, task={"timeout": 0.2}))
    assert (outcome.failure.kind, outcome.failure.type) == (kind, type_)


async def test_too_slow_an_answer_is_the_tasks(make, remote):
    remote.delay = 5
    [outcome] = await ran(make(url=remote.url, task={"timeout": 0.1}))
    assert (outcome.failure.kind, outcome.failure.type) == (ErrorKind.TASK, "timeout")


async def test_nobody_there_is_infrastructure(make):
    [outcome] = await ran(make(url="http://127.0.0.1:9/answer"))
    assert (outcome.failure.kind, outcome.failure.type) == (ErrorKind.INFRASTRUCTURE, "unreachable")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"other": 1}, "nothing at answer.text; it is an object with 'other'"),
        ([], "it is a list"),
        (None, "it is null"),
    ],
)
async def test_an_output_that_is_not_where_it_should_be_is_the_tasks_error(make, remote, answer, says):
    remote.answer = answer
    [outcome] = await ran(make(url=remote.url, output="answer.text"))
    assert (outcome.failure.kind, outcome.failure.type) == (ErrorKind.TASK, "missing_output")
    assert says in outcome.failure.message


async def test_null_is_an_output(make, remote):
    remote.answer = {"answer": None}
    [outcome] = await ran(make(url=remote.url, output="answer"))
    assert (outcome.output, outcome.failure) == (None, None)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "needs http.url or http.serve"),
        ({"url": "/answer"}, "http.url is not an http(s) address"),
        ({"url": "http://me:word@x/"}, "credentials in it"),
        ({"url": "http://x/", "serve": {"command": "x"}}, "must be a path of that server"),
        ({"url": "http://x/", "body": {"a": ["{{ open"]}}, "http.body.a.0 is not a template"),
        ({"url": "http://x/", "headers": {"A": "${HOME}"}}, "which the task may not see"),
        ({"url": "http://x/", "headers": {"A": "${TOKEN}"}, "task": {"env": ["TOKEN"]}}, "is not set"),
        ({"url": "http://x/", "headers": {"Content-Length": "5"}}, "cannot set 'Content-Length'"),
        ({"url": "http://x/", "headers": {"A b": "5"}}, "cannot set 'A b'"),
        ({"url": "http://x/", "headers": {"A": "5\r\nB: 6"}}, "no header can carry"),
        ({"serve": {"command": "no-such-program-anywhere"}}, "No such file or directory"),
        ({"serve": {"command": "'unclosed"}}, "cannot be read as a command"),
        ({"serve": {"command": " "}}, "is empty"),
        ({"serve": serve("dies")}, "ended with status 3 before it was ready; it printed last:\ncannot find the model"),
        ({"serve": serve("never", ready_timeout=2.5)}, "was not ready within 2.5 s: GET /healthz gave status 503"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value[:30],
)  # fmt: skip
async def test_what_does_not_load_stops_the_start(make, settings, says):
    with pytest.raises(CandidateError) as caught:
        await ran(make(**settings))
    assert says in str(caught.value)
    assert caught.value.next_step


async def test_a_served_task_answers_from_its_own_tree_with_its_own_environment(make, tmp_path):
    runner = make(serve=serve(), url="/ask", task={"per_worker": 3}, environ={"MINE": "1"})
    assert runner.concurrency == 3
    [outcome] = await ran(runner)
    answer = outcome.output
    assert answer["asked"] == EXAMPLE.input
    assert (answer["path"], Path(answer["folder"])) == ("/ask", tmp_path.resolve())
    assert set(answer["seen"]) - {"LC_CTYPE", "PWD", "__CF_USER_TEXT_ENCODING"} == {"MINE", "PATH", "PORT"}
    assert answer["port"] != "0"
    assert await gone(answer["pid"])


async def test_everything_that_a_server_of_ones_own_does_wrong_is_the_tasks(make):
    runner = make(serve=serve(), task={"timeout": 0.5})
    outcomes = await ran(runner, 500, 503, 429, "text", "hang", "crash", "fine")
    assert [outcome.failure and outcome.failure.type for outcome in outcomes] == [
        "http_status", "server_error", "rate_limited", "unparseable", "timeout", "unreachable", None,
    ]  # fmt: skip
    assert {outcome.failure.kind for outcome in outcomes if outcome.failure} == {ErrorKind.TASK}
    assert "crashing on purpose" in outcomes[5].logs


async def test_a_server_that_crashed_is_started_again_and_logs_belong_to_their_run(make):
    outcomes = await ran(make(serve=serve()), "print", "fine", "crash", "fine")
    assert [outcome.logs for outcome in outcomes] == ["thinking aloud", "", "crashing on purpose", ""]
    assert outcomes[1].output["pid"] != outcomes[3].output["pid"]


async def test_closing_ends_what_the_server_started_and_a_server_that_will_not_stop(make, monkeypatch):
    monkeypatch.setattr("evalgate.tasks.served.GRACE", 0.3)
    runner = make(serve=serve("parent"))
    await runner.start()
    outcome = await runner.run(EXAMPLE, "r1")
    grandchild = int(runner._server.logs().split()[1])
    assert alive(grandchild)
    await runner.close()
    assert await gone(grandchild)
    assert await gone(outcome.output["pid"])
    [outcome] = await ran(make(serve=serve("stubborn")))
    assert await gone(outcome.output["pid"])


async def test_a_start_that_is_cancelled_leaves_no_server(make):
    runner = make(serve=serve("never"))
    starting = asyncio.create_task(runner.start())
    for _ in range(500):
        if runner._server._process is not None:
            break
        await asyncio.sleep(0.01)
    guard = runner._server._process.get_pid()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert await gone(guard)


PARENT = """
import asyncio, json, os, sys
from pathlib import Path
from evalgate.llm.transport import Transport
from evalgate.records import Example
from evalgate.suite.tasks import HttpTask
from evalgate.tasks.http import HttpTaskRunner

async def main():
    task = HttpTask.model_validate({"http": json.loads(sys.argv[1])})
    runner = HttpTaskRunner(task, root=Path(sys.argv[2]), environ={"PATH": os.environ["PATH"]}, transport=Transport())
    await runner.start()
    outcome = await runner.run(Example(id="x", input={}), "r1")
    print(outcome.output["pid"], runner._server.logs().split()[1], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_server_does_not_outlive_an_evalgate_that_was_killed(tmp_path):
    (tmp_path / "server.py").write_text(SERVER)
    root = Path(__file__).parents[3]
    parent = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs in this loop
        [sys.executable, "-c", PARENT, json.dumps({"serve": serve("parent")}), str(tmp_path)],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        server, grandchild = map(int, parent.stdout.readline().split())
        assert alive(server)
        assert alive(grandchild)
        parent.send_signal(signal.SIGKILL)
        assert await gone(server)
        assert await gone(grandchild)
    finally:
        parent.kill()
        parent.communicate()


async def test_an_answer_may_be_the_object_of_a_result(make, remote):
    """A served application brings its context and usage the way a command does."""
    remote.answer = {
        "evalgate": 1,
        "output": {"answer": "Because."},
        "context": ["a page"],
        "usage": [{"model": "m", "input_tokens": 3, "output_tokens": 4}],
    }
    [outcome] = await ran(make(url=remote.url))
    assert outcome.output == {"answer": "Because."}
    assert outcome.context == ["a page"]
    assert outcome.usage == (Usage(model="m", input_tokens=3, output_tokens=4),)


async def test_an_error_in_that_object_is_the_runs_error(make, remote):
    """An application that says what went wrong is believed."""
    remote.answer = {"evalgate": 1, "error": {"kind": "task", "message": "no such recipe"}}
    [outcome] = await ran(make(url=remote.url))
    assert outcome.failure is not None
    assert outcome.failure.message == "no such recipe"


async def test_the_setup_of_a_served_task_runs_before_its_server(make, tmp_path):
    """What the server needs is built first."""
    runner = make(serve=serve(), task={"setup": "echo built > built.txt"})
    await runner.start()
    assert (tmp_path / "built.txt").read_text() == "built\n"
    await runner.close()
