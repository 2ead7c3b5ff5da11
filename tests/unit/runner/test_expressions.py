"""Expressions mean what GitHub says that they mean."""

import pytest

from tests.runner.expressions import ExpressionError, condition, evaluate, interpolate

SEEN = {
    "inputs": {"mode": "run", "empty": "", "flag": "true"},
    "github": {"event_name": "pull_request", "event": {"repository": {"private": True}, "commits": [{"id": "a"}]}},
    "steps": {"gate": {"outcome": "failure", "outputs": {"report-json": "r.json"}}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.mode", "run"),
        ("inputs['MODE']", "run"),
        ("inputs.mode == 'RUN'", True),
        ("inputs.empty || 'other'", "other"),
        ("inputs.flag == 'true' && 'yes' || 'no'", "yes"),
        ("inputs.flag == true", False),
        ("github.event.repository.private == true", True),
        ("github.event.nothing.private == true", False),
        ("github.event.nothing.private == false", True),
        ("!inputs.empty", True),
        ("steps.gate.outputs.report-json", "r.json"),
        ("steps.gate.outputs.missing", None),
        ("github.event.commits[0].id", "a"),
        ("github.event.commits.*.id", ["a"]),
        ("contains('pull_request merge_group', github.event_name)", True),
        ('contains(fromJSON(\'["push", "pull_request"]\'), github.event_name)', True),
        ("startsWith(github.event_name, 'Pull')", True),
        ("format('{0}-{{1}}-{1}', 'it''s', 2)", "it's-{1}-2"),
        ("(1 < 2) && 0x10 == 16", True),
        ("join(fromJSON('[1, 2]'), '-')", "1-2"),
        ("null == 0", True),
    ],
)
def test_a_value(text, value):
    assert evaluate(text, SEEN) == value


@pytest.mark.parametrize("text", ["nothing.here", "inputs.mode ==", "unknown()", "'open", "inputs.mode inputs.mode"])
def test_what_the_runner_refuses(text):
    with pytest.raises(ExpressionError):
        evaluate(text, SEEN)


def test_a_template_has_texts_and_values():
    """Braces in a string end no expression; null is nothing, booleans are words."""
    assert (
        interpolate("a-${{ inputs.mode }}-${{ format('}}{0}', 'x') }}-${{ true }}${{ null }}", SEEN) == "a-run-}x-true"
    )


@pytest.mark.parametrize(
    ("text", "status", "runs"),
    [
        (None, "success", True),
        (None, "failure", False),
        ("inputs.flag == 'true'", "failure", False),
        ("always() && inputs.flag == 'true'", "failure", True),
        ("${{ !cancelled() }}", "failure", True),
        ("failure()", "success", False),
        ("inputs.empty", "success", False),
        ("contains('always()', 'x')", "failure", False),
    ],
)
def test_a_condition_asks_for_success_unless_it_says_otherwise(text, status, runs):
    functions = {
        "success": lambda: status == "success",
        "failure": lambda: status == "failure",
        "always": lambda: True,
        "cancelled": lambda: status == "cancelled",
    }
    assert condition(text, SEEN, functions) is runs
