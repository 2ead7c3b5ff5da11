"""What a step goes by: flags over the profile, and errors that name the flag."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from evalgate.cli.curate.settings import Named, over, settings
from evalgate.errors import ConfigurationError
from evalgate.suite.curate import Profile
from evalgate.suite.curate_clean import Clean
from evalgate.suite.curate_label import Label
from evalgate.suite.curate_sample import Sample

CONFIG = """\
suites:
  s: {dataset: a.jsonl, task: {python: 'a.py:b'}, evaluators: [exact_match], checks: {exact_match: {at_least: 1.0}}}
curate:
  profiles:
    shop: {project: shop, dataset: shop.jsonl, clean: {near: 0.9, longest: 10, languages: [de]}}
"""


@pytest.fixture
def named(tmp_path):
    (tmp_path / "evalgate.yaml").write_text(CONFIG)

    def say(**said):
        given = {"dataset": None, "profile": None, "server": None, **said}
        return Named(config=tmp_path / "evalgate.yaml", environ={}, **given)

    return say


def cleaning(named, **given):
    return settings(Clean, lambda profile: profile.clean, named, given)


def test_a_flag_goes_over_the_profile_and_what_was_not_said_does_not(named):
    found = cleaning(named(profile="shop"), near=0.8, longest=None, languages=())
    assert (found.own.near, found.own.longest, found.own.languages) == (0.8, 10, ("de",))
    assert (found.target.file.name, found.profile.project) == ("shop.jsonl", "shop")
    assert found.flags == ("--near", "0.8")


def test_the_command_is_said_again_as_it_was_typed(named):
    where = named(dataset="b.jsonl")
    found = cleaning(where, languages=("en", "fr"), failed="keep")
    typed = f"evalgate curate clean --dataset b.jsonl --config {where.config} --language en --language fr --failed keep"
    assert found.again("clean", "--write") == f"{typed} --write"
    labelled = settings(Label, lambda profile: profile.label, where, {"answers": False, "steps": True})
    assert labelled.flags == ("--no-answers", "--steps")


def test_a_dataset_is_named_over_that_of_the_profile(named):
    found = cleaning(named(profile="shop", dataset="phoenix:golden", server="eu"))
    assert (found.target.phoenix, found.server, found.own.near) == ("golden", "eu", 0.9)


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        (Clean, {"near": 2.0}, "--near: Input should be less than or equal to 1"),
        (Clean, {"languages": ("english",)}, "--language: "),
        (Clean, {"embedding": "small"}, "--embedding small names no endpoint: write it as ENDPOINT/MODEL"),
        (Label, {"model": "small"}, "--model small names no endpoint: write it as ENDPOINT/MODEL"),
        (Sample, {"by": ("luck",)}, "--by: 'luck' is nothing to choose by"),
        (Profile, {"project": "p", "dataset": "d.jsonl", "until": "soon"}, "--until: 'soon' is no time"),
        (Profile, {"project": "p"}, "dataset: Field required"),
    ],
)
def test_what_is_wrong_is_said_of_its_flag(kind, said, words):
    with pytest.raises(click.UsageError) as refused:
        over(kind, None, said)
    assert refused.value.message.startswith(words)


def test_a_profile_that_is_not_there_and_none_at_all(named):
    with pytest.raises(ConfigurationError, match="has no profile 'shopp'"):
        cleaning(named(profile="shopp"))
    without = named(profile="shop")
    without.config.write_text(CONFIG.split("curate:", maxsplit=1)[0])
    with pytest.raises(ConfigurationError, match=r"no profile 'shop' under `curate\.profiles`: it has none") as none:
        cleaning(without)
    assert none.value.next_step == "write one as docs/curation.md shows"
    with pytest.raises(click.UsageError, match="name --dataset FILE"):
        cleaning(named())
    assert cleaning(Named(dataset="b.jsonl", profile=None, config=Path("evalgate.yaml"), server=None, environ={}))
