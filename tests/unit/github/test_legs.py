"""One comment of several parts: what is composed is read again, the limit is kept, and nothing forges a mark."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalgate.github.legs import LIMIT, Leg, composed, mark, overtaken, read, size, with_own, within
from tests.github_markdown import to_html

OLD, NEW, NEWER = "a" * 40, "b" * 40, "c" * 40
KEY = ".github/workflows/evalgate.yml"


def leg(name="support", head=NEW, rank=4, body="**FAIL**\n\nmore", **more):
    return Leg(name=name, head=head, rank=rank, body=body, **more)


def filled(character="x"):
    """Return a renderer that takes all the room that it is given, up to what it has to say."""

    def render(limit):
        asked.append(limit)
        return f"**FAIL**\n\n{character * (limit - 10)}"

    asked = []
    render.asked = asked
    return render


@given(
    key=st.text(min_size=1, max_size=40),
    names=st.lists(st.text(max_size=40), unique=True, min_size=1, max_size=5),
    bodies=st.lists(st.text(max_size=200), min_size=5, max_size=5),
)
def test_what_is_composed_is_read_again(key, names, bodies):
    bodies = [body.replace("\r", "").strip("\n") for body in bodies]
    legs = [leg(name, body=body, rank=index) for index, (name, body) in enumerate(zip(names, bodies, strict=False))]
    text = composed(key, legs)
    again = read(text, key)
    written = {name or " ": body for name, body in zip(names, bodies, strict=False)}
    assert {each.name: each.body for each in again} == written
    assert read(text, key + "x") is None
    assert all(line.endswith(" -->") for line in text.split("\n") if line.startswith("<!-- evalgate:"))


def test_line_ends_are_those_of_unix():
    (own,) = with_own(KEY, [], leg(), lambda _: "\r\none\r\ntwo\rthree\r")
    assert own.body == "one\ntwo\nthree"


def test_on_the_page_marks_are_not_seen_and_what_is_between_is_markdown():
    table = "### ❌ FAIL: do not merge.\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    legs = overtaken([leg("x --> y", head=OLD, body=table), leg("q", body="### ✅ PASS: fine.\n\n`more`")], NEW)
    html = to_html(composed(KEY, legs))
    assert "evalgate:" not in html
    assert "--" not in html
    tags = ("<h3>", "<table>", "<code>more</code>", "<details>", "</details>")
    assert [html.count(tag) for tag in tags] == [2, 1, 1, 1, 1]
    assert html.index("</summary>") < html.index("<table>") < html.index("</details>")


def test_marks_end_no_comment_of_html():
    text = composed("a --> b -- c --", [leg("x --> <b>")])
    assert text.split("\n")[0] == "<!-- evalgate:comment a%20-%2D%3E%20b%20-%2D%20c%20-%2D -->"
    assert "<b>" not in text


def test_the_newest_and_worst_come_first():
    legs = [leg("b", rank=1), leg("a", rank=1), leg("c", rank=4), leg("old", rank=4, head=OLD, stale=NEW)]
    text = composed(KEY, legs)
    assert [each.name for each in read(text, KEY)] == ["c", "a", "b", "old"]


def test_what_github_does_to_line_ends_changes_nothing():
    text = composed(KEY, [leg(body="one\ntwo")])
    assert read(text.replace("\n", "\r\n") + "\r\n", KEY) == [leg(body="one\ntwo")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a comment that quotes\n" + composed(KEY, [leg()]),
        "> " + composed(KEY, [leg()]),
        composed("other.yml", [leg()]),
    ],
)
def test_what_does_not_begin_with_the_mark_is_another_comment(text):
    assert read(text, KEY) is None


def test_parts_that_are_not_whole_are_dropped():
    whole = composed(KEY, [leg("a"), leg("b")])
    assert [each.name for each in read(whole.replace("<!-- evalgate:end a -->", ""), KEY)] == ["b"]
    assert read(f"{mark(KEY)}\nsomebody wrote here", KEY) == []
    doubled = composed(KEY, [leg("a", body="first"), leg("a", body="second")])
    assert [each.body for each in read(doubled, KEY)] == ["first"]


def test_a_newer_head_folds_what_is_old_and_drops_it_at_the_second():
    once = overtaken([leg("a", head=OLD), leg("b")], NEW)
    assert [(each.name, each.stale) for each in once] == [("a", NEW), ("b", None)]
    assert once[0].body.startswith("<details><summary>Of the older commit <code>aaaaaaa</code>")
    assert "**FAIL**" in once[0].body
    assert overtaken(once, NEW) == once
    again = overtaken(once, NEWER)
    assert [(each.name, each.stale) for each in again] == [("b", NEWER)]
    assert overtaken(again, NEW) == []


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("### ❌ FAIL: do not merge. 1 of 4 checks failed: support/correctness.", True),
        ("✅ PASS: ada&#64;&#8203;shop.example", True),
        ("**FAIL**", False),
        ("FAIL `x", False),
        ("<details><summary>Of", False),
        ("x" * 301, False),
        ("", False),
    ],
)
def test_a_folded_part_says_what_its_verdict_was_where_that_is_words(first, said):
    (folded,) = overtaken([leg("a", head=OLD, body=f"{first}\n\nmore")], NEW)
    summary = folded.body.split("\n")[0]
    told = f": {first.removeprefix('### ')}" if said else ""
    begins = "<details><summary>Of the older commit <code>aaaaaaa</code>, the newest is not measured yet"
    assert summary == f"{begins}{told}</summary>"
    assert f"\n\n{first}\n\nmore\n\n</details>" in folded.body


def test_a_part_has_all_the_room_that_is_there():
    render = filled()
    legs = with_own(KEY, [], leg(body=""), render)
    text = composed(KEY, legs)
    assert size(text) == LIMIT
    assert render.asked == [LIMIT - size(composed(KEY, [leg(body="")]))]


def test_what_is_longer_makes_room_for_a_fair_share():
    first = with_own(KEY, [], leg("first"), filled("1"))
    second = with_own(KEY, first, leg("second"), filled("2"))
    text = composed(KEY, second)
    assert size(text) <= LIMIT
    by_name = {each.name: each.body for each in second}
    assert by_name["first"].startswith("**FAIL**\n\n*The rest did not fit")
    assert LIMIT // 2 - 1_000 < size(by_name["second"]) <= LIMIT // 2
    third = with_own(KEY, [each for each in second if each.name == "second"], leg("first"), filled("1"))
    assert {each.name: each.body for each in third}["second"] == by_name["second"]
    assert size(composed(KEY, third)) <= LIMIT


def test_what_is_stale_makes_room_first():
    stale = overtaken([leg("old", head=OLD, body="x" * 30_000)], NEW)
    other = leg("other", body="y" * 30_000)
    legs = {each.name: each for each in with_own(KEY, [*stale, other], leg("own"), filled())}
    assert legs["old"].body == "*What was here is of the older commit aaaaaaa; the newest is not measured yet.*"
    assert legs["other"] == other


def test_ninety_parts_keep_the_limit():
    legs = []
    for number in range(90):
        legs = with_own(KEY, legs, leg(f"suite {number}"), filled())
        assert size(composed(KEY, legs)) <= LIMIT
    assert len(read(composed(KEY, legs), KEY)) == 90


def test_folding_keeps_the_limit():
    full = with_own(KEY, [], leg(head=OLD), filled())
    folded = within(KEY, overtaken(full, NEW))
    assert size(composed(KEY, folded)) <= LIMIT


def test_what_lies_beyond_the_basic_plane_counts_twice():
    legs = with_own(KEY, [], leg(), lambda limit: "😀" * min(limit, 50_000))
    assert size(composed(KEY, legs)) <= LIMIT
    assert legs[0].body.startswith("😀😀")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<!-- evalgate:comment x -->", "forges a mark"),
        ("text <!-- EVALGATE:end support -->", "forges a mark"),
        ("x" * LIMIT, "were asked for"),
    ],
)
def test_a_part_that_cannot_be_written(body, said):
    with pytest.raises(ValueError, match=said):
        with_own(KEY, [], leg(), lambda _: body)


def test_no_room_is_said():
    legs = [replace(leg(f"suite {number}"), body="x" * 990) for number in range(64)]
    with pytest.raises(ValueError, match="no room"):
        with_own(KEY, legs, leg(), filled())
