"""Candidates that are no good, and why."""

from __future__ import annotations

import pytest

from evalgate.curate.candidates import Candidate
from evalgate.curate.cleaning.quality import Quality, Reason


def candidate(question="How do I cook leeks?", answer="So.", **source):
    return Candidate(
        id="span:1",
        input={"messages": [{"role": "system", "content": "You cook."}, {"role": "user", "content": question}]},
        output=None if answer is None else {"messages": [{"role": "assistant", "content": answer}]},
        source={"status": "OK", **source},
    )


@pytest.mark.parametrize(
    ("given", "reason", "why"),
    [
        (candidate(status="ERROR"), Reason.ERROR, "the span failed"),
        (candidate(" \n\t"), Reason.EMPTY, "nothing was asked"),
        (candidate("\u200b"), Reason.EMPTY, "nothing was asked"),
        (candidate(answer=None), Reason.EMPTY, "nothing was answered"),
        (candidate(answer=""), Reason.EMPTY, "nothing was answered"),
        (candidate(finish="length"), Reason.TRUNCATED, "the model's answer was cut off (length)"),
        (candidate(finish="max_tokens"), Reason.TRUNCATED, "the model's answer was cut off (max_tokens)"),
        (candidate("x" * 60_000), Reason.TOO_LONG, "60,003 characters of 50,000"),
    ],
)
def test_each_reason_is_said(given, reason, why):
    assert Quality().wrong(given) == (reason, why)


@pytest.mark.parametrize("given", [candidate(), candidate("?"), candidate("🙂", "👍"), candidate(finish="stop")])
def test_what_is_fine_stays(given):
    assert Quality().wrong(given) is None


def test_failures_stay_where_they_are_wanted_without_an_answer():
    assert Quality(errors=True).wrong(candidate(answer=None, status="ERROR")) is None


def test_a_call_of_a_tool_is_an_answer():
    called = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}],
    }
    given = Candidate(id="1", input={"question": "?"}, output={"messages": [called]})
    assert Quality().wrong(given) is None


def test_a_language_counts_where_it_can_be_told():
    def wrong(question, language, sure):
        quality = Quality(languages=frozenset({"en", "nl"}), tell=lambda text: (language, sure))
        return quality.wrong(candidate(question))

    long = "Wo finde ich ein Rezept?"
    assert wrong(long, "de", 0.95) == (Reason.LANGUAGE, "de, not en or nl")
    assert wrong(long, "en", 0.95) is None
    assert wrong(long, "de", 0.5) is None
    assert wrong("pizza <PERSON_ABCDEF> <PERSON_ABCDEF>", "it", 0.99) is None


def test_what_is_as_long_as_it_may_be_stays():
    assert Quality(longest=13).wrong(candidate("x" * 10)) is None
    assert Quality(longest=12).wrong(candidate("x" * 10)) == (Reason.TOO_LONG, "13 characters of 12")


@pytest.mark.parametrize(("letters", "sure", "out"), [(15, 0.8, True), (14, 0.8, False), (15, 0.79, False)])
def test_a_language_is_told_from_fifteen_letters_on_and_where_it_is_sure(letters, sure, out):
    quality = Quality(languages=frozenset({"en"}), tell=lambda text: ("de", sure))
    wrong = quality.wrong(candidate("ü" * letters + " 12 <PERSON_ABCDEF>"))
    assert wrong == ((Reason.LANGUAGE, "de, not en") if out else None)
