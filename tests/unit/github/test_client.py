"""One connection to a GitHub that does everything wrong: what passes is waited for, the rest is said in plain words."""

import logging
import traceback
from time import monotonic

import httpx
import pytest

from evalgate.github.access import access
from evalgate.github.client import _message, connect
from evalgate.github.errors import GitHubError
from evalgate.github.limits import asked_to_wait
from tests.fake_github import FakeGitHub, Fault

READ = {"doing": "the pull request could not be read", "needs": "pull-requests: read"}


async def refused(client, path="pulls/1"):
    with pytest.raises(GitHubError) as caught:
        await client.get(path, **READ)
    return caught.value


async def test_a_request_is_as_github_wants_it(fake_github, pull, job):
    async with job() as client:
        found = await client.get("pulls/1", **READ)
    assert found["number"] == 1
    (asked,) = fake_github.requests
    assert asked.headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert asked.headers["User-Agent"].startswith("evalgate/")
    assert asked.headers["Accept"] == "application/vnd.github+json"
    assert asked.login == "github-actions[bot]"


async def test_all_pages_are_read(fake_github, pull, job):
    fake_github.page = 7
    for number in range(30):
        pull.says("dana", str(number))
    async with job() as client:
        found = await client.pages("issues/1/comments", **READ)
    assert [each["body"] for each in found] == [str(number) for number in range(30)]
    assert len(fake_github.requests) == 5


async def test_an_enterprise_server_is_asked_below_its_path():
    with FakeGitHub(base="/api/v3") as github:
        repository = github.repository()
        repository.pull(head="1" * 40)
        environ = github.environment(repository, github.job_token(pull_requests="write"))
        async with connect(access(environ)) as client:
            assert (await client.get("pulls/1", **READ))["number"] == 1
            assert await client.viewer(doing="x") == "github-actions[bot]"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=502),
        Fault(kind="status", status=500, times=2),
        Fault(kind="cut"),
        Fault(kind="secondary_limit", seconds=0),
        Fault(kind="secondary_limit", seconds=1, status=429),
        Fault(kind="primary_limit", seconds=0),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_what_passes_is_asked_again(fake_github, pull, job, fault):
    fake_github.faults = [fault]
    async with job() as client:
        assert (await client.get("pulls/1", **READ))["number"] == 1
    assert fault.used == fault.times
    assert len(fake_github.requests) == fault.times + 1


async def test_what_is_written_is_asked_once(fake_github, pull, job):
    fake_github.faults = [Fault(kind="cut_after", method="POST")]
    async with job() as client:
        with pytest.raises(GitHubError) as caught:
            await client.send("POST", "issues/1/comments", body={"body": "x"}, **READ)
    assert caught.value.passing
    assert len(pull.repository.comments) == 1


async def test_a_limit_longer_than_the_time_that_is_left_is_said_at_once(fake_github, pull, job):
    fake_github.faults = [Fault(kind="primary_limit", seconds=900, times=9)]
    begun = monotonic()
    async with job() as client:
        error = await refused(client)
    assert monotonic() - begun < 5
    assert 895 < error.wait < 905
    assert "it asks to be left alone for" in error.message
    assert len(fake_github.requests) == 1


async def test_a_limit_that_names_no_time_is_a_minute(fake_github, pull, job):
    fake_github.faults = [Fault(kind="secondary_limit", seconds=-1)]
    async with job() as client:
        error = await refused(client)
    assert error.wait == 60


def test_a_limit_is_told_from_a_permission():
    assert asked_to_wait(403, {"x-ratelimit-remaining": "4999"}, "Resource not accessible by integration") is None
    assert asked_to_wait(404, {"retry-after": "1"}, "") is None
    assert asked_to_wait(429, {}, "") == 60
    date = "Sat, 21 Nov 2026 17:00:00 GMT"
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795280430", "date": date}
    assert asked_to_wait(403, headers, "") == 31
    assert asked_to_wait(403, headers | {"x-ratelimit-reset": "soon"}, "") == 60
    assert asked_to_wait(403, headers | {"date": "never"}, "") > 0


async def test_a_missing_permission_is_named(fake_github, repository, pull, job):
    repository.private = True
    async with job(contents="read") as client:
        error = await refused(client)
        assert error.status == 403
        assert not error.passing
        assert "give the job `pull-requests: read` under `permissions:`" in str(error)
        with pytest.raises(GitHubError, match="a fork's pull request can never write"):
            await client.send("POST", "issues/1/comments", doing="x", needs="pull-requests: write", body={"body": "x"})
    assert len(fake_github.requests) == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(kind="html"), "gave no usable answer: it is not JSON"),
        (Fault(kind="truncated"), "gave no usable answer"),
        (Fault(kind="nested"), "gave no usable answer"),
        (Fault(kind="redirect", location="http://localhost:1/elsewhere"), "where the token does not go"),
        (Fault(kind="redirect", location="/repos/acme/support/pulls/1", times=9), "answered 307"),
        (Fault(kind="status", status=422), "answered 422"),
        (Fault(kind="status", status=403, body="<html>"), "answered 403"),
        (Fault(kind="status", status=400, body='{"errors": 7, "message": ["x"]}'), "answered 400"),
        (Fault(kind="huge", size=70_000_000), "an answer of more than 64 MB"),
    ],
    ids=lambda each: each.kind if isinstance(each, Fault) else "",
)
async def test_what_does_not_pass_is_said(fake_github, pull, job, fault, said):
    fake_github.faults = [fault]
    async with job() as client:
        error = await refused(client)
    assert error.message.startswith("the pull request could not be read: 127.0.0.1:")
    assert said in error.message


async def test_a_repository_that_moved_is_followed_within_the_host(fake_github, pull, job):
    fake_github.faults = [
        Fault(kind="redirect", status=301, path="^/repos/old", location="/repos/acme/support/pulls/1")
    ]
    old = fake_github.environment(pull.repository, fake_github.job_token(pull_requests="write"))
    async with connect(access({**old, "GITHUB_REPOSITORY": "old/name"})) as client:
        assert (await client.get("pulls/1", **READ))["number"] == 1


async def test_a_server_that_says_nothing_ends_with_the_time(fake_github, pull, job):
    fake_github.faults = [Fault(kind="hang", times=99)]
    begun = monotonic()
    async with job(seconds=1.0) as client:
        error = await refused(client)
    assert monotonic() - begun < 3
    assert "did not answer in time" in error.message


async def test_nobody_there(fake_github, repository):
    environ = {**fake_github.environment(repository, "ghs_x"), "GITHUB_API_URL": "http://127.0.0.1:1"}
    environ.pop("GITHUB_GRAPHQL_URL")
    async with connect(access(environ), seconds=2.0) as client:
        error = await refused(client)
    assert error.status is None
    assert "was not reached" in error.message
    assert error.next_step


async def test_a_next_page_elsewhere_is_not_asked_for(fake_github, pull, job):
    body, link = "[]", {"Link": '<http://localhost:1/steal>; rel="next"'}
    fake_github.faults = [Fault(kind="status", status=200, body=body, headers=link)]
    async with job() as client:
        with pytest.raises(GitHubError, match="its next page is on another host"):
            await client.pages("issues/1/comments", **READ)


async def test_a_bad_token_is_said_and_in_no_message_trace_or_log(fake_github, pull, job, caplog):
    caplog.set_level(logging.INFO)
    token = "ghs_secret0123456789"
    fake_github.faults = [
        Fault(kind="echo_token", path="pulls/1$"),
        Fault(kind="redirect", location=f"http://localhost:1/{token}", path="pulls/2$"),
    ]
    errors = []
    async with job(token) as client:
        errors += [await refused(client, path) for path in ("pulls/1", "pulls/2", "pulls/3")]
    assert errors[2].status == 401
    assert "refused the token (401)" in errors[2].message
    for error in errors:
        whole = "".join(traceback.format_exception(error)) + str(error) + repr(error) + str(error.next_step)
        assert token not in whole
    assert "***" in errors[0].message
    assert token not in caplog.text


def test_a_message_names_the_fields_that_are_wrong():
    body = {"message": "Validation Failed", "errors": [{"field": "body", "message": "Body is too long"}, "more", {}]}
    assert _message(httpx.Response(422, json=body)) == "Validation Failed: Body is too long: more"
    assert _message(httpx.Response(500, text="<html>")) == ""
    assert _message(httpx.Response(500, json=[1])) == ""


async def test_an_answer_that_is_packed_twice_is_not_unpacked(fake_github, pull, job):
    fake_github.faults = [Fault(kind="status", status=500, headers={"Content-Encoding": "gzip, gzip"}, times=9)]
    async with job() as client:
        assert "packed in a way that nobody asked for" in (await refused(client)).message


async def test_a_next_page_at_no_address_is_refused(fake_github, pull, job):
    link = {"Link": '<http://[::1>; rel="next"'}
    fake_github.faults = [Fault(kind="status", status=200, body="[]", headers=link)]
    async with job() as client:
        with pytest.raises(GitHubError, match="its next page is on another host"):
            await client.pages("issues/1/comments", **READ)
