"""A repository's own templates of the comment and the summary: the base's in a pull request, and bounded."""

import pytest

from evalgate.cli import own_templates
from evalgate.errors import ConfigurationError
from tests.e2e.pull_requests import PullRequest
from tests.e2e.repository import Repo
from tests.fake_github.fixtures import fake_github  # noqa: F401  # a fixture

COMMENT, SUMMARY = ".evalgate/templates/comment.md.j2", ".evalgate/templates/summary.md.j2"


def extending(name: str, footer: str) -> str:
    return f'{{% extends "evalgate/{name}.md.j2" %}}{{% block footer %}}{footer}{{% endblock %}}'


@pytest.fixture
def repo(tmp_path):
    """A repository whose comments and summaries end as it likes."""
    repo = Repo(tmp_path / "repo").begin()
    (repo.folder / ".evalgate" / "templates").mkdir(parents=True)
    repo.write(COMMENT, extending("comment", "Ask the search team.\n\n{{ super() }}"))
    repo.write(SUMMARY, extending("summary", "Ask the search team, too."))
    return repo.ship()


def test_the_bases_templates_say_it_and_not_the_pull_requests(repo, fake_github):  # noqa: F811
    worse = PullRequest.open(repo, fake_github, 45)
    repo.write(COMMENT, "All is well, merge it.")
    repo.write(SUMMARY, "{{ broken")
    worse.push(46)
    assert worse.run("--markdown", "report.md").code == 1
    assert "FAIL: do not merge" in worse.comment
    assert "Ask the search team.\n" in worse.comment
    for text in (worse.summary, (repo.folder / "report.md").read_text()):
        assert "Ask the search team, too." in text
    assert "All is well" not in worse.comment + worse.summary


def test_a_template_that_does_not_work_is_said_and_costs_nothing_else(repo, fake_github):  # noqa: F811
    repo.write(COMMENT, "{{ lead.nothing }}")
    repo.write(SUMMARY, "x" * 300_000)
    repo.commit("break the templates")
    worse = PullRequest.open(repo, fake_github, 45)
    assert worse.run().code == 1
    said = "The template of this repository&#39;s own was not used".replace("&#39;", "'")
    assert "FAIL: do not merge" in worse.comment
    assert f"{said}: .evalgate/templates/comment.md.j2 of main" in worse.comment
    assert "has no attribute 'nothing'" in worse.comment
    assert "longer than 262,144 bytes" in worse.summary
    assert "| Check |" in worse.summary


def test_on_a_laptop_the_work_trees_own_are_used(repo):
    repo.write(SUMMARY, extending("summary", "As I have it."))
    assert repo.run("--markdown", "report.md").code in (0, 1, 4)
    assert "As I have it." in (repo.folder / "report.md").read_text()


def test_a_template_that_takes_for_ever_is_ended(repo, monkeypatch):
    repo.write(COMMENT, "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = b %}{% endfor %}{% endfor %}")
    monkeypatch.chdir(repo.folder)
    monkeypatch.setattr(own_templates, "_SECONDS", 2.0)
    render = own_templates.own_templates({})
    with pytest.raises(ConfigurationError, match="it takes longer than 2 s"):
        render("comment.md.j2", {})
    assert render("other.md.j2", {}) is None


def test_where_there_are_none_nobody_renders_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert own_templates.own_templates({}) is None


def test_where_a_maintainer_measures_a_change_its_own_templates_say_nothing(repo):
    """On workflow_dispatch no event says that it is a change: the flag does."""
    repo.git("checkout", "-q", "-b", "change")
    repo.task(45)
    repo.write(SUMMARY, "All is well, merge it.")
    repo.commit()
    env = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "workflow_dispatch"}
    ended = repo.run("--as-pull-request", "--base", "main", "--markdown", "report.md", **env)
    assert ended.code == 1, ended.text
    said = (repo.folder / "report.md").read_text()
    assert "Ask the search team, too." in said
    assert "All is well" not in said
