"""How runs came about, in a real Phoenix server: traces in their experiment's project, found from runs by their ids."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

from tests.fake_model import Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

PROGRAM = Path(__file__).parent / "programs" / "traced" / "traced.py"
SECRET = "sesame-open"
COST = """
query ($id: ID!) { node(id: $id) { ... on Experiment {
    costSummary { total { tokens } }
    runs { edges { node { trace { traceId } annotations { edges { node { name trace { traceId } } } } } } }
} } }
"""


def ask(base_url, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base_url}/{path}", data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def prepared(project, phoenix, fake_model, task, **settings):
    """Three examples, a judge and a code evaluator, mirrored to a dataset of its own."""
    project.suite = {
        "task": {"timeout": 30, "inputs": ["*.py", "*.yaml"], **task},
        "evaluators": [{"exact_match": {"path": "answer"}}, {"judge": "correctness", "model": "fake/judge"}],
        "checks": {"exact_match": {"at_least": 0}, "correctness": {"report_only": True}},
        "baseline": ...,
    }
    shutil.copy(PROGRAM, project.folder)
    rows = [{"id": f"e{n}", "input": {"q": f"{SECRET} {n}"}, "output": {"answer": f"{SECRET} {n}"}} for n in range(3)]
    project.write("golden.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    project.prepare()
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["endpoints"] = {"fake": {"base_url": fake_model.base_url}}
    config["prices"] = {"fake/small": {"input": 1, "output": 1}, "fake/judge": {"input": 1, "output": 1}}
    config["phoenix"] = {"dataset": phoenix.unique("traces") + " {suite}", **settings}
    path.write_text(yaml.safe_dump(config))
    return project


def experiment(base_url, project):
    """The only experiment of the project's own dataset, and its runs."""
    name = yaml.safe_load((project.folder / "evalgate.yaml").read_text())["phoenix"]["dataset"]
    quoted = urllib.parse.quote(name.replace("{suite}", "doubling"))
    (dataset,) = ask(base_url, f"v1/datasets?name={quoted}")["data"]
    (found,) = ask(base_url, f"v1/datasets/{dataset['id']}/experiments")["data"]
    return found, ask(base_url, f"v1/experiments/{found['id']}/json")


def spans_of(base_url, project_name, expected):
    """The spans of a project by trace, once there are so many: a server takes them in by and by."""
    until = time.monotonic() + 60
    while True:
        spans = ask(base_url, f"v1/projects/{urllib.parse.quote(project_name)}/spans?limit=1000")["data"]
        if len(spans) >= expected or time.monotonic() > until:
            break
        time.sleep(0.2)
    traces = {}
    for span in spans:
        traces.setdefault(span["context"]["trace_id"], []).append(span)
    assert len(spans) == expected, {trace: [span["name"] for span in held] for trace, held in traces.items()}
    return traces


def named(spans):
    return {span["name"]: span for span in spans}


async def test_a_prompts_runs_and_its_judges_verdicts_are_traces(project, phoenix, fake_model):
    usage = {"prompt_tokens": 900, "completion_tokens": 100}
    fake_model.rules = [Rule(model="small", reply="echo", usage=usage), Rule(model="judge", reply="judge")]
    task = {"prompt": "p.yaml", "model": "fake/small"}
    prepared(project, phoenix, fake_model, task)
    project.write("p.yaml", "messages:\n  - {role: user, content: '{{ q }}'}\n")
    ended = await asyncio.to_thread(project.run, PHOENIX_ENDPOINT=phoenix.base_url)
    assert ended.code == 0, ended.text
    found, runs = experiment(phoenix.base_url, project)
    # Of each run: its task and the call; the judge and its call; the other evaluator.
    traces = spans_of(phoenix.base_url, found["project_name"], 3 * 5)
    assert len(traces) == 9
    for run in runs:
        held = named(traces[run["trace_id"]])
        task_span, call = held["task"], held["small"]
        assert (task_span["span_kind"], call["span_kind"]) == ("CHAIN", "LLM")
        assert call["parent_id"] == task_span["context"]["span_id"]
        assert call["attributes"]["llm.token_count.prompt"] == 900
        assert call["attributes"]["llm.cost.total"] == 0.001
        assert call["attributes"]["llm.input_messages.0.message.content"] == run["input"]["q"]
    known = ask(phoenix.base_url, "graphql", {"query": COST, "variables": {"id": found["id"]}})["data"]["node"]
    assert known["costSummary"]["total"]["tokens"] == 3000  # of the task alone
    for edge in known["runs"]["edges"]:
        assert edge["node"]["trace"]["traceId"] in traces
        said = {each["node"]["name"]: each["node"]["trace"] for each in edge["node"]["annotations"]["edges"]}
        judged = named(traces[said["correctness"]["traceId"]])
        assert judged["correctness"]["span_kind"] == "EVALUATOR"
        assert judged["judge"]["parent_id"] == judged["correctness"]["context"]["span_id"]
        assert [span["name"] for span in traces[said["exact_match"]["traceId"]]] == ["exact_match"]


async def test_a_programs_own_spans_hang_below_its_task_and_are_sent_once(project, phoenix, fake_model):
    """Its server was away; what was kept meanwhile is sent by `phoenix sync`, and again to no effect."""
    fake_model.rules = [Rule(reply="judge")]
    task = {"python": "traced.py:answer", "interpreter": sys.executable, "workers": 2}
    prepared(project, phoenix, fake_model, task)
    ended = await asyncio.to_thread(project.run, PHOENIX_ENDPOINT="http://127.0.0.1:9")
    assert ended.code == 0, ended.text
    synced = await asyncio.to_thread(project.evalgate, "phoenix", "sync", PHOENIX_ENDPOINT=phoenix.base_url)
    assert synced.code == 0, synced.text
    found, runs = experiment(phoenix.base_url, project)
    # Of each run: its task with answer, search and chat; the judge and its call; the other evaluator.
    traces = spans_of(phoenix.base_url, found["project_name"], 3 * 7)
    for run in runs:
        held = named(traces[run["trace_id"]])
        assert {*held} == {"task", "answer", "search", "chat"}
        assert held["answer"]["parent_id"] == held["task"]["context"]["span_id"]
        assert held["chat"]["parent_id"] == held["answer"]["context"]["span_id"]
        assert held["task"]["start_time"] <= held["answer"]["start_time"]
        assert held["task"]["end_time"] >= held["answer"]["end_time"]
    known = ask(phoenix.base_url, "graphql", {"query": COST, "variables": {"id": found["id"]}})["data"]["node"]
    assert known["costSummary"]["total"]["tokens"] == sum(len(run["input"]["q"]) + 5 for run in runs)


async def test_what_is_withheld_is_in_no_span(project, phoenix, fake_model):
    fake_model.rules = [Rule(reply="judge")]
    task = {"python": "traced.py:answer", "interpreter": sys.executable}
    prepared(project, phoenix, fake_model, task, content="hashed")
    ended = await asyncio.to_thread(project.run, PHOENIX_ENDPOINT=phoenix.base_url)
    assert ended.code == 0, ended.text
    found, runs = experiment(phoenix.base_url, project)
    traces = spans_of(phoenix.base_url, found["project_name"], 3 * 7)
    assert SECRET not in json.dumps(traces)
    held = named(traces[runs[0]["trace_id"]])
    assert held["chat"]["attributes"]["llm.model_name"] == "gpt-4.1-mini"
    assert held["chat"]["attributes"]["llm.token_count.completion"] == 5
    assert "sha256" in json.dumps(held["search"]["attributes"])
