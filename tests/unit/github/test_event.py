"""What a workflow's event says, by payloads in the shapes that GitHub sends."""

import pytest

from evalgate.github.event import Course, Event, Outside, PullRequest, event_of

SHA, HEAD, ZEROS = "1a2b3c4d" * 5, "5e6f7a8b" * 5, "0" * 40
HOME = {"id": 186853002, "full_name": "shop/support", "fork": False, "default_branch": "main", "private": False}
FORK = {"id": 186853003, "full_name": "visitor/support", "fork": True, "default_branch": "main", "private": False}


def environ(event, **more):
    return {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_REPOSITORY": "shop/support", **more}


def pull_request(*, head=HOME, draft=False, labels=(), action="synchronize", number=7):
    return {
        "action": action,
        "number": number,
        "pull_request": {
            "number": number,
            "state": "open",
            "draft": draft,
            "title": "Shorter answers",
            "user": {"login": "octocat", "id": 1, "type": "User"},
            "labels": [{"id": 208045946, "name": name, "color": "d73a4a"} for name in labels],
            "head": {"label": "shop:tone", "ref": "tone", "sha": HEAD, "repo": head},
            "base": {"label": "shop:main", "ref": "main", "sha": SHA, "repo": HOME},
            "author_association": "CONTRIBUTOR",
        },
        "repository": HOME,
        "sender": {"login": "octocat", "id": 1},
    }


PULL = {"GITHUB_REF": "refs/pull/7/merge", "GITHUB_BASE_REF": "main", "GITHUB_ACTOR": "octocat"}
IN_PULL = Event(
    name="pull_request",
    course=Course.CANDIDATE,
    pull=PullRequest(number=7, head=HEAD),
    base_ref="main",
    merged=True,
    default_branch="main",
    repository="shop/support",
)


def changed(event, **more):
    return Event(**{**{name: getattr(event, name) for name in Event.__dataclass_fields__}, **more})


@pytest.mark.parametrize(
    ("given", "payload", "expected"),
    [
        pytest.param(environ("pull_request", **PULL), pull_request(), IN_PULL, id="a pull request"),
        pytest.param(
            environ("pull_request", **PULL, GITHUB_RUN_ATTEMPT="3"),
            pull_request(draft=True, labels=["evalgate:accept", "tone"], action="labeled"),
            changed(
                IN_PULL,
                attempt=3,
                pull=PullRequest(number=7, head=HEAD, draft=True, labels=frozenset({"evalgate:accept", "tone"})),
            ),
            id="a draft with labels, run again",
        ),
        pytest.param(
            environ("pull_request", **PULL),
            pull_request(head=FORK),
            changed(IN_PULL, outside=Outside.FORK),
            id="a fork",
        ),
        pytest.param(
            environ("pull_request", **PULL),
            pull_request(head=None),
            changed(IN_PULL, outside=Outside.FORK),
            id="a fork that is gone",
        ),
        pytest.param(
            environ("pull_request", **{**PULL, "GITHUB_ACTOR": "dependabot[bot]"}),
            pull_request(),
            changed(IN_PULL, outside=Outside.DEPENDABOT),
            id="Dependabot",
        ),
        pytest.param(
            environ("pull_request", **{**PULL, "GITHUB_REF": "refs/heads/tone"}),
            pull_request(),
            changed(IN_PULL, merged=False),
            id="its own head",
        ),
        pytest.param(
            environ("pull_request_target", GITHUB_REF="refs/heads/main", GITHUB_BASE_REF="main"),
            pull_request(head=FORK),
            changed(IN_PULL, name="pull_request_target", merged=False),
            id="with the base's secrets",
        ),
        pytest.param(
            environ("pull_request_review", GITHUB_REF="refs/pull/7/merge"),
            {key: value for key, value in pull_request().items() if key != "number"},
            changed(IN_PULL, name="pull_request_review"),
            id="a review",
        ),
        pytest.param(
            environ("merge_group", GITHUB_REF=f"refs/heads/gh-readonly-queue/main/pr-104-{SHA}"),
            {
                "action": "checks_requested",
                "merge_group": {
                    "head_sha": HEAD,
                    "head_ref": f"refs/heads/gh-readonly-queue/main/pr-104-{SHA}",
                    "base_sha": SHA,
                    "base_ref": "refs/heads/main",
                },
                "repository": HOME,
            },
            Event(
                name="merge_group",
                course=Course.CANDIDATE,
                pull=PullRequest(number=104, head=HEAD),
                base_commit=SHA,
                default_branch="main",
                repository="shop/support",
            ),
            id="a merge queue",
        ),
        pytest.param(
            environ("push", GITHUB_REF="refs/heads/main", GITHUB_REF_NAME="main"),
            {"ref": "refs/heads/main", "before": SHA, "after": HEAD, "repository": HOME, "forced": False},
            Event(
                name="push",
                course=Course.BASELINE,
                base_ref="main",
                base_commit=SHA,
                default_branch="main",
                repository="shop/support",
            ),
            id="a push to the default branch",
        ),
        pytest.param(
            environ("push", GITHUB_REF="refs/heads/tone", GITHUB_REF_NAME="tone"),
            {"ref": "refs/heads/tone", "before": ZEROS, "after": HEAD, "repository": HOME, "created": True},
            Event(name="push", base_ref="tone", default_branch="main", repository="shop/support"),
            id="a new branch",
        ),
        pytest.param(
            environ("push", GITHUB_REF="refs/tags/v1", GITHUB_REF_NAME="v1"),
            {"ref": "refs/tags/v1", "before": ZEROS, "after": HEAD, "repository": HOME},
            Event(name="push", course=Course.RELEASE, default_branch="main", repository="shop/support"),
            id="a tag",
        ),
        pytest.param(
            environ("release", GITHUB_REF="refs/tags/v1"),
            {"action": "published", "release": {"tag_name": "v1", "target_commitish": "main"}, "repository": HOME},
            Event(name="release", course=Course.RELEASE, default_branch="main", repository="shop/support"),
            id="a release",
        ),
        pytest.param(
            environ("schedule", GITHUB_REF="refs/heads/main"),
            {"schedule": "0 6 * * 1", "repository": HOME},
            Event(name="schedule", default_branch="main", repository="shop/support"),
            id="a schedule",
        ),
        pytest.param(
            environ("workflow_dispatch", GITHUB_REF="refs/heads/tone"),
            {"inputs": {"suite": "support"}, "ref": "refs/heads/tone", "repository": HOME},
            Event(name="workflow_dispatch", default_branch="main", repository="shop/support"),
            id="a button",
        ),
        pytest.param(
            environ("workflow_dispatch", GITHUB_REF="refs/tags/v1"),
            {"inputs": None, "ref": "refs/tags/v1", "repository": HOME},
            Event(name="workflow_dispatch", course=Course.RELEASE, default_branch="main", repository="shop/support"),
            id="a button on a tag",
        ),
        pytest.param(
            environ("workflow_run", GITHUB_REF="refs/heads/main"),
            {
                "action": "completed",
                "workflow_run": {
                    "id": 30433642,
                    "event": "pull_request",
                    "head_sha": HEAD,
                    "head_repository": FORK,
                    "repository": HOME,
                    "pull_requests": [],
                },
                "repository": HOME,
            },
            Event(
                name="workflow_run",
                course=Course.REPORT,
                pull=PullRequest(number=None, head=HEAD),
                outside=Outside.FORK,
                default_branch="main",
                repository="shop/support",
                run=30433642,
            ),
            id="the workflow of a fork ended",
        ),
        pytest.param(
            environ("workflow_run"),
            {
                "workflow_run": {
                    "head_sha": HEAD,
                    "head_repository": HOME,
                    "repository": HOME,
                    "pull_requests": [{"number": 7, "head": {"sha": HEAD}}],
                },
                "repository": HOME,
            },
            Event(
                name="workflow_run",
                course=Course.REPORT,
                pull=PullRequest(number=7, head=HEAD),
                default_branch="main",
                repository="shop/support",
            ),
            id="the workflow of a branch ended",
        ),
        pytest.param(
            environ("something_new", GITHUB_REF="refs/pull/9/merge"),
            {"repository": HOME},
            Event(
                name="something_new",
                course=Course.CANDIDATE,
                pull=PullRequest(number=9),
                merged=True,
                default_branch="main",
                repository="shop/support",
            ),
            id="an event that nobody knows, for a pull request",
        ),
        pytest.param({"GITHUB_EVENT_NAME": "pull_request", **PULL}, pull_request(), Event(), id="no workflow"),
    ],
)
def test_what_an_event_says(given, payload, expected):
    assert event_of(given, payload) == expected


def test_where_people_read_the_report():
    """A queue holds several pull requests, and what waits in it is approved: its jobs' summaries say it."""
    assert event_of(environ("pull_request", **PULL), pull_request()).number == 7
    queue = {"merge_group": {"head_ref": f"refs/heads/gh-readonly-queue/main/pr-104-{SHA}"}}
    assert event_of(environ("merge_group"), queue).number is None
    assert event_of(environ("push", GITHUB_REF="refs/heads/main"), {"repository": HOME}).number is None


NONSENSE = [None, 0, True, -1, 1.5, "", "x" * 100_000, [], [[]] * 1000, {}, {"sha": {}}, "a\nb", "\u202e"]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("name", ["pull_request", "merge_group", "push", "workflow_run", "release", "schedule"])
def test_a_payload_that_is_none_names_nothing(name, nonsense):
    """Each value of a payload is replaced in turn, at every depth."""
    whole = {
        **pull_request(),
        "merge_group": {"head_sha": HEAD, "head_ref": f"refs/heads/gh-readonly-queue/main/pr-1-{SHA}", "base_sha": SHA},
        "workflow_run": {"head_sha": HEAD, "pull_requests": [{"number": 1}], "head_repository": HOME},
        "before": SHA,
    }
    for path in _paths(whole):
        event = event_of(environ(name, GITHUB_REF="refs/heads/main"), _with(whole, path, nonsense))
        assert event.base_commit in (None, SHA)
        assert event.pull is None or (event.pull.number in (None, 1, 7) and event.pull.head in (None, HEAD))
        assert event.default_branch in (None, "main")
        assert event.repository == "shop/support"


def test_a_huge_or_odd_number_is_none():
    for number in (0, -7, 10**12, True, "7; rm", "٧", 7.0):
        assert event_of(environ("pull_request"), {"number": number}).number is None
    assert event_of(environ("pull_request", GITHUB_RUN_ATTEMPT="many"), {}).attempt == 1


def _paths(value, above=()):
    for key, inner in value.items():
        yield (*above, key)
        if isinstance(inner, dict):
            yield from _paths(inner, (*above, key))


def _with(value, path, other):
    key, *below = path
    return {**value, key: _with(value[key], below, other) if below else other}
