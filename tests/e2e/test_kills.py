"""Signals in the middle of a run: the code says interrupted, no process stays behind, and --resume ends it as ever."""

import signal
import sys
import time

import pytest

from tests.e2e.project import start
from tests.e2e.repository import processes_in

PYTHON = "import time\n\ndef answer(input):\n    time.sleep(0.1)\n    return {'answer': input['q'] * 2}\n"
COMMAND = """
import json, sys, time
for line in sys.stdin:
    request = json.loads(line)
    time.sleep(0.1)
    output = {"answer": request["input"]["q"] * 2}
    print(json.dumps({"evalgate": 1, "id": request["id"], "output": output}), flush=True)
"""
SERVER = """
import http.server, json, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(0.1)
        body = json.dumps({"answer": asked["q"] * 2}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
EVALUATOR = "import time\n\ndef fine(output):\n    time.sleep(0.02)\n    return 1.0\n"
TASKS = {
    "python": {"python": "app.py:answer", "interpreter": sys.executable, "workers": 1},
    "command": {"command": [sys.executable, "app.py"], "workers": 1},
    "http": {
        "http": {"url": "/", "serve": {"command": f"{sys.executable} app.py {{port}}", "ready": "/"}},
        "workers": 1,
    },
}


@pytest.fixture(params=TASKS)
def slow(project, request):
    """Two sides of one kind of task, with a user's evaluator beside a built-in one."""
    project.write("app.py", {"python": PYTHON, "command": COMMAND, "http": SERVER}[request.param])
    project.write("evals.py", EVALUATOR)
    task = {**TASKS[request.param], "inputs": ["app.py"]}
    project.suite = {
        "task": task,
        "baseline": {"task": {}},
        "evaluators": [{"exact_match": {"path": "answer"}}, {"python": "evals.py:fine", "interpreter": sys.executable}],
        "checks": {"exact_match": {"no_regression": {}}, "fine": {"no_regression": {}}},
    }
    project.examples = 30
    return project.prepare()


def begun(project):
    """A run that has recorded something and is far from its end."""
    process = start(project.folder, "run")
    deadline = time.monotonic() + 120
    while not list((project.folder / ".evalgate").glob("*.lock")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    return process


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ((signal.SIGKILL,), -signal.SIGKILL),
        ((signal.SIGTERM,), 130),
        ((signal.SIGINT, signal.SIGINT), 130),
    ],
)
def test_no_process_stays_and_resume_goes_on(slow, sent, code):
    """Whatever ends the run, its workers and servers end with it; the second signal is no FAIL and no traceback."""
    process = begun(slow)
    for number in sent:
        process.send_signal(number)
        time.sleep(0.02)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code, said.decode()
    assert b"Traceback" not in said
    if code == 130:
        assert b"evalgate run --resume" in said
    deadline = time.monotonic() + 60
    while processes_in(slow.folder):
        assert time.monotonic() < deadline, processes_in(slow.folder)
        time.sleep(0.05)
    ended = slow.run("--resume")
    assert ended.code == 0, ended.text
    assert sorted(path.name for path in (slow.folder / ".evalgate").iterdir()) == [".gitignore", "journal.db"]
