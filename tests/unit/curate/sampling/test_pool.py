"""What there is to choose from: groups of fields and labels, and what speaks for each."""

from __future__ import annotations

import pytest

from evalgate.curate.sampling.pool import NONE, pool
from evalgate.suite.curate_sample import Sample
from tests.unit.curate.sampling.questions import candidate


def pooled(*by, **more):
    (one,) = pool([candidate(1, "q", **more)], [], Sample(by=list(by)))
    return one


@pytest.mark.parametrize(
    ("proposed", "group"),
    [
        ({"labels": ["Search", "Fine"]}, "Search"),
        ({"labels": []}, NONE),
        ({"labels": "Search"}, NONE),
        ({"labels": {"Search": 1}}, NONE),
        ({}, NONE),
        ("Search", NONE),
        (None, NONE),
    ],
)
def test_the_first_label_is_the_group(proposed, group):
    assert pooled("label", marks={} if proposed is None else {"proposed": proposed}).groups == (group,)


@pytest.mark.parametrize(
    ("value", "group"),
    [
        ("de", "de"),
        (True, "true"),
        (0, "0"),
        ("", NONE),
        (None, NONE),
        ([], NONE),
        ("x" * 70, "x" * 60),
        (" a\n b", "a b"),
    ],
)
def test_a_field_is_shown_as_a_short_text(value, group):
    assert pooled("metadata.lang", metadata={"lang": value}).groups == (group,)


def test_what_speaks_for_one_is_added_up():
    marks = {"annotations": [{"name": "c", "label": "incorrect", "score": 0.45, "annotator": "LLM"}]}
    both, one, none = (pooled(*by, marks=marks) for by in (("uncertainty", "failure"), ("failure",), ("random",)))
    assert both.weight > one.weight > 0
    assert both.why == "c is 0.45, close to its threshold 0.5; c is incorrect"
    assert (none.weight, none.why) == (0.0, "")
    assert pooled("failure").weight is None
