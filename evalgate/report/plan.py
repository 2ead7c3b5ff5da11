"""The plan of a run as text: what it takes, and what its comparisons could catch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evalgate.decision.drops import CheckPlan, Outlook
from evalgate.decision.known_noise import Noise
from evalgate.decision.plans import BuildPlan, ModelsPlan, SidePlan, SuitePlan, longest
from evalgate.decision.ratios.planning import RatioPlan, RiseOutlook, Spread
from evalgate.money import dollars
from evalgate.report import formatting
from evalgate.report.console import Console, Tone
from evalgate.report.formatting import count
from evalgate.report.page import Column, Page, Part
from evalgate.report.plan_changes import noise_told, plan_change, spread_told

_UNTIMED: Final = "not known before the first whole run"


def render_plan(plan: BuildPlan, console: Console) -> str:
    """Return the plan as text for `console`; harmless whatever names hold."""
    page = Page(console=console)
    for suite in plan.suites:
        page.blank()
        _suite(page, suite, plan.catch)
    page.blank()
    page.prose(_in_all(plan), lead=Part(text="in all:", tone=Tone.STRONG), hanging=2)
    for line in plan.budget:
        page.prose(line, lead=Part(text="budget:", tone=Tone.STRONG), hanging=2)
    page.prose(plan.promise or "Nothing is compared with a baseline.", tone=Tone.QUIET)
    page.blank()
    page.prose(_next(plan), lead=Part(text="next:", tone=Tone.STRONG), hanging=6)
    return page.text()


def _suite(page: Page, suite: SuitePlan, catch: float | None) -> None:
    page.line(Part(text=suite.name, tone=Tone.STRONG))
    times = f" × {suite.repetitions} repetitions" if suite.repetitions > 1 else ""
    aside = f" ({suite.set_aside:,} in quarantine)" if suite.set_aside else ""
    page.prose(f"{formatting.grouped(suite.examples, suite.clusters)}{aside} of {suite.dataset}{times}", indent=2)
    if not suite.examples:
        page.prose(
            f"A run of it would be UNMEASURABLE: look at its dataset with `{suite.looked_at_by}`.",
            indent=2,
        )
        return
    _taken(page, suite)
    for line in suite.thresholds:
        page.prose(f"{line}.", indent=2, hanging=4)
    for check in suite.checks:
        page.blank()
        _check(page, suite, check, catch)
    for ratio in suite.ratios:
        page.blank()
        _ratio(page, suite, ratio)
    for change in suite.changes:
        page.blank()
        plan_change(page, change, clustered=suite.clusters is not None, gain=catch)


def _taken(page: Page, suite: SuitePlan) -> None:
    """Write what is drawn of a suite, what is scored again, and what models take."""
    for side in suite.sides:
        page.prose(f"{side.side.value}, {side.label}: {count(side.runs, 'run')}, {_took(side)}", indent=2, hanging=4)
    if suite.again:
        named = ", ".join(f"{count(answers, 'answer')} by {name}" for name, answers in suite.again.items())
        page.prose(f"Stored answers of the baseline are scored again: {named}.", indent=2, hanging=4)
    if suite.own:
        named = ", ".join(f"{count(answers, 'answer')} by {name}" for name, answers in suite.own.items())
        page.prose(f"Evaluators that this change edits score too, and decide nothing: {named}.", indent=2, hanging=4)
    if suite.confirmation:
        page.prose(_confirmation(suite), indent=2, hanging=4)
    if suite.models is not None:
        page.prose(_models(suite.models), indent=2, hanging=4)
    if suite.redraws:
        page.prose("Beside these, each example that fails under zero_tolerance is drawn once more.", indent=2)


def _ratio(page: Page, suite: SuitePlan, of: RatioPlan) -> None:
    """Write what rise of cost, tokens or latency would be caught."""
    lead = Part(text=f"{of.name}:", tone=Tone.STRONG)
    if of.spread is not None:
        page.prose(_known_rise(of.outlooks[0], of.spread), lead=lead, indent=2, hanging=4)
    else:
        page.prose(
            "no complete build has compared it yet, so the rise that it catches 8 times in 10 is shown by how far one"
            f" answer differs between two equal runs{_independent(suite)}.",
            lead=lead,
            indent=2,
            hanging=4,
        )
        columns = [Column(head="differ by", right=True), Column(head="catches a rise of", right=True)]
        rows = [[Part(text=formatting.percent(each.spread)), Part(text=_rise_size(each.rise))] for each in of.outlooks]
        page.table(columns, rows, cut=False, indent=4)
    if of.slices:
        tested = "slice of it is" if of.slices == 1 else "slices of it are"
        page.prose(f"{of.slices:,} {tested} tested beside it, where only larger rises are caught.", indent=4)


def _rise_size(share: float | None) -> str:
    return "none" if share is None else formatting.rise(share)


def _known_rise(of: RiseOutlook, spread: Spread) -> str:
    where = spread_told(spread)
    if of.rise is None:
        return f"no rise is caught 8 times in 10: there are too few examples ({where})."
    return f"rises of {formatting.rise(of.rise)} or more are caught 8 times in 10 ({where})."


def _took(side: SidePlan) -> str:
    if side.seconds is None or side.seconds_per_run is None:
        return f"time {_UNTIMED}"
    each = formatting.seconds(side.seconds_per_run)
    return f"about {formatting.seconds(side.seconds)} (a run every {each} in build {side.build})"


def _confirmation(suite: SuitePlan) -> str:
    """Return what comes on top where the first measurement leans worse, and is measured again."""
    runs = sum(side.runs for side in suite.confirmation)
    seconds = longest(suite.confirmation)
    time = f"time {_UNTIMED}" if seconds is None else f"about {formatting.seconds(seconds)}"
    usd = None if suite.confirming is None else suite.confirming.usd
    cost = "" if usd is None else f", models about {dollars(usd)}"
    return f"If it leans worse, a confirmation draws both sides anew: {count(runs, 'more run')}, {time}{cost}."


def _check(page: Page, suite: SuitePlan, check: CheckPlan, catch: float | None) -> None:
    lead = Part(text=f"{check.name}:", tone=Tone.STRONG)
    if check.obstacle is not None:
        page.prose(f"nothing can be said of it: {check.obstacle}.", lead=lead, indent=2, hanging=4)
    elif check.noise is not None:
        page.prose(_known(check.noise, check.outlooks[0]), lead=lead, indent=2, hanging=4)
        if catch is not None:
            page.prose(_to_catch(check, check.outlooks[0], catch), indent=4)
    else:
        _unknown(page, suite, check, catch)
    if check.slices:
        tested = "slice of it is" if check.slices == 1 else "slices of it are"
        page.prose(f"{check.slices:,} {tested} tested beside it, where only larger drops are caught.", indent=4)


def _unknown(page: Page, suite: SuitePlan, check: CheckPlan, catch: float | None) -> None:
    """Write what each flip rate would mean: none is known yet."""
    page.prose(
        "no complete build has compared it yet, so what it catches 8 times in 10 is shown by how many answers differ"
        f" between two equal runs, for a pass/fail score{_independent(suite)}.",
        lead=Part(text=f"{check.name}:", tone=Tone.STRONG),
        indent=2,
        hanging=4,
    )
    columns = [Column(head="differ", right=True), Column(head="catches", right=True)]
    if catch is not None:
        wanted = formatting.points(catch, signed=False)
        columns += [
            Column(head=f"examples for {wanted}", right=True),
            Column(head=f"or repetitions with {check.examples:,}", right=True),
        ]
    rows = [[Part(text=text) for text in _cells(each, suite, catch)] for each in check.outlooks]
    if not page.table(columns, rows, cut=False, indent=4):
        for row in rows:
            named = zip(columns, row, strict=True)
            page.prose("; ".join(f"{column.head}: {part.text}" for column, part in named), indent=4, hanging=6)


def _independent(suite: SuitePlan) -> str:
    return "" if suite.clusters is None else " and as if the examples of a cluster had nothing in common"


def _cells(of: Outlook, suite: SuitePlan, catch: float | None) -> Iterator[str]:
    yield formatting.percent(of.flip)
    yield "nothing" if of.drop is None else formatting.points(of.drop, signed=False)
    if catch is not None:
        yield "no number" if of.examples is None else f"{of.examples:,}"
        yield (
            f"{suite.repetitions:,}" if of.caught else "no number" if of.repetitions is None else f"{of.repetitions:,}"
        )


def _known(noise: Noise, of: Outlook) -> str:
    where = noise_told(noise)
    if of.drop is None:
        return f"no drop is caught 8 times in 10: there are too few examples ({where})."
    return f"drops of {formatting.points(of.drop, signed=False)} or more are caught 8 times in 10 ({where})."


def _to_catch(check: CheckPlan, of: Outlook, catch: float) -> str:
    opening = f"To catch {formatting.points(catch, signed=False)} in {check.name}:"
    if of.caught:
        return f"{opening} the {count(check.examples, 'example')} there are will do."
    there = f"the {count(check.examples, 'example')} there are"
    if of.repetitions is None:
        if of.examples is None:
            return f"{opening} no number of examples and no number of repetitions does it."
        return f"{opening} {of.examples:,} examples; no number of repetitions does it with {there}."
    repeated = f"{there} with `repetitions: {of.repetitions}`"
    return f"{opening} {repeated}." if of.examples is None else f"{opening} {of.examples:,} examples, or {repeated}."


def _in_all(plan: BuildPlan) -> str:
    time = _UNTIMED if plan.seconds is None else f"about {formatting.seconds(plan.seconds)}"
    known = [suite.models for suite in plan.suites if suite.models is not None]
    costs = [each.usd for each in known if each.usd is not None]
    cost = f"; models about {dollars(sum(costs))}" if costs and len(costs) == len(known) else ""
    evaluations = count(plan.evaluations, "evaluation")
    return f"{count(plan.runs, 'run')}, each a call of its task; {evaluations}; time {time}{cost}."


def _models(models: ModelsPlan) -> str:
    cost = "at a price that nobody knows" if models.usd is None else f"for about {dollars(models.usd)}"
    calls, tokens = (count(round(amount), noun) for amount, noun in ((models.calls, "call"), (models.tokens, "token")))
    return f"models: about {calls} and {tokens}, {cost}, as in build {models.build}; what the cache holds is free."


def _next(plan: BuildPlan) -> str:
    asked = plan.catch is not None or not plan.comparisons
    return "`evalgate run`" if asked else "`evalgate run`, or `evalgate plan --catch 5` for what 5 points take"
