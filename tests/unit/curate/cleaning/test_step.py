"""Cleaning a file of candidates: what is left out for what, what is known before, and a second time."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.cleaning.duplicates import Double, Inputs
from evalgate.curate.cleaning.findings import Pseudonyms
from evalgate.curate.cleaning.given_names import known_names
from evalgate.curate.cleaning.looking import Look
from evalgate.curate.cleaning.quality import Quality, Reason
from evalgate.curate.cleaning.redaction import Redactor
from evalgate.curate.cleaning.step import Cleaning
from evalgate.records import Example

AT = "2026-01-05T12:00:00+00:00"
LEEKS = "How do I cook leek soup for four people tonight without cream?"


def candidate(name, question, state=State.NEW, **more):
    messages = [{"role": "system", "content": f"prompt {name}"}, {"role": "user", "content": question}]
    output = {"messages": [{"role": "assistant", "content": "So."}]}
    return Candidate(id=name, input={"messages": messages}, output=output, state=state, **more)


def cleaning(near=0.75, key=b"k" * 32, **more):
    redactor = Redactor(pseudonyms=Pseudonyms(key), names=known_names())
    return Cleaning(
        looked=partial(map, Look(redactor=redactor, quality=Quality(), near=near is not None, at=AT)),
        inputs=Inputs(at_least=near),
        at=AT,
        **more,
    )


def cleaned(candidates, golden=(), **more):
    one = cleaning(**more)
    one.know(golden, candidates)
    return {each.id: each for each in one.cleaned(candidates)}, one.report


def why(candidate):
    return candidate.history[-1].why


def test_copies_and_near_copies_are_out_under_the_first_of_them():
    found, report = cleaned(
        [
            candidate("first", LEEKS),
            candidate("same", f"  {LEEKS.upper()} ", metadata={"tier": "gold"}, source={"trace": "2"}),
            candidate("near", LEEKS.replace("?", " please?")),
            candidate("other", "What is the capital of France?"),
        ]
    )
    assert [each.state for each in found.values()] == [State.NEW, State.OUT, State.OUT, State.NEW]
    assert why(found["same"]) == "duplicate: says what first says"
    assert found["same"].history[-1].by == "rule"
    assert found["near"].marks["out"]["of"] == "first"
    assert 0.75 <= found["near"].marks["out"]["likeness"] < 1
    assert dict(report.out) == {"duplicate": 1, "near duplicate": 1}
    assert (report.looked, report.new, report.left) == (4, 4, 2)


def test_only_what_is_the_same_is_out_where_near_is_not_looked_for():
    found, _ = cleaned(
        [candidate("first", LEEKS), candidate("near", f"{LEEKS} please"), candidate("same", LEEKS)], near=None
    )
    assert [each.state for each in found.values()] == [State.NEW, State.NEW, State.OUT]


def test_a_conversation_that_went_on_is_another_one_and_not_where_it_only_says_it_again():
    before = [
        {"role": "user", "content": LEEKS},
        {
            "role": "assistant",
            "content": "Cut two leeks into rings, and let them sweat in butter for ten minutes. " * 5,
        },
    ]

    def went_on(name, question):
        return replace(candidate(name, ""), input={"messages": [*before, {"role": "user", "content": question}]})

    found, _ = cleaned(
        [
            went_on("1", "And which wine goes with that soup?"),
            went_on("2", "Can it be frozen, and for how long?"),
            went_on("3", "Can it be frozen, and for how long please?"),
            candidate("4", LEEKS),
        ]
    )
    assert [each.state for each in found.values()] == [State.NEW, State.NEW, State.OUT, State.NEW]
    assert found["3"].marks["out"]["of"] == "2"


def test_what_is_golden_or_was_taken_before_is_known_wherever_it_stands():
    golden = [Example(id="g1", input={"messages": [{"role": "user", "content": LEEKS}]})]
    found, _ = cleaned(
        [
            candidate("a", LEEKS),
            candidate("b", f"{LEEKS} please"),
            candidate("c", "What is the capital of France?"),
            candidate("d", "Where do I find the capital of Peru on a map?"),
            candidate("taken", "What is the capital of France?", State.CHOSEN),
            candidate("no", "Where do I find the capital of Peru on a map?", State.REJECTED),
        ],
        golden,
    )
    assert why(found["a"]) == "golden already: says what g1 says"
    assert why(found["b"]).startswith("near what is golden: 0.")
    assert why(found["c"]) == "duplicate: says what taken says"
    # What a person rejected, perhaps for its answer, keeps nothing out.
    assert [found[each].state for each in ("d", "taken", "no")] == [State.NEW, State.CHOSEN, State.REJECTED]


def test_a_candidate_that_is_no_good_is_nobodys_original():
    found, _ = cleaned([candidate("failed", LEEKS, source={"status": "ERROR"}), candidate("fine", LEEKS)])
    assert [each.state for each in found.values()] == [State.OUT, State.NEW]


def test_a_second_time_changes_nothing_and_whose_name_it_is_makes_no_difference():
    several = [
        candidate("1", f"My name is Anna Schmidt. {LEEKS}"),
        candidate("2", f"My name is Bob Weber. {LEEKS}"),
        candidate("3", "Call +49 30 123456", State.ACCEPTED),
    ]
    for key in (b"k" * 32, b"l" * 32):
        found, report = cleaned(several, key=key)
        assert [each.state for each in found.values()] == [State.NEW, State.OUT, State.ACCEPTED]
        assert found["2"].marks["out"]["likeness"] == 1.0
        assert report.redacted == 3
        again, report = cleaned(list(found.values()), key=key)
        assert again == found
        assert (report.redacted, report.out.total(), report.other_key) == (0, 0, 0)
    _, report = cleaned(list(found.values()), key=b"m" * 32)
    assert report.other_key == 3


def test_the_report_shows_three_of_each_without_what_was_found():
    several = [candidate(str(n), f"My mail is anna{n}@example.com, what about {'abcdefgh'[n] * 40}?") for n in range(5)]
    several += [candidate(f"e{n}", " ") for n in range(5)]
    _, report = cleaned(several)
    assert [each.id for each in report.shown["EMAIL"]] == ["0", "1", "2"]
    assert all("@" not in each.text and "<EMAIL_" in each.text for each in report.shown["EMAIL"])
    assert [(each.id, each.why) for each in report.shown["empty"]] == [(f"e{n}", "nothing was asked") for n in range(3)]


def test_what_stands_around_a_find_says_where_it_was_cut_and_has_no_half_of_another():
    text = (
        f"{'before ' * 9}Mail anna@example.com or the office in the old town, bob@example.com, at noon. {'after ' * 9}"
    )
    _, report = cleaned([candidate("1", text), candidate("2", "Mail anna@example.com.")])
    first, second, whole = (each.text for each in report.shown["EMAIL"])
    assert re.fullmatch(r"….* Mail <EMAIL_\w{6}> or the office in the old town,…", first)
    assert re.fullmatch(r"…or the office in the old town, <EMAIL_\w{6}>, at noon\. after .*…", second)
    assert re.fullmatch(r"Mail <EMAIL_\w{6}>\.", whole)


def test_candidates_are_a_stream():
    def endless():
        number = 0
        while True:
            yield candidate(str(number), f"question {number * 7919 % 104_729:032b}")
            number += 1

    stream = cleaning().cleaned(endless())
    assert [next(stream).id for _ in range(3)] == ["0", "1", "2"]


def test_a_candidate_that_became_golden_makes_its_copy_golden_already():
    there = [candidate("old", LEEKS, State.GOLDEN), candidate("mine", "Where is my order?", State.CHOSEN)]
    found, report = cleaned([*there, candidate("new", LEEKS), candidate("again", "Where is my order?")])
    assert (why(found["new"]), why(found["again"])) == (
        "golden already: says what old says",
        "duplicate: says what mine says",
    )
    assert dict(report.out) == {"golden already": 1, "duplicate": 1}


def test_what_a_model_calls_the_same_is_counted_out_and_only_while_it_is_new():
    there = [candidate("first", LEEKS), candidate("other", "Soup of leeks?"), candidate("third", "Where is my order?")]
    one = cleaning(heard=[])
    one.know([], there)
    after = list(one.cleaned(there))
    assert one.report.left == 3
    double = {"other": Double(reason=Reason.NEAR_DUPLICATE, of="first", likeness=0.97)}
    one.mean_the_same(double, "fake/m")
    assert (one.report.left, dict(one.report.out)) == (2, {"near duplicate": 1})
    left = {each.id: each for each in one.without(after, double, "fake/m")}
    assert [each.state for each in left.values()] == [State.NEW, State.OUT, State.NEW]
    assert left["other"].marks["out"] == {
        "reason": "near duplicate",
        "of": "first",
        "likeness": 0.97,
        "by": "fake/m",
    }
    assert why(left["other"]) == "near duplicate: 0.97 like first by fake/m"
    # Somebody chose it meanwhile: it stays.
    chosen = [replace(each, state=State.CHOSEN) for each in after]
    assert list(one.without(chosen, double, "fake/m")) == chosen
