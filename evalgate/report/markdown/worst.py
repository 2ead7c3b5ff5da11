"""The one example that shows best what is wrong: before and after in a line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evalgate.decision.results import CheckDecision
from evalgate.report import escaping
from evalgate.report.answers import answer, around_difference, explanation, one_line
from evalgate.report.markdown.marked import block
from evalgate.report.model import ExampleView, SuiteReport
from evalgate.report.rows import flip_words, in_failing_slice

if TYPE_CHECKING:
    from markupsafe import Markup

_QUESTION: Final = 160
_ANSWER: Final = 110
_SAID: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Worst:
    """The example that shows best what is wrong. `diff` is both answers in a line each, `said` a judge's word on it."""

    id: str
    change: str
    question: str
    diff: Markup
    said: str | None


def worst_example(found: Sequence[tuple[SuiteReport, CheckDecision]]) -> Worst | None:
    """Return the example that lost most in the first check that failed: of a failing slice where one failed."""
    for shown, check in found:
        flips = sorted(check.regressed, key=lambda flip: not in_failing_slice(flip, check, shown))
        unit = shown.units.get(check.name)
        changes = {flip.example_id: " → ".join(flip_words(flip, check, unit)) for flip in flips}
        changes |= {name: "fails" for rule in check.rules for name in rule.example_ids if name not in changes}
        for name, change in changes.items():
            if name in shown.examples:
                return _shown_worst(shown.examples[name], change, check)
    return None


def _shown_worst(view: ExampleView, change: str, check: CheckDecision) -> Worst:
    question = "; ".join(one_line(value) for value in view.example.input.values())
    before, after = (_line(each) for each in _answers(view))
    lines = [f"+ {_cut(after)}"]
    if view.baseline is not None:
        before, after = around_difference(before, after, _ANSWER)
        lines = [f"- {_cut(before)}", f"+ {_cut(after)}"] if before != after else [f"  {_cut(after)}"]
    said = next((explanation(each) for each in view.candidate.evaluations if each.name == check.name), None)
    return Worst(
        id=view.example.id,
        change=change,
        question=escaping.shortened(_line(question), _QUESTION),
        diff=block("\n".join(lines), language="diff", limit=4 * _ANSWER),
        said=f"{check.name} says: {escaping.shortened(_line(said), _SAID)}" if said else None,
    )


def _answers(view: ExampleView) -> tuple[str, str]:
    """Return both answers; of objects with the same fields, the first field that differs."""
    before, after = view.baseline.output if view.baseline is not None else None, view.candidate.output
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for name, value in after.items():
            if value != before[name]:
                return f"{name}: {one_line(before[name])}", f"{name}: {one_line(value)}"
    return answer(view.baseline), answer(view.candidate)


def _line(text: str) -> str:
    """Return a text as one line of what can be seen; enough of it for any place of the first screen."""
    return escaping.for_terminal(text, limit=20 * _ANSWER)


def _cut(text: str) -> str:
    return escaping.shortened(text, _ANSWER)
