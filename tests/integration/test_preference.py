"""A judge of pairs in whole builds: what a check on it means, where its answers come from, and what is asked again."""

import asyncio
import json
import re

import pytest
import yaml

from tests.e2e.project import Project
from tests.e2e.repository import Repo
from tests.fake_model import Rule

FIRST = '{"explanation": "The first one.", "label": "A"}'


def capitals(wrong: str) -> str:
    """A task that is wrong where `wrong` holds, in words that are its own."""
    return f"def answer(input):\n    return 'Lyon' if {wrong} else 'Paris'\n"


@pytest.fixture
def pairs(tmp_path, fake_model):
    """A project whose only check is which of two answers is better."""
    fake_model.rules = [Rule(reply="judge")]

    def made(before="False", now="False", judge=None, examples=40, **policy) -> Project:
        project = Project(tmp_path, policy=policy, examples=examples)
        project.suite = {
            "evaluators": [{"judge": "preference", "model": "fake/m", **(judge or {})}],
            "checks": {"preference": {"no_regression": {"rule_out_drop": 0.15}}},
        }
        project.write("v1/app.py", capitals(before))
        project.write("v2/app.py", capitals(now))
        return _with_endpoint(project.prepare(), fake_model)

    return made


def _with_endpoint(project, fake_model):
    config = project.folder / "evalgate.yaml"
    endpoint = {"base_url": fake_model.base_url, "timeout": 20}
    config.write_text(config.read_text() + f"endpoints: {{fake: {json.dumps(endpoint)}}}\n")
    return project


async def evalgate(project, *arguments, **env):
    return await asyncio.to_thread(project.evalgate, *arguments, **env)


async def decided(project, *arguments):
    ended = await evalgate(project, "run", "--quiet", "--json", *arguments)
    assert ended.out, ended.text
    suite = json.loads(ended.out)["suites"][0]
    return ended.code, suite["checks"][0], suite


async def test_a_candidate_that_loses_fails_and_one_that_wins_passes(pairs, fake_model):
    """Each pair is asked in both orders, what is the same is not asked at all, and a rerun costs nothing."""
    project = pairs(now="input['q'] < 12")
    code, check, _ = await decided(project)
    assert (code, check["verdict"]) == (1, "FAIL")
    assert (check["candidate"], check["baseline"]) == (0.35, 0.65)
    assert check["rules"][0]["reason"].startswith(
        "The judge prefers v1/app.py:answer in 12 examples and the candidate in 0. That is a drop of 30 points"
    )
    assert check["notes"] == [
        (
            "Of 40 pairs of answers it prefers the candidate's in 0 and that of v1/app.py:answer in 12; 28 are ties. No"
            " preference of 12 votes in both orders went with the order."
        )
    ]
    assert fake_model.calls == 24
    assert (await decided(project))[1] == check
    assert fake_model.calls == 24
    project.write("v1/app.py", capitals("input['q'] < 20"))
    code, check, _ = await decided(project)
    assert (code, check["verdict"], check["comparison"]["better"]) == (0, "PASS", 8)


async def test_the_same_answers_are_nothing_changed(pairs, fake_model):
    code, check, _ = await decided(pairs())
    assert (code, check["verdict"], fake_model.calls) == (0, "PASS", 0)
    assert check["rules"][0]["reason"] == "Nothing changed: all 40 answers scored the same."


async def test_a_judge_that_takes_what_stands_first_finds_nothing_and_is_told_on(pairs, fake_model):
    """A gate that takes its word in one order would fail this, or pass it, by which side it shows first."""
    fake_model.rules = [Rule(reply=FIRST)]
    _, check, _ = await decided(pairs(now="input['q'] < 12"))
    assert (check["comparison"]["worse"], check["comparison"]["better"]) == (0, 0)
    assert check["notes"] == [
        (
            "Of 40 pairs of answers it prefers the candidate's in 0 and that of v1/app.py:answer in 0; 40 are ties."
            " Of 12 votes"
            " in both orders, 12 preferred whatever stood first and 0 whatever stood second, which are ties."
        )
    ]
    assert check["preferences"] == {"candidate": 0, "ties": 40, "baseline": 0, "asked": 12, "first": 12, "second": 0}


async def test_a_judge_that_does_not_answer_is_no_verdict(pairs, fake_model):
    """Missing on both sides: never a tie, never a win."""
    fake_model.rules = [Rule(reply="I like both.")]
    code, check, _ = await decided(pairs(now="input['q'] < 12"))
    assert (code, check["verdict"], check["rules"][0]["unmeasurable"]) == (4, "UNMEASURABLE", "errors")
    assert (check["missing"]["candidate"], check["missing"]["baseline"]) == (12, 12)


async def test_a_provider_that_was_away_is_asked_again_by_resume(pairs, fake_model):
    """And nothing that was judged is asked twice."""
    project = pairs(now="input['q'] < 12")
    fake_model.rules = [Rule(reply="judge", times=10), Rule(fault="status", status=401)]
    assert (await evalgate(project, "run", "--quiet")).code == 4
    fake_model.rules, judged = [Rule(reply="judge")], 10
    fake_model.forget()
    ended = await evalgate(project, "run", "--quiet", "--resume")
    assert (ended.code, fake_model.calls) == (1, 24 - judged), ended.text


async def test_several_draws_are_paired_one_by_one(pairs, fake_model):
    """Three repetitions are three pairs, each judged by itself."""
    project = pairs(now="input['q'] < 12")
    _, check, _ = await decided(project, "--set", "suites.doubling.repetitions=3")
    assert (check["comparison"]["worse"], check["comparison"]["pairs"]) == (12, 40)
    assert fake_model.calls == 3 * 24


async def test_a_stored_baseline_is_held_against_by_its_recorded_answers(pairs, fake_model):
    """Pairs need the baseline's answers, which the journal has; its own verdicts, on other pairs, are not read."""
    project = pairs(before="input['q'] < 2")
    await decided(project)
    config = project.folder / "evalgate.yaml"
    raw = yaml.safe_load(config.read_text())
    raw["suites"]["doubling"]["baseline"] = "build:1"
    config.write_text(yaml.safe_dump(raw))
    project.write("v2/app.py", capitals("input['q'] < 12"))
    fake_model.forget()
    code, check, _ = await decided(project)
    # Two of them were asked for by the first build: the same question, answers and samples.
    assert (code, check["comparison"]["worse"], fake_model.calls) == (1, 12, 24 - 4)


async def test_a_commit_is_screened_with_its_stored_answers_and_confirmed_by_fresh_ones(tmp_path, fake_model):
    """At the screen one answer meets all the stored ones; what confirms is paired one by one."""
    fake_model.rules = [Rule(reply="judge")]
    repo = Repo(tmp_path / "repo").begin()

    def version(wrong):
        repo.write("app.py", capitals(wrong))
        return repo.commit(wrong)

    repo.ship(
        evaluators=[{"judge": "preference", "model": "fake/m"}],
        checks={"preference": {"no_regression": {"rule_out_drop": 0.15}}},
    )
    _with_endpoint(repo, fake_model)
    version("input['q'] < 2")
    repo.git("checkout", "-q", "-b", "first")
    version("input['q'] in (0, 2)")
    first = await asyncio.to_thread(repo.measured)
    assert (first["verdict"], fake_model.calls) == ("PASS", 3 * 4)
    repo.git("checkout", "-q", "-b", "second", "main")
    version("input['q'] in (1, 2)")
    fake_model.forget()
    second = await asyncio.to_thread(repo.measured)
    # Two pairs differ; each answer meets three stored ones, each a draw of its own, in two orders.
    assert (second["verdict"], fake_model.calls) == ("PASS", 2 * 3 * 2)
    assert "compared with the stored 3 runs of main@" in second["checks"][0]["rules"][0]["reason"]
    repo.git("checkout", "-q", "-b", "worse", "main")
    version("input['q'] < 20")
    fake_model.forget()
    worse = await asyncio.to_thread(repo.measured)
    assert worse["verdict"] == "FAIL"
    # The screen of one of the examples is that of the change before.
    assert fake_model.calls == 17 * 3 * 2 + 18 * 3 * 2
    assert re.match(r"The judge prefers main@\w+ in 18 examples and the candidate in 0\.", _reason(worse))
    again = await asyncio.to_thread(repo.measured)
    assert (again["verdict"], fake_model.calls) == ("FAIL", 17 * 3 * 2 + 18 * 3 * 2)


def _reason(suite):
    return suite["checks"][0]["rules"][0]["reason"]


@pytest.mark.parametrize(
    ("suite", "says"),
    [
        ({"baseline": None}, "`preference` compares the candidate's answers with the baseline's, and the suite has no"),
        (
            {"checks": {"preference": {"at_least": 0.5}}},
            (
                "at_least asks about the candidate alone, and `preference` says only which of two answers is better:"
                " use no_regression, improves or equivalent"
            ),
        ),
        ({"checks": {"preference": {"zero_tolerance": {}}}}, "zero_tolerance asks about the candidate alone"),
    ],
)
async def test_what_pairs_cannot_say_is_refused(pairs, fake_model, suite, says):
    """With its place, before anything is paid."""
    project = pairs()
    config = project.folder / "evalgate.yaml"
    raw = yaml.safe_load(config.read_text())
    raw["suites"]["doubling"].update(suite)
    config.write_text(yaml.safe_dump(raw))
    ended = await evalgate(project, "run")
    assert (ended.code, fake_model.calls) == (2, 0)
    assert says in ended.err, ended.err
    assert re.search(r"evalgate\.yaml:\d+:\d+: ", ended.err)


async def test_other_commands_say_what_pairs_are_not_for(pairs):
    """A plan plans them, a noise study leaves them out, and a comparison of builds too."""
    project = pairs(now="input['q'] < 12")
    raw = yaml.safe_load((project.folder / "evalgate.yaml").read_text())
    suite = raw["suites"]["doubling"]
    suite["evaluators"].append({"length": {}})
    suite["checks"]["length"] = {"report_only": True}
    suite["evaluators"].append({"contains": {"text": "a"}})
    suite["checks"]["contains"] = {"no_regression": {}}
    (project.folder / "evalgate.yaml").write_text(yaml.safe_dump(raw))
    assert "preference" in (await evalgate(project, "plan")).out
    for _ in range(2):
        await evalgate(project, "run", "--quiet")
    noise = await evalgate(project, "noise", "--quiet")
    assert (noise.code, "preference" in noise.out, "contains" in noise.out) == (0, False, True), noise.text
    compared = await evalgate(project, "compare", "1", "2")
    assert compared.code == 0, compared.text
    said = " ".join(compared.out.split())
    assert "preference is left out: it says who is better than a build's own baseline" in said


PAIRS = [("Paris", "Lyon", "candidate"), ("Lyon", "Paris", "baseline"), ("Paris", "In Paris", "tie")] * 12


def labelled(pairs):
    return "".join(
        json.dumps({"id": f"p{n}", "input": {"q": n}, "output": ours, "baseline": theirs, "label": label}) + "\n"
        for n, (ours, theirs, label) in enumerate(pairs)
    )


async def test_it_is_held_to_peoples_preferences(pairs, fake_model):
    """And trusted from then on, as it is now."""
    project = pairs(now="input['q'] < 12")
    project.write("pairs.jsonl", labelled([*PAIRS, *[("Paris, you know", "Paris", "candidate")] * 4]))
    assert "nobody has held to human labels" in (await evalgate(project, "run", "--quiet")).out
    fake_model.forget()
    ended = await evalgate(project, "judge", "validate", "pairs.jsonl", "--repetitions", "1", "--quiet")
    assert (ended.code, fake_model.calls) == (0, 2 * 40), ended.text
    said = " ".join(ended.out.split())
    assert said.startswith("preference TRUSTED judge preference on fake/m; 40 labelled pairs of pairs.jsonl, 80 calls")
    assert "candidates: Where people prefer the candidate, in 16 pairs, it does so in 12: 75 %" in said
    assert "others: Where they do not, in 24 pairs, it does not either in 24: 100 %" in said
    assert "position: Shown the other way round, none of 40 pairs is judged otherwise." in said
    assert "It favours short ones: candidates whose answer is the longer one gain" in said
    assert "p36 people: candidate, judge: tie" in said
    assert "candidate: Paris, you know baseline: Paris" in said
    assert "nobody has held" not in (await evalgate(project, "run", "--quiet")).out


async def test_a_judge_that_goes_by_the_place_is_found_out(pairs, fake_model):
    fake_model.rules = [Rule(reply=FIRST)]
    project = pairs()
    project.write("pairs.jsonl", labelled(PAIRS))
    ended = await evalgate(project, "judge", "validate", "pairs.jsonl", "--repetitions", "1", "--quiet")
    assert ended.code == 1
    assert (
        "position: Shown the other way round, 36 of 36 pairs are judged otherwise, which makes them ties; the first"
        " place is favoured: a candidate shown second gains −100 points"
    ) in " ".join(ended.out.split())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            {"output": "Paris", "label": "candidate"},
            "there is no `baseline`: the answer that `output` was compared with",
        ),
        (
            {"output": "a", "baseline": "b", "label": "A"},
            "the judge gives no label 'A': it gives candidate, tie, baseline",
        ),
        ({"baseline": "b", "label": "tie"}, "there is no `output`: the candidate's answer"),
    ],
)
async def test_labels_of_pairs_that_are_none_are_refused(pairs, fake_model, line, says):
    project = pairs()
    project.write("pairs.jsonl", json.dumps({"id": 1, **line}) + "\n")
    ended = await evalgate(project, "judge", "validate", "pairs.jsonl")
    assert (ended.code, fake_model.calls) == (2, 0)
    assert says in ended.err


async def test_it_must_prefer_reference_answers_to_broken_ones(pairs, fake_model):
    """One that is led by the place prefers nothing, and is blind."""
    project = pairs(examples=6)
    text = (project.folder / "golden.jsonl").read_text()
    project.write(
        "golden.jsonl", re.sub(r'"output": {"answer": \d+}', '"output": {"answer": "Paris, and 2 more"}', text)
    )
    fake_model.rules = [Rule(reply=FIRST)]
    ended = await evalgate(project, "judge", "try")
    assert ended.code == 1
    assert "It passes whatever it is given" in " ".join(ended.out.split())
