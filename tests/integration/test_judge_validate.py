"""`evalgate judge`: labelled answers against a judge, kept under its fingerprint, and what reports make of it."""

import asyncio
import json
import subprocess

import pytest

from tests.e2e.project import Project
from tests.fake_model import Rule
from tests.unit.git.repositories import IDENTITY

LABELS = "".join(
    json.dumps(
        {
            "id": f"e{n}",
            "input": {"question": f"What is capital number {n}?"},
            "output": {"answer": "Paris" if n % 3 else "Lyon"},
            "expected": {"answer": "Paris"},
            "label": "correct" if n % 3 else "incorrect",
        }
    )
    + "\n"
    for n in range(60)
)


@pytest.fixture
def judging(tmp_path, fake_model):
    """A project with one judge, and labels beside it."""
    fake_model.rules = [Rule(reply="judge")]

    def made(judge=None, **policy) -> Project:
        project = Project(tmp_path, policy=policy, examples=12)
        project.suite = {
            "evaluators": [{"judge": "correctness", "model": "fake/m", **(judge or {})}],
            "checks": {"correctness": {"no_regression": {}}},
        }
        project.write("labels.jsonl", LABELS)
        config = project.prepare().folder / "evalgate.yaml"
        endpoint = {"base_url": fake_model.base_url, "timeout": 20}
        config.write_text(config.read_text() + f"endpoints: {{fake: {json.dumps(endpoint)}}}\n")
        return project

    return made


async def evalgate(project, *arguments, **env):
    return await asyncio.to_thread(project.evalgate, *arguments, **env)


async def test_a_judge_that_agrees_with_people_is_trusted_from_then_on(judging, fake_model):
    """Its reports warn before and not after; a second look costs nothing."""
    project = judging()
    before = await evalgate(project, "run", "--quiet")
    assert before.code == 0
    assert "warning: correctness is the verdict of a judge that, as it is now, nobody has held" in before.out
    fake_model.forget()
    ended = await evalgate(project, "judge", "validate", "labels.jsonl", "--repetitions", "2")
    assert ended.code == 0, ended.text
    assert ended.out.startswith("correctness  TRUSTED\n")
    assert "It says what people say of 60 of 60 answers: 100 %" in ended.out
    assert fake_model.calls == 60 * 3
    after = await evalgate(project, "run", "--quiet")
    assert "warning" not in after.out
    again = await evalgate(project, "judge", "validate", "labels.jsonl", "--repetitions", "2", "--json")
    assert json.loads(again.out)["spent"]["calls"] == 0
    assert fake_model.calls == 60 * 3
    assert (await evalgate(project, "judge", "show")).out == (
        await evalgate(project, "judge", "show", "correctness")
    ).out
    assert json.loads((await evalgate(project, "judge", "show", "--json")).out) == json.loads(again.out)


async def test_another_model_is_another_judge(judging):
    """What was found out holds for the judge that was asked."""
    project = judging()
    await evalgate(project, "judge", "validate", "labels.jsonl")
    config = project.folder / "evalgate.yaml"
    config.write_text(config.read_text().replace("fake/m", "fake/other"))
    assert "nobody has held to human labels" in (await evalgate(project, "run", "--quiet")).out


async def test_an_old_build_decides_as_it_did(judging):
    """A validation made later changes nothing about it, and an exported one takes along what was known."""
    project = judging(require_validated=True)
    first = await evalgate(project, "run", "--quiet")
    assert first.code == 4, first.text
    assert "It does not gate (`require_validated`)." in " ".join(first.out.split())
    assert "next: evalgate judge validate LABELS --suite doubling --judge correctness" in first.out
    await evalgate(project, "judge", "validate", "labels.jsonl")
    assert (await evalgate(project, "decide", "1", "--quiet")).code == 4
    second = await evalgate(project, "run", "--quiet")
    assert (second.code, "warning" in second.out) == (0, False)
    await evalgate(project, "journal", "export", "--to", "one.db")
    alone = await evalgate(project, "decide", "one.db", "--quiet")
    assert (alone.code, "warning" in alone.out) == (0, False)


async def test_a_judge_that_says_the_same_of_everything_is_not_trusted(judging, fake_model):
    """Exit code 1, and the reports say why."""
    fake_model.rules = [Rule(reply='{"explanation": "Nice.", "label": "correct"}')]
    project = judging()
    ended = await evalgate(project, "judge", "validate", "labels.jsonl")
    assert ended.code == 1
    assert ended.out.startswith("correctness  NOT TRUSTED\n")
    assert "20 answers of which it says something else than people" in ended.out
    assert "agrees with people too little" in (await evalgate(project, "run", "--quiet")).out


async def test_a_judge_that_is_away_is_not_measured_and_nothing_is_kept(judging, fake_model):
    """Exit code 4."""
    fake_model.rules = [Rule(fault="status", status=401)]
    project = judging()
    ended = await evalgate(project, "judge", "validate", "labels.jsonl")
    assert ended.code == 4, ended.text
    assert "answered 401" in ended.text
    assert ended.text.rstrip().endswith(
        "next: mend endpoints.fake, its key or the model's name, then evalgate judge validate labels.jsonl --suite"
        " doubling --judge correctness"
    )
    await evalgate(project, "run", "--quiet")
    assert "no judge has been held to human labels here" in (await evalgate(project, "judge", "show")).err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gone.jsonl"], "the dataset file gone.jsonl does not exist"),
        (["labels.jsonl", "--judge", "corectness"], "there is no judge corectness; did you mean correctness?"),
        (["labels.jsonl", "--suite", "double"], "there is no suite double; did you mean doubling?"),
        (["labels.jsonl", "--repetitions", "0"], "0 is not in the range"),
        (["labels.jsonl", "--replay", "--no-cache"], "leave one out"),
        (["wrong.jsonl"], "wrong.jsonl:1:25: the judge gives no label 'right': it gives correct, incorrect"),
    ],
)
async def test_what_is_wrong_is_said_before_anybody_is_asked(judging, fake_model, arguments, says):
    """Exit code 2."""
    project = judging()
    project.write("wrong.jsonl", '{"id": 1, "output": "", "label": "right"}\n')
    ended = await evalgate(project, "judge", "validate", *arguments)
    assert (ended.code, fake_model.calls) == (2, 0), ended.text
    assert says in ended.err


async def test_a_project_without_a_judge_has_nothing_to_validate(tmp_path):
    project = Project(tmp_path).prepare()
    project.write("labels.jsonl", LABELS)
    ended = await evalgate(project, "judge", "validate", "labels.jsonl")
    assert (ended.code, "no evaluator here is a judge" in ended.err) == (2, True)


async def test_what_a_run_spent_on_its_judge_is_in_the_journal(judging, journal_of):
    """Tokens of each evaluation, beside what the task took."""
    project = judging()
    await evalgate(project, "run", "--quiet")
    with journal_of(project) as journal:
        (row, *_) = journal.experiments(1)
        (evaluation,) = journal.evaluations(row.id, "e3", "r1")
    (usage,) = evaluation.usage
    assert (usage.model, usage.calls, usage.input_tokens > 100) == ("fake/m", 1, True)
    assert evaluation.metadata["judges"] == ["fake/m"]


@pytest.fixture
def journal_of():
    from evalgate.journal.store import Journal

    return lambda project: Journal(project.folder / ".evalgate" / "journal.db", create=False)


async def test_a_judge_that_was_away_is_asked_again_on_resume(judging, fake_model, journal_of):
    """A missing verdict is not for ever: the build goes on where the provider failed."""
    fake_model.rules = [Rule(fault="status", status=503, times=10_000)]
    project = judging()
    config = project.folder / "evalgate.yaml"
    config.write_text(config.read_text().replace('"timeout": 20', '"timeout": 3'))
    ended = await evalgate(project, "run", "--quiet")
    assert ended.code == 4, ended.text
    fake_model.rules = [Rule(reply="judge")]
    resumed = await evalgate(project, "run", "--resume", "--quiet")
    assert resumed.code == 0, resumed.text
    with journal_of(project) as journal:
        assert all(not journal.evaluator_failures(row.id) for row in journal.experiments(1))


async def test_labels_on_both_sides_correct_the_judge_in_the_report(judging):
    """A judge that calls every new answer wrong; people, who labelled both sides, do not."""
    project = judging({"input_mapping": {"output": "output.answer"}})
    project.write("v2/app.py", "def answer(input):\n    return {'answer': f\"{input['q'] * 2}, not Lyon\"}\n")
    rows = [
        {
            "id": f"{side}{n}",
            "example": f"e{n}",
            "input": {"q": n},
            "output": {"answer": f"{2 * n}, not Lyon" if side == "new" else 2 * n},
            "expected": {"answer": 2 * n},
            "label": "correct",
        }
        for side in ("new", "old")
        for n in range(8)
    ]
    project.write("both.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert (await evalgate(project, "judge", "validate", "both.jsonl")).code == 1
    ended = await evalgate(project, "run", "--quiet", "--report-json", "report.json")
    assert ended.code == 1, ended.text
    assert "People labelled the answers of both sides to 8 of these examples." in " ".join(ended.out.split())
    (check,) = json.loads((project.folder / "report.json").read_text())["suites"][0]["checks"]
    assert check["comparison"]["delta"] == -1
    assert (check["corrected"]["delta"], check["corrected"]["labelled"]) == (0, 8)


async def test_a_judge_that_never_answers_was_asked_all_the_same(judging, fake_model):
    """It is not said that there were no calls: there were, and none gave an answer."""
    fake_model.rules = [Rule(fault="filtered_prompt")]
    project = judging()
    ended = await evalgate(project, "judge", "validate", "labels.jsonl", "--quiet")
    assert (ended.code, fake_model.calls > 0) == (4, True), ended.text
    assert "60 labelled answers of labels.jsonl, no call that was answered" in " ".join(ended.out.split())


async def test_verdicts_of_the_cache_are_said_to_be(judging):
    project = judging()
    await evalgate(project, "judge", "validate", "labels.jsonl", "--quiet")
    again = await evalgate(project, "judge", "validate", "labels.jsonl", "--quiet", "--replay")
    assert "no new call, 240 from the cache" in again.out


async def test_a_comparison_warns_of_judges_that_nobody_has_held_to_labels(judging):
    """As every report does, by what the chosen build knew; and not once it is trusted."""
    project = judging()
    for text in ("'Paris'", "'Lyon'"):
        project.write("v2/app.py", f"def answer(input):\n    return {text}\n")
        await evalgate(project, "run", "--quiet")
    warning = "correctness is the verdict of a judge that, as it is now, nobody has held to human labels"
    compared = await evalgate(project, "compare", "1", "2", "--markdown", "table.md")
    assert compared.code == 0, compared.text
    assert f"warning: {warning}" in " ".join(compared.out.split())
    assert f"**Warning:** {warning}" in (project.folder / "table.md").read_text()
    found = json.loads((await evalgate(project, "compare", "1", "2", "--json")).out)
    assert found["suites"][0]["warnings"][0].startswith(warning)
    assert (await evalgate(project, "judge", "validate", "labels.jsonl")).code == 0
    for text in ("'Paris'", "'Lyon'"):
        project.write("v2/app.py", f"def answer(input):\n    return {text}\n")
        await evalgate(project, "run", "--quiet")
    assert "warning" not in (await evalgate(project, "compare", "3", "4")).out


async def test_what_an_untrusted_judge_says_proves_nothing_where_that_is_asked_for(judging):
    project = judging(require_validated=True)
    for text in ("'Paris'", "'Lyon'"):
        project.write("v2/app.py", f"def answer(input):\n    return {text}\n")
        await evalgate(project, "run", "--quiet")
    compared = await evalgate(project, "compare", "1", "2")
    assert compared.code == 4
    assert "It proves nothing here (`require_validated`)." in " ".join(compared.err.split())


async def test_a_comparison_takes_the_flags_of_the_cache(judging, fake_model):
    """From a file of its own, anew, or from that alone."""
    project = judging()
    for name, text in (("a", "'Paris'"), ("b", "'Lyon'")):
        project.write(f"{name}/app.py", f"def answer(input):\n    return {text}\n")
        project.write(f"{name}.yaml", json.dumps({"python": f"{name}/app.py:answer", "inputs": [f"{name}/*.py"]}))
    compare = ("compare", "a.yaml", "b.yaml", "--cache", "verdicts.db")
    assert (await evalgate(project, *compare)).code == 0
    assert (fake_model.calls, (project.folder / "verdicts.db").is_file()) == (24, True)
    assert (await evalgate(project, *compare, "--journal", "other.db", "--replay")).code == 0
    assert fake_model.calls == 24
    ended = await evalgate(project, *compare, "--no-cache")
    assert (ended.code, fake_model.calls, "recorded already" in ended.err) == (0, 48, False)
    lacking = await evalgate(
        project, "compare", "a.yaml", "b.yaml", "--cache", "none.db", "--journal", "x.db", "--replay"
    )
    assert lacking.code in {2, 4}
    assert "without --replay" in lacking.err
    assert (await evalgate(project, *compare, "--replay", "--no-cache")).code == 2


async def test_a_release_goes_by_no_judge_that_nobody_has_held_to_labels(judging, fake_model):
    """Said before anything is paid; held to labels as it is now, it is released; edited since, it is not."""
    project = judging()
    project.write(".gitignore", "__pycache__/\nlabels.jsonl\n")
    config = project.folder / "evalgate.yaml"
    config.write_text(
        config.read_text().replace("no_regression: {}", "no_regression: {rule_out_drop: 0.5}\n        at_least: 0.5")
    )

    def commit(message: str) -> None:
        for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", message)):
            subprocess.run(("git", *IDENTITY, *arguments), cwd=project.folder, check=True)

    commit("first")
    environ = {"GITHUB_ACTOR": "jo"}
    unheld = await evalgate(project, "release", "--first", **environ)
    assert unheld.code == 4, unheld.text
    assert "nobody has held to human labels" in unheld.err
    assert "next: evalgate judge validate LABELS --suite doubling --judge correctness" in unheld.err
    assert not fake_model.requests
    assert (await evalgate(project, "judge", "validate", "labels.jsonl")).code == 0
    held = await evalgate(project, "release", "--first", **environ)
    assert held.code == 0, held.text

    config.write_text(config.read_text().replace("model: fake/m", "model: fake/other"))
    commit("another judge")
    fake_model.forget()
    edited = await evalgate(project, "release", **environ)
    assert (edited.code, len(fake_model.requests)) == (4, 0), edited.text
    config.write_text(config.read_text() + "release: {validated_judges: false}\n")
    commit("whoever judges")
    assert (await evalgate(project, "release", **environ)).code == 0
