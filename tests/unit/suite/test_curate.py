"""`curate:` of the config: what a profile may say."""

import pytest
from pydantic import ValidationError

from evalgate.suite.curate import Profile
from evalgate.suite.periods import seconds_of


@pytest.mark.parametrize(
    ("period", "seconds"), [("45s", 45), ("30m", 1800), ("4w", 2_419_200), ("12h", 43200), ("7d", 604800), ("0s", 0)]
)
def test_a_period_is_seconds(period, seconds):
    assert seconds_of(period) == seconds


@pytest.mark.parametrize("period", ["", "7", "d", "-1d", "7y", "1000000d", "７d"])
def test_what_is_no_period_is_said(period):
    with pytest.raises(ValueError, match="is no period: write it like 7d"):
        seconds_of(period)


def test_a_dataset_is_a_file_or_in_phoenix():
    base = {"project": "shop", "kind": ["llm"]}
    assert Profile.model_validate({**base, "dataset": "a.jsonl"}).dataset.file == "a.jsonl"
    assert Profile.model_validate({**base, "dataset": {"phoenix": "a"}}).kind == ("LLM",)
    there = Profile.model_validate({**base, "dataset": "phoenix:a:b"}).dataset
    assert (there.file, there.phoenix) == (None, "a:b")
    with pytest.raises(ValidationError, match="at least 1 character"):
        Profile.model_validate({**base, "dataset": "phoenix:"})
    with pytest.raises(ValidationError, match="say one of them"):
        Profile.model_validate({**base, "dataset": {"phoenix": "a", "file": "b"}})


def test_from_when_to_when_is_a_period_or_a_date():
    base = {"project": "shop", "dataset": "a.jsonl"}
    said = Profile.model_validate({**base, "since": "14d", "until": "2026-01-31"})
    assert (said.since, said.until) == ("14d", "2026-01-31")
    with pytest.raises(ValidationError, match="is no time: write how long ago"):
        Profile.model_validate({**base, "until": "soon"})
