"""docs/tasks.md as a reader follows it: every example is written to files as it stands, and passes."""

import asyncio
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.e2e.project import REPOSITORY
from tests.fake_model import FakeModel, Rule

_PART = re.compile(r"<!-- (project|file): (\S+) -->(?:\n```\w+\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)


def examples() -> dict[str, dict[str, str]]:
    """Return the files of each example of the page, by its name; those before the first belong to all."""
    found: dict[str, dict[str, str]] = {"": {}}
    name = ""
    for kind, value, text in _PART.findall((REPOSITORY / "docs/tasks.md").read_text("utf-8")):
        if kind == "project":
            name = value
            found[name] = dict(found[""])
        else:
            found[name][value] = text
    del found[""]
    return found


def written(project, name: str, *, address: str = "", reachable: str = "") -> None:
    """Write an example's files, with its address replaced by one that a test may reach."""
    for path, text in examples()[name].items():
        project.write(path, text.replace(address, reachable) if address else text)


def test_every_example_is_tried():
    """An example that is added is added to the tests below."""
    assert sorted(examples()) == ["command", "http", "per-example", "prompt", "python", "served"]


@pytest.mark.parametrize("name", ["python", "command", "per-example", "served"])
def test_the_example_passes(project, name):
    """What the page says is all that is needed."""
    written(project, name)
    ended = project.run()
    assert ended.code == 0, ended.text
    assert "PASS" in ended.out


def test_the_example_of_an_endpoint_passes(project):
    """The header has the variable that `env` lists, the body is filled from the example."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append((self.headers["authorization"], body))
            data = json.dumps({"result": {"answer": body["q"].upper()}}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        written(project, "http", address="127.0.0.1:8080", reachable=f"127.0.0.1:{server.server_port}")
        ended = project.run(ANSWERS_TOKEN="t0ken-1")
        server.shutdown()
    assert ended.code == 0, ended.text
    assert ("Bearer t0ken-1", {"q": "hello", "meta": {}}) in asked


def test_the_example_of_a_prompt_passes(project):
    """The prompt is sent as the page says, and the reply's JSON is the output."""

    async def against_a_model():
        rules = [Rule(when=word, reply=json.dumps({"answer": word.upper()})) for word in ("hello", "world")]
        async with FakeModel(*rules) as fake:
            written(project, "prompt", address="https://api.openai.com/v1", reachable=fake.base_url)
            return await asyncio.to_thread(project.run, OPENAI_API_KEY="k")

    ended = asyncio.run(against_a_model())
    assert ended.code == 0, ended.text
