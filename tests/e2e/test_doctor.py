"""`evalgate doctor`: one line for each thing that a run needs, and what mends it, before anything is paid."""

import asyncio
import json
import socket
import time
from email.utils import formatdate

import pytest
import yaml
from aiohttp import web

from tests.e2e.project import Project, golden
from tests.e2e.repository import Repo
from tests.fake_github import FakeGitHub

KEY = "sk-very-secret-0123456789abcdef"
PROMPT = "messages:\n  - {role: user, content: 'How much is {{ q }}?'}\n"


class Models:
    """An endpoint that lists its models as it is told to; it counts what it is asked."""

    def __init__(self):
        self.status, self.body, self.headers, self.delay, self.asked = 200, {"data": [{"id": "good"}]}, {}, 0.0, []

    async def answer(self, request):
        self.asked.append((request.method, request.path, request.headers.get("Authorization")))
        if request.method == "POST":
            choice = {"message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}
            return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 1}})
        await asyncio.sleep(self.delay)
        body = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return web.Response(status=self.status, text=body, headers=self.headers)


@pytest.fixture
async def models():
    models = Models()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", models.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)  # an answer that is delayed is waited for by nobody
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    models.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/v1"
    yield models
    await runner.cleanup()


@pytest.fixture
def asking(tmp_path, models):
    """A suite with a prompt and a judge, both at one endpoint."""
    project = Project(tmp_path)
    project.write("golden.jsonl", golden(3))
    project.write("prompt.yaml", PROMPT)
    config = {
        "suites": {
            "sums": {
                "dataset": "golden.jsonl",
                "task": {"prompt": "prompt.yaml", "model": "here/good", "variables": {"q": "input.q"}},
                "evaluators": [{"judge": "correctness", "model": "here/good"}],
                "checks": {"correctness": {"at_least": 0.5}},
                "baseline": None,
            }
        },
        "endpoints": {"here": {"base_url": models.url, "api_key_env": "HERE_KEY"}},
        "budget": {"usd": 1},
    }
    project.write("evalgate.yaml", yaml.safe_dump(config, sort_keys=False))
    return project


async def looked(project, *arguments, **env):
    given = {"HERE_KEY": KEY} | env
    ended = await asyncio.to_thread(project.evalgate, "doctor", "--json", *arguments, **given)
    assert KEY not in ended.text
    report = json.loads(ended.out)
    assert report["exit_code"] == ended.code, ended.text
    return ended.code, {each["about"]: each for each in report["findings"]}


def stands(found, about):
    return found[about]["state"], found[about]["message"]


async def test_all_is_said_and_nothing_is_paid(asking, models):
    """One free question to the endpoint, no journal made, every line with its state."""
    code, found = await looked(asking)
    assert code == 0, found
    assert models.asked == [("GET", "/v1/models", f"Bearer {KEY}")]
    assert stands(found, "endpoint here") == ("ok", "answers, has good")
    assert stands(found, "sums: dataset") == ("ok", "golden.jsonl, 3 examples")
    assert stands(found, "clock") == ("ok", "agrees with the services")
    assert found["prices"]["state"] == "warning"
    assert found["prices"]["next"].startswith("prices: {here/good: {input:")
    assert found["sums: correctness"]["next"] == "evalgate judge validate LABELS --suite sums --judge correctness"
    assert not (asking.folder / ".evalgate").exists()
    text = await asyncio.to_thread(asking.evalgate, "doctor", HERE_KEY=KEY)
    assert "A run can begin. It lives with 2 of" in text.out
    assert text.out.startswith("ok       config")


async def test_a_model_is_asked_where_that_is_wanted(asking, models):
    code, found = await looked(asking, "--call")
    assert (code, found["model here/good"]["state"]) == (0, "ok")
    assert [method for method, *_ in models.asked] == ["GET", "POST"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"error": {"message": f"Incorrect key {KEY}"}}, ("problem", 4, "refused the key (401)")),
        (403, {"error": {"message": "Missing scopes: api.model.read"}}, ("warning", 0, "may not list models")),
        (503, "away", ("warning", 0, "answered 503")),
        (200, {"data": [{"id": "other"}]}, ("warning", 0, "does not list good")),
        (200, "[" * 100_000, ("ok", 0, "lists no models")),
        (302, "", ("problem", 4, "redirect")),
        (418, "\x1b[31m::error::pwned\n" * 1000, ("ok", 0, "lists no models (418)")),
    ],
)
async def test_what_an_endpoint_says_of_itself(asking, models, status, body, expected):
    models.status, models.body = status, body
    models.headers = {"Location": "http://elsewhere/"} if status == 302 else {}
    code, found = await looked(asking)
    state, message = stands(found, "endpoint here")
    assert (state, code) == expected[:2], message
    assert expected[2] in message
    assert len(message) < 400
    if status == 418:
        text = await asyncio.to_thread(asking.evalgate, "doctor", HERE_KEY=KEY)
        assert "refused" not in text.out
        assert "\x1b" not in text.out
        assert "\n::error::" not in text.out


async def test_a_silent_endpoint_does_not_hold_it_up(asking, models):
    models.delay = 60
    began = time.monotonic()
    code, found = await looked(asking)
    assert (code, found["endpoint here"]["state"]) == (4, "problem")
    assert time.monotonic() - began < 25
    assert "10 s" in found["endpoint here"]["message"]


async def test_a_clock_that_is_off_is_said(asking, models):
    models.headers = {"Date": formatdate(time.time() - 3600, usegmt=True)}
    _, found = await looked(asking)
    state, message = stands(found, "clock")
    assert (state, "ahead of the services" in message) == ("warning", True)


async def test_a_key_that_is_not_there_is_named(asking, models):
    code, found = await looked(asking, HERE_KEY="")
    assert code == 2
    assert "HERE_KEY is not set" in found["endpoint here"]["message"]
    assert found["endpoint here"]["next"].startswith("set HERE_KEY")
    assert models.asked == []


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    """A dataset, a program, an interpreter, a stored baseline and a server that nobody named: five lines, one look."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    project = Project(tmp_path)
    project.write("golden.jsonl", golden(3))
    checks = {"exact_match": {"at_least": 0.5}}
    common = {"evaluators": [{"exact_match": {"path": "answer"}}], "checks": checks, "baseline": None}
    suites = {
        "lost": {"dataset": "lost.jsonl", "task": {"command": "cat"}, **common},
        "program": {"dataset": "golden.jsonl", "task": {"command": "no-such-program --x"}, **common},
        "made": {"dataset": "golden.jsonl", "task": {"command": "dist/app", "setup": "make"}, **common},
        "python": {
            "dataset": "golden.jsonl",
            "task": {"python": "app.py:answer", "interpreter": ".venv/bin/python"},
            **common,
        },
        "stored": {
            "dataset": "golden.jsonl",
            "task": {"command": "cat"},
            **common,
            "checks": {"exact_match": {"no_regression": {}}},
            "baseline": "file:lost.db",
        },
    }
    project.write("app.py", "def answer(input): return 1\n")
    project.write("lost.jsonl", "{")
    project.write("dist/readme", "")
    config = {"suites": suites, "phoenix": {"required": True}}
    project.write("evalgate.yaml", yaml.safe_dump(config, sort_keys=False))
    ended = project.evalgate("doctor", "--json")
    found = {each["about"]: each for each in json.loads(ended.out)["findings"]}
    wrong = {about for about, each in found.items() if each["state"] == "problem"}
    assert wrong == {"lost", "program: task", "python: task", "stored: baseline", "phoenix"}
    assert (ended.code, found["made: task"]["state"]) == (2, "warning")
    assert all(found[about]["next"] for about in wrong)
    only = project.evalgate("doctor", "--suite", "made", PHOENIX_ENDPOINT=address)
    assert (only.code, "was not reached" in only.out) == (4, True)
    project.write("evalgate.yaml", "suites: {a: 3}")
    broken = project.evalgate("doctor")
    assert (broken.code, "problem  config" in broken.out, "evalgate.yaml:1" in broken.out) == (2, True, True)
    lacking = {"dataset": "nowhere.jsonl", "task": {"command": "cat"}, **common}
    project.write("evalgate.yaml", yaml.safe_dump({"suites": {"a": lacking, "b": lacking}}, sort_keys=False))
    two = project.evalgate("doctor").out.splitlines()
    assert sum(line.strip().startswith("evalgate.yaml:") for line in two) == 2, two


def test_a_base_that_is_not_here_is_said_with_the_depth_to_fetch(tmp_path):
    repo = Repo(tmp_path / "repo").begin().ship()
    found = json.loads(repo.evalgate("doctor", "--json").out)["findings"]
    states = {each["about"]: each for each in found}
    assert states["doubling: baseline"]["state"] == "ok"
    assert "nothing of it is changed" in states["doubling: baseline"]["message"]
    missing = repo.evalgate("doctor", "--base", "nowhere", "--json")
    states = {each["about"]: each for each in json.loads(missing.out)["findings"]}
    assert (missing.code, states["doubling: baseline"]["state"]) == (4, "problem")
    assert states["doubling: baseline"]["next"]


def test_places_that_cannot_be_written_to(tmp_path):
    project = Project(tmp_path).prepare()
    ended = project.evalgate("doctor", "--journal", str(project.folder / "v1"), "--json")
    found = {each["about"]: each for each in json.loads(ended.out)["findings"]}
    assert (ended.code, "is a folder" in found["journal"]["message"]) == (2, True)
    project.write("old.db", "no database")
    ended = project.evalgate("doctor", "--journal", "old.db", "--json")
    wrong = [each for each in json.loads(ended.out)["findings"] if each["state"] == "problem"]
    assert (ended.code, [each["about"] for each in wrong]) == (4, ["journal"])


@pytest.mark.parametrize(
    ("may", "state"),
    [({"pull_requests": "write"}, "ok"), ({"contents": "read"}, "warning"), (None, "warning")],
)
def test_whether_the_job_may_comment_is_asked_without_commenting(tmp_path, may, state):
    repo = Repo(tmp_path / "repo").begin().ship()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(6)
    repo.commit()
    with FakeGitHub() as github:
        repository = github.repository("acme/support")
        pull = repository.pull(head="0" * 40).number
        token = None if may is None else github.job_token("acme/support", **may)
        event = repo.folder.parent / "event.json"
        event.write_text(json.dumps({"number": pull}))
        env = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": f"refs/pull/{pull}/head",
            "GITHUB_BASE_REF": "main",
            **github.environment(repository, token),
        }
        ended = repo.evalgate("doctor", "--json", **env)
        found = {each["about"]: each for each in json.loads(ended.out)["findings"]}
        assert found["github"]["state"] == state, found["github"]
        assert (ended.code == 0, repository.comments_of(pull)) == (True, []), ended.text
        assert found["github"]["next"] or state == "ok"
        assert token is None or token not in ended.text


@pytest.mark.parametrize("required", [False, True])
def test_how_phoenix_stands(tmp_path, phoenix_auth, required):
    """Its version where it takes the key. A refused mirror ends no run, unless the config needs it."""
    config = {"suites": {}, "phoenix": {"required": required}}
    project = Project(tmp_path).prepare()
    suites = yaml.safe_load((tmp_path / "evalgate.yaml").read_text())["suites"]
    project.write("evalgate.yaml", yaml.safe_dump(config | {"suites": suites}))
    env = {"PHOENIX_ENDPOINT": phoenix_auth.base_url}
    states = []
    for key in (phoenix_auth.api_key, "wrong-key-0123456789"):
        ended = project.evalgate("doctor", "--json", PHOENIX_API_KEY=key, **env)
        found = {each["about"]: each for each in json.loads(ended.out)["findings"]}["phoenix"]
        states.append((found["state"], ended.code))
        assert key not in ended.text
        if key == phoenix_auth.api_key:
            assert "takes the key, version 20." in found["message"]
    assert states == [("ok", 0), ("problem", 4) if required else ("warning", 0)]


async def test_a_run_that_would_end_for_sure_is_not_begun(asking, models):
    """A refused key is found before the task is paid; a service that is away may not be needed, and the run sees."""
    models.status = 401
    ended = await asyncio.to_thread(asking.run, "--doctor", HERE_KEY=KEY)
    assert ended.code == 4
    assert "the run was not begun: endpoint here: refused the key (401)" in ended.err
    assert [method for method, *_ in models.asked] == ["GET"]
    assert not (asking.folder / ".evalgate" / "journal.db").exists()
    models.status = 503
    ended = await asyncio.to_thread(asking.run, "--doctor", "--quiet", HERE_KEY=KEY, GITHUB_ACTIONS="true")
    assert "answered 503" in ended.err
    assert "POST" in [method for method, *_ in models.asked]
    asking.write("prompt.yaml", "messages: 3")
    summary = asking.folder / "summary.md"
    ended = await asyncio.to_thread(
        asking.run, "--quiet", HERE_KEY="", EVALGATE_RUN_DOCTOR="true", GITHUB_STEP_SUMMARY=str(summary)
    )
    assert ended.code == 2
    assert "HERE_KEY is not set" in ended.err
    assert summary.read_text()
