"""`evalgate curate label` from the command line: what is paid once, what ends it, and labels in a real Phoenix."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner

from evalgate.cli.curate.label import command
from evalgate.curate.candidates import Candidate, State, read_candidates, write_candidates
from evalgate.errors import EvalgateError
from tests.fake_model import Rule
from tests.fake_model.apart import served
from tests.integration.team import Team, span

CONFIG = """\
suites:
  s:
    dataset: some.jsonl
    task: {{python: 'a.py:b'}}
    evaluators: [exact_match]
    checks: {{exact_match: {{at_least: 1.0}}}}
endpoints:
  fake: {{base_url: '{url}', concurrency: 4}}
budget: {budget}
curate:
  profiles:
    shop: {{project: shop, dataset: some.jsonl, label: {{model: fake/m, taxonomy: mine.yaml, answers: false}}}}
"""
TAXONOMY = "name: state\nquestion: Where?\nlabels: {Search: s, Compose: c, Fine: f}\nfine: [Fine]\n"


def reply(label):
    return json.dumps({"explanation": f"it is {label}", "label": label})


def chosen(number, **source):
    asked = {"messages": [{"role": "user", "content": f"question {number}."}]}
    answer = {"messages": [{"role": "assistant", "content": "soup"}]}
    return Candidate(id=f"span:{number}", input=asked, output=answer, state=State.CHOSEN, source=source)


@pytest.fixture
def label(tmp_path):
    """Label the candidates of a folder; returns what was said, as JSON where that is asked for, or the error."""
    with served(Rule(when="question 1.", reply=reply("Search")), Rule(reply=reply("Compose"))) as fake:

        def configured(budget="{}"):
            (tmp_path / "evalgate.yaml").write_text(CONFIG.format(url=fake.base_url, budget=budget))

        def run(*arguments, code=0, **env):
            cache = ["--cache", str(tmp_path / "cache.db")]
            wanted = [*arguments, "--config", str(tmp_path / "evalgate.yaml"), *cache]
            ended = CliRunner().invoke(command, wanted, env=env)
            if isinstance(ended.exception, EvalgateError):
                assert ended.exception.exit_code == code, ended.exception
                return str(ended.exception)
            assert ended.exit_code == code, (ended.output, ended.exception)
            return json.loads(ended.stdout) if "--json" in arguments else ended.output

        configured()
        (tmp_path / "mine.yaml").write_text(TAXONOMY)
        run.said = f"--profile shop --config {tmp_path / 'evalgate.yaml'}"
        run.cache = f"--cache {tmp_path / 'cache.db'}"
        run.fake, run.configured, run.file = fake, configured, tmp_path / "some.candidates.jsonl"
        yield run


def test_labels_are_counted_and_asked_for_once(label):
    write_candidates(label.file, [*map(chosen, range(5)), Candidate(id="span:9", input={"question": "new"})])
    said = label("--profile", "shop")
    assert said.splitlines()[1:] == [
        "5 labelled of 5",
        "state: 1 Search; 4 Compose",
        f"next: evalgate curate review {label.said}",
    ]
    before = label.file.read_bytes()
    again = label("--profile", "shop", "--json")
    assert (again["new"], again["of"], again["unlabelled"]) == (0, 5, 0)
    assert again["labels"] == {"Search": 1, "Compose": 4, "Fine": 0}
    assert (label.file.read_bytes(), label.fake.calls) == (before, 5)


def test_what_was_answered_before_a_file_was_lost_comes_from_the_cache(label):
    write_candidates(label.file, map(chosen, range(5)))
    label("--profile", "shop")
    first = label.file.read_bytes()
    write_candidates(label.file, map(chosen, range(5)))
    label("--profile", "shop")
    assert label.fake.calls == 5
    assert [each.marks for each in read_candidates(label.file)] == [json.loads(e)["marks"] for e in first.splitlines()]


def test_one_that_is_killed_pays_for_nothing_twice(label, tmp_path):
    write_candidates(label.file, map(chosen, range(40)))
    untouched = label.file.read_bytes()
    label.fake.rules = [Rule(reply=reply("Search"), latency=0.1)]
    arguments = ["--profile", "shop", "--config", str(tmp_path / "evalgate.yaml")]
    process = subprocess.Popen(
        [sys.executable, "-m", "evalgate", "curate", "label", *arguments, "--cache", str(tmp_path / "cache.db")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while label.fake.calls < 12 and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert label.file.read_bytes() == untouched
    found = label("--profile", "shop", "--json")
    assert found["labels"]["Search"] == 40
    # What was on its way when it was killed is asked for again: nobody has its answer.
    assert label.fake.calls <= 40 + 4


def test_one_that_is_stopped_keeps_what_it_has(label, tmp_path):
    write_candidates(label.file, map(chosen, range(40)))
    label.fake.rules = [Rule(reply=reply("Search"), latency=0.1)]
    arguments = ["--profile", "shop", "--config", str(tmp_path / "evalgate.yaml")]
    process = subprocess.Popen(
        [sys.executable, "-m", "evalgate", "curate", "label", *arguments, "--cache", str(tmp_path / "cache.db")],
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while label.fake.calls < 12 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    kept = sum("proposed" in each.marks for each in read_candidates(label.file))
    assert process.returncode == 130
    assert 12 <= kept < 40
    assert f"stopped; {kept} of 40 were labelled and are kept" in said


def test_a_spent_budget_keeps_what_was_paid_for_and_goes_on(label):
    write_candidates(label.file, map(chosen, range(20)))
    label.configured("{calls: 6}")
    said = label("--profile", "shop", code=4)
    assert "The budget is spent: 6 of 6 calls." in said
    kept = sum("proposed" in each.marks for each in read_candidates(label.file))
    assert 6 <= kept <= 10
    assert said.splitlines()[0].endswith(f"{kept} of 20 were labelled and are kept.")
    label.configured()
    assert (label("--profile", "shop", "--json"))["new"] == 20 - kept
    assert label.fake.calls == 20


def test_a_model_that_is_away_says_what_to_run_again(label):
    write_candidates(label.file, map(chosen, range(3)))
    label.fake.rules = [Rule(when="question 1.", fault="status", status=403), Rule(reply=reply("Search"))]
    said = label("--profile", "shop", code=4)
    assert said.startswith("1 could not be asked: fake: ")
    assert said.endswith(f"2 of 3 were labelled and are kept\n  next: evalgate curate label {label.said} {label.cache}")
    write_candidates(label.file, (replace(chosen(number), state=State.NEW) for number in range(3)))
    ended = label("--profile", "shop", "--state", "new", code=4)
    assert ended.endswith(f"curate label {label.said} --state new {label.cache}")


def test_what_cannot_be_asked_says_so_before_anything_is_paid(label, tmp_path):
    write_candidates(label.file, map(chosen, range(3)))
    data = str(tmp_path / "some.jsonl")
    assert "name a model: --model ENDPOINT/MODEL" in label("--dataset", data, code=2)
    assert "is of the endpoint `fak`, which the config does not have: did you mean `fake`?" in label(
        "--dataset", data, "--model", "fak/m", code=2
    )
    assert "--model" in label("--dataset", data, "--model", "m", code=2)
    assert "none.yaml does not exist" in label("--profile", "shop", "--taxonomy", "none.yaml", code=2)
    assert "name --dataset FILE" in label("--model", "fake/m", code=2)
    assert "no candidate is in that state; next: evalgate curate sample" in label(
        "--profile", "shop", "--state", "accepted"
    )
    label.file.write_text("")
    assert "some.candidates.jsonl holds none\n  next: evalgate curate pull --profile shop" in label(
        "--profile", "shop", code=2
    )
    label.file.unlink()
    assert "some.candidates.jsonl is not there\n" in label("--profile", "shop", code=2)
    assert label.fake.calls == 0


def test_labels_are_annotations_in_phoenix_once_each(label, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    spans = [span(f"answer {number}", input=f"question {number}.") for number in range(3)]
    asyncio.run(team.spans(project, spans))
    ids = [each["context"]["span_id"] for each in spans]
    there = [chosen(number, server=phoenix.base_url, span=identity) for number, identity in enumerate(ids)]
    gone = chosen(3, server=phoenix.base_url, span="00000000000000aa")
    elsewhere = chosen(4, server="https://phoenix.example.com", span=ids[0])
    write_candidates(label.file, [*there, gone, elsewhere])
    for _ in range(2):
        found = label("--profile", "shop", "--annotate", "--json", PHOENIX_ENDPOINT=phoenix.base_url)
        assert (found["annotated"], found["spans_gone"]) == (3, 1)
    query = "&".join(f"span_ids={each}" for each in ids)
    said = asyncio.run(team.ask(f"projects/{project}/span_annotations?{query}", "GET"))["data"]
    assert {(each["span_id"], each["name"], each["result"]["label"], each["annotator_kind"]) for each in said} == {
        (ids[0], "state", "Compose", "LLM"),
        (ids[1], "state", "Search", "LLM"),
        (ids[2], "state", "Compose", "LLM"),
    }
    assert len(said) == 3
    assert {each["result"]["explanation"] for each in said} == {"it is Search", "it is Compose"}
    assert said[0]["metadata"]["model"] == "fake/m"


def test_a_model_is_shown_the_steps_of_a_trace_without_personal_data(label, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    root = span("soup", input="question 1.")
    trace, identity = root["context"]["trace_id"], root["context"]["span_id"]
    tool = {**span("beef", input="mail ann.lee@example.org", trace=trace, parent=identity, kind="TOOL"), "name": "find"}
    asyncio.run(team.spans(project, [root, tool]))
    source = {"server": phoenix.base_url, "project": project, "trace": trace, "span": identity}
    write_candidates(label.file, [chosen(1, **source), chosen(2)])
    arguments = ("--profile", "shop", "--steps", "--json")
    assert label(*arguments, PHOENIX_ENDPOINT=phoenix.base_url)["new"] == 2
    asked = [each["body"]["messages"][1]["content"] for each in label.fake.requests]
    asked.sort(key=lambda text: "question 2." in text)
    assert "steps in between" in asked[0]
    assert '"name": "find"' in asked[0]
    assert "ann.lee" not in asked[0]
    assert "steps in between" not in asked[1]
    assert label(*arguments, PHOENIX_ENDPOINT=phoenix.base_url)["new"] == 0
    assert label.fake.calls == 2
    # Without Phoenix nothing is asked of whoever has steps there.
    write_candidates(label.file, [chosen(1, **{**source, "server": "http://127.0.0.1:9"})])
    assert "was not reached" in label(*arguments, code=4, PHOENIX_ENDPOINT="http://127.0.0.1:9")


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_where_nothing_can_be_kept_nothing_is_paid(label, tmp_path, when):
    write_candidates(label.file, map(chosen, range(40)))
    untouched = label.file.read_bytes()
    label.fake.rules = [Rule(reply=reply("Search"), latency=0.05)]
    arguments = ["--profile", "shop", "--config", str(tmp_path / "evalgate.yaml")]
    typed = [sys.executable, "-m", "evalgate", "curate", "label", *arguments, "--cache", str(tmp_path / "cache.db")]
    limited = ["bash", "-c", 'ulimit -S -f 0; exec "$@"', "bash"] if when == "before" else []
    process = subprocess.Popen([*limited, *typed], stderr=subprocess.PIPE, text=True)
    if when == "meanwhile":
        until = time.monotonic() + 60
        while label.fake.calls < 12 and time.monotonic() < until:
            time.sleep(0.01)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "cannot be written" in said
    assert label.file.read_bytes() == untouched
    assert "what was answered by then costs nothing" in said or when == "before"
    paid = label.fake.calls
    assert paid == 0 if when == "before" else paid < 20
    assert label("--profile", "shop", "--json")["labels"]["Search"] == 40
    # What was on its way when the disk was gone is nowhere: those calls alone are made once more.
    assert label.fake.calls <= 40 + (0 if when == "before" else 4)
