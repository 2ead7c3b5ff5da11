"""Files for review: what is written is read again as nothing decided, and what is wrong is told by its line."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.reviewing.markdown import markdown, read_markdown
from evalgate.curate.reviewing.sheets import fresh, read_entries
from evalgate.curate.reviewing.table import read_table, table
from tests.unit.curate.reviewing.making import candidate, review, said

PROPOSED = {"proposed": {"output": said("Butter and flour."), "labels": ["Ask"]}}
ONES = [
    candidate("span:1"),
    candidate("span:2", "no idea", marks=PROPOSED),
    Candidate(id="span:3", input={"q": "=1+1"}, output={"a": 1, "b": 2}, state=State.CHOSEN),
]


def as_markdown(candidates=ONES):
    return "".join(markdown(candidates, of=len(candidates), name="some", command="read it"))


def as_table(candidates=ONES):
    return "".join(table(candidates, of=len(candidates)))


def read(text, candidates=ONES):
    entries = read_table(text) if text.startswith(("\ufeff", "number")) else read_markdown(text)
    return read_entries(entries, candidates, who="ann", at="2026-01-02T00:00:00+00:00", via="file")


def rows(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def text_of(table_rows, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(table_rows)
    return out.getvalue()


def decided(text, number, decision, new="", reason=""):
    """Return a table with a decision in its line of this number."""
    found = rows(text)
    found[number][-3:] = [decision, new, reason]
    return text_of(found)


texts = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [
        "```\nx\n````",
        "<!-- evalgate 1/1 -->",
        "**Answer** (edit it here to correct it)",
        "=cmd",
        "- [x] accept",
        "a\r\nb ",
    ]
)
values = st.dictionaries(st.sampled_from(["q", "messages", "x y"]), texts, min_size=1, max_size=2)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(texts.filter(bool), values, st.none() | values), min_size=1, max_size=3, unique_by=lambda e: e[0]
    )
)
def test_what_nobody_touched_decides_nothing(made):
    ones = [Candidate(id=identity, input=asked, output=answer) for identity, asked, answer in made]
    for text in (as_markdown(ones), as_table(ones)):
        found = read(text, ones)
        assert (found.problems, found.reviews, found.open, found.missing) == ((), (), len(ones), ())


def test_boxes_answers_and_reasons_are_read():
    sections = as_markdown().split("\n## ")
    sections[1] = sections[1].replace("[ ] accept\n", "[x] accept\n").replace("seven minutes", "eight\n\nminutes")
    sections[2] = sections[2].replace("[ ] accept the proposed", "[X] accept the proposed")
    sections[3] = sections[3].replace("[ ] reject", "[x] reject").replace("reason:", "reason: not\n  ours")
    found = read("\n## ".join(sections).replace("\n", "\r\n"))
    assert found.problems == ()
    first, second, third = found.reviews
    assert (first.decision, first.answer, first.output) == ("accepted", "edited", said("eight\n\nminutes"))
    assert (second.answer, second.output) == ("proposed", said("Butter and flour."))
    assert (third.decision, third.reason) == ("rejected", "not ours")
    assert list(fresh(found, {"span:1": (replace(first, at="earlier"),)})) == [second, third]
    assert list(fresh(found, {"span:1": (replace(first, who="bob"),)})) == [first, second, third]


def test_json_is_edited_in_place_and_flaws_have_their_line():
    text = as_markdown().replace('"a": 1', '"a": [7]')
    ticked = text[: text.rfind("[ ] accept\n")] + "[x] accept\n" + text[text.rfind("[ ] accept\n") + 11 :]
    assert read(ticked).reviews[0].output == {"a": [7], "b": 2}
    broken = ticked.replace('"a": [7]', '"a": [7}')
    (problem,) = read(broken).problems
    assert broken.split("\n")[problem.line - 1].strip() == '"a": [7},'
    assert problem.line == broken[: broken.index("[7}")].count("\n") + 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("how long?", "how short?"), "nothing but the answer can be edited"),
        (lambda text: text.replace('"span:2"', '"span:7"'), "there is no candidate span:7"),
        (lambda text: text.replace('"span:2"', '"span:1"'), "is here twice: it first stands on line 6"),
        (lambda text: text.replace("- [ ] accept\n- [ ] reject", "- [x] accept\n- [x] reject"), "more than one box"),
        (lambda text: text.replace("- [ ] reject", "- [x] reject", 1), "is rejected without a reason"),
        (lambda text: text.replace("- [ ] accept", "- [y] accept", 1), "ticked with x, not with y"),
        (lambda text: text.replace("seven minutes", "eight"), "an answer was written, and nothing is decided"),
        (lambda text: text.replace("- reason:", "- reason: so", 1), "a reason is given, and nothing is decided"),
        (lambda text: text.replace("- reason:", "it is fine\n- reason:", 1), "nothing can be written here"),
        (lambda text: text.replace("<!-- evalgate 2/3", "<!-- evalgate two"), "and was changed: take it as it was"),
        (lambda text: text.replace("**Answer**", "Answer", 1), "the line **Answer** is gone"),
        (lambda text: text.replace("```text\nseven minutes\n```", "seven minutes"), "no longer between two lines"),
        (lambda _: "# nothing", "no candidate is in this file"),
        (
            lambda text: text.replace("[ ] accept\n", "[x] accept\n", 1).replace("seven minutes", " "),
            "the answer is empty",
        ),
    ],
)
def test_a_markdown_file_that_was_changed_badly_is_told(change, message):
    text = change(as_markdown())
    found = read(text)
    assert any(message in each.message for each in found.problems), found
    assert all(0 < each.line <= text.count("\n") + 1 for each in found.problems)


def test_an_answer_that_markdown_cannot_show_is_edited_elsewhere():
    one = candidate(answer="seven\x1b[2J")
    text = as_markdown([one])
    assert "\x1b" not in text
    assert read(text.replace("[ ] accept", "[x] accept"), [one]).reviews[0].answer == "own"
    (problem,) = read(text.replace("seven", "eight"), [one]).problems
    assert "in the terminal alone" in problem.message


def test_a_table_is_read_as_spreadsheets_write_it():
    text = as_table()
    assert "'=1+1" not in text  # behind its key it is no formula
    found = rows(decided(decided(text, 1, "Accept", "'=eight\r\nminutes"), 2, "proposed", reason="good"))
    quoted = text_of(found, ";")
    first, second = read(quoted).reviews
    assert (first.answer, first.output) == ("edited", said("=eight\nminutes"))
    assert (second.answer, second.output, second.reason) == ("proposed", said("Butter and flour."), "good")
    reordered = text_of([found[0], found[2], found[1], found[3]])
    assert [each.id for each in read(reordered).reviews] == ["span:2", "span:1"]
    assert read(text_of(found[:3])).missing == (3,)


def test_formulas_are_made_harmless():
    one = candidate(answer="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in as_table([one])
    assert read(decided(as_table([one]), 1, "accept"), [one]).reviews[0].output is None
    assert read(decided(as_table([one]), 1, "accept").replace("'=H", "=H"), [one]).problems == ()
    for text in ("＝1+1", "\n=1+1", "＠SUM(1)"):
        wide = candidate(answer=text)
        assert f"'{text}" in as_table([wide])
        assert read(decided(as_table([wide]), 1, "accept").replace(f"'{text}", text), [wide]).problems == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: decided(text, 1, "maybe"), "'maybe' is none of accept, proposed, reject"),
        (lambda text: decided(text, 1, "proposed"), "has no proposed answer"),
        (lambda text: decided(text, 2, "proposed", "other"), "has another answer written"),
        (lambda text: decided(text, 1, "reject"), "is rejected without a reason"),
        (lambda text: decided(text, 3, "accept", "{}}"), "something follows"),
        (lambda text: decided(text, 3, "accept", "[]"), "should be a JSON object"),
        (lambda text: text.replace("how long?", "how short?"), "what is shown was changed"),
        (lambda text: text.replace("1 of 3", "one"), "say which candidate this is"),
        (lambda text: text.replace("reason", "why"), "the column 'reason' is missing"),
        (lambda text: text + "1,2,3\n", "3 columns, and the first line names 9"),
        (lambda text: text + '"open', "not CSV"),
        (lambda _: "number\n", "the column 'id' is missing"),
    ],
)
def test_a_table_that_was_changed_badly_is_told(change, message):
    found = read(change(as_table()))
    assert any(message in each.message for each in found.problems), found


def test_what_became_of_a_candidate_meanwhile_is_told():
    text = decided(as_table(), 1, "accept")
    assert (
        "changed since this file was made" in read(text, [candidate("span:1", "other"), *ONES[1:]]).problems[0].message
    )
    golden = [replace(ONES[0], state=State.GOLDEN), *ONES[1:]]
    assert "is golden already" in read(decided(text, 1, "reject", reason="no"), golden).problems[0].message
    assert (read(text, golden).problems, read(text, golden).reviews, read(text, golden).golden) == ((), (), 1)
    again = decided(as_table(), 2, "proposed")
    relabelled = replace(ONES[1], marks={"proposed": {"output": said("Something else.")}})
    assert "another one since this file was made" in read(again, [ONES[0], relabelled, ONES[2]]).problems[0].message
    assert read(text, [ONES[0], relabelled, ONES[2]]).problems == ()
    assert review(ONES[0]).seen == read(text).reviews[0].seen
