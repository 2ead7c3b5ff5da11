"""`evalgate init` in the folders that people have: what it writes is valid, works unedited, and overwrites nothing."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from evalgate.gate.scaffold import look, plain
from tests.e2e.project import REPOSITORY, Project
from tests.e2e.repository import Repo
from tests.workflow_audit import assert_audited

PROMPT = "messages:\n  - {role: user, content: '{{ question }}'}\n"
FUNCTION = "def answer(input):\n    return {'reply': input['question'].upper()}\n"
DATASET = '{"id": "a", "input": {"question": "hi"}, "output": {"reply": "HI"}}\n'


def config(project: Project) -> dict:
    return yaml.safe_load((project.folder / "evalgate.yaml").read_text("utf-8"))


def workflow(project: Project, name: str = "evalgate.yml") -> list[dict]:
    text = (project.folder / ".github" / "workflows" / name).read_text("utf-8")
    return yaml.safe_load(text)["jobs"]["gate"]["steps"]


def git_init(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)


def test_an_empty_folder_gets_a_verdict_without_an_edit(project):
    """What is written into an empty folder runs as it is and passes."""
    written = project.evalgate("init")

    assert written.code == 0, written.text
    assert "next: evalgate run" in written.out
    assert "None" not in written.out
    ran = project.run("--json", "--no-gate")
    assert ran.code == 0, ran.text
    assert json.loads(ran.out)["verdict"] == "PASS"


def test_what_is_there_is_found(project):
    """A dataset, a function, an environment and requirements are named; no stub is written beside them."""
    project.write("data/qa.jsonl", DATASET)
    project.write("app/bot.py", FUNCTION)
    project.write("requirements.txt", "")
    project.write(".venv/bin/python", "")

    written = project.evalgate("init")

    assert written.code == 0, written.text
    assert "found    data/qa.jsonl\nfound    app/bot.py:answer\n" in written.out
    suite = config(project)["suites"]["answers"]
    assert suite["dataset"] == "data/qa.jsonl"
    assert suite["task"] == {"python": "app/bot.py:answer", "interpreter": ".venv/bin/python"}
    assert suite["evaluators"] == [{"exact_match": {"path": "reply"}}]
    assert not (project.folder / "datasets").exists()
    assert not (project.folder / "evals").exists()
    commands = [step["run"] for step in workflow(project) if "run" in step]
    assert commands == ["python -m venv .venv && .venv/bin/python -m pip install -r requirements.txt"]


def test_a_function_without_a_dataset_is_told_to_write_its_examples_first(project):
    """The stub's questions are none that the function was written for: the run would only show its errors."""
    project.write("bot.py", FUNCTION)

    assert project.evalgate("init").out.endswith(
        "next: put examples of your own into datasets/golden.jsonl, then evalgate run\n"
    )


def test_a_prompt_file_is_a_prompt_task_and_its_key_is_named(project):
    """A prompt becomes a prompt task; the missing key is said before the run, and the workflow passes the secret on."""
    project.write("prompts/support.yaml", PROMPT)

    written = project.evalgate("init", OPENAI_API_KEY="")

    assert written.out.endswith("next: set OPENAI_API_KEY, then evalgate run\n")
    assert config(project)["suites"]["answers"]["task"]["prompt"] == "prompts/support.yaml"
    assert workflow(project)[-1]["env"] == {"OPENAI_API_KEY": "${{ secrets.OPENAI_API_KEY }}"}
    refused = project.run(OPENAI_API_KEY="")
    assert refused.code == 2
    assert "OPENAI_API_KEY is not set" in refused.text


def test_prompts_in_another_form_are_named_where_there_is_no_task(project):
    for name in ("a.md", "b.txt", "c.yaml", "d.j2", "README.md"):
        project.write(f"prompts/{name}", "Answer: {{ question }}")
    project.write("bot.py", FUNCTION)
    assert "left out prompts" not in project.evalgate("init").out
    for name in ("evalgate.yaml", "bot.py", "datasets/golden.jsonl"):
        (project.folder / name).unlink()

    said = project.evalgate("init").out.splitlines()

    assert said[0] == (
        "left out prompts/a.md, prompts/b.txt, prompts/c.yaml and 1 more:"
        " a prompt is a YAML file with `messages`, as docs/tasks.md shows"
    )
    assert said[1] == "wrote    evalgate.yaml"


def test_a_repository_with_a_config_gets_the_workflow_alone(project):
    """A config that is there is kept, byte by byte, and no stub that it does not name is put beside it."""
    git_init(project.folder)
    project.prepare()
    before = (project.folder / "evalgate.yaml").read_bytes()

    first, second = project.evalgate("init"), project.evalgate("init")

    assert first.code == second.code == 0
    assert (project.folder / "evalgate.yaml").read_bytes() == before
    assert "kept     evalgate.yaml" in first.out
    assert not (project.folder / "datasets").exists()
    assert not (project.folder / "evals").exists()
    assert workflow(project)
    assert "nothing to write" in second.out


def test_where_something_is_committed_changes_are_compared_with_it(tmp_path):
    """The first config compares from the first change on: it needs no edit, and what gets worse fails."""
    repo = Repo(tmp_path / "repo").begin()
    repo.write("data/qa.jsonl", "".join(DATASET.replace('"a"', f'"a{n}"') for n in range(30)))
    repo.write("bot.py", FUNCTION)
    repo.commit("what is shipped")
    assert repo.evalgate("init").code == 0
    first = repo.run("--json")
    assert (first.code, json.loads(first.out)["verdict"]) == (0, "PASS"), first.text
    repo.commit("the gate")
    repo.git("checkout", "-q", "-b", "change")
    repo.write("bot.py", FUNCTION.replace("upper", "lower"))

    worse = json.loads(repo.run("--json").out)

    (check,) = worse["suites"][0]["checks"]
    assert (worse["verdict"], {rule["rule"] for rule in check["rules"]}) == ("FAIL", {"at_least", "no_regression"})


@pytest.mark.parametrize("dataset", [None, "data/qa.jsonl", "data/qa.csv"])
def test_the_profile_in_the_config_is_one_where_its_signs_are_removed(project, dataset):
    """Traces become candidates for the dataset that is there, in the form that a push writes."""
    if dataset is not None:
        project.write(dataset, DATASET if dataset.endswith(".jsonl") else "id,input.question,output.reply\na,hi,HI\n")
    assert project.evalgate("init").code == 0
    file = project.folder / "evalgate.yaml"
    assert "curate" not in config(project)

    file.write_text(re.sub(r"^# (curate:|  )", r"\1", file.read_text("utf-8"), flags=re.MULTILINE))

    shown = project.evalgate("config", "show", "--json")
    assert shown.code == 0, shown.text
    (profile,) = config(project)["curate"]["profiles"].values()
    assert profile["dataset"] == (dataset if dataset == "data/qa.jsonl" else "datasets/golden.jsonl")
    again = project.evalgate("init")
    named = "the secrets that .github/workflows/evalgate-curate.yml names, then evalgate run\n"
    assert again.out.endswith(named), again.text


def test_a_config_that_curates_alone_gets_no_workflow_that_would_measure_nothing(project):
    profile = {"project": "shop", "dataset": "datasets/golden.jsonl"}
    project.write("evalgate.yaml", yaml.safe_dump({"curate": {"profiles": {"shop": profile}}}))
    written = project.evalgate("init")
    assert written.code == 0, written.text
    left = "left out the workflow of the gate: evalgate.yaml has no `suites`, so nothing would be measured"
    assert left in written.out.splitlines()
    assert written.out.endswith("evalgate-curate.yml names, then evalgate curate run\n")
    assert [each.name for each in (project.folder / ".github" / "workflows").iterdir()] == ["evalgate-curate.yml"]
    refused = project.evalgate("run")
    assert (refused.code, "it has no `suites`: nothing says what is measured" in refused.err) == (2, True)


def test_a_package_of_a_monorepo_gets_its_workflow_at_the_root(project):
    """GitHub reads workflows at the root of a repository alone; each package has its own, run in its folder."""
    git_init(project.folder)
    (project.folder / "packages" / "bot").mkdir(parents=True)

    written = project.evalgate("init", "packages/bot")

    assert written.code == 0, written.text
    assert (project.folder / "packages/bot/evalgate.yaml").is_file()
    assert workflow(project, "evalgate-packages-bot.yml")[-1]["with"] == {"working-directory": "packages/bot"}


def test_a_dataset_without_reference_answers_is_not_compared_with_any(project):
    """An evaluator that needs a reference answer would give errors alone."""
    project.write("data/questions.jsonl", '{"id": "a", "input": {"question": "hi"}}\n')
    project.write("bot.py", FUNCTION)
    project.evalgate("init")

    assert project.run("--no-gate", "--json").code == 0
    assert list(config(project)["suites"]["answers"]["checks"]) == ["regex"]


def test_a_file_in_the_way_is_said(project):
    """What cannot be written is named, with what to do."""
    project.write(".github", "a file")

    ended = project.evalgate("init")

    assert ended.code == 2
    assert "cannot write" in ended.err
    assert "then run `evalgate init` again" in ended.err


@pytest.mark.parametrize("prompt", [True, False])
def test_the_workflow_passes_the_audit(project, prompt):
    """The workflow is valid, every action in it is pinned as this project's own are, and zizmor finds nothing."""
    project.write("requirements.txt", "")
    if prompt:
        project.write("prompts/p.yaml", PROMPT)
    project.evalgate("init")
    file = project.folder / ".github" / "workflows" / "evalgate.yml"

    assert_audited(file)
    used = re.findall(r"uses: (?!evalgate/)(\S+ # v\S+)", file.read_text("utf-8"))
    own = "".join(path.read_text("utf-8") for path in (REPOSITORY / ".github/workflows").iterdir())
    own += (REPOSITORY / "action.yml").read_text("utf-8")
    assert len(used) == (1 if prompt else 2)
    assert all(f"uses: {pin}\n" in own for pin in used)


def test_an_installed_evalgate_names_its_release(project):
    """A package that is no checkout knows its version alone; the audit accepts that with the reason beside it."""
    site = project.folder / "site"
    shutil.copytree(REPOSITORY / "evalgate", site / "evalgate")
    shutil.copytree(REPOSITORY / "templates", site / "evalgate" / "_templates")

    written = project.evalgate("init", PYTHONPATH=str(site))

    assert written.code == 0, written.text
    assert re.fullmatch(r"evalgate/evalgate@v\d+\.\d+\.\d+", workflow(project)[-1]["uses"])
    file = project.folder / ".github" / "workflows" / "evalgate.yml"
    zizmor = [Path(sys.executable).with_name("zizmor"), "--offline", "--pedantic", "--quiet", file]
    audit = subprocess.run(zizmor, capture_output=True, encoding="utf-8", check=False)
    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("def answer(input): ...", True),
        ("async def answer(question): ...", True),
        ("def answer(input, metadata, *, tone='kind'): ...", True),
        ("def answer(): ...", False),
        ("def answer(question, client): ...", False),
        ("def answer(input, *, client): ...", False),
        ("class answer: ...", False),
    ],
)
def test_only_a_function_that_a_task_can_call_is_proposed(tmp_path, code, fits):
    """A first config whose task does not load would be a bad start."""
    (tmp_path / "app.py").write_text(code, encoding="utf-8")

    assert look(tmp_path).task == ({"python": "app.py:answer"} if fits else None)


@pytest.mark.parametrize("name", ["a.csv", "my data.csv", "a: b.csv", "#1.csv", 'q"uote.csv', "data/ü.csv", "1"])
def test_any_name_is_written_as_the_text_it_is(name):
    """A file's name may be anything."""
    assert yaml.safe_load(plain(name)) == name


def test_a_config_with_a_prompt_in_phoenix_gets_the_workflow_that_proposes_newer_versions(project):
    """It has the two permissions that it needs, knows where Phoenix is, and passes the audit."""
    project.suite = {
        "task": {"prompt": {"phoenix": "support", "server": "eu"}, "variables": {"q": "input.q"}},
        "baseline": None,
    }
    project.suite["checks"] = {"exact_match": {"at_least": 0.5}}
    project.prepare()
    servers = {"eu": {"endpoint_env": "EU_ENDPOINT", "api_key_env": "EU_KEY"}}
    config_file = project.folder / "evalgate.yaml"
    config_file.write_text(config_file.read_text() + yaml.safe_dump({"phoenix": {"servers": servers}}))

    written = project.evalgate("init")

    assert written.code == 0, written.text
    file = project.folder / ".github" / "workflows" / "evalgate-prompts.yml"
    assert f"wrote    {Path('.github/workflows/evalgate-prompts.yml')}\n" in written.out
    said = yaml.safe_load(file.read_text("utf-8"))
    assert said["permissions"] == {}
    assert said["jobs"]["pin"]["permissions"] == {"contents": "write", "pull-requests": "write"}
    secrets = {name: f"${{{{ secrets.{name} }}}}" for name in ("EU_ENDPOINT", "EU_KEY")}
    assert said["jobs"]["pin"]["steps"][-1]["env"] == secrets
    assert workflow(project)[-1]["env"] == secrets
    assert not any("run" in step for step in said["jobs"]["pin"]["steps"])
    assert_audited(file)
    assert project.evalgate("init").out.count("kept ") == 3


def test_a_config_with_profiles_of_curation_gets_the_workflow_that_runs_them(project):
    """On a schedule alone, with the two permissions and the secrets that it needs, and it passes the audit."""
    project.prepare()
    config_file = project.folder / "evalgate.yaml"
    servers = {"eu": {"endpoint_env": "EU_ENDPOINT", "api_key_env": "EU_KEY"}}
    profile = {"project": "shop", "server": "eu", "dataset": "golden.jsonl"}
    curate = {"profiles": {"shop": profile}, "notify": {"webhook_env": "CHANNEL"}}
    endpoints = {"models": {"base_url": "https://models.example.com/v1", "api_key_env": "MODELS_KEY"}}
    more = {"phoenix": {"servers": servers}, "curate": curate, "endpoints": endpoints}
    config_file.write_text(config_file.read_text() + yaml.safe_dump(more))

    written = project.evalgate("init")

    assert written.code == 0, written.text
    file = project.folder / ".github" / "workflows" / "evalgate-curate.yml"
    said = yaml.safe_load(file.read_text("utf-8"))
    assert {*said[True]} == {"schedule", "workflow_dispatch"}
    assert said["permissions"] == {}
    (job,) = said["jobs"].values()
    assert job["permissions"] == {"contents": "write", "pull-requests": "write"}
    names = ("CURATE_PSEUDONYM_KEY", "CHANNEL", "EU_ENDPOINT", "EU_KEY")
    assert job["steps"][-1]["env"] == {name: f"${{{{ secrets.{name} }}}}" for name in names}
    assert not any("run" in step for step in job["steps"])
    assert_audited(file)


def test_the_workflow_for_forks_is_asked_for_and_passes_the_audit(project):
    """It reads the runs of the other one by its name, runs nothing of them, and has the permissions that it needs."""
    git_init(project.folder)
    (project.folder / "packages" / "bot").mkdir(parents=True)
    written = project.evalgate("init", "--forks", "packages/bot")

    assert written.code == 0, written.text
    file = project.folder / ".github" / "workflows" / "evalgate-forks-packages-bot.yml"
    assert_audited(file)
    declared = yaml.safe_load(file.read_text("utf-8"))
    gate = yaml.safe_load((file.parent / "evalgate-packages-bot.yml").read_text("utf-8"))
    assert declared[True]["workflow_run"]["workflows"] == [gate["name"]]
    (job,) = declared["jobs"].values()
    assert "startsWith(github.event.workflow_run.path, '.github/workflows/evalgate-packages-bot.yml')" in job["if"]
    assert job["permissions"] == {"actions": "read", "contents": "read", "pull-requests": "write"}
    checkout, decide = job["steps"]
    assert "ref" not in checkout["with"]
    assert decide["with"] == {"mode": "fork", "working-directory": "packages/bot"}
