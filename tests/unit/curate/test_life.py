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


def test_an_edit_names_five_places_and_counts_the_rest():
    def with_places(count, value):
        return Example(id="a", input={f"k{n}": value for n in range(count)})

    def told(count):
        found = changes_of([version("v1", with_places(count, 1)), version("v2", with_places(count, 2))], whole=True)
        return found[-1].what

    assert told(5) == "edited input.k0, input.k1, input.k2, input.k3, input.k4"
    assert told(7) == "edited input.k0, input.k1, input.k2, input.k3, input.k4 and 2 more"


def test_what_is_known_of_where_it_came_from_is_the_edit_s_no_more():
    """Only an addition is completed by the version after it."""
    bare, other = example(), example("!")
    told = example("!", curated={"span": "0" * 16})
    found = changes_of([version("v1", bare), version("v2", other), version("v3", told)], whole=True)
    assert [(each.where, each.what) for each in found] == [("v1", "added"), ("v2", "edited input.q")]


def test_an_example_that_came_back_was_added_twice():
    own = example()
    found = changes_of([version("v1", None), version("v2", own), version("v3", None), version("v4", own)], whole=False)
    assert [(each.where, each.what) for each in found] == [("v2", "added"), ("v3", "removed"), ("v4", "added")]
    assert (found[0].at, found[0].by, found[0].why) == ("2026-01-07T00:00:00Z", "bo", "because")


def test_what_a_step_says_of_itself_stands_before_where_it_came_from():
    pulled = {"at": "2026-01-05", "what": "pulled", "by": "evalgate", "why": "asked for"}
    said = {"span": "s", "project": "p", "history": [pulled, {**pulled, "what": "accepted", "why": None}]}
    assert [each.why for each in steps_in({"curated": said})] == ["asked for", ""]
    told = [Step(at="2026-01-05", what="pulled", by="evalgate", why="asked for")]
    assert [each.why for each in steps_of(Candidate(id="1", input={}, source={"span": 7}, history=tuple(told)))] == [
        "asked for"
    ]
    unsaid = Step(at="2026-01-05", what="out", by="evalgate")
    assert steps_of(Candidate(id="1", input={}, source={"span": "s"}, history=(unsaid,)))[0].why == ""


def test_a_time_that_is_none_is_shown_short_and_comes_first():
    odd = Event(at="x" * 40, what="pulled", by="")
    known = Event(at="0001-01-02T00:00:00Z", what="added", by="")
    assert next(iter(life_lines(in_order([known], [odd])))) == f"{'x' * 16}  pulled"
