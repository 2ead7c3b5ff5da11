"""`evalgate judge validate --annotations`: what people said in a real Phoenix as the labels of a judge."""

from __future__ import annotations

import asyncio
import json

import pytest
import yaml

from evalgate.gate import human_labels
from evalgate.gate.guard.guard import unguarded
from evalgate.gate.human_labels import Gathered, add_experiment, add_project
from evalgate.gate.request import whole_suites
from evalgate.phoenix.address import Address
from evalgate.phoenix.annotations import runs as annotated_runs
from evalgate.phoenix.annotations import spans as annotations
from evalgate.phoenix.annotations.runs import people_said
from evalgate.phoenix.connection import connect
from evalgate.phoenix.experiments.writing import get_experiment
from evalgate.phoenix.spans import stored
from evalgate.suite.loading import load_config
from tests.e2e.project import Project
from tests.fake_model import Rule
from tests.integration.team import Team, span

COUNT = 24
GOLDEN = [
    {"id": f"e{n}", "input": {"question": f"Capital number {n}?"}, "output": {"answer": "Paris"}} for n in range(COUNT)
]
OUTPUTS = {each["id"]: {"answer": "Paris" if n % 3 else "Lyon"} for n, each in enumerate(GOLDEN)}
TRUTH = {each["id"]: "correct" if n % 3 else "incorrect" for n, each in enumerate(GOLDEN)}


@pytest.fixture
def judging(tmp_path, fake_model, phoenix):
    """A project with one judge, whose examples are those of the team's datasets."""
    fake_model.rules = [Rule(reply="judge")]

    def made(dataset="golden.jsonl", **judge) -> Project:
        project = Project(tmp_path)
        project.write("golden.jsonl", "".join(json.dumps(each) + "\n" for each in GOLDEN))
        project.suite = {
            "dataset": dataset,
            "evaluators": [{"judge": "correctness", "model": "fake/m", **judge}],
            "checks": {judge.get("judge", "correctness"): {"no_regression": {}}},
        }
        config = project.prepare().folder / "evalgate.yaml"
        said = yaml.safe_load(config.read_text())
        said["endpoints"] = {"fake": {"base_url": fake_model.base_url, "timeout": 20}}
        config.write_text(yaml.safe_dump(said))
        return project

    return made


async def validate(project, server, *arguments):
    env = {"PHOENIX_ENDPOINT": server if isinstance(server, str) else server.base_url}
    return await asyncio.to_thread(
        project.evalgate, "judge", "validate", "--repetitions", "1", *arguments, **env, timeout=120
    )


async def test_what_people_said_of_runs_holds_a_judge_and_is_kept_as_a_file(judging, phoenix, fake_model):
    """An experiment that evalgate did not make; the file that is saved gives the same verdict, without a call."""
    team = Team(phoenix)
    dataset, _ = await team.dataset(GOLDEN)
    experiment = await team.experiment(dataset, {**OUTPUTS, "e5": ValueError("down")})
    await experiment.say("human", TRUTH)
    project = judging()
    place = f"phoenix:experiment:{experiment.id}"
    wanted = ("--annotations", "human", "--from", place)
    ended = await validate(project, phoenix, *wanted, "--save", "labels/kept.jsonl", "--json")
    assert ended.code == 0, ended.text
    found = json.loads(ended.out)
    assert (found["answers"], found["split"], found["trusted"], found["file"]) == (23, 0, True, "kept.jsonl")
    assert found["table"] == [[15, 0], [0, 8]]
    assert "1 annotated runs or spans have no answer: they are left out." in ended.err
    kept = [json.loads(line) for line in (project.folder / "labels/kept.jsonl").read_text().splitlines()]
    assert kept[0] == {
        "id": f"e0:{experiment.id}:1",
        "example": "e0",
        "input": GOLDEN[0]["input"],
        "output": {"answer": "Lyon"},
        "expected": {"answer": "Paris"},
        "label": "incorrect",
    }
    calls = fake_model.calls
    again = await validate(project, phoenix, "labels/kept.jsonl", "--json")
    assert (again.code, fake_model.calls) == (0, calls)
    assert json.loads(again.out)["table"] == found["table"]
    (project.folder / "labels/kept.jsonl").write_text("mine\n")
    refused = await validate(project, phoenix, *wanted, "--save", "labels/kept.jsonl")
    assert refused.code == 2
    assert "nobody can be asked here" in refused.err
    assert (project.folder / "labels/kept.jsonl").read_text() == "mine\n"


async def test_several_people_on_the_traces_of_runs_are_counted_each_once(judging, phoenix):
    """Two agree but once; a third's silence, a model's opinion and a step within a run say nothing."""
    team = Team(phoenix)
    dataset, _ = await team.dataset(GOLDEN)
    experiment = await team.experiment(dataset, OUTPUTS, traced=True)
    spans = {experiment.span_id(example): label for example, label in TRUTH.items()}
    await team.say("quality", spans, by="ann")
    await team.say("quality", {**spans, experiment.span_id("e1"): "incorrect"}, by="bob")
    await team.say("quality", {experiment.span_id("e2"): None}, by="carl")
    await team.say("quality", dict.fromkeys(spans, "correct"), kind="LLM", by="model")
    root = experiment.roots["e2"]["context"]
    step = span("a step", trace=root["trace_id"], parent=root["span_id"])
    await team.spans(experiment.project, [step])
    await team.say("quality", {step["context"]["span_id"]: "incorrect"}, by="ann")
    ended = await validate(
        judging(), phoenix, "--annotations", "quality", "--from", f"phoenix:experiment:{experiment.id}"
    )
    assert ended.code == 0, ended.text
    assert "People are split over 1 answer" in ended.out
    assert "It says what people say of 23 of 23 answers" in ended.out
    assert f"24 labelled answers of quality of phoenix:experiment:{experiment.id}" in " ".join(ended.out.split())
    assert "people:" in ended.out
    assert "1 annotations have neither a label nor a score" in ended.err
    assert "1 annotated spans are steps within a run" in ended.err


async def test_spans_of_an_application_bring_what_they_and_their_example_say(judging, phoenix):
    """What was retrieved below a span is its context; the example that was made from it has the expected answer."""
    team = Team(phoenix)
    project = phoenix.unique("app")
    roots = [span(OUTPUTS[each["id"]], input=each["input"]) for each in GOLDEN]
    plain = span("Lyon", input="just text")
    below = span(
        trace=roots[0]["context"]["trace_id"],
        parent=roots[0]["context"]["span_id"],
        kind="RETRIEVER",
        **{"retrieval.documents": [{"document.content": "Paris is the capital."}]},
    )
    await team.spans(project, [*roots, plain, span(input="no answer"), below])
    spans = [each["context"]["span_id"] for each in roots]
    await team.say("quality", dict(zip(spans, TRUTH.values(), strict=True)), by="ann")
    await team.say("quality", {plain["context"]["span_id"]: None}, by="ann", score=0.0)
    _, name = await team.dataset(GOLDEN, span_ids=spans)
    ended = await validate(
        judging({"phoenix": name}),
        phoenix,
        *("--annotations", "quality", "--from", f"phoenix:project:{project}", "--save", "kept.jsonl", "--json"),
    )
    assert ended.code == 0, ended.text
    assert json.loads(ended.out)["answers"] == COUNT + 1
    kept = [json.loads(line) for line in (judging().folder / "kept.jsonl").read_text().splitlines()]
    by_id = {each["id"]: each for each in kept}
    assert by_id[f"span:{spans[0]}"] == {
        "id": f"span:{spans[0]}",
        "example": "e0",
        "input": GOLDEN[0]["input"],
        "output": {"answer": "Lyon"},
        "expected": {"answer": "Paris"},
        "context": ["Paris is the capital."],
        "label": "incorrect",
    }
    assert by_id[f"span:{plain['context']['span_id']}"]["input"] == {"input": "just text"}
    assert by_id[f"span:{plain['context']['span_id']}"]["label"] == "incorrect"


async def test_more_than_a_page_of_anything_is_read(judging, phoenix, monkeypatch):
    monkeypatch.setattr(annotations, "_PAGE", 4)
    monkeypatch.setattr(annotated_runs, "_PAGE", 2)
    monkeypatch.setattr(stored, "_SPANS", 3)
    monkeypatch.setattr(stored, "_TRACES", 5)
    monkeypatch.setattr(human_labels, "_AT_ONCE", 7)
    team, project = Team(phoenix), phoenix.unique('it\'s a "project" \\ of ours')
    spans = [span(f"answer {n}", input={"n": n}) for n in range(12)]
    inner = [span("x", trace=each["context"]["trace_id"], parent=each["context"]["span_id"]) for each in spans]
    await team.spans(project, [*spans, *inner])
    name = 'it\'s "said" \\ ü'
    for by in ("ann", "bob", ""):
        await team.say(name, {each["context"]["span_id"]: "correct" for each in spans}, by=by)
    dataset, _ = await team.dataset(GOLDEN[:5])
    experiment = await team.experiment(dataset, OUTPUTS)
    await experiment.say(name, {example: TRUTH[example] for example in experiment.runs})
    scores = {"correct": 1.0, "incorrect": 0.0}
    gathered, of_runs = Gathered(name=name, scores=scores), Gathered(name=name, scores=scores)
    suite = suite_of(judging())
    async with connect(Address(name=None, base_url=phoenix.base_url)) as connection:
        await add_project(connection, project, gathered, suite)
        await add_experiment(connection, experiment.id, of_runs, suite)
    assert {each.example.id: each.label for each in of_runs.answers} == {f"e{n}": TRUTH[f"e{n}"] for n in range(5)}
    assert sorted(each.example.input["n"] for each in gathered.answers) == list(range(12))
    assert {each.labels for each in gathered.answers} == {("correct",) * 3}
    assert sorted(each.outcome.output for each in gathered.answers) == sorted(f"answer {n}" for n in range(12))


def suite_of(project):
    loaded = load_config(project.folder / "evalgate.yaml", environ={}, overrides={})
    return whole_suites(unguarded(loaded), (), tree=lambda _: [])[0]


@pytest.fixture(scope="module")
def said(phoenix):
    """An experiment of the suite with labels that are none, and one of another dataset."""
    return asyncio.run(say(Team(phoenix)))


async def say(team):
    dataset, _ = await team.dataset(GOLDEN[:3])
    experiment = await team.experiment(dataset, OUTPUTS)
    await experiment.say("model", TRUTH_OF_THREE, kind="LLM")
    await experiment.say("thumbs", dict.fromkeys(TRUTH_OF_THREE, "up"))
    other, name = await team.dataset([{**each, "id": f"other-{each['id']}"} for each in GOLDEN[:3]])
    elsewhere = await team.experiment(other, {f"other-{example}": each for example, each in OUTPUTS.items()})
    await elsewhere.say("human", {f"other-{example}": label for example, label in TRUTH_OF_THREE.items()})
    return {"ours": experiment.id, "theirs": elsewhere.id, "dataset": dataset, "named": name}


TRUTH_OF_THREE = {example: TRUTH[example] for example in ("e0", "e1", "e2")}
BAD = {
    "none": (
        ("--annotations", "humn", "--from", "phoenix:experiment:{ours}"),
        "phoenix:experiment:{ours} has no annotations `humn`; there are model, thumbs",
    ),
    "model": (
        ("--annotations", "model", "--from", "phoenix:experiment:{ours}"),
        "annotations `model` is not people's: 3 of kind LLM",
    ),
    "labels": (
        ("--annotations", "thumbs", "--from", "phoenix:experiment:{ours}"),
        "say what the judge never says: 'up' (3); it says correct, incorrect",
    ),
    "elsewhere": (
        ("--annotations", "human", "--from", "phoenix:experiment:{theirs}"),
        "is of another dataset, {named}: the suite doubling has none of its examples",
    ),
    "gone": (("--annotations", "human", "--from", "phoenix:experiment:RXhwZXJpbWVudDo5OTk5"), "has no experiment RXh"),
    "kind": (("--annotations", "human", "--from", "phoenix:experiment:{dataset}"), "has no experiment {dataset}"),
    "project": (("--annotations", "human", "--from", "phoenix:project:defualt"), "did you mean 'default'?"),
    "server": (
        ("--annotations", "h", "--from", "phoenix:project:p", "--server", "main"),
        "the server `main` is not in `phoenix.servers`",
    ),
}


@pytest.mark.parametrize("which", BAD)
async def test_what_cannot_be_labels_is_said_before_anybody_is_asked(judging, phoenix, fake_model, said, which):
    """Exit code 2."""
    arguments, says = BAD[which]
    ended = await validate(judging(), phoenix, *(each.format(**said) for each in arguments))
    assert (ended.code, fake_model.calls) == (2, 0), ended.text
    assert says.format(**said) in " ".join(ended.err.split())


async def test_a_judge_of_pairs_has_no_annotations(judging, phoenix, fake_model):
    ended = await validate(
        judging(judge="preference"), phoenix, "--annotations", "human", "--from", "phoenix:project:default"
    )
    assert (ended.code, fake_model.calls) == (2, 0), ended.text
    assert "preference is shown two answers, and annotations in Phoenix are of one" in ended.err


async def test_a_server_that_is_away_is_said(judging, fake_model):
    """Exit code 4: that is no fault of what was asked."""
    ended = await validate(
        judging(), "http://127.0.0.1:9", "--annotations", "human", "--from", "phoenix:project:default"
    )
    assert (ended.code, fake_model.calls) == (4, 0), ended.text
    assert "Phoenix at http://127.0.0.1:9 was not reached" in ended.err


async def test_an_experiment_is_kept_for_what_people_said_of_its_spans_too(phoenix):
    """What `phoenix prune` asks: a model's annotations are nobody's work."""
    team = Team(phoenix)
    dataset, _ = await team.dataset(GOLDEN[:2])
    experiment = await team.experiment(dataset, OUTPUTS, traced=True)
    await experiment.say("model", {"e0": "correct"}, kind="LLM")
    await team.say("quality", {experiment.span_id("e0"): "correct"}, kind="LLM")
    async with connect(Address(name=None, base_url=phoenix.base_url)) as connection:
        remote = await get_experiment(connection, experiment.id)
        assert not await people_said(connection, remote)
        await team.say("quality", {experiment.span_id("e1"): "correct"}, by="ann")
        assert await people_said(connection, remote)


SEEN = """
from evalgate import Result

def answer(input):
    return Result({"answer": "Lyon" if input["question"][-2] in "0369" else "Paris"}, context=["A page."])
"""


async def test_runs_of_our_own_bring_what_phoenix_has_no_field_for(judging, phoenix):
    """A mirrored build: people annotate its traces. What was withheld cannot be judged."""
    team, project = Team(phoenix), judging()
    project.write("v2/app.py", SEEN)
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["suites"]["doubling"] |= {"baseline": None, "checks": {"correctness": {"at_least": 0.1}}}
    path.write_text(yaml.safe_dump({**config, "phoenix": {"dataset": phoenix.unique("own") + " {suite}"}}))
    ids = []
    for content in ("full", "hashed"):
        setting = ("--set", f"phoenix.content={content}")
        ran = await asyncio.to_thread(project.run, "--json", *setting, PHOENIX_ENDPOINT=phoenix.base_url)
        assert ran.code == 0, ran.text
        ids.append(json.loads(ran.out)["suites"][0]["phoenix"]["experiments"]["candidate"].rpartition("/")[2])
    made = (await team.ask(f"experiments/{ids[0]}", "GET"))["data"]["project_name"]
    roots = await team.ask(f"projects/{made}/spans", "GET", params={"parent_id": "null", "name": "task", "limit": 100})
    labels = {each["context"]["span_id"]: "incorrect" if "Lyon" in str(each) else "correct" for each in roots["data"]}
    assert len(labels) == COUNT
    await team.say("quality", labels, by="ann")
    wanted = ("--annotations", "quality", "--from", f"phoenix:experiment:{ids[0]}", "--save", "kept.jsonl")
    ended = await validate(project, phoenix, *wanted)
    assert ended.code == 0, ended.text
    kept = [json.loads(line) for line in (project.folder / "kept.jsonl").read_text().splitlines()]
    assert {each["example"] for each in kept} == set(OUTPUTS)
    assert all(each["context"] == ["A page."] for each in kept)
    withheld = await validate(project, phoenix, "--annotations", "quality", "--from", f"phoenix:experiment:{ids[1]}")
    assert (withheld.code, "`phoenix.content` was `hashed`" in withheld.err) == (2, True), withheld.text
