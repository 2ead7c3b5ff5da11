"""Examples to be read: those of a check that went one way, each with its input, both answers, and what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from evalgate.decision.results import CheckDecision
from evalgate.records import Json
from evalgate.report import escaping, formatting
from evalgate.report.answers import answer, one_line, pretty, said
from evalgate.report.markdown.detail import Detail, Rung
from evalgate.report.markdown.marked import block, link
from evalgate.report.model import ExampleView, SideView, SuiteReport
from evalgate.report.rows import flip_words, went

if TYPE_CHECKING:
    from markupsafe import Markup

_LINES: Final = 200
_SHORT: Final = 300  # characters that still read well as one line
_FIELDS: Final = 40  # of one example


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One changed example, as the template shows it. `diff` goes from the baseline's answer to the candidate's.

    What is short of the input and the expected answer is among `facts`, by name; what is not is among `blocks`.
    """

    id: str
    change: str
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[tuple[str, Markup], ...]
    diff: Markup
    said: tuple[str, ...]
    links: tuple[Markup, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """Examples of one check that went one way. `more` counts those left out."""

    title: str
    readings: tuple[Reading, ...]
    more: int


def folds(checks: Sequence[CheckDecision], shown: SuiteReport, rung: Rung) -> Iterator[Fold]:
    """Yield the examples of each check that got worse, that fail, that got better, as far as the rung holds them."""
    for check in checks:
        named = {flip.example_id for flip in check.regressed}
        failing = [name for rule in check.rules for name in rule.example_ids if name not in named]
        unit = shown.units.get(check.name)
        changed = [(flip.example_id, " → ".join(flip_words(flip, check, unit))) for flip in check.regressed]
        if rung.detail >= Detail.REGRESSED:
            yield from _fold(f"{went('worse', check)} in", check, changed, shown, rung)
            yield from _fold("failing in", check, [(name, "fails") for name in dict.fromkeys(failing)], shown, rung)
        if rung.detail >= Detail.EVERYTHING:
            better = [(flip.example_id, " → ".join(flip_words(flip, check, unit))) for flip in check.improved]
            yield from _fold("better in", check, better, shown, rung)


def _fold(
    how: str, check: CheckDecision, changed: list[tuple[str, str]], shown: SuiteReport, rung: Rung
) -> Iterator[Fold]:
    if not changed:
        return
    first = [(shown.examples[name], change) for name, change in changed[: rung.examples] if name in shown.examples]
    yield Fold(
        title=f"{formatting.count(len(changed), 'example')} {how} {check.name}",
        readings=tuple(_reading(view, change, rung) for view, change in first),
        more=len(changed) - len(first),
    )


def _reading(view: ExampleView, change: str, rung: Rung) -> Reading:
    named = [(f"input.{key}", value) for key, value in view.example.input.items()]
    named += [(f"expected.{key}", value) for key, value in (view.example.output or {}).items()]
    named = named[:_FIELDS]
    short = [(name, one_line(value)) for name, value in named if _is_short(value)]
    long = [(name, pretty(value)) for name, value in named if not _is_short(value)]
    return Reading(
        id=view.example.id,
        change=change,
        facts=tuple(short),
        blocks=tuple((name, block(text, language="", limit=rung.text * 2)) for name, text in long),
        diff=block("\n".join(_diff(view.baseline, view.candidate, rung)), language="diff", limit=rung.text * 2),
        said=tuple(f"{name} of the {side}: {escaping.shortened(text, rung.text)}" for name, side, text in said(view)),
        links=tuple(_links_of(view)),
    )


def _links_of(view: ExampleView) -> Iterator[Markup]:
    baseline = view.baseline.trace if view.baseline is not None else None
    named = (
        ("example in Phoenix", view.link),
        ("baseline's trace", baseline),
        ("candidate's trace", view.candidate.trace),
    )
    yield from (link(text, address) for text, address in named if address)


def _is_short(value: Json) -> bool:
    text = one_line(value)
    return len(text) <= _SHORT and "\n" not in text


def _diff(baseline: SideView | None, candidate: SideView, rung: Rung) -> Iterator[str]:
    """Yield the lines of both answers, marked `-` and `+` where they differ."""
    before, after = (
        escaping.lines_for_terminal(escaping.shortened(answer(side, lines=True), rung.text), count=_LINES)
        if side is not None
        else []
        for side in (baseline, candidate)
    )
    for kind, b1, b2, c1, c2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (f"  {line}" for line in before[b1:b2])
        else:
            yield from (f"- {line}" for line in before[b1:b2])
            yield from (f"+ {line}" for line in after[c1:c2])
