"""Who speaks under a pull request, against GitHub's API: within its time, under one key, for one part."""

import asyncio
import json
import time

import pytest

from evalgate.cli import commenting
from evalgate.cli.commenting import Commenter, Place, key_of, leg_of
from evalgate.cli.labels import Labels
from evalgate.github.access import access
from evalgate.github.event import Event
from evalgate.records import Verdict
from evalgate.report.speaking import Comments
from tests.fake_github import Fault

HEAD = "1a2b3c4d" * 5


@pytest.fixture
def place(fake_github):
    repository = fake_github.repository()
    pull = repository.pull(head=HEAD)
    token = fake_github.job_token(repository.full_name, pull_requests="write")
    found = access(fake_github.environment(repository, token))
    return Place(access=found, number=pull.number, key="gate.yml", leg="all", head=HEAD)


def speaker(place, mode=Comments.WHEN_IT_MATTERS):
    return Commenter(place, Event(name="pull_request"), mode, labels=Labels())


def said(place, text="### FAIL", *, matters=True):
    return speaker(place).say(lambda _: text, Verdict.FAIL, matters=matters)


def bodies(github):
    return [each.body for repository in github.repositories.values() for each in repository.comments.values()]


def test_it_speaks_once_and_puts_right(place, fake_github):
    assert said(place, matters=False).url is None
    assert bodies(fake_github) == []
    first = said(place)
    assert first.url is not None
    second = said(place, "### PASS", matters=False)
    assert (second.url, second.troubles) == (first.url, ())
    (only,) = bodies(fake_github)
    assert "### PASS" in only
    assert "FAIL" not in only


def test_it_leaves_what_others_say(place, fake_github):
    """A pass of another job is no reason to add to a comment in which it never was."""
    said(place)
    other = Place(access=place.access, number=place.number, key=place.key, leg="other", head=HEAD)
    assert said(other, "### PASS", matters=False).url is None
    (only,) = bodies(fake_github)
    assert "PASS" not in only


async def test_a_job_that_only_records_marks_what_is_stale_and_says_nothing(place, fake_github):
    older = Place(access=place.access, number=place.number, key=place.key, leg="all", head=HEAD)
    await asyncio.to_thread(said, older)
    newer = "5e6f7a8b" * 5
    fake_github.repositories["acme/support"].pulls[1].push(newer)
    there = Place(access=place.access, number=place.number, key=place.key, leg="a", head=newer)
    records = Commenter(there, Event(name="pull_request"), Comments.LIVE, labels=Labels(), ends=False)
    async with records.beside(lambda: pytest.fail("it is live")):
        for _ in range(100):
            if any("Of the older commit" in body for body in bodies(fake_github)):
                break
            await asyncio.sleep(0.1)
    (only,) = bodies(fake_github)
    assert "Of the older commit" in only
    assert "### FAIL" in only
    assert records.say(lambda _: "### PASS", Verdict.PASS, matters=True).url is None
    assert bodies(fake_github) == [only]


def test_github_that_never_answers_is_not_waited_for(place, fake_github, monkeypatch):
    monkeypatch.setattr(commenting, "_SECONDS", 1.5)
    fake_github.faults.append(Fault(kind="hang", times=99))
    began = time.monotonic()
    done = said(place)
    assert time.monotonic() - began < 6
    assert (done.url, len(done.troubles)) == (None, 1)
    assert done.troubles[0].startswith("No comment: ")


@pytest.mark.parametrize("text", ["<!-- evalgate:comment other -->", "x" * 100_000])
def test_a_part_that_cannot_be_is_said(place, text, fake_github):
    done = said(place, text)
    assert done.url is None
    assert done.troubles[0].startswith("No comment: the comment could not be written")
    assert bodies(fake_github) == []


def test_a_template_in_error_is_said(place):
    def render(limit):
        raise KeyError("secret")

    done = speaker(place).say(render, Verdict.FAIL, matters=True)
    assert done.troubles == ("No comment: it could not be rendered (KeyError).",)


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"GITHUB_WORKFLOW_REF": "acme/support/.github/workflows/gate.yml@refs/pull/1/merge"}, "gate.yml"),
        ({"GITHUB_WORKFLOW": "Prompts --> x"}, "Prompts --> x"),
        ({}, "evalgate"),
    ],
)
def test_a_workflow_has_one_comment(environ, key):
    assert key_of(environ) == key


def test_jobs_have_parts_by_what_they_measure():
    assert leg_of((), "evalgate.yaml") == "all"
    assert leg_of(("b", "a"), "evalgate.yaml") == "a+b"
    assert leg_of((), "apps/bot/evalgate.yaml") == "apps/bot/evalgate.yaml:all"
    assert len(leg_of(tuple(f"suite-{number}" for number in range(100)), "evalgate.yaml")) == 200


def test_odd_names_of_workflows_and_parts_end_no_mark(place, fake_github):
    odd = Place(access=place.access, number=1, key="x --> <b>", leg="a --> <!-- evalgate:end", head=HEAD)
    assert said(odd).troubles == ()
    assert said(odd).troubles == ()
    (only,) = bodies(fake_github)
    assert only.count("-->") == 3
    assert json.dumps(only).count("### FAIL") == 1
