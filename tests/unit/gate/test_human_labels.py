"""Whose word counts: one label of each person, the later one, in the judge's own words."""

import pytest

from evalgate.errors import DatasetError
from evalgate.gate.human_labels import Gathered
from evalgate.phoenix.annotations.spans import HUMAN, Said


def gathered(**scores):
    return Gathered(name="quality", scores=scores or {"good": 1.0, "bad": 0.0})


def said(label=None, score=None, *, by="ann", at="2026-01-01T00:00:00Z", kind=HUMAN):
    return Said(kind=kind, by=by, at=at, label=label, score=score)


@pytest.mark.parametrize(
    ("annotations", "labels"),
    [
        ([said("good"), said("bad", by="bob")], ("good", "bad")),
        ([said("bad", by="bob"), said("good")], ("good", "bad")),
        ([said("good", at="2026-01-02T00:00:00Z"), said("bad")], ("good",)),
        ([said("good", at="2026-01-01T01:00:00+02:00"), said("bad")], ("bad",)),
        ([said("bad", by="", at="what?"), said("good", by="")], ("good",)),
        ([said(score=0.0)], ("bad",)),
        ([said("good", score=0.0)], ("good",)),
        ([said("good", kind="LLM"), said("bad", kind="CODE")], ()),
        ([said()], ()),
    ],
)
def test_each_counts_once(annotations, labels):
    assert gathered().labels(annotations) == labels


def test_a_score_that_two_labels_have_is_no_label():
    found = gathered(good=1.0, fine=1.0, bad=0.0)
    assert found.labels([said(score=1.0), said(score=0.5, by="bob")]) == ()
    with pytest.raises(
        DatasetError, match=r"say what the judge never says: '1' \(1\), '0.5' \(1\); it says good, fine"
    ):
        found.require_some("phoenix:project:p")


def test_what_is_found_instead_is_named_without_control_characters():
    found = gathered()
    found.labels([said("\x1b[2Jup")])
    with pytest.raises(DatasetError) as raised:
        found.require_some("phoenix:project:p\x1b")
    assert "\x1b" not in str(raised.value)
    found = gathered()
    found.names |= {"tone", "x\x1by"}
    with pytest.raises(DatasetError, match="has no annotations `quality`; there are tone, x") as raised:
        found.require_some("here")
    assert "\x1b" not in str(raised.value)
    with pytest.raises(DatasetError, match="has no annotations `quality`, and no others"):
        gathered().require_some("here")
