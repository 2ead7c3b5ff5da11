"""The server does as GitHub does where a client could go wrong: pages, permissions, limits, ends of connections."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.fake_github import FakeGitHub, Fault

COMMENTS = "/repos/acme/support/issues/1/comments"


@pytest.fixture
def github():
    with FakeGitHub() as fake:
        fake.repository(collaborators={"lead": "write"}).pull(head="1" * 40)
        yield fake


def client(github, token=None):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=github.url, headers=headers)


def test_pages_have_absolute_links_and_end(github):
    for number in range(250):
        github.repositories["acme/support"].pulls[1].says("dana", f"comment {number}")
    with client(github) as http:
        first = http.get(COMMENTS, params={"per_page": 100})
        assert first.links["next"]["url"] == f"{github.url}{COMMENTS}?per_page=100&page=2"
        last = http.get(first.links["last"]["url"])
        assert [len(first.json()), len(last.json())] == [100, 50]
        assert "next" not in last.links
        assert len(http.get(COMMENTS).json()) == 30
        assert len(http.get(COMMENTS, params={"per_page": 1_000}).json()) == 100
        assert http.get(COMMENTS, params={"page": 10}).json() == []


def test_who_may_what(github):
    github.repository("acme/secret", private=True).pull(head="1" * 40)
    reads = github.job_token("acme/support", "acme/secret", contents="read")
    writes = github.job_token("acme/support", "acme/secret", pull_requests="write")
    secret = COMMENTS.replace("support", "secret")
    with client(github) as http:
        assert http.get(COMMENTS).status_code == 200
        assert http.get(secret).status_code == 404
        assert http.post(COMMENTS, json={"body": "x"}).status_code == 401
    with client(github, "ghs_wrong") as http:
        assert http.get(COMMENTS).json()["message"] == "Bad credentials"
    with client(github, reads) as http:
        assert http.get(COMMENTS).status_code == 200
        refused = http.post(COMMENTS, json={"body": "x"})
        assert refused.status_code == 403
        assert refused.json()["message"] == "Resource not accessible by integration"
        assert refused.headers["x-accepted-github-permissions"] == "issues=write; pull_requests=write"
        assert http.get(secret).status_code == 403
        assert http.get("/user").status_code == 403
    with client(github, writes) as http:
        assert http.post(secret, json={"body": "x"}).status_code == 201
        told = http.post("/graphql", json={"query": "{ viewer { login } }"}).json()
        assert told["data"]["viewer"]["login"] == "github-actions[bot]"
    with client(github, github.token("stranger")) as http:
        assert http.get(secret).status_code == 404
        assert http.get("/user").json()["login"] == "stranger"


def test_the_author_of_a_comment_is_who_the_token_is_of(github):
    with client(github, github.token("lead")) as http:
        mine = http.post(COMMENTS, json={"body": "mine"}).json()
    assert (mine["user"]["login"], mine["user"]["type"], mine["performed_via_github_app"]) == ("lead", "User", None)
    with client(github, github.token("my-app[bot]", app="my-app", pull_requests="write")) as http:
        its = http.post(COMMENTS, json={"body": "its"}).json()
        assert http.patch(its["url"], json={"body": "again"}).status_code == 200
    assert its["performed_via_github_app"]["slug"] == "my-app"
    with client(github, github.token("stranger")) as http:
        assert http.patch(its["url"], json={"body": "no"}).status_code == 403


def test_a_commit_of_a_fork_leads_to_no_pull_request(github):
    repository = github.repositories["acme/support"]
    repository.pull(head="2" * 40, author="eve", head_repository="eve/support", branch="feature")
    with client(github) as http:
        assert [each["number"] for each in http.get(f"/repos/acme/support/commits/{'1' * 40}/pulls").json()] == [1]
        assert http.get(f"/repos/acme/support/commits/{'2' * 40}/pulls").json() == []
        found = http.get("/repos/acme/support/pulls", params={"head": "eve:feature"}).json()
    assert [each["number"] for each in found] == [2]


def test_a_limit_of_requests(github):
    with client(github, github.token("lead", limit=2)) as http:
        assert [http.get(COMMENTS).headers["x-ratelimit-remaining"] for _ in range(2)] == ["1", "0"]
        refused = http.get(COMMENTS)
    assert refused.status_code == 403
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert float(refused.headers["x-ratelimit-reset"]) > github.clock.now()


def test_the_second_of_two_writes_wins_and_a_cut_answer_was_written(github):
    github.faults = [Fault(kind="cut_after", method="POST")]
    token = github.job_token(pull_requests="write")
    with client(github, token) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(COMMENTS, json={"body": "one"})
        (comment,) = http.get(COMMENTS).json()
        http.patch(comment["url"], json={"body": "two"})
        http.patch(comment["url"], json={"body": "three"})
        assert http.get(comment["url"]).json()["body"] == "three"
        unchanged = http.get(comment["url"])
        again = http.get(comment["url"], headers={"If-None-Match": unchanged.headers["etag"]})
    assert again.status_code == 304
    assert [each.status for each in github.asked("POST")] == [0]


def test_a_base_path_and_what_lies_beside_it():
    with FakeGitHub(base="/api/v3") as fake:
        fake.repository().pull(head="1" * 40)
        with client(fake) as http:
            assert http.get(COMMENTS).status_code == 200
            assert httpx.get(fake.root + COMMENTS).status_code == 404
        assert [each.path for each in fake.asked()] == [COMMENTS, f"/not-found{COMMENTS}"]


def test_an_artifact_comes_from_another_host_that_takes_no_token(github):
    repository = github.repositories["acme/support"]
    made = repository.artifact(repository.run(repository.pulls[1]), "rows", {"rows.json": b"[]"})
    with client(github, github.job_token(actions="read")) as http:
        moved = http.get(f"/repos/acme/support/actions/artifacts/{made.id}/zip")
    assert moved.status_code == 302
    assert httpx.get(moved.headers["location"]).content == made.content
    assert httpx.get(moved.headers["location"], headers={"Authorization": "Bearer x"}).status_code == 403


def test_times_are_those_of_one_clock_that_a_test_moves(github):
    pull = github.repositories["acme/support"].pulls[1]
    github.clock.advance(86_400)
    comment = pull.says("dana", "tomorrow")
    with client(github) as http:
        answer = http.get(f"/repos/acme/support/issues/comments/{comment.id}")
    sent = parsedate_to_datetime(answer.headers["date"])
    assert abs((sent - datetime.fromisoformat(answer.json()["created_at"])).total_seconds()) < 60
    assert sent.timestamp() == pytest.approx(github.clock.now(), abs=60)
