"""One candidate on a terminal: everything of it can be read, and nothing of it is obeyed."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalgate.curate.candidates import Candidate
from evalgate.curate.reviewing.markdown import markdown
from evalgate.curate.reviewing.screen import Shown, render, spoken
from evalgate.report.console import Console, cells
from tests.unit.curate.reviewing.making import candidate, review, said

PLAIN = Console(width=60)


def screen(one, console=PLAIN, **more):
    return render(Shown(candidate=one, place=1, of=3, **more), console)


def test_messages_are_told_by_their_roles_with_what_they_call():
    call = {"id": "c1", "type": "function", "function": {"name": "lookup", "arguments": '{"dish": "roux"}'}}
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "span:1#0"}}]
    asked = {
        "messages": [
            {"role": "user", "content": parts},
            {"role": "assistant", "content": None, "tool_calls": [call, "odd"]},
            {"role": "tool", "tool_call_id": "c1", "content": "a sauce"},
            "no message",
        ],
        "tools": [{"type": "function", "function": {"name": "lookup"}}, "odd"],
        "mode": {"a": 1},
    }
    found = list(spoken(asked))
    assert [who for who, _ in found] == ["user", "assistant", "tool", "message", "tools", "mode"]
    assert found[0][1].startswith("What is this?\n{")
    assert found[1][1] == '→ lookup({"dish": "roux"})\n→ odd'
    assert found[2][1] == "a sauce\ntool_call_id: c1"
    assert found[4][1] == "lookup, odd"
    written = screen(Candidate(id="span:1", input=asked, source={"status": "ERROR", "project": "shop"}, split="test"))
    assert "status ERROR · split test" in written
    assert "lookup" in written


def test_a_long_text_is_cut_until_all_of_it_is_asked_for():
    one = candidate(answer="\n".join(f"line {number}" for number in range(100)))
    assert "… 76 more lines: m shows them" in screen(one)
    assert "line 99" not in screen(one)
    assert "line 99" in screen(one, whole=True)
    assert "m show all" not in screen(one, whole=True)
    assert "… 980,000 more characters: m shows them" in screen(candidate(answer="x" * 1_000_000))


def test_what_is_cut_can_be_shown_and_nothing_else_says_so():
    noted = Candidate(id="span:1", input={"q": "?"}, output={"a": "!"}, metadata={"note": "word " * 200 + "end"})
    assert "m show all" in screen(noted)
    assert "word…" in screen(noted).replace("\n    ", "")
    assert "end" not in screen(noted).split("metadata.note")[1]
    assert "word end" in screen(noted, whole=True).replace("\n    ", " ")
    for one, whole in ((noted, True), (candidate(), False)):
        assert "m show all" not in screen(one, whole=whole)


def test_when_it_was_is_told_to_the_minute():
    one = Candidate(id="span:1", input={"q": "?"}, source={"start": "2026-11-21T12:00:59.123456+01:00"})
    assert "  2026-11-21 11:00 UTC\n" in screen(one)
    assert "  soon\n" in screen(Candidate(id="span:1", input={"q": "?"}, source={"start": "soon"}))


def test_keys_that_do_nothing_here_are_not_named():
    assert " p " not in screen(candidate()).splitlines()[-1]
    assert "accept without an answer" in screen(candidate(answer=None))
    drafted = screen(candidate(), draft="eight", wrong="line 1: the answer is empty")
    assert all(each in drafted for each in ("a accept your answer", "e go on editing", "d drop the draft", "is empty"))


def test_what_others_decided_is_shown_with_their_answer():
    one = candidate()
    reviews = [review(one, answer="nine minutes"), review(one, "rejected", who="bob", reason="wrong")]
    written = screen(one, said=reviews)
    assert "ann: accepted with an answer of their own" in written
    assert "nine minutes" in written
    assert "bob: rejected: wrong" in written


@pytest.mark.parametrize("marks", [{"proposed": 1, "annotations": 1}, {"proposed": {"labels": 1}, "annotations": [1]}])
def test_marks_of_any_shape_are_shown(marks):
    assert "1 of 3" in screen(candidate(marks=marks))


def test_what_was_noted_is_in_words_and_the_same_in_a_file():
    marks = {
        "redacted": {"PERSON": 2, "SECRET": 1, "key": "U6BJ"},
        "annotations": [{"name": "helpful", "score": 0.2, "annotator": "HUMAN"}],
    }
    one = candidate(marks=marks)
    written = screen(one)
    file = "".join(markdown([one], of=1, name="n", command="c"))
    assert "\n\n1 candidate. Tick" in file
    for name, words in (("redacted", "2 PERSON, 1 SECRET"), ("helpful", "0.2 (HUMAN)")):
        assert f"{name}: {words}\n" in written
        assert f"- {name}: {words}\n" in file


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=80), st.sampled_from([40, 61]), st.booleans())
def test_no_line_is_wider_than_the_terminal_and_nothing_of_it_is_obeyed(text, width, colour):
    one = candidate(
        text,
        text,
        question=text,
        marks={"proposed": {"output": said(text), "labels": [text], "model": text}, text: text},
        metadata={text: text},
        source={"project": text, "model": text},
    )
    written = screen(one, Console(width=width, colour=colour), draft=text, wrong=text, said=[review(one, who=text)])
    plain = re.sub(r"\x1b\[[0-9;]+m", "", written) if colour else written
    for line in plain.split("\n"):
        assert line == "" or line.isprintable() or re.search("[\u200c\u200d]", line), repr(line)
        assert cells(line) <= width, line
