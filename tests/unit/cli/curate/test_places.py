"""The command that comes next is one that does what is meant where it is typed as it is printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from evalgate.cli.curate import command
from evalgate.cli.curate.places import Target, named_by, require_candidates
from evalgate.errors import ConfigurationError

CONFIG = """\
suites:
  s: {dataset: b.jsonl, task: {python: 'a.py:b'}, evaluators: [exact_match], checks: {exact_match: {at_least: 1.0}}}
endpoints: {fake: {base_url: 'http://127.0.0.1:9'}}
"""


def target(**named):
    said = {"profile": None, "dataset": None, "config": Path("evalgate.yaml"), **named}
    return Target(file=Path("data/a b.jsonl"), candidates=Path("data/a b.candidates.jsonl"), named=named_by(**said))


@pytest.mark.parametrize(
    ("named", "following"),
    [
        ({"dataset": "data/a b.jsonl"}, "evalgate curate review --dataset 'data/a b.jsonl'"),
        ({"profile": "shop"}, "evalgate curate review --profile shop"),
        (
            {"profile": "shop", "dataset": "b.jsonl", "config": Path("eu/evalgate.yaml"), "server": "eu"},
            "evalgate curate review --profile shop --dataset b.jsonl --config eu/evalgate.yaml --server eu",
        ),
        ({}, "evalgate curate review --dataset 'data/a b.jsonl'"),
        (
            {"config": Path("eu/evalgate.yaml")},
            "evalgate curate review --dataset 'data/a b.jsonl' --config eu/evalgate.yaml",
        ),
    ],
)
def test_the_next_command_names_what_this_one_named(named, following):
    assert target(**named).step("review") == following


def test_who_has_no_profile_types_the_project_and_sees_where_a_size_is_said():
    plain, profile = target(dataset="b.jsonl"), target(profile="shop")
    assert plain.step("pull") == "evalgate curate pull PROJECT --dataset b.jsonl"
    assert profile.step("pull") == "evalgate curate pull --profile shop"
    assert (plain.of_size, profile.of_size) == (("--size", "20"), ())


def test_a_dataset_of_which_nothing_was_pulled_says_how_to():
    with pytest.raises(ConfigurationError, match="has no candidates") as error:
        require_candidates(target(dataset="b.jsonl"))
    assert error.value.next_step == "evalgate curate pull PROJECT --dataset b.jsonl"


STEPS = {
    "clean": (),
    "sample": (),
    "drift": (),
    "label": ("--model", "fake/m"),
    "review": ("--apply",),
    "push": ("--yes",),
    "export": ("--candidates", "--to", "out"),
    "analyze": (),
}


@pytest.mark.parametrize("content", [None, "", "\n\n"])
@pytest.mark.parametrize("step", STEPS)
def test_a_step_without_candidates_is_a_mistake_whichever_it_is(tmp_path, monkeypatch, step, content):
    monkeypatch.chdir(tmp_path)
    Path("evalgate.yaml").write_text(CONFIG)
    Path("b.jsonl").write_text('{"id": "1", "input": {"question": "q"}}\n')
    if content is not None:
        Path("b.candidates.jsonl").write_text(content)
    ended = CliRunner().invoke(command, [step, "--dataset", "b.jsonl", *STEPS[step]])
    assert isinstance(ended.exception, ConfigurationError), (ended.output, ended.exception)
    why = "is not there" if content is None else "holds none"
    assert ended.exception.message == f"b.jsonl has no candidates: b.candidates.jsonl {why}"
    assert ended.exception.next_step == "evalgate curate pull PROJECT --dataset b.jsonl"
