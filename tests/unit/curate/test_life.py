"""The life of one example, from its span to its latest edit."""

from evalgate.curate.candidates import Candidate, Step
from evalgate.curate.life import Event, Version, changes_of, in_order, life_lines, steps_in, steps_of
from evalgate.curate.pushing.pushing import golden_example
from evalgate.records import Example

PULLED = Step(at="2026-01-05T12:00:00+00:00", what="pulled", by="evalgate")
ANN = Step(at="2026-01-06T10:00:00+01:00", what="accepted", by="person", why="ann: right")
CANDIDATE = Candidate(
    id="span:1", input={"q": 1}, source={"span": "0" * 16, "project": "shop", "trace": "t"}, history=(PULLED, ANN)
)


def example(question="?", **metadata):
    return Example(id="a", input={"q": question}, output=None, metadata=metadata, split=None)


def version(name, own, day=7):
    return Version(name=name, at=f"2026-01-{day:02}T00:00:00Z", by="bo", why="because", example=own)


def test_what_was_done_is_the_same_from_the_candidates_file_and_from_the_example():
    steps = steps_of(CANDIDATE)
    assert [(each.what, each.by, each.why) for each in steps] == [
        ("pulled", "evalgate", f"span {'0' * 16} of shop in the trace t"),
        ("accepted", "person", "ann: right"),
    ]
    told = steps_in(golden_example(CANDIDATE).metadata)
    assert [(each.at, each.what, each.by) for each in told] == [(each.at, each.what, each.by) for each in steps]
    assert told[0].why == f"span {'0' * 16} of shop"


def test_metadata_that_somebody_made_up_breaks_nothing():
    assert steps_in({"curated": 3}) == steps_in({"curated": {"history": [1, "x"]}}) == []
    assert steps_in({"curated": {"history": [{"at": None}]}}) == [Event(at="", what="", by="")]


def test_versions_add_edit_and_remove():
    one, two = example(), example("!")
    found = changes_of(
        [version("v1", None), version("v2", one), version("v3", one), version("v4", two), version("v5", None)],
        whole=True,
    )
    assert [(each.where, each.what) for each in found] == [
        ("v2", "added"),
        ("v4", "edited input.q"),
        ("v5", "removed"),
    ]
    assert [each.what for each in changes_of([version("v2", one)], whole=True)] == ["added"]
    assert [each.what for each in changes_of([version("v2", one)], whole=False)] == ["there already"]


def test_an_addition_is_the_version_that_says_where_it_came_from():
    """A push to Phoenix links an example to its span in one version, and says why in the next."""
    bare, whole = example(), example(curated={"span": "0" * 16})
    found = changes_of([version("v1", None), version("v2", bare), version("v3", whole)], whole=True)
    assert [(each.where, each.what) for each in found] == [("v3", "added")]
    later = changes_of([version("v1", bare), version("v2", bare), version("v3", whole)], whole=False)
    assert [(each.where, each.what) for each in later] == [("v1", "there already")]


def test_lines_are_in_the_order_of_time_whatever_the_zone():
    steps, changes = steps_of(CANDIDATE), [Event(at="2026-01-06T09:30:00Z", what="added", by="", where="v1")]
    unknown = Event(at="who knows", what="pulled", by="x")
    assert list(life_lines(in_order(changes, steps, [unknown]))) == [
        "who knows  pulled  by x",
        f"2026-01-05 12:00  pulled  by evalgate  span {'0' * 16} of shop in the trace t",
        "2026-01-06 09:00  accepted  by person  ann: right",
        "2026-01-06 09:30  added  v1",
    ]
