"""`evalgate curate analyze` from the command line: of candidates and of a build that a gate decided."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from evalgate.cli.curate.analyze import command
from evalgate.curate.candidates import Candidate, State, write_candidates
from evalgate.errors import EvalgateError
from evalgate.suite.guidelines import load_guidelines
from tests.e2e.project import environment
from tests.fake_model import Rule
from tests.fake_model.apart import served
from tests.integration.test_curate_label import CONFIG, TAXONOMY

FOUND = {
    "patterns": [{"title": "meat", "description": "for vegans", "traces": [1, 2]}],
    "fixes": [{"title": "filter", "description": "pass the diet on"}],
    "rules": [
        {"name": "no beef", "why": "they are vegans", "kind": "contains_not", "value": "beef", "traces": []},
        {"name": "kale", "why": "why not", "kind": "contains", "value": "kale", "traces": []},
    ],
    "guidelines": [{"text": "Ask for diets.", "traces": [1]}],
}


def labelled(number, label, answer):
    mark = {"labels": [label], "taxonomy": "state", "explanation": "x", "output": None, "asked": "", "model": "fake/m"}
    asked = {"messages": [{"role": "user", "content": f"question {number}."}]}
    output = {"messages": [{"role": "assistant", "content": answer}]}
    return Candidate(id=f"span:{number}", input=asked, output=output, state=State.CHOSEN, marks={"proposed": mark})


@pytest.fixture
def analyze(tmp_path):
    """Analyze in a folder; returns what was said, as JSON where that is asked for, or the error."""
    with served(Rule(when='labelled "Search"', reply=json.dumps(FOUND))) as fake:
        (tmp_path / "evalgate.yaml").write_text(CONFIG.format(url=fake.base_url, budget="{}"))
        (tmp_path / "mine.yaml").write_text(TAXONOMY)

        def run(*arguments, code=0):
            wanted = [*arguments, "--config", str(tmp_path / "evalgate.yaml"), "--cache", str(tmp_path / "cache.db")]
            ended = CliRunner().invoke(command, wanted)
            if isinstance(ended.exception, EvalgateError):
                assert ended.exception.exit_code == code, ended.exception
                return str(ended.exception)
            assert ended.exit_code == code, (ended.output, ended.exception)
            return json.loads(ended.stdout) if "--json" in arguments else ended.stdout

        run.config = f"--config {tmp_path / 'evalgate.yaml'}"
        run.cache = f"--cache {tmp_path / 'cache.db'}"
        run.fake, run.folder = fake, tmp_path
        yield run


def files(folder):
    return {each.name: each.read_bytes() for each in sorted(folder.rglob("*")) if each.suffix in {".py", ".md", ".svg"}}


def test_candidates_are_counted_and_analysed_and_a_second_time_nothing_changes(analyze):
    folder = analyze.folder
    answers = [("Search", "beef stew"), ("Search", "Beef pie"), ("Compose", "no"), ("Fine", "tofu"), ("Fine", "salad")]
    write_candidates(folder / "some.candidates.jsonl", [labelled(n, *answer) for n, answer in enumerate(answers)])
    said = analyze("--profile", "shop")
    assert [line.split()[0] for line in said.splitlines()[:3]] == ["Search", "Compose", "Fine"]
    out = folder / "some.analysis"
    assert said.splitlines()[3:] == [
        f"the report is {out / 'analysis.md'}",
        "rules that tell these answers from others: 1; left out: 1 that do not",
        said.splitlines()[5],
        f"guidelines: 1 new, 0 known, 0 disagreements settled, in {folder / 'some.guidelines.yaml'}",
        f"next: pytest {out}, whose tests fail as long as answers are as they were",
    ]
    assert said.splitlines()[5].startswith("of Compose nothing was found: asked twice: ")
    assert sorted(files(out)) == ["analysis.md", "labels.svg", "test_search.py"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:phoenix", "-p", "no:cacheprovider", str(out)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert (ended.returncode, ended.stdout.strip().splitlines()[-1].partition(" in ")[0]) == (1, "2 failed")
    before, calls = files(folder), analyze.fake.calls
    known = (folder / "some.guidelines.yaml").read_bytes()
    again = analyze("--profile", "shop", "--json")
    assert (again["guidelines"]["added"], again["guidelines"]["known"]) == (0, 1)
    assert again["found"][0]["rules"][0]["flagged"] == 0
    assert (files(folder), (folder / "some.guidelines.yaml").read_bytes()) == (before, known)
    assert analyze.fake.calls == calls
    (guideline,) = load_guidelines(folder, "some.guidelines.yaml").guidelines
    assert (guideline.text, len(guideline.sources)) == ("Ask for diets.", 1)


def test_without_a_model_labels_are_counted_and_without_labels_the_next_command_is_said(analyze):
    folder = analyze.folder
    data, mine = str(folder / "some.jsonl"), str(folder / "mine.yaml")
    arguments = ("--dataset", data, "--taxonomy", mine)
    label = f"evalgate curate label --dataset {data} {analyze.config} --taxonomy {mine}"
    assert "some.jsonl has no candidates" in analyze(*arguments, code=2)
    left = replace(labelled(1, "Search", "beef"), state=State.OUT)
    write_candidates(folder / "some.candidates.jsonl", [left])
    assert analyze(*arguments) == f"there is nothing to analyze; next: {label} {analyze.cache} --model ENDPOINT/MODEL\n"
    write_candidates(folder / "some.candidates.jsonl", [labelled(1, "Search", "beef")])
    assert analyze(*arguments).splitlines()[-1] == (
        f"next: evalgate curate analyze --dataset {data} {analyze.config} --taxonomy {mine} {analyze.cache}"
        " --model ENDPOINT/MODEL, which finds what they have in common"
    )
    write_candidates(folder / "some.candidates.jsonl", [Candidate(id="span:1", input={})])
    assert (
        analyze(*arguments).splitlines()[-1]
        == f"nothing is labelled; next: {label} {analyze.cache} --model ENDPOINT/MODEL"
    )
    assert (
        analyze(*arguments, "--model", "fake/m").splitlines()[-1]
        == f"nothing is labelled; next: {label} --model fake/m {analyze.cache}"
    )
    assert analyze.fake.calls == 0


def test_counting_leaves_what_a_model_was_paid_for(analyze):
    folder = analyze.folder
    write_candidates(folder / "some.candidates.jsonl", [labelled(n, "Search", "beef") for n in range(2)])
    arguments = ("--dataset", str(folder / "some.jsonl"), "--taxonomy", str(folder / "mine.yaml"))
    analyze(*arguments, "--model", "fake/m")
    out = folder / "some.analysis"
    paid, known = files(out), (folder / "some.guidelines.yaml").read_bytes()
    assert b"meat" in paid["analysis.md"]
    write_candidates(folder / "some.candidates.jsonl", [labelled(n, "Search", "beef") for n in range(9)])
    lines = analyze(*arguments).splitlines()
    assert lines[1:3] == [
        f"the report is {out / 'counts.md'}",
        f"{out / 'analysis.md'} is from when a model was asked, and stays as it is",
    ]
    assert lines[3].endswith("--model ENDPOINT/MODEL, which finds what they have in common")
    assert analyze(*arguments, "--json")["report"] == str(out / "counts.md")
    after = files(out)
    assert "(counts.svg)" in after.pop("counts.md").decode()
    assert after.pop("counts.svg").startswith(b"<svg")
    assert (after, (folder / "some.guidelines.yaml").read_bytes()) == (paid, known)


def test_guidelines_in_error_and_a_service_that_is_away_are_said(analyze):
    folder = analyze.folder
    write_candidates(folder / "some.candidates.jsonl", [labelled(1, "Search", "beef")])
    (folder / "some.guidelines.yaml").write_text("guidelines: 3\n")
    assert "some.guidelines.yaml:1:13" in analyze("--profile", "shop", code=2)
    (folder / "some.guidelines.yaml").unlink()
    analyze.fake.rules = [Rule(fault="status", status=403)]
    assert analyze("--profile", "shop", code=4).endswith(
        f"next: evalgate curate analyze --profile shop {analyze.config} {analyze.cache}"
    )
    out, mine = str(folder / "out"), str(folder / "mine.guidelines.yaml")
    assert analyze("--profile", "shop", "--to", out, "--guidelines", mine, code=4).endswith(
        f"{analyze.config} {analyze.cache} --to {out} --guidelines {mine}"
    )
    assert not (folder / "some.guidelines.yaml").exists()


GATE = """\
suites:
  recipes:
    dataset: golden.jsonl
    task: {python: 'bad.py:answer'}
    baseline: {task: {python: 'good.py:answer'}}
    evaluators: [exact_match]
    checks: {exact_match: {no_regression: {rule_out_drop: 0.1}}}
"""


def test_what_got_worse_in_a_build_is_labelled_and_analysed(analyze):
    folder = analyze.folder
    examples = [
        {"id": f"e{n}", "input": {"question": f"dish {n}?"}, "output": {"answer": f"tofu {n}"}} for n in range(6)
    ]
    (folder / "golden.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in examples))
    (folder / "good.py").write_text("def answer(input):\n    return {'answer': 'tofu ' + input['question'][5]}\n")
    (folder / "bad.py").write_text(
        "def answer(input):\n    n = int(input['question'][5])\n"
        "    if n == 5:\n        raise ValueError('no such dish')\n"
        "    return {'answer': f'tofu {n}' if n < 3 else 'beef stew'}\n"
    )
    (folder / "gate.yaml").write_text(GATE)
    journal = str(folder / "journal.db")
    ended = subprocess.run(
        [sys.executable, "-m", "evalgate", "run", "--config", str(folder / "gate.yaml"), "--journal", journal],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        check=False,
    )
    assert (folder / "journal.db").exists(), ended.stderr
    found = {**FOUND, "patterns": [{**FOUND["patterns"][0], "traces": [1]}]}
    analyze.fake.rules = [
        Rule(when='labelled "', reply=json.dumps(found)),
        Rule(when="no such dish", reply=json.dumps({"explanation": "it crashed", "label": "Compose"})),
        Rule(reply=json.dumps({"explanation": "it is beef", "label": "Search"})),
    ]
    said = analyze("--profile", "shop", "--from-gate", "1", "--journal", journal, "--json")
    assert (said["of"], said["labels"]) == (3, {"Search": 2, "Compose": 1, "Fine": 0})
    search = next(each for each in said["found"] if each["label"] == "Search")
    (rule,) = (each for each in search["rules"] if each["kind"] == "contains_not")
    # The baseline's answers to the same examples are the good ones.
    assert (rule["broken_by"], rule["of"], rule["flagged"], rule["good"]) == (2, 2, 0, 3)
    asked = analyze.fake.requests[0]["body"]["messages"][1]["content"]
    assert "expected output" in asked
    assert "exact_match" in asked
    calls = analyze.fake.calls
    for build in ("1", "latest"):
        again = analyze("--profile", "shop", "--from-gate", build, "--journal", journal, "--json")
        assert again["found"] == said["found"]
    assert analyze.fake.calls == calls
    assert (
        analyze("--profile", "shop", "--from-gate", "latest", "--journal", journal, "--json")["found"] == said["found"]
    )
    two = folder / "two"
    two.mkdir()
    for name in ("a.db", "b.db"):
        shutil.copy(journal, two / name)
    refused = analyze("--profile", "shop", "--from-gate", str(two), "--journal", journal, code=2)
    assert "two holds 2 builds" in refused
    assert "there is no build 7" in analyze("--profile", "shop", "--from-gate", "7", "--journal", journal, code=2)
