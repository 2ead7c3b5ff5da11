"""Pull requests are found by what GitHub says of runs, and by nothing that a run could have written."""

import pytest

from evalgate.github.errors import GitHubError
from evalgate.github.pulls import pull_of_run, read_pull
from tests.fake_github import Fault
from tests.unit.github.conftest import HEAD


@pytest.fixture
def fork(repository, pull):
    return repository.pull(head="f" * 40, author="eve", branch="change", head_repository="eve/support")


async def test_a_pull_request_as_it_stands(pull, job):
    pull.label("Evalgate:Accept", by="lead")
    async with job() as client:
        found = await read_pull(client, 1)
    assert (found.number, found.head, found.head_branch, found.author) == (1, HEAD, "change", "dana")
    assert (found.head_repository, found.base_branch, found.state, found.draft) == (
        "acme/support",
        "main",
        "open",
        False,
    )
    assert found.labels == {"evalgate:accept"}
    assert found.url.endswith("/acme/support/pull/1")


async def test_by_a_run_a_fork_s_too(repository, pull, fork, job):
    """The fork's branch has the name of another one here."""
    async with job() as client:
        assert (await pull_of_run(client, repository.run(pull).id)).number == pull.number
        assert (await pull_of_run(client, repository.run(fork).id)).number == fork.number


async def test_what_a_run_leads_to_is_said_where_it_is_not_one(repository, pull, fork, job):
    pushed, of_main, gone = repository.run(fork), repository.run(event="push"), repository.run(fork)
    gone.head_repository = "mallory/support"
    fork.push("e" * 40)
    twice = repository.run(pull)
    repository.pull(head=HEAD, branch="change", base="stable")
    said = {}
    async with job() as client:
        for run in (pushed, of_main, gone, twice):
            with pytest.raises(GitHubError) as caught:
                await pull_of_run(client, run.id)
            said[run.id] = caught.value.message.rpartition(": ")[2]
    assert said == {
        pushed.id: "it has a newer head",
        of_main.id: f"run {of_main.id} was set off by push",
        gone.id: "none is open",
        twice.id: "more than one has it as its head",
    }


async def test_a_fork_that_is_gone_has_no_repository(repository, pull, job):
    pull.head_repository = None
    async with job() as client:
        assert (await read_pull(client, 1)).head_repository is None


@pytest.mark.parametrize("body", ["{}", "[]", '{"number": "x"}', "7", "null"])
async def test_an_answer_that_is_no_pull_request(fake_github, pull, job, body):
    fake_github.faults = [Fault(kind="status", status=200, body=body)]
    async with job() as client:
        with pytest.raises(GitHubError, match="the pull request could not be read: the answer is no pull request"):
            await read_pull(client, 1)


async def test_runs_need_a_permission_where_the_repository_is_private(repository, pull, job):
    repository.private = True
    run = repository.run(pull)
    async with job(pull_requests="write") as client:
        with pytest.raises(GitHubError) as caught:
            await pull_of_run(client, run.id)
    assert "give the job `actions: read`" in caught.value.next_step


async def test_a_number_that_is_none_is_no_pull_request(fake_github, pull, job):
    fake_github.faults = [Fault(kind="status", status=200, body='{"number": 1e999, "head": {}, "base": {}}')]
    async with job() as client:
        with pytest.raises(GitHubError, match="no pull request"):
            await read_pull(client, 1)
