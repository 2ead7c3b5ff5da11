"""A label counts where somebody else with write access set it after the head was pushed, and nothing else makes it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from evalgate.github.errors import GitHubError
from evalgate.github.labels import Event, judged, read_label, with_permission
from evalgate.github.pulls import Pull, Run, read_pull
from evalgate.suite.acceptance import ACCEPT_LABEL
from tests.unit.github.conftest import HEAD

NEW = "2" * 40


@pytest.fixture
def pull(pull, fake_github):
    """A pull request that was opened some seconds before its first run, as all are."""
    fake_github.clock.advance(3)
    return pull


@pytest.fixture
def later(fake_github):
    return lambda seconds=60: fake_github.clock.advance(seconds)


async def asked(job, label=ACCEPT_LABEL, *, head=None, **permissions):
    async with job(**permissions) as client:
        pull = await read_pull(client, 1)
        return await read_label(client, pull, label, head=head or pull.head)


async def test_a_label_of_a_maintainer_after_the_push_counts(repository, pull, job, later):
    repository.run(pull)
    later()
    pull.label(ACCEPT_LABEL, by="lead")
    found = await asked(job)
    assert found.counts
    assert (found.by, found.why) == ("lead", f"set by lead after {HEAD[:7]} was pushed")
    assert found.at.tzinfo is UTC


async def test_without_the_label_nothing_more_is_asked(fake_github, pull, job):
    assert await asked(job) is None
    assert [each.path for each in fake_github.requests] == ["/repos/acme/support/pulls/1"]


async def test_a_name_in_other_letters_is_the_same_label(repository, pull, job, later):
    repository.run(pull)
    later()
    pull.label("EvalGate:Accept", by="lead")
    assert (await asked(job)).counts


async def test_a_new_push_voids_it_and_setting_it_again_counts(repository, pull, job, later):
    repository.run(pull)
    later()
    pull.label(ACCEPT_LABEL, by="lead")
    later()
    pull.push(NEW, committed_at="2020-01-01T00:00:00Z")
    later()
    repository.run(pull)
    found = await asked(job)
    assert not found.counts
    assert found.why == "lead set it before 2222222 was seen: look at the new commits, and set it again"
    later()
    pull.unlabel(ACCEPT_LABEL, by="lead")
    pull.label(ACCEPT_LABEL, by="lead")
    assert (await asked(job)).counts


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("dana", "dana set it, who is the author: somebody else with write access has to"),
        ("DANA", "DANA set it, who is the author: somebody else with write access has to"),
        ("helper", "helper set it, who has no write access"),
        ("stranger", "stranger set it, who has no write access"),
        ("nobody-there", "nobody-there set it, who has no write access"),
        ("github-actions[bot]", "github-actions[bot] set it, which is no person"),
    ],
)
async def test_who_may_not(repository, pull, job, later, by, why):
    repository.collaborators["dana"] = "admin"
    repository.run(pull)
    later()
    pull.label(ACCEPT_LABEL, by=by)
    found = await asked(job)
    assert not found.counts
    assert found.why == why


async def test_the_run_that_a_label_sets_off_proves_nothing_alone(repository, pull, job, later):
    later()
    pull.label(ACCEPT_LABEL, by="lead")
    later()
    repository.run(pull)
    assert "before 1111111 was seen" in (await asked(job)).why


async def test_runs_of_others_are_no_proof(repository, pull, job, later):
    repository.run(pull, event="push")
    repository.run(pull, event="pull_request_target")
    repository.run(pull, head_branch="another")
    repository.run(pull, head_repository="eve/support")
    repository.run(pull, created_at="2020-01-01T00:00:00Z")
    later()
    pull.label(ACCEPT_LABEL, by="lead")
    found = await asked(job)
    assert found.why == "no run has seen this head since it was pushed: let one begin, then set the label again"


async def test_there_and_back_again(repository, pull, job, later):
    """The head is seen, taken back by force, the older one labelled, and the head pushed again, forward."""
    pull.push(NEW)
    repository.run(pull)
    later()
    pull.push(HEAD, force=True)
    later()
    pull.label(ACCEPT_LABEL, by="lead")
    later()
    pull.push(NEW)
    assert "no run has seen this head since" in (await asked(job)).why


async def test_a_run_within_the_second_of_a_move_is_no_proof_and_a_later_one_is(repository, pull, job, later):
    pull.push(NEW, force=True)
    repository.run(pull, created_at=pull.updated_at)
    later()
    pull.label(ACCEPT_LABEL, by="lead")
    assert "no run has seen this head" in (await asked(job)).why
    repository.run(pull)
    later()
    pull.unlabel(ACCEPT_LABEL, by="lead")
    pull.label(ACCEPT_LABEL, by="lead")
    assert (await asked(job)).counts


async def test_a_job_of_an_older_head(repository, pull, job, later):
    repository.run(pull)
    later()
    pull.label(ACCEPT_LABEL, by="lead")
    assert (await asked(job, head=NEW)).why == "the pull request has a newer head"


async def test_labels_and_events_over_many_pages(fake_github, repository, pull, job, later):
    fake_github.page = 10
    repository.run(pull)
    for number in range(30):
        repository.run(pull)
        pull.label(f"l{number}", by="lead")
    later()
    pull.label(ACCEPT_LABEL, by="lead")
    assert (await asked(job)).counts


async def test_what_may_not_be_read_is_an_error_with_the_permission(repository, pull, job):
    repository.private = True
    pull.label(ACCEPT_LABEL, by="lead")
    with pytest.raises(GitHubError) as caught:
        await asked(job, pull_requests="write")
    assert "whether" in str(caught.value) or "the runs of the head" in str(caught.value)
    assert "give the job `actions: read`" in caught.value.next_step


def test_access_that_was_taken_away_meanwhile():
    found = judged(ACCEPT_LABEL, *_simple())
    assert found.counts
    for permission in ("write", "maintain", "admin"):
        assert with_permission(found, permission).counts
    for permission in ("read", "triage", "none", None, 7, ["admin"]):
        assert not with_permission(found, permission).counts


def _simple():
    history = History()
    history.open()
    history.pass_(2)
    history.run()
    history.pass_(5)
    history.label()
    return history.pull(), history.head, history.events, history.runs


@dataclass
class History:
    """What people do to a branch of commits in a row, and what GitHub dates of it, in whole seconds."""

    now: float = 0.0
    at: int = 1
    open_: bool = True
    has_label: bool = False
    reviewed: bool = False
    """Whether the label was set on the head that is there, which was not left since."""
    events: list[Event] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    opened_at: datetime | None = None
    steps: list[str] = field(default_factory=list)

    @property
    def head(self):
        return f"{self.at:040x}"

    @property
    def date(self):
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=int(self.now))

    def pass_(self, seconds):
        self.now += seconds

    def push(self, to):
        if to == self.at:
            return
        forced, self.at, self.reviewed = to < self.at, to, False
        if forced and self.open_ and self.opened_at is not None:
            self._event("head_ref_force_pushed")

    def run(self):
        if self.open_:
            self.runs.append(
                Run(
                    id=len(self.runs),
                    event="pull_request",
                    head=self.head,
                    head_branch="change",
                    head_repository="acme/support",
                    created_at=self.date,
                )
            )

    def open(self):
        self.opened_at = self.opened_at or self.date

    def label(self):
        self.open()
        if not self.has_label:
            self.has_label = self.reviewed = True
            self._event("labeled", label=ACCEPT_LABEL)

    def unlabel(self):
        if self.has_label:
            self.has_label = self.reviewed = False
            self._event("unlabeled", label=ACCEPT_LABEL)

    def close(self):
        self.open()
        if self.open_:
            self.open_ = False
            self._event("closed")

    def reopen(self):
        if not self.open_:
            self.open_ = True
            self._event("reopened")

    def pull(self):
        self.open()
        return Pull(
            number=1,
            url="",
            state="open",
            draft=False,
            author="dana",
            head=self.head,
            head_branch="change",
            head_repository="acme/support",
            base_branch="main",
            base="b" * 40,
            labels=frozenset(),
            created_at=self.opened_at,
        )

    def _event(self, kind, **more):
        self.events.append(Event(kind=kind, actor="lead", actor_is_person=True, at=self.date, **more))


def _all_that_can_follow(history, depth):
    """Yield what a branch and its pull request can come to in so many steps, each of which changes something."""
    yield history
    if depth == 0:
        return
    steps = [("push", 3 - history.at), ("label",) if not history.has_label else ("unlabel",)]
    steps += [("run",), ("close",)] if history.open_ else [("reopen",)]
    steps += [("pass_", 1)] if history.steps[-1:] != ["pass_"] else []
    steps += [("open",)] if history.opened_at is None else []
    for name, *values in steps:
        following = replace(history, events=list(history.events), runs=list(history.runs))
        following.steps = [*history.steps, name]
        getattr(following, name)(*values)
        yield from _all_that_can_follow(following, depth - 1)


@pytest.mark.parametrize("begins", ["open", "pass_"])
def test_whatever_an_author_does_no_label_counts_for_a_head_that_it_was_not_set_on(begins):
    history = History(at=2)
    if begins == "open":
        history.open()
    history.pass_(1)
    labelled = [each for each in _all_that_can_follow(history, 6) if each.has_label]
    counted = [each for each in labelled if judged(ACCEPT_LABEL, each.pull(), each.head, each.events, each.runs).counts]
    assert [each.steps for each in counted if not each.reviewed] == []
    assert len(counted) > 10


def test_what_a_reviewer_does_after_a_run_counts():
    """The rule is not only safe: a run, a look, a label is enough, after whatever was before."""
    history = History(now=1.0, opened_at=datetime(2026, 1, 1, tzinfo=UTC))
    for name, *values in [("run",), ("push", 3), ("run",), ("push", 2), ("pass_", 2), ("label",), ("push", 4)]:
        getattr(history, name)(*values)
    history.unlabel()
    history.pass_(2)
    history.run()
    history.pass_(2)
    history.label()
    assert judged(ACCEPT_LABEL, history.pull(), history.head, history.events, history.runs).counts
