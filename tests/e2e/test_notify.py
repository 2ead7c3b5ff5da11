"""A channel that is told of verdicts: what the base says of it counts, and nothing of it changes a verdict."""

import json

import pytest
import yaml

from tests.e2e.project import golden
from tests.e2e.pull_requests import PullRequest
from tests.e2e.repository import Repo


class Telling(Repo):
    """A repository whose config has `notify`."""

    notify: dict | None = None

    def config(self, **suite):
        super().config(**suite)
        path = self.folder / "evalgate.yaml"
        config = yaml.safe_load(path.read_text())
        if self.notify is not None:
            path.write_text(yaml.safe_dump({**config, "notify": self.notify}, sort_keys=False))


@pytest.fixture
def repo(tmp_path):
    repo = Telling(tmp_path / "repo").begin()
    repo.notify = {"on": ["fail", "budget"]}
    return repo.ship()


def texts(channel):
    return [json.loads(body)["text"] for _, _, body in channel.got]


def test_a_channel_is_told_what_it_wants_to_hear(repo, fake_github, channel):
    change = PullRequest.open(repo, fake_github, 45)
    webhook = {"SLACK_WEBHOOK_URL": channel.address}
    assert change.run(**webhook).code == 1
    (text,) = texts(channel)
    assert text.startswith(
        "❌ FAIL: do not merge. doubling/exact\u2060_\u2060match failed.\nacme/support · pull request 1 · "
    )
    assert text.endswith(
        f"<{change.outputs['comment-url']}|comment> · <{fake_github.root}/acme/support/actions/runs/4711|run>"
    )

    channel.statuses = [500]
    ended = change.run(**webhook)
    assert (ended.code, change.outputs["verdict"]) == (1, "FAIL")
    assert "Nobody was told: the webhook of SLACK_WEBHOOK_URL did not take the message (HTTP 500)." in ended.err
    everything = ended.out + ended.err + change.summary + change.comment
    journal = (repo.folder / ".evalgate" / "journal.db").read_bytes()
    assert "SECRET" not in everything
    assert b"services/SECRET" not in journal

    channel.statuses, channel.got[:] = [200], []
    change.push(4)
    assert change.run(**webhook).code == 0
    assert (channel.got, change.run().code) == ([], 0)


def test_a_change_does_not_say_who_is_told(repo, fake_github, channel):
    """Neither another variable, which may hold any secret, nor more occasions; nor where it may edit the gate."""
    change = PullRequest.open(repo, fake_github, 45)
    repo.notify = {"on": ["fail", "pass"], "webhook_env": "OTHER_URL"}
    repo.config()
    change.push(45)
    assert change.run(OTHER_URL=channel.address).code == 1
    assert channel.got == []
    assert "notify" in change.comment


@pytest.mark.parametrize("allowed", [True, False])
def test_a_first_config_and_one_that_may_be_edited_tell_nobody(tmp_path, fake_github, channel, allowed):
    repo = Telling(tmp_path / "repo").begin()
    repo.policy = {"pr_may_change_gate": True} if allowed else {}
    if allowed:
        repo.ship()
    else:
        repo.write("README.md", "nothing yet\n")
        repo.commit()
        repo.write("golden.jsonl", golden(40))
    repo.notify = {"on": ["fail", "pass", "inconclusive", "unmeasurable"]}
    repo.config()
    change = PullRequest.open(repo, fake_github, 45)
    change.run(SLACK_WEBHOOK_URL=channel.address)
    assert change.outputs["verdict"] in ("PASS", "FAIL", "INCONCLUSIVE", "UNMEASURABLE")
    assert channel.got == []


def test_decide_on_a_laptop_tells_nobody_again(repo, fake_github, channel):
    change = PullRequest.open(repo, fake_github, 45)
    webhook = {"SLACK_WEBHOOK_URL": channel.address}
    change.run()
    assert repo.evalgate("decide", **webhook).code == 1
    assert channel.got == []
    assert change.run(command="decide", **webhook).code == 1
    assert len(channel.got) == 1
