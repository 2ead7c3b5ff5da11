"""A comparison of several on a terminal: who won, what everyone is worth and takes, and each against the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evalgate.decision.contest_results import Claim, ContestResult, Place, Standing, SuiteResult
from evalgate.report import contest_cells as cells
from evalgate.report.console import Console, Tone
from evalgate.report.formatting import count
from evalgate.report.page import GAP, Column, Page, Part

_TONES: Final = {
    Claim.WORSE: Tone.BAD,
    Claim.BETTER: Tone.GOOD,
    Claim.AS_GOOD: Tone.GOOD,
    Claim.UNDECIDED: Tone.UNSURE,
    Claim.UNMEASURABLE: Tone.UNSURE,
}
_FORMS: Final = (
    ((), False),
    (("in all", "tokens"), False),
    (("in all", "tokens", "p95"), False),
    (("in all", "tokens", "p95", "errors"), True),
)
"""What a narrow page leaves out, errors only where there are none, and whether names are cut."""
_TOLD: Final = 6
"""So many claims are explained; a file has all of them."""


def render_contest(result: ContestResult, console: Console) -> str:
    """Return the comparison as text for `console`; harmless whatever names and answers hold."""
    page = Page(console=console)
    for suite in result.suites:
        page.blank()
        _suite(page, result, suite)
    page.blank()
    for left in result.left_out:
        where = f" in {left.suite}" if left.suite else ""
        page.prose(left.reason, lead=Part(text=f"left out{where}: {left.name}:", tone=Tone.UNSURE), hanging=2)
    page.prose(result.promise, tone=Tone.QUIET)
    steps = {suite.name: suite.winner.next_step for suite in result.suites if suite.winner.next_step}
    if steps:
        page.blank()
    for name, step in steps.items():
        about = f"{name}: " if len(result.suites) > 1 else ""
        page.prose(f"{about}{step}", lead=Part(text="next:", tone=Tone.STRONG), hanging=6)
    return page.text()


def _suite(page: Page, result: ContestResult, suite: SuiteResult) -> None:
    tone = Tone.GOOD if suite.winner.name is not None else Tone.UNSURE
    page.line(Part(text=suite.name, tone=Tone.STRONG), GAP, Part(text=cells.headline(suite), tone=tone))
    page.prose(cells.subject(result, suite), indent=2, tone=Tone.QUIET)
    page.prose(suite.winner.reason, indent=2)
    for note in suite.notes:
        page.prose(note, indent=2)
    page.blank()
    _everyone(page, suite)
    page.prose(cells.LEGEND, indent=2, tone=Tone.QUIET)
    if unknown := cells.unknown_costs(suite):
        page.prose(unknown, indent=2, tone=Tone.QUIET)
    page.blank()
    _pairs(page, result, suite)
    explained = cells.explained(suite)
    if explained:
        page.blank()
    for about, why in explained[:_TOLD]:
        page.prose(why, indent=2, hanging=4, lead=Part(text=f"{about}:"))
    if len(explained) > _TOLD:
        more = count(len(explained) - _TOLD, "more claim")
        page.prose(f"{more} in the table: `--markdown FILE` explains all of them.", indent=2)
    for warning in suite.warnings:
        page.blank()
        page.prose(warning, indent=2, hanging=4, lead=Part(text="warning:", tone=Tone.UNSURE))
    page.blank()
    for each in suite.contenders:
        page.prose(each.label, indent=2, hanging=4, lead=Part(text=f"{each.name}:"), tone=Tone.QUIET)


def _everyone(page: Page, suite: SuiteResult) -> None:
    """Write the widest form that fits, the least that is needed last; else each contender on lines of its own."""
    lines = cells.lines(suite)
    columns = {
        "a run": [line.cost for line in lines],
        "in all": [line.total for line in lines],
        "tokens": [line.tokens for line in lines],
        "median": [line.median for line in lines],
        "p95": [line.p95 for line in lines],
        "errors": [line.errors for line in lines],
    }
    erred = any(line.of.taken.errors for line in lines)
    for left_out, cut in _FORMS:
        shown = [name for name in columns if name not in left_out or (name == "errors" and erred)]
        heads = [Column(head="contender"), Column(head=suite.metric)]
        heads += [Column(head=name, right=True) for name in shown]
        heads += [Column(head="for its cost"), Column(head="for its time")]
        rows = [
            [
                Part(text=line.name, tone=Tone.STRONG if line.of.chosen else None),
                Part(text=line.quality),
                *(Part(text=columns[name][number]) for name in shown),
                _placed(line.by_cost, line.of.by_cost),
                _placed(line.by_time, line.of.by_latency),
            ]
            for number, line in enumerate(lines)
        ]
        if page.table(heads, rows, cut=cut):
            return
    for line in lines:
        page.prose(f"{suite.metric} {line.quality}", indent=2, hanging=6, lead=Part(text=f"{line.name}:"))
        page.prose(
            f"{line.cost} a run ({line.by_cost}), {line.total} in all; {line.median} median ({line.by_time}),"
            f" {line.p95} p95; {line.tokens} tokens a run; errors: {line.errors}",
            indent=6,
        )


def _placed(text: str, standing: Standing) -> Part:
    tones = {Place.FRONT: Tone.GOOD, Place.BEHIND: None, Place.PERHAPS: Tone.QUIET, Place.UNKNOWN: Tone.QUIET}
    return Part(text=text, tone=tones[standing.place])


def _pairs(page: Page, result: ContestResult, suite: SuiteResult) -> None:
    """Write each against the chosen one: as a table where that fits, else each on lines of its own."""
    found = [line for pair in suite.pairs for line in cells.pair_lines(suite, pair)]
    for brief, means, cut in ((False, True, False), (True, True, False), (True, False, False), (True, False, True)):
        columns = _pair_columns(result, brief=brief, means=means)
        if page.table(columns, _pair_rows(found, brief=brief, means=means), cut=cut):
            return
    page.line(Part(text=f"against {result.chosen}", tone=Tone.QUIET), indent=2)
    for line in found:
        page.line(f"{line.name} {line.check}", GAP, Part(text=line.said, tone=_TONES[line.of.claim]), indent=2)
        page.prose(f"{line.chosen} → {line.own}, {line.change}, could really be {line.between}", indent=6)


def _pair_columns(result: ContestResult, *, brief: bool, means: bool) -> list[Column]:
    return [
        Column(head=f"against {result.chosen}"),
        Column(head="check"),
        *([Column(head="chosen", right=True), Column(head="it", right=True)] if means else []),
        Column(head="points" if brief else "change", right=True),
        Column(head="could be" if brief else "could really be", right=True),
        Column(head=""),
    ]


def _pair_rows(found: Sequence[cells.PairLine], *, brief: bool, means: bool) -> list[list[Part]]:
    rows, before = [], ""
    for line in found:
        change, between = line.change, line.between.removesuffix(" points")
        if brief:
            change = change.removesuffix(" points").removesuffix(" point")
        texts = ("" if line.name == before else line.name, line.check, *((line.chosen, line.own) if means else ()))
        texts = (*texts, change, between)
        rows.append([*(Part(text=text) for text in texts), Part(text=line.said, tone=_TONES[line.of.claim])])
        before = line.name
    return rows
