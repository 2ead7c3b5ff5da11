"""`evalgate compare` through the command line: builds of real tasks, tasks that it tries itself, bad input."""

import asyncio
import json
import os
import re
import signal
import time
import xml.etree.ElementTree as ET

import pytest
import yaml

from tests.e2e.project import REPOSITORY, Project, start
from tests.fake_model import FakeModel, Rule

TASK = """
import json, os
def answer(input):
    with open(os.path.join(os.path.dirname(__file__), "calls"), "a") as file:
        file.write("x")
    q = input["q"]
    return {"answer": 2 * q if q % 10 < RIGHT else -1}
"""
RIGHT = {"five": 5, "eight": 8, "ten": 10}


@pytest.fixture
def trials(project):
    """A suite with `no_regression` against a second task, and three more tasks to try."""
    for name, right in RIGHT.items():
        project.write(f"{name}/app.py", TASK.replace("RIGHT", str(right)))
        project.write(f"{name}.yaml", yaml.safe_dump({"python": f"{name}/app.py:answer", "inputs": [f"{name}/*.py"]}))
    project.suite = {"checks": {"exact_match": {"no_regression": {}, "at_least": 0.1}}}
    project.examples = 60
    return project.prepare()


def calls(project, name):
    return len((project.folder / name / "calls").read_text())


def test_what_is_tried_is_run_recorded_and_compared(trials):
    """Each is a build of its own, made once: the second time nothing runs, and the result is the same."""
    first = trials.evalgate("compare", ".", *(f"{name}.yaml" for name in RIGHT), "--json")
    assert first.code == 0, first.text
    found = json.loads(first.out)
    (suite,) = found["suites"]
    assert [each["name"] for each in suite["contenders"]] == ["own task", *RIGHT]
    assert [each["checks"][0]["mean"] for each in suite["contenders"]] == [1.0, 0.5, 0.8, 1.0]
    assert [pair["checks"][0]["claim"] for pair in suite["pairs"]] == ["worse", "worse", "as good"]
    assert [calls(trials, name) for name in RIGHT] == [60, 60, 60]
    again = trials.evalgate("compare", "own task=.", *(f"{name}.yaml" for name in RIGHT))
    assert again.code == 0, again.text
    assert "five (2 of 4): recorded already, build 2" in again.err
    assert "own task (1 of 4): running" in again.err  # without `inputs` an equal fingerprint proves nothing
    assert [calls(trials, name) for name in RIGHT] == [60, 60, 60]
    assert "own task and ten did equally well in exact_match." in again.out


def test_recorded_builds_and_files_are_compared(trials, tmp_path):
    """By number, by the file that an export wrote, by name; every output is written."""
    assert trials.evalgate("compare", "five.yaml", "eight.yaml", "--quiet").code == 0
    assert trials.evalgate("journal", "export", "2", "--to", "runs.db").code == 0
    pictures, page = tmp_path / "out" / "a.svg", tmp_path / "out" / "a.md"
    ended = trials.evalgate("compare", "cheap=1", "runs.db", "--svg", str(pictures), "--markdown", str(page))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("doubling  winner: runs\n")
    assert "runs: eight/app.py:answer (build 2, " in ended.out
    assert ET.parse(pictures).getroot().tag.endswith("svg")
    assert page.read_text().startswith("## doubling: winner: runs\n")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_what_was_stopped_goes_on(trials, sent):
    """Interrupted or killed in the second trial: the same command runs what is missing, and no more."""
    slow = TASK.replace("RIGHT", "10").replace("    q =", "    __import__('time').sleep(0.05)\n    q =")
    trials.write("slow/app.py", slow)
    trials.write("slow.yaml", yaml.safe_dump({"python": "slow/app.py:answer", "inputs": ["slow/*.py"]}))
    process = start(trials.folder, "compare", "five.yaml", "slow.yaml")
    deadline = time.monotonic() + 120
    while not (trials.folder / "slow" / "calls").exists() or calls(trials, "slow") < 5:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(sent)
    _, said = process.communicate(timeout=30)
    if sent is signal.SIGINT:
        assert process.returncode == 130
        assert "slow was interrupted; what was answered is kept" in said.decode()
    ended = trials.evalgate("compare", "five.yaml", "slow.yaml")
    assert ended.code == 0, ended.text
    assert "five (1 of 2): recorded already, build 1" in ended.err
    assert len(trials.evalgate("journal", "list").out.splitlines()) == 2
    assert calls(trials, "five") == 60
    assert 60 <= calls(trials, "slow") <= 61  # the one in flight, where it was killed


def test_what_was_tried_is_no_build_that_others_go_by(trials):
    """It is listed as a trial; the latest build is the latest run, for `decide`, `--last-failed` and `build:latest`."""
    assert trials.run("--no-gate", "--quiet").code == 0
    assert trials.evalgate("compare", "five.yaml", "bad name=ten.yaml", "--quiet").code == 0
    listed = trials.evalgate("journal", "list").out.splitlines()
    assert [" ".join(line.split()[2:]).partition(" no commit")[0] for line in listed] == [
        "trial of bad name",
        "trial of five",
        "complete",
    ]
    assert "build 1 " in trials.evalgate("decide").out
    assert "build 1, " in trials.evalgate("compare", "latest", "2").out
    assert trials.evalgate("journal", "export", "2", "--to", "five.db").code == 0
    assert "build 2 " in trials.evalgate("decide", "five.db").out
    (trials.folder / "evalgate.yaml").unlink()
    trials.suite["baseline"] = "file:five.db"
    ended = trials.prepare().run("--no-gate")
    assert "doubling  PASS" in ended.out, ended.text


def test_thirty_at_once(trials):
    """Many builds, each named; more than fits a table."""
    for number in range(30):
        trials.write(
            f"many/{number:02d}.yaml",
            yaml.safe_dump({"python": "ten/app.py:answer", "inputs": [f"many/{number:02d}.yaml"]}),
        )
    ended = trials.evalgate("compare", *(f"many/{number:02d}.yaml" for number in range(30)), "--quiet", timeout=120)
    assert ended.code == 0, ended.text
    assert "30 contenders on 60 examples" in ended.out
    assert all(len(line) <= 120 for line in ended.out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "there is nothing to compare"),
        (("1",), 2, "its other side is 1:baseline"),
        (("1", "1"), 2, "1 is named twice"),
        (("1", "2"), 2, "there is no build 2"),
        (("1", "latest"), 2, "1 is named twice, also as latest"),
        (("1", "mini"), 2, "there is no file mini, and builds are named by number"),
        (("1", "golden.jsonl"), 4, "golden.jsonl"),
        (("1", "no.yaml"), 2, "there is no file no.yaml"),
        (("1", "1:baseline", "--metric", "exact"), 2, "the suite doubling has no gating check exact"),
        (("1", "1:baseline", "--suite", "x"), 2, "none of those to compare has a suite x"),
        (("1", "1:baseline", "--against", "3"), 2, "name one of build 1, build 1 baseline"),
        (("1", "--model", "openai/gpt"), 2, "--model openai/gpt means nothing to the suite doubling"),
        (("1", "wrong.yaml"), 2, "wrong.yaml:1:1: suite doubling: unknown key `pythn`: did you mean `python`?"),
        (("1", "absent.yaml"), 2, "absent.yaml:1:9: suite doubling:"),
        (("1", "five.yaml", "--config", "none.yaml"), 2, "no none.yaml here"),
    ],
)
def test_bad_input(trials, arguments, code, said):
    """One clear error, before anything is paid."""
    trials.write("wrong.yaml", "pythn: ten/app.py:answer\n")
    trials.write("absent.yaml", "python: absent.py:answer\n")
    assert trials.run("--no-gate", "--quiet").code == 0
    ended = trials.evalgate("compare", *arguments)
    assert (ended.code, ended.out) == (code, ""), ended.text
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert not (trials.folder / "five" / "calls").exists()


def test_nothing_comparable_is_4(trials):
    """Another dataset in each: said, and not compared."""
    assert trials.evalgate("compare", "five.yaml", "ten.yaml", "--quiet").code == 0
    data = trials.folder / "golden.jsonl"
    data.write_text(data.read_text().replace('"e', '"other'))
    assert trials.run("--no-gate", "--quiet").code == 0
    ended = trials.evalgate("compare", "1", "3")
    assert ended.code == 4
    assert "nothing can be compared with build 1. build 3: It answered other examples" in ended.err


def prompts(project, base_url):
    """A suite that asks a model, with a second prompt beside the first."""
    messages = [{"role": "user", "content": "Double {{ q }}."}]
    project.write("prompts/plain.yaml", yaml.safe_dump({"messages": messages}))
    politely = [{"role": "user", "content": "Please double {{ q }}."}]
    project.write("prompts/polite.yaml", yaml.safe_dump({"messages": politely}))
    suite = {
        "dataset": "golden.jsonl",
        "task": {
            "prompt": "prompts/plain.yaml",
            "model": "fake/large",
            "variables": {"q": "input.q"},
            "output": "json",
        },
        "evaluators": [{"exact_match": {"path": "answer"}}],
        "checks": {"exact_match": {"at_least": 0.1}},
    }
    config = {"suites": {"doubling": suite}, "endpoints": {"fake": {"base_url": base_url}}}
    project.write("evalgate.yaml", yaml.safe_dump(config))


def test_models_and_prompts_are_tried_in_every_combination(project):
    """Each prompt on each model is a build; the model of each is the one that was asked."""
    project.examples = 12

    async def against_a_model():
        async with FakeModel(Rule(when="", reply=json.dumps({"answer": 4}))) as fake:
            prompts(project, fake.base_url)
            project.prepare()
            flags = ["--model", "fake/large", "--model", "fake/small", "--prompt", "prompts/plain.yaml"]
            arguments = ["compare", *flags, "--prompt", "prompts/polite.yaml", "--json"]
            return await asyncio.to_thread(project.evalgate, *arguments)

    ended = asyncio.run(against_a_model())
    assert ended.code == 0, ended.text
    contenders = json.loads(ended.out)["suites"][0]["contenders"]
    assert [each["name"] for each in contenders] == [
        "plain on large",
        "plain on small",
        "polite on large",
        "polite on small",
    ]
    assert [each["label"].partition(" (")[0] for each in contenders] == [
        "prompts/plain.yaml on fake/large",
        "prompts/plain.yaml on fake/small",
        "prompts/polite.yaml on fake/large",
        "prompts/polite.yaml on fake/small",
    ]
    assert all(each["tokens"]["total"] > 0 for each in contenders)


PAGE = (REPOSITORY / "docs/compare.md").read_text("utf-8")


def steady(text):
    """The text without what differs from run to run: commits, dates, times, and where times put someone."""
    text = re.sub(r"\(build (\d+)[^)]*\)", r"(build \1)", text)
    text = re.sub(r"(under )?(?<![\w.])[\d.]+ (ms|s)\b", "T", text)
    return re.sub(r" +", " ", re.sub(r"(front|behind \w+\??)$", "PLACE", text, flags=re.MULTILINE))


def test_the_example_of_the_page_is_what_happens(tmp_path):
    """docs/compare.md: its command, from a clone, prints what it shows."""
    (command,) = re.findall(r"<!-- command -->\n```sh\nevalgate (.*?)\n```", PAGE)
    (shown,) = re.findall(r"<!-- output -->\n```text\n(.*?)```", PAGE, re.DOTALL)
    here = Project(REPOSITORY)
    ended = here.evalgate(*command.split(), "--journal", str(tmp_path / "j.db"), "--quiet", COLUMNS="100")
    assert ended.code == 0, ended.text
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        page = PAGE.replace(f"```text\n{shown}```", f"```text\n{ended.out}```")
        (REPOSITORY / "docs/compare.md").write_text(page, "utf-8")
        shown = ended.out
    assert steady(ended.out) == steady(shown)
