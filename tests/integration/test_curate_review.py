"""`evalgate curate review` in a real terminal, by files, rules and annotations: what is decided is never lost."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from evalgate.curate.beside import candidates_file, reviews_file
from evalgate.curate.candidates import Candidate, State, read_candidates, write_candidates
from evalgate.curate.holding import held
from tests.integration.team import Team, span
from tests.person import REPOSITORY, editor, person
from tests.pictures.terminal import svg
from tests.unit.curate.reviewing.making import candidate, said

COMMAND = (sys.executable, "-m", "evalgate", "curate", "review")
HOSTILE = "seven\x1b[2J\x1b]0;owned\x07 minutes \u202e drawkcab"
ONES = (
    candidate("span:1", "seven minutes", question="How long do I boil an egg?"),
    candidate("span:2", HOSTILE, question="Was ist Béchamel? 日本語のレシピ"),
    candidate("span:3", None, question="Is this answered?"),
    candidate(
        "span:4",
        "no idea",
        question="What is a roux?",
        marks={"proposed": {"output": said("Butter and flour."), "labels": ["Ask"], "model": "some/model"}},
    ),
)


@pytest.fixture
def dataset(tmp_path):
    file = tmp_path / "some.jsonl"
    write_candidates(candidates_file(file), ONES)
    return file


def there(dataset):
    return {each.id: each for each in read_candidates(candidates_file(dataset))}


def states(dataset):
    return [each.state.value for each in there(dataset).values()]


def lines(dataset):
    return [json.loads(line) for line in reviews_file(candidates_file(dataset)).read_text().splitlines()]


def run(dataset, *arguments, code=0):
    """Run the command where nobody can be asked; returns what it wrote."""
    ended = subprocess.run(
        [*COMMAND, "--dataset", str(dataset), *arguments],
        cwd=dataset.parent,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(dataset.parent), "PYTHONPATH": str(REPOSITORY)},
    )
    assert ended.returncode == code, ended.stderr + ended.stdout
    return ended.stdout if code == 0 else ended.stderr


def test_a_sitting_and_the_next_one(dataset):
    ann = person(dataset, EDITOR=editor(dataset.parent, "path.write_text('Not at all.\\n')"))
    ann.presses("a").sees("accepted", "2 of 4").presses("u").sees("taken back", "1 of 4").presses("s")
    ann.sees("2 of 4").presses("r").sees("why").types("no question of ours").sees("rejected", "3 of 4")
    ann.presses("e").sees("your answer, not accepted yet", "Not at all.").presses("a").sees("accepted", "4 of 4")
    ann.presses("x").sees("no key of this").presses("/").sees("search: ").types("BÉCHAMEL").sees("2 of 4")
    ann.presses("q")
    assert f"next: evalgate curate review --dataset {dataset}" in ann.ends()
    assert states(dataset) == ["chosen", "rejected", "accepted", "chosen"]
    assert there(dataset)["span:3"].output == said("Not at all.")
    assert there(dataset)["span:2"].history[-1].why == "ann: no question of ours"
    assert [each["decision"] for each in lines(dataset)] == ["accepted", "undone", "rejected", "accepted"]
    again = person(dataset).sees("1 of 2", "span:1").presses("a").sees("2 of 2", "Butter and flour.").presses("p")
    assert "next: evalgate curate push" in again.ends()
    assert there(dataset)["span:4"].output == said("Butter and flour.")
    assert lines(dataset)[-1]["answer"] == "proposed"
    assert "nothing is there to review as asked" in person(dataset).ends()


def test_an_editor_that_crashes_loses_nothing(dataset):
    crashes = "path.write_text('{half'); os.kill(os.getpid(), signal.SIGKILL)"
    ann = person(dataset, "--id", "span:1", EDITOR=editor(dataset.parent, crashes))
    ann.presses("e").sees("was ended by signal 9; what was written is kept", "{half").presses("q")
    ann.ends()
    assert states(dataset)[0] == "chosen"
    person(dataset, EDITOR="/nowhere/vi").sees("{half").presses("e").sees("could not be started").presses("d").sees(
        "seven minutes"
    ).presses("q").ends()
    unchanged = person(dataset, EDITOR="true").presses("e").sees("the answer is as it was").presses("q")
    unchanged.ends()
    assert not list((dataset.parent / ".curate" / "drafts").iterdir())


def test_an_answer_that_is_an_object_is_edited_as_json(dataset):
    own = Candidate(id="span:9", input={"q": 1}, output={"a": [1], "b": 2}, state=State.CHOSEN)
    write_candidates(candidates_file(dataset), [own])
    program = "text = path.read_text(); path.write_text('{\"a\": [2}' if 'b' in text else '{\"a\": [2]}')"
    ann = person(dataset, EDITOR=editor(dataset.parent, program)).presses("e").sees("line 1, column 9")
    ann.presses("a").sees("not accepted").presses("e").sees("your answer").presses("a").ends()
    assert there(dataset)["span:9"].output == {"a": [2]}


def test_what_was_decided_stays_whatever_ends_the_review(dataset):
    ann = person(dataset).presses("a").sees("2 of 4").presses("\x03")
    ended = ann.ends(130)
    assert "what was decided is kept" in ended
    assert ended.count("next: ") == 1
    assert states(dataset)[0] == "accepted"
    ann = person(dataset).presses("r").sees("why")
    ann.types("\x03").sees("not rejected").presses("a").sees("2 of 3")
    ann.is_killed()
    assert states(dataset)[1] == "chosen"
    run(dataset, "--apply")
    assert states(dataset)[:2] == ["accepted", "accepted"]
    assert '"decided": 0' in person(dataset, "--json").presses("\x04").ends()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_review_as_ctrl_c_does(dataset, sent):
    ended = person(dataset).presses("a").sees("2 of 4").gets(sent).ends(130)
    assert "evalgate: the review was ended; what was decided is kept" in ended
    assert ended.count("next: ") == 1
    assert f"next: `evalgate curate review --dataset {dataset} --as ann` goes on where it was" in ended
    assert "Traceback" not in ended
    assert states(dataset) == ["accepted", "chosen", "chosen", "chosen"]
    assert [each["decision"] for each in lines(dataset)] == ["accepted"]
    assert "3 of 3" not in person(dataset).sees("1 of 3", "span:2").presses("q").ends()


def test_two_people_at_once(dataset):
    ann, bob = person(dataset), person(dataset, name="bob\x1b[2J")
    ann.sees("1 of 4")
    bob.sees("1 of 4").presses("r").sees("why").types("wrong").sees("2 of 4").presses("a").sees("3 of 4").presses("q")
    bob.ends()
    ann.presses("a").sees("others decided otherwise: bob", "span:2: decided meanwhile by bob", "3 of 4").presses("q")
    assert "--disagreements" in ann.ends()
    assert "\x1b[2J" not in ann.said
    assert states(dataset) == ["chosen", "accepted", "chosen", "chosen"]
    second = person(dataset, "--second").sees("1 of 1", "span:2").presses("a")
    assert "bob" not in second.ends().split("decided by")[0]
    shown = run(dataset, "--agreement")
    assert r"ann and bob\x1b[2J: 50 % of 2 alike" in shown
    assert r"bob\x1b[2J rejected: wrong" in shown
    cem = person(dataset, "--disagreements", name="cem").sees("1 of 1", r"bob\x1b[2J:", "rejected: wrong").presses("a")
    cem.ends()
    assert states(dataset)[0] == "accepted"
    assert json.loads(run(dataset, "--agreement", "--json"))["disagreements"] == []
    person(dataset, "--id", "span:3").presses("a").ends()
    mind = person(dataset, "--id", "span:3").sees("ann:", "accepted").presses("r").sees("why").types("changed")
    mind.ends()
    assert states(dataset)[2] == "rejected"
    assert [each.get("settles", False) for each in lines(dataset)] == [False, False, False, False, True, False, False]


def test_a_file_that_another_step_writes_meanwhile(dataset):
    ann = person(dataset).sees("1 of 4")
    changed = [replace(ONES[0], output=said("another answer")), *ONES[1:3]]
    write_candidates(candidates_file(dataset), changed)
    ann.presses("a").sees("2 of 4").presses("a").sees("3 of 4").presses("s").sees("4 of 4").presses("p")
    ended = " ".join(ann.ends().split())
    assert "1 changed since they were decided" in ended
    assert "1 decided and no longer there" in ended
    assert states(dataset) == ["chosen", "accepted", "chosen"]
    with held(candidates_file(dataset)):
        ann = person(dataset).presses("a").presses("q")
        assert "another step is at work" in (ended := ann.ends(2))
        assert "what was decided is kept" in ended
    run(dataset, "--apply")
    assert states(dataset)[0] == "accepted"


@pytest.mark.parametrize("columns", [40, 72])
def test_what_is_shown_is_harmless_and_as_wide_as_the_terminal(dataset, columns):
    ann = person(dataset, columns=columns, NO_COLOR="1").presses("s").sees("2 of 4").presses("s").presses("q")
    written = ann.ends()
    assert "\x1b" not in written.replace("\x1b[?2004", "")
    assert r"seven\x1b[2J" in written
    for line in written.split("next:")[0].split("decided by ann")[0].splitlines():
        assert len(line.rstrip()) <= columns, line
    assert any("日本語のレシピ" in line.replace(" ", "") for line in ann.screen.display)


def test_where_nobody_can_be_asked_it_says_what_to_do(dataset):
    assert "--to FILE" in run(dataset, code=2)
    assert "has no candidates" in run(dataset.with_name("none.jsonl"), code=2)
    assert "are two ways to review" in run(dataset, "--agreement", "--read", "x.md", code=2)
    assert "has no candidate span:77" in run(dataset, "--id", "span:77", "--to", "x.md", code=2)
    assert "leave one" in run(dataset, "--second", "--id", "span:1", code=2)
    assert "--as" in run(dataset, "--read", "x.md", code=2)
    assert "neither .md nor .csv" in run(dataset, "--to", "x.txt", code=2)


@pytest.mark.parametrize("kind", ["md", "csv"])
def test_a_file_for_a_pull_request_there_and_back(dataset, kind):
    file = dataset.parent / f"review.{kind}"
    assert f"--read {file.name}" in run(dataset, "--to", file.name)
    assert "--force" in run(dataset, "--to", file.name, code=2)
    text = file.read_text(encoding="utf-8-sig")
    if kind == "md":
        text = text.replace("- [ ] accept\n", "- [x] accept\n", 1).replace("seven minutes", "eight minutes", 1)
    else:
        text = text.replace("seven minutes,,,,", "seven minutes,,accept,eight minutes,", 1)
    file.write_text(text)
    found = json.loads(run(dataset, "--read", file.name, "--as", "ann", "--json"))
    assert (found["decided"], found["open"], found["states"]["accepted"]) == (1, 3, 1)
    assert there(dataset)["span:1"].output == said("eight minutes")
    again = json.loads(run(dataset, "--read", file.name, "--as", "ann", "--json"))
    assert (again["decided"], again["known"]) == (0, 1)
    file.write_text(text.replace("span:2", "span:7"))
    assert "there is no candidate span:7" in run(dataset, "--read", file.name, "--as", "ann", code=2)
    last = "## 4 of 4" if kind == "md" else "4 of 4"
    file.write_text(text[: text.index(last)])
    assert "of 4 candidates number 4 is missing" in run(dataset, "--read", file.name, "--as", "bob", code=2)
    ended = run(dataset, "--read", file.name, "--as", "bob", "--partial")
    assert "3 left open" in ended
    assert ended.endswith("--as bob\n")


def test_a_file_for_a_second_reviewer_is_read_as_theirs(dataset):
    run(dataset, "--to", "ann.md")
    file = dataset.parent / "ann.md"
    file.write_text(file.read_text().replace("- [ ] accept\n", "- [x] accept\n", 1))
    run(dataset, "--read", "ann.md", "--as", "ann")
    command = f"evalgate curate review --dataset {dataset} --read bob.md --as bob"
    assert run(dataset, "--second", "--as", "bob", "--to", "bob.md").endswith(f"next: {command}\n")
    assert "--read bob.md --as bob" in (dataset.parent / "bob.md").read_text()
    assert command in run(dataset, "--second", "--as", "bob", "--to", "bob.md", code=2)


def test_a_rule_names_itself_in_the_history(dataset):
    assert "1 accepted by the rule" in run(dataset, "--accept-where", "marks.proposed.labels=Ask")
    step = there(dataset)["span:4"].history[-1]
    assert (step.what, step.by, step.why) == ("accepted", "rule", "--accept-where 'marks.proposed.labels=Ask'")
    nothing = run(dataset, "--reject-where", "annotation.correct=no")
    assert "no candidate that is chosen and undecided is as the rule asks" in nothing
    assert "no candidate has annotation.correct; curate pull --annotation takes them along" in nothing
    assert "is no condition" in run(dataset, "--accept-where", "anything", code=2)


async def test_people_decide_by_annotations_in_phoenix(dataset, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    spans = [span("yes", input="sure?") for _ in range(4)]
    await team.spans(project, spans)
    ids = [each["context"]["span_id"] for each in spans]
    await team.say("review", {ids[0]: "accept", ids[1]: "Reject"}, by="ann")
    await team.say("review", {ids[2]: "perhaps"}, by="bob")
    await team.say("review", {ids[2]: "accept"}, kind="LLM")
    await team.say("review", {ids[3]: "accept"}, by="ann")
    source = {"project": project}
    ones = [candidate(f"span:{each}", source=source, question="sure?") for each in ids[:3]]
    write_candidates(candidates_file(dataset), ones)
    given = {"PHOENIX_ENDPOINT": phoenix.base_url}

    def ask(name="review", code=0):
        ended = subprocess.run(
            [*COMMAND, "--dataset", str(dataset), "--annotations", name, "--json"],
            cwd=dataset.parent,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **given, "PYTHONPATH": str(REPOSITORY)},
        )
        assert ended.returncode == code, ended.stderr
        return ended.stderr if code else json.loads(ended.stdout)

    found = ask()
    assert {key: found[key] for key in ("decided", "known", "machines", "elsewhere", "other")} == {
        "decided": 2,
        "known": 0,
        "machines": 1,
        "elsewhere": 1,
        "other": {"perhaps": 1},
    }
    after = list(there(dataset).values())
    assert [each.state.value for each in after] == ["accepted", "rejected", "chosen"]
    assert after[1].history[-1].why == "ann: because"
    assert (ask()["decided"], ask()["known"]) == (0, 2)
    await team.say("review", {ids[0]: "reject"}, by="ann")
    assert ask()["states"]["rejected"] == 2

    await team.say("thumbs", {ids[0]: "up"}, by="ann")
    misspelt = ask("reviw", code=2)
    assert f"no span of {project} has annotations `reviw`; there are review, thumbs" in misspelt
    assert f"`evalgate curate review --dataset {dataset} --annotations review`" in misspelt
    assert "annotate spans in Phoenix under golden, with the labels accept and reject" in ask("golden", code=2)


def test_the_picture_in_the_docs_is_what_a_terminal_shows(dataset):
    one = candidate(
        "span:6f1d20b9c4a7e835",
        "Boil the milk, then add the flour to it and stir until the lumps are gone.",
        question="How do I make a béchamel?",
        source={"project": "recipes", "name": "answer", "start": "2026-01-05T12:00:00+00:00", "model": "some-model"},
        marks={
            "proposed": {
                "output": said(
                    "Melt the butter, stir in the flour, let it cook for a minute, then add the cold milk little by"
                    " little and stir until it thickens."
                ),
                "labels": ["GenerateRecipe"],
                "explanation": "flour that goes into boiling milk makes lumps",
                "model": "openai/gpt-4.1",
            },
            "annotations": [{"name": "correctness", "label": "incorrect", "score": 0.0, "annotator": "LLM"}],
        },
        metadata={"lang": "en"},
    )
    write_candidates(candidates_file(dataset), [one])
    ann = person(dataset).sees("q quit\x1b[0m\r\n")
    drawn = svg(ann.said, title="One candidate in the terminal: question, answer, the proposed answer, and the keys")
    file = REPOSITORY / "docs" / "figures" / "review-screen.svg"
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        file.write_text(drawn)
    assert file.read_text() == drawn
    ann.sends("q").ends()
