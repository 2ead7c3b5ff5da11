"""What a workflow's event says of the target of a change."""

import json

import pytest

from evalgate.cli.target import is_pull_request, refuse_exposed, target_of
from evalgate.errors import ConfigurationError
from evalgate.gate.baselines.bases import Target

SHA = "1a2b3c4d" * 5


def actions(event, **more):
    return {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, **more}


@pytest.fixture
def payload(tmp_path):
    def write(content):
        path = tmp_path / "event.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def test_a_flag_counts_before_the_event():
    pull = actions("pull_request", GITHUB_REF="refs/pull/7/merge", GITHUB_BASE_REF="main")
    assert target_of(pull, "v1") == Target(ref="v1")
    assert target_of(pull, None) == Target(ref="main", merged=True, change=True)
    assert target_of({**pull, "GITHUB_REF": "refs/heads/fix"}, None) == Target(ref="main", change=True)
    assert target_of({**pull, "GITHUB_ACTIONS": ""}, None) == Target()


def test_a_merge_queue_and_a_push_name_their_commits(payload):
    queue = actions("merge_group", GITHUB_EVENT_PATH=payload({"merge_group": {"base_sha": SHA}}))
    assert target_of(queue, None) == Target(commit=SHA, change=True)
    push = actions("push", GITHUB_EVENT_PATH=payload({"before": SHA}))
    assert target_of(push, None) == Target(commit=SHA)


@pytest.mark.parametrize(
    "content", [{"before": "0" * 40}, {"before": "--upload-pack=x"}, {"before": 3}, [], "no json", "[" * 100_000]
)
def test_an_event_without_a_commit_names_none(payload, content):
    assert target_of(actions("push", GITHUB_EVENT_PATH=payload(content)), None) == Target()
    assert target_of(actions("merge_group", GITHUB_EVENT_PATH=payload(content)), None) == Target(change=True)
    assert target_of(actions("push"), None) == Target()
    assert target_of(actions("schedule"), None) == Target()


def test_which_events_are_those_of_a_pull_request():
    """Others are of what is merged, or of nobody's change."""
    events = ("pull_request", "pull_request_target", "merge_group", "push", "schedule", "workflow_dispatch")
    assert [event for event in events if is_pull_request(actions(event))] == [*events[:3]]
    assert not is_pull_request({"GITHUB_EVENT_NAME": "pull_request"})


def test_the_code_of_a_pull_request_never_runs_with_the_secrets_of_its_base(payload):
    """A workflow that reports what a fork's own run recorded has the default branch checked out, and may go on."""
    with pytest.raises(ConfigurationError, match="on pull_request_target the code of a pull request would run"):
        refuse_exposed(actions("pull_request_target"))
    ended = {
        "workflow_run": {"head_sha": SHA, "head_repository": {"full_name": "visitor/support"}},
        "repository": {"full_name": "shop/support"},
    }
    report = actions("workflow_run", GITHUB_EVENT_PATH=payload(ended))
    refuse_exposed(report, "5e6f7a8b" * 5)
    with pytest.raises(ConfigurationError, match="what is checked out is the change from a fork"):
        refuse_exposed(report, SHA)
    refuse_exposed(actions("pull_request"), SHA)
