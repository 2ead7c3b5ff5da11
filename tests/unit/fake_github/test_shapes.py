"""Every answer of the server fits GitHub's published schemas, in the models that a typed client has of them."""

import warnings

import httpx
import pytest

from tests.fake_github import FakeGitHub

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # fields of answers that are none of ours
    from githubkit_schemas.v2022_11_28 import models


@pytest.fixture(scope="module")
def github():
    with FakeGitHub() as fake:
        repository = fake.repository(collaborators={"lead": "maintain"})
        fake.token("dana")
        pull = repository.pull(head="1" * 40)
        pull.label("evalgate:accept", by="lead")
        pull.push("2" * 40, force=True)
        pull.unlabel("evalgate:accept", by="lead")
        pull.label("bug", by="lead")
        repository.pull(head="3" * 40, author="eve", branch="main", head_repository="eve/support")
        pull.says("dana", "hello")
        pull.says("github-actions[bot]", "a report", app="github-actions", kind="Bot")
        run = repository.run(pull)
        repository.artifact(run, "rows", {"rows.json": b"[]"})
        yield fake


@pytest.fixture(scope="module")
def ask(github):
    token = github.job_token(pull_requests="write", actions="read")
    with httpx.Client(base_url=github.url, headers={"Authorization": f"Bearer {token}"}) as client:
        yield lambda path, method="GET", **more: client.request(method, path, **more)


ONE = {
    "/repos/acme/support": models.FullRepository,
    "/repos/acme/support/pulls/1": models.PullRequest,
    "/repos/acme/support/pulls/2": models.PullRequest,
    "/repos/acme/support/collaborators/lead/permission": models.RepositoryCollaboratorPermission,
    "/rate_limit": models.RateLimitOverview,
}
MANY = {
    "/repos/acme/support/issues/1/comments": models.IssueComment,
    "/repos/acme/support/issues/1/labels": models.Label,
    "/repos/acme/support/pulls": models.PullRequestSimple,
    "/repos/acme/support/pulls/1/files": models.DiffEntry,
    f"/repos/acme/support/commits/{'1' * 40}/pulls": models.PullRequestSimple,
}


@pytest.mark.parametrize("path", ONE)
def test_an_object(ask, path):
    answer = ask(path)
    assert answer.status_code == 200
    assert ONE[path].model_validate(answer.json())


@pytest.mark.parametrize("path", MANY)
def test_a_list(ask, path):
    entries = ask(path).json()
    assert entries
    for each in entries:
        assert MANY[path].model_validate(each)


def test_the_timeline(ask):
    events = ask("/repos/acme/support/issues/1/timeline").json()
    known = {
        "committed": models.TimelineCommittedEvent,
        "labeled": models.LabeledIssueEvent,
        "unlabeled": models.UnlabeledIssueEvent,
        "head_ref_force_pushed": models.StateChangeIssueEvent,
    }
    assert {each["event"] for each in events} == set(known)
    for each in events:
        assert known[each["event"]].model_validate(each)


def test_runs_and_their_artifacts(ask):
    runs = ask("/repos/acme/support/actions/runs", params={"head_sha": "2" * 40}).json()
    assert runs["total_count"] == 1
    run = models.WorkflowRun.model_validate(runs["workflow_runs"][0])
    assert models.WorkflowRun.model_validate(ask(f"/repos/acme/support/actions/runs/{run.id}").json()) == run
    artifacts = ask(f"/repos/acme/support/actions/runs/{run.id}/artifacts").json()
    assert artifacts["total_count"] == 1
    assert models.Artifact.model_validate(artifacts["artifacts"][0]).name == "rows"


def test_what_is_written_comes_back_in_the_same_form(ask):
    made = ask("/repos/acme/support/issues/1/comments", "POST", json={"body": "one"})
    assert made.status_code == 201
    comment = models.IssueComment.model_validate(made.json())
    assert comment.user.login == "github-actions[bot]"
    edited = ask(f"/repos/acme/support/issues/comments/{comment.id}", "PATCH", json={"body": "two"})
    assert models.IssueComment.model_validate(edited.json()).body == "two"
    assert ask(f"/repos/acme/support/issues/comments/{comment.id}", "DELETE").status_code == 204


def test_errors(ask):
    assert models.BasicError.model_validate(ask("/repos/acme/nothing").json()).message == "Not Found"
    refused = ask("/repos/acme/support/issues/1/comments", "POST", json={"body": "x" * 65_537})
    assert refused.status_code == 422
    said = models.ValidationError.model_validate(refused.json())
    assert "Body is too long (maximum is 65536 characters)" in said.errors[0].message
