"""What `improves` and `equivalent` could show, in the text of a plan; and the words for what noise is known."""

from __future__ import annotations

import math
from collections.abc import Iterator

from evalgate.decision.improvement import IMPROVES
from evalgate.decision.improvement_plan import ChangeOutlook, ChangePlan
from evalgate.decision.known_noise import Noise
from evalgate.decision.number_words import times_in_100
from evalgate.decision.outlook import OWN_CHANGES
from evalgate.decision.ratios.planning import Spread
from evalgate.report import formatting
from evalgate.report.console import Tone
from evalgate.report.page import Column, Page, Part
from evalgate.stats.power import POWER


def noise_told(noise: Noise) -> str:
    """Return how many answers differ by themselves and where that was read, as a part of a sentence."""
    share = formatting.percent(noise.flip)
    if noise.source == OWN_CHANGES:
        where = f"{share} of answers differ between the sides of build {noise.build}, its real changes among them"
    else:
        build = f" in build {noise.build}" if noise.build else ""
        where = f"{share} of answers differ between two equal runs, by {noise.source}{build}"
    if not noise.binary:
        where = f"scores vary as if {where}"
    return where


def spread_told(spread: Spread) -> str:
    """Return the same of what one answer takes."""
    share = formatting.percent(math.expm1(spread.log))
    if spread.source:
        return f"one answer differs by {share} between two equal runs, by {spread.source}"
    return f"one answer differs by {share} between the sides of build {spread.build}"


def plan_change(page: Page, of: ChangePlan, *, clustered: bool, gain: float | None) -> None:
    """Write what one rule could show. `gain` is an improvement that was asked for."""
    lead = Part(text=f"{of.name}, {_rule(of)}:", tone=Tone.STRONG)
    if of.obstacle is not None:
        page.prose(f"nothing can be said of it: {of.obstacle}.", lead=lead, indent=2, hanging=4)
    elif of.noise is not None:
        told = spread_told(of.noise) if isinstance(of.noise, Spread) else noise_told(of.noise)
        page.prose(f"{_known(of, of.outlooks[0])} ({told}).", lead=lead, indent=2, hanging=4)
        if (more := _takes(of, of.outlooks[0], gain)) is not None:
            page.prose(more, indent=4)
    else:
        _unknown(page, of, lead, clustered=clustered, gain=gain)


def _rule(of: ChangePlan) -> str:
    size = _size(of, of.asked)
    if of.rule != IMPROVES:
        return f"equivalent within {size}"
    if not of.asked:
        return "falls" if of.of_resource else "improves"
    return f"{'falls' if of.of_resource else 'improves'} by more than {size}"


def _known(of: ChangePlan, outlook: ChangeOutlook) -> str:
    if of.rule != IMPROVES:
        return f"an unchanged candidate passes {times_in_100(outlook.chance or 0.0)}"
    if outlook.shown is None:
        return "no change passes 8 times in 10: there are too few examples"
    what = "a fall" if of.of_resource else "an improvement"
    return f"{what} of {_size(of, outlook.shown)} or more passes 8 times in 10"


def _takes(of: ChangePlan, outlook: ChangeOutlook, gain: float | None) -> str | None:
    """Return how many examples it would take, where that is known and there are too few."""
    if of.rule != IMPROVES:
        if outlook.chance is not None and outlook.chance >= POWER:
            return None
        wanted = "To pass it 8 times in 10"
    elif gain is None or of.of_resource or (outlook.shown is not None and outlook.shown <= gain):
        return None
    else:
        wanted = f"To pass 8 times in 10 on an improvement of {_size(of, gain)}"
    if outlook.examples is None:
        return f"{wanted}: no number of examples does it."
    return f"{wanted}: about {outlook.examples:,} examples."


def _unknown(page: Page, of: ChangePlan, lead: Part, *, clustered: bool, gain: float | None) -> None:
    """Write what each usual noise would mean."""
    unit = "by how far one answer differs" if of.of_resource else "by how many answers differ"
    apart = " and as if the examples of a cluster had nothing in common" if clustered else ""
    what = "the change that passes 8 times in 10" if of.rule == IMPROVES else "how often an unchanged candidate passes"
    page.prose(
        f"no complete build has compared it yet, so {what} is shown {unit} between two equal runs{apart}.",
        lead=lead,
        indent=2,
        hanging=4,
    )
    heads = ["differ by" if of.of_resource else "differ", *_heads(of, gain)]
    columns = [Column(head=head, right=True) for head in heads]
    rows = [[Part(text=text) for text in _cells(of, each, gain)] for each in of.outlooks]
    if not page.table(columns, rows, cut=False, indent=4):
        for row in rows:
            named = zip(columns, row, strict=True)
            page.prose("; ".join(f"{column.head}: {part.text}" for column, part in named), indent=4, hanging=6)


def _heads(of: ChangePlan, gain: float | None) -> Iterator[str]:
    if of.rule != IMPROVES:
        yield from ("unchanged passes", "examples for 8 in 10")
        return
    yield "passes from"
    if gain is not None and not of.of_resource:
        yield f"examples for {_size(of, gain)}"


def _cells(of: ChangePlan, outlook: ChangeOutlook, gain: float | None) -> Iterator[str]:
    yield formatting.percent(outlook.noise)
    if of.rule != IMPROVES:
        yield times_in_100(outlook.chance or 0.0)
        yield _number(outlook)
        return
    yield "nothing" if outlook.shown is None else _size(of, outlook.shown)
    if gain is not None and not of.of_resource:
        yield _number(outlook)


def _number(outlook: ChangeOutlook) -> str:
    return "no number" if outlook.examples is None else f"{outlook.examples:,}"


def _size(of: ChangePlan, share: float) -> str:
    return formatting.percent(share) if of.of_resource else formatting.points(share, signed=False)
