"""The one comment: created once, found over all pages, merged by eight jobs at once, and right after every fault."""

import asyncio
from collections import Counter

import pytest

from evalgate.github.access import access
from evalgate.github.client import connect
from evalgate.github.comments import mark_stale, publish, standing_comment
from evalgate.github.errors import GitHubError
from evalgate.github.legs import LIMIT, composed, mark, read
from evalgate.records import Verdict
from tests.fake_github import FakeGitHub, Fault
from tests.unit.github.conftest import HEAD

KEY = "evalgate.yml"
SETTLE = 0.15


def saying(text):
    return lambda _: text


async def put(client, text="**FAIL**\n\nmore", *, leg="support", head=HEAD, verdict=Verdict.FAIL, key=KEY, number=1):
    return await publish(
        client, number, key=key, leg=leg, head=head, render=saying(text), verdict=verdict, settle=SETTLE
    )


def ours(pull):
    found = pull.repository.comments_of(pull.number)
    return [each for each in found if each.body.startswith("<!-- evalgate:comment ")]


async def test_a_first_comment_an_equal_one_and_another(fake_github, pull, job):
    pull.says("dana", "please look")
    async with job() as client:
        first = await put(client)
        again = await put(client)
        other = await put(client, "**PASS**", verdict=Verdict.PASS)
    (comment,) = ours(pull)
    assert first.url == again.url == other.url
    assert first.url.endswith(f"/acme/support/pull/1#issuecomment-{comment.id}")
    assert [each.changed for each in (first, again, other)] == [True, False, True]
    assert len(comment.revisions) == 2
    assert comment.body.startswith(f"{mark(KEY)}\n")
    assert (comment.login, len(fake_github.asked("PATCH"))) == ("github-actions[bot]", 1)


async def test_it_is_found_on_the_last_page_and_not_by_its_mark_alone(fake_github, pull, job):
    fake_github.page = 10
    forged = composed(KEY, [])
    pull.says("eve", forged)
    pull.says("other-app[bot]", forged, kind="Bot", app="other-app")
    for number in range(40):
        pull.says("dana", str(number))
    async with job() as client:
        first = await put(client)
        second = await put(client, "other")
    assert first.url == second.url
    assert [each.login for each in ours(pull)] == ["eve", "other-app[bot]", "github-actions[bot]"]
    assert [len(each.revisions) for each in ours(pull)] == [1, 1, 2]


async def test_the_token_of_a_person_and_of_another_app_find_their_own(fake_github, pull, job):
    async with job() as client:
        await put(client)
    for token in (fake_github.token("lead"), fake_github.token("my-app[bot]", app="my-app", pull_requests="write")):
        async with job(token) as client:
            assert [(await put(client, text)).changed for text in ("one", "two")] == [True, True]
    assert [each.login for each in ours(pull)] == ["github-actions[bot]", "lead", "my-app[bot]"]


async def test_workflows_have_a_comment_each(pull, job):
    async with job() as client:
        urls = {(await put(client, key=key)).url for key in ("one.yml", "two.yml", "one.yml")}
    assert len(urls) == 2


async def test_legs_stand_together_worst_first(pull, job):
    async with job() as client:
        await put(client, "fine", leg="chat", verdict=Verdict.PASS)
        await put(client, "worse", leg="rag", verdict=Verdict.FAIL)
        await put(client, "unsure", leg="sql", verdict=Verdict.INCONCLUSIVE)
        found = await standing_comment(client, 1, KEY)
    (comment,) = ours(pull)
    assert [each.name for each in found.legs] == ["rag", "sql", "chat"]
    assert comment.body.index("worse") < comment.body.index("unsure") < comment.body.index("fine")


@pytest.mark.parametrize("latency", [(0.0, 0.0), (0.05, 0.3)])
async def test_eight_jobs_at_once_end_with_one_comment_that_holds_them_all(fake_github, pull, job, latency):
    """Each in a thread and a loop of its own: they share nothing but the comment."""
    fake_github.latency = latency

    async def one(number):
        await asyncio.sleep(0.05 * (number % 3))
        name, says = f"suite-{number}", saying(f"what {number} says")
        async with job(seconds=60.0) as client:
            return await publish(client, 1, key=KEY, leg=name, head=HEAD, render=says, verdict=Verdict.PASS, settle=0.8)

    published = await asyncio.gather(*(asyncio.to_thread(asyncio.run, one(number)) for number in range(8)))
    (comment,) = ours(pull)
    assert {each.name: each.body for each in read(comment.body, KEY)} == {
        f"suite-{number}": f"what {number} says" for number in range(8)
    }
    assert all(each.changed for each in published)
    assert [each.doubt for each in published] == [None] * 8
    assert {each.url for each in published} == {published[0].url}


async def test_four_long_jobs_at_once_keep_the_limit(fake_github, pull, job):
    fake_github.latency = (0.0, 0.05)

    async def one(number):
        async with job(seconds=60.0) as client:
            render = lambda limit: "**FAIL**\n\n" + "x" * min(limit - 10, 60_000)  # noqa: E731
            leg = f"suite-{number}"
            return await publish(
                client, 1, key=KEY, leg=leg, head=HEAD, render=render, verdict=Verdict.FAIL, settle=0.5
            )

    await asyncio.gather(*(one(number) for number in range(4)))
    (comment,) = ours(pull)
    assert len(comment.body) <= LIMIT
    assert len(read(comment.body, KEY)) == 4
    assert all(request.status != 422 for request in fake_github.requests)


async def test_what_was_written_twice_becomes_the_older_one(pull, job):
    async with job() as client:
        await put(client, "one", leg="a")
        (first,) = ours(pull)
        text = first.body.replace("leg a ", "leg b ").replace("end a ", "end b ").replace("one", "two")
        pull.says("github-actions[bot]", text, kind="Bot", app="github-actions")
        done = await put(client, "three", leg="c")
    (comment,) = ours(pull)
    assert comment.id == first.id
    assert done.url.endswith(str(first.id))
    assert {each.name: each.body for each in read(comment.body, KEY)} == {"a": "one", "b": "two", "c": "three"}


async def test_a_second_push_folds_what_is_old_and_a_late_job_writes_nothing(pull, job):
    newer = "2" * 40
    async with job() as client:
        await put(client, "old words", leg="a")
        await put(client, "old other words", leg="b")
        pull.push(newer)
        marked = await mark_stale(client, 1, key=KEY, head=newer, settle=SETTLE)
        twice = await mark_stale(client, 1, key=KEY, head=newer, settle=SETTLE)
        after_marking = ours(pull)[0].body
        late = await put(client, "too late", leg="c", head=HEAD)
        await put(client, "new words", leg="a", head=newer)
        after_measuring = ours(pull)[0].body
    assert (marked.changed, twice.changed, late.changed, late.superseded) == (True, False, False, True)
    assert after_marking.count("Of the older commit <code>1111111</code>") == 2
    assert "too late" not in after_measuring
    assert after_measuring.index("new words") < after_measuring.index("Of the older commit")
    assert "old words" not in after_measuring
    assert "old other words" in after_measuring


async def test_a_job_that_a_push_overtakes_while_it_looks_gives_way(pull, job):
    newer = "2" * 40
    async with job() as one, job() as two:
        old = publish(one, 1, key=KEY, leg="a", head=HEAD, render=saying("old"), verdict=Verdict.PASS, settle=1.5)
        late = asyncio.create_task(old)
        await asyncio.sleep(0.5)
        assert len(ours(pull)) == 1
        pull.push(newer)
        await put(two, "new words", leg="b", head=newer)
        done = await late
    assert (done.changed, done.superseded) == (True, True)
    (comment,) = ours(pull)
    assert {each.name: (each.head, each.stale) for each in read(comment.body, KEY)} == {
        "b": (newer, None),
        "a": (HEAD, newer),
    }


async def test_nothing_to_mark_leaves_no_comment(pull, job):
    async with job() as client:
        assert (await mark_stale(client, 1, key=KEY, head=HEAD, settle=SETTLE)).url is None
        assert await standing_comment(client, 1, KEY) is None
    assert ours(pull) == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="cut_after", method="POST", path="comments$"),
        Fault(kind="cut", method="POST", path="comments$"),
        Fault(kind="status_after", method="POST", path="comments$", status=502),
        Fault(kind="status", method="POST", path="comments$", status=500),
        Fault(kind="secondary_limit", method="POST", path="comments$", seconds=1),
        Fault(kind="primary_limit", method="POST", path="comments$", seconds=0, status=429),
        Fault(kind="slow", path="comments$", seconds=0.3, times=3),
        Fault(kind="stale_list", method="GET", path="comments$", skip=1),
        Fault(kind="cut_after", method="PATCH"),
        Fault(kind="status_after", method="PATCH", status=502),
        Fault(kind="cut", method="GET", times=2),
        Fault(kind="status", method="POST", path="graphql", status=502),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.method}-{fault.status}",
)
async def test_after_a_fault_there_is_one_comment_with_the_last_words(fake_github, pull, job, fault):
    fake_github.faults = [fault]
    async with job() as client:
        first = await put(client, "first")
        last = await put(client, "last")
    assert fault.used == fault.times
    (comment,) = ours(pull)
    assert [each.body for each in read(comment.body, KEY)] == ["last"]
    assert first.changed
    assert last.changed
    assert last.url.endswith(str(comment.id))


async def test_a_comment_deleted_meanwhile_is_written_anew(fake_github, pull, job):
    async with job() as client:
        await put(client, "first")
        fake_github.faults = [Fault(kind="status", method="PATCH", status=404)]
        pull.repository.comments.clear()
        assert (await put(client, "last")).changed
    assert len(ours(pull)) == 1


@pytest.mark.parametrize(
    "kept_as", [lambda text: text.replace("\n", "\r\n") + "\n", lambda text: text.replace("ö", "o")]
)
async def test_what_is_kept_in_another_form_is_written_twice_at_most(fake_github, pull, job, kept_as):
    pull.repository.kept_as = kept_as
    async with job() as client:
        first = await put(client, "**FAIL** schön", leg="a")
        await put(client, "**FAIL** schön", leg="b")
    (comment,) = ours(pull)
    assert first.doubt is None
    assert [each.name for each in read(comment.body, KEY)] == ["a", "b"]
    assert len(comment.revisions) <= 5


async def test_a_job_that_is_stopped_while_it_waits_leaves_a_comment_that_the_next_one_finds(pull, job):
    async with job() as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await publish(client, 1, key=KEY, leg="a", head=HEAD, render=saying("first"), verdict=None, settle=5.0)
        assert len(ours(pull)) == 1
        await put(client, "last", leg="a")
    (comment,) = ours(pull)
    assert [each.body for each in read(comment.body, KEY)] == ["last"]


async def test_whatever_characters_a_text_holds(pull, job):
    text = "\x00 \x1b[31m \u2028 \u202e \ud800 \U0001f600 \r <!-- x --> --> `"
    async with job() as client:
        done = await put(client, text)
    (comment,) = ours(pull)
    assert done.changed
    assert [each.body for each in read(comment.body, KEY)] == [text.replace("\r", "\n")]


async def test_on_an_enterprise_server():
    with FakeGitHub(base="/api/v3") as github:
        repository = github.repository()
        pull = repository.pull(head=HEAD)
        environ = github.environment(repository, github.job_token(pull_requests="write"))
        del environ["GITHUB_GRAPHQL_URL"]
        async with connect(access(environ)) as client:
            assert [(await put(client)).changed for _ in range(2)] == [True, False]
        assert len(ours(pull)) == 1


async def refused(job, token=None, **permissions):
    async with job(token, seconds=2.0, **permissions) as client:
        with pytest.raises(GitHubError) as caught:
            await put(client)
    return caught.value


async def test_a_token_that_only_reads_is_told_what_is_missing(fake_github, pull, job):
    error = await refused(job, contents="read")
    assert error.message.startswith("the comment could not be written: ")
    assert "Resource not accessible by integration" in error.message
    assert "give the job `pull-requests: write`" in error.next_step
    assert len(fake_github.asked("POST", "comments")) == 1


async def test_a_token_that_may_not_even_read_is_told_once_what_it_takes_to_write(fake_github, pull, job):
    """What is read first needs less; a job that was given that would come back with the next refusal."""
    pull.repository.private = True
    error = await refused(job, metadata="read")
    assert "give the job `pull-requests: write`" in error.next_step


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"locked": True}, "issue is locked"),
        ({"archived": True}, "archived so is read-only"),
    ],
)
async def test_what_github_refuses_for_good_is_said_once(fake_github, pull, job, change, said):
    for name, value in change.items():
        setattr(pull if hasattr(pull, name) else pull.repository, name, value)
    error = await refused(job)
    assert said in error.message
    assert len(fake_github.asked("POST", "comments")) == 1


async def test_a_limit_beyond_the_time_and_a_server_that_is_down(fake_github, pull, job):
    fake_github.faults = [Fault(kind="secondary_limit", method="POST", path="comments", seconds=600)]
    assert (await refused(job)).wait == 600
    fake_github.faults = [Fault(kind="status", status=503, times=999)]
    error = await refused(job)
    assert error.status == 503
    assert ours(pull) == []


async def test_what_was_written_and_cannot_be_read_again_is_doubted(fake_github, pull, job):
    fake_github.faults = [Fault(kind="status", method="GET", path="comments", status=503, skip=1, times=999)]
    async with job(seconds=2.0) as client:
        done = await put(client)
    assert done.changed
    assert done.doubt.status == 503
    assert len(ours(pull)) == 1


@pytest.mark.parametrize("text", ["<!-- evalgate:end support -->", "x" * 70_000])
async def test_a_forged_mark_and_a_part_that_is_too_long_are_errors_and_nothing_is_written(pull, job, text):
    async with job() as client:
        with pytest.raises(GitHubError, match="the comment could not be written: a part"):
            await put(client, text)
    assert ours(pull) == []


async def test_no_such_pull_request(repository, job):
    async with job() as client:
        with pytest.raises(GitHubError) as caught:
            await put(client, number=7)
    assert caught.value.status == 404


async def test_how_much_is_asked_for_one_comment(fake_github, pull, job):
    """A first comment takes five requests, an unchanged one three: a thousand an hour is what a repository has."""
    async with job() as client:
        await put(client)
        first = Counter(each.method for each in fake_github.requests)
        fake_github.requests.clear()
        await put(client)
    assert first == {"POST": 2, "GET": 3}
    assert Counter(each.method for each in fake_github.requests) == {"POST": 1, "GET": 2}
