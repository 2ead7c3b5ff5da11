"""`python -m tests.bench.latency_lean [--kind prompt] [--runs 32] [--cold]`: whether equal sides take equally long.

Each run is a fresh build of two equal tasks that take 50 ms, 60 examples, with a journal and a cache of its own; a
prompt asks two models of one server, 32 at a time. Printed: the mean log ratio of their latencies in per cent, what it
varies by from build to build, and in how many builds the candidate was the quicker side.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen

from evalgate.journal.store import Journal
from tests.e2e.project import REPOSITORY, Project

TASKS = {
    "prompt": ({"prompt": "p.yaml", "model": "f/a", "variables": {"q": "input.q"}}, {"model": "f/b"}),
    "python": ({"python": "t.py:a", "workers": 4}, {"python": "t.py:b"}),
    "command": ({"command": f"{sys.executable} c.py a", "workers": 4}, {"command": f"{sys.executable} c.py b"}),
}
PYTHON = "import time\ndef a(input):\n    time.sleep(0.05)\n    return {'answer': 1}\nb = a\n"
COMMAND = (
    "import json, sys, time\nfor line in sys.stdin:\n    asked = json.loads(line)\n    time.sleep(0.05)\n"
    "    told = {'evalgate': 1, 'id': asked['id'], 'sample': asked['sample'], 'output': {'answer': 1}}\n"
    "    print(json.dumps(told), flush=True)\n"
)


def serve(folder: Path) -> Popen[str]:
    """Start a server that answers after 50 ms."""
    rules = folder / "rules.json"
    rules.write_text(json.dumps([{"latency": 0.05, "reply": '{"answer": 1}'}]))
    argv = [sys.executable, "-m", "tests.fake_model", "--rules", str(rules)]
    return Popen(argv, cwd=REPOSITORY, stdout=PIPE, text=True)


def lean(folder: Path, kind: str, url: str | None) -> float:
    """Return the mean log ratio of candidate to baseline of one fresh build."""
    task, baseline = TASKS[kind]
    suite = {"task": task, "baseline": {"task": baseline}, "checks": {"latency": {"no_regression": {}}}}
    project = Project(folder, examples=60, suite=suite)
    for name, text in (("t.py", PYTHON), ("c.py", COMMAND), ("p.yaml", "messages: [{role: user, content: '{{ q }}'}]")):
        project.write(name, text)
    project.prepare()
    config = folder / "evalgate.yaml"
    config.write_text(f"{config.read_text()}\nendpoints: {{f: {{base_url: '{url or 'http://127.0.0.1:9'}'}}}}\n")
    project.run("--quiet", "--no-gate")
    took: dict[str, dict[str, float]] = {}
    with Journal(folder / ".evalgate" / "journal.db", create=False) as journal:
        for row in journal.experiments(1):
            took[row.side.value] = {example: seconds for example, _, seconds, *_ in journal.resources(row.id)}
    return statistics.mean(math.log(took["candidate"][each] / seconds) for each, seconds in took["baseline"].items())


def main() -> None:
    """Make the builds, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.latency_lean", description=__doc__)
    parser.add_argument("--kind", choices=TASKS, default="prompt")
    parser.add_argument("--runs", type=int, default=32)
    parser.add_argument("--cold", action="store_true", help="a server that was just started for each build")
    given = parser.parse_args()
    leans = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        server = None
        for number in range(given.runs):
            folder = Path(name, str(number))
            folder.mkdir()
            if given.kind == "prompt" and (server is None or given.cold):
                server = stack.enter_context(serve(folder))
                stack.callback(server.terminate)
                url = server.stdout.readline().strip() if server.stdout else ""
            leans.append(lean(folder, given.kind, url if server else None))
    mean, error = statistics.mean(leans), statistics.stdev(leans) / math.sqrt(len(leans))
    quicker = sum(each < 0 for each in leans)
    print(f"mean {100 * mean:+.2f} %, standard error {100 * error:.2f}; quicker in {quicker} of {len(leans)}")


if __name__ == "__main__":
    main()
