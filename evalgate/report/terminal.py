"""The result of a build on a terminal: what to do, then why, then where to look."""

from __future__ import annotations

import shlex

from evalgate.decision.results import CheckDecision, SuiteDecision
from evalgate.records import Verdict
from evalgate.report import gate_words, sentences, spread
from evalgate.report.answers import answer, around_difference
from evalgate.report.console import Console, Tone, cells, fitted
from evalgate.report.escaping import for_terminal
from evalgate.report.formatting import count
from evalgate.report.model import BuildReport, ExampleView, SuiteReport
from evalgate.report.next_steps import next_steps
from evalgate.report.page import GAP, Column, Page, Part
from evalgate.report.reasons import Reason, unsaid
from evalgate.report.rows import Row, flip_words, in_failing_slice, listed_first, suite_rows, went
from evalgate.report.spending import spending_line

TONES = {
    Verdict.PASS: Tone.GOOD,
    Verdict.FAIL: Tone.BAD,
    Verdict.INCONCLUSIVE: Tone.UNSURE,
    Verdict.UNMEASURABLE: Tone.UNSURE,
}
_EXAMPLES_SHOWN = 5
_CHECKS_NAMED = 6
_ERRORS_SHOWN = 5
_EDITS_SHOWN = 20
_ARROW = " → "
_NARROW = 14  # fewer columns of an answer than this say nothing


def render_terminal(report: BuildReport, console: Console) -> str:
    """Return the whole result as text for `console`; harmless whatever the answers say."""
    page = Page(console=console)
    _headline(page, report)
    for suite, shown in report.each_suite():
        page.blank()
        _suite(page, report, suite, shown)
    page.blank()
    if not report.sample:
        page.prose(report.decision.promise, tone=Tone.QUIET)
        if report.decision.measurement:
            page.prose(report.decision.measurement)
    page.prose(sentences.build_line(report), tone=Tone.QUIET)
    page.blank()
    for step in next_steps(report):
        page.prose(step, lead=Part(text="next:", tone=Tone.STRONG), hanging=6)
    return page.text()


def _headline(page: Page, report: BuildReport) -> None:
    tone = Tone.UNSURE if report.sample else TONES[report.decision.verdict]
    page.prose(sentences.headline(report), lead=Part(text=f"{report.verdict_text}:", tone=tone))
    if reason := sentences.overall(report):
        page.prose(reason)
    following = sentences.consequence(report)
    if following:
        page.prose(following)
    _gate(page, report)


def _gate(page: Page, report: BuildReport) -> None:
    """Say what the change edits of what decides about it."""
    opening = gate_words.opening(report)
    if opening is None or report.gate is None:
        return
    page.blank()
    page.prose(opening, tone=Tone.STRONG)
    for line in gate_words.lines(report.gate, _EDITS_SHOWN):
        page.prose(line, indent=2, hanging=4)
    for line in gate_words.added(report.gate):
        page.prose(line)
    if own := gate_words.own_verdict(report):
        page.prose(own)


def _suite(page: Page, report: BuildReport, suite: SuiteDecision, shown: SuiteReport) -> None:
    verdict: list[Part | str] = (
        [] if report.sample else [GAP, Part(text=suite.verdict.value, tone=TONES[suite.verdict])]
    )
    page.line(Part(text=suite.name, tone=Tone.STRONG), *verdict)
    page.prose(sentences.suite_line(suite, shown), indent=2, tone=Tone.QUIET)
    for note in _notes(shown):
        page.prose(note, indent=2, hanging=4)
    reason, reasons = unsaid(report, suite)
    if reason:
        page.prose(reason, indent=2)
    rows = list(suite_rows(suite, shown, sample=report.sample))
    if rows:
        _table(page, rows)
    for line in _set_off(page, sentences.amounts(suite, shown)):
        page.prose(line, indent=2, hanging=4, tone=Tone.QUIET)
    _reasons(page, reasons)
    _spread(page, suite, shown)
    first, others = listed_first(suite)
    for check in first:
        _flips(page, check, shown)
    _other_flips(page, others)
    for line in _set_off(page, sentences.quarantine(suite, shown, most=_EXAMPLES_SHOWN)):
        page.prose(line, indent=2, hanging=4)
    _errors(page, shown)
    if spent := spending_line(shown):
        page.blank()
        page.prose(spent, indent=2, tone=Tone.QUIET)
    caught = sentences.could_catch(suite)
    if caught and not report.sample:
        page.blank()
        page.prose(caught, indent=2)
    _where(page, shown)
    for warning in suite.warnings:
        page.blank()
        page.prose(warning, indent=2, hanging=4, lead=Part(text="warning:", tone=Tone.UNSURE))


def _notes(shown: SuiteReport) -> tuple[str, ...]:
    """Return what there is to know of a suite beside its numbers."""
    lacking = shown.phoenix.lacking if shown.phoenix is not None else None
    return (*shown.notes, lacking) if lacking is not None else shown.notes


def _where(page: Page, shown: SuiteReport) -> None:
    """Say where the suite is in Phoenix."""
    if shown.phoenix is not None and shown.phoenix.compare is not None:
        page.blank()
        page.whole(f"in Phoenix: {shown.phoenix.compare}", indent=2, tone=Tone.QUIET)


def _set_off(page: Page, lines: list[str]) -> list[str]:
    """Leave a line free before there are any."""
    if lines:
        page.blank()
    return lines


def _reasons(page: Page, reasons: list[Reason]) -> None:
    if reasons:
        page.blank()
    for reason in reasons:
        tone = TONES[reason.verdict] if reason.verdict else None
        page.prose(reason.text, indent=2, hanging=4, lead=Part(text=f"{reason.about}:", tone=tone))


def _spread(page: Page, suite: SuiteDecision, shown: SuiteReport) -> None:
    """Say of each check with more to it than its mean how its answers are spread."""
    for place, (check, text) in enumerate(spread.sentences(suite, shown)):
        if not place:
            page.blank()
        page.prose(text, indent=2, hanging=4, lead=Part(text=f"{check}"))


def _table(page: Page, rows: list[Row]) -> None:
    """Write the widest form that fits: whole, with less said, with names cut, or each check on lines of its own."""
    points = "points or %" if any("%" in row.change for row in rows) else "points"
    for brief, explained, cut in ((False, True, False), (True, True, False), (True, False, False), (True, False, True)):
        columns = [
            Column(head="check"),
            Column(head="baseline", right=True),
            Column(head="candidate", right=True),
            Column(head=points if brief else "change", right=True),
            Column(head="could be" if brief else "could really be", right=True),
            Column(head="verdict"),
        ]
        if page.table(columns, [_cells(row, brief=brief, explained=explained) for row in rows], cut=cut):
            return
    for row in rows:
        name, *numbers, verdict = _cells(row, brief=False, explained=True)
        page.line(name, GAP, verdict, indent=2)
        baseline, candidate, change, between = (part.text for part in numbers)
        means = f"{baseline} → {candidate}, " if baseline or candidate else ""
        page.prose(f"{means}{change}, could really be {between}", indent=6)


def _cells(row: Row, *, brief: bool, explained: bool) -> list[Part]:
    tone = TONES[row.verdict] if row.verdict else Tone.QUIET
    word = row.verdict_text if explained or row.verdict is None else row.verdict.value
    change = row.change.removesuffix(" points").removesuffix(" point").partition(", ")[0] if brief else row.change
    return [
        Part(text=row.name if not row.slice else f"  {row.name}"),
        *(Part(text=text) for text in (row.baseline, row.candidate, change, row.between)),
        Part(text=word, tone=tone),
    ]


def _other_flips(page: Page, rest: list[CheckDecision]) -> None:
    """Say how many changed in the checks whose examples are not listed."""
    if not rest:
        return
    page.blank()
    told = [f"{check.name} ({_how_many(check)})" for check in rest]
    more = f" and {count(len(told) - _CHECKS_NAMED, 'more check')}" if len(told) > _CHECKS_NAMED else ""
    page.prose(f"Changed too: {', '.join(told[:_CHECKS_NAMED])}{more}.", indent=2, hanging=4)


def _how_many(check: CheckDecision) -> str:
    """Return how many went which way; of what runs take, only rises are listed."""
    risen = f"{len(check.regressed):,} {went('worse', check)}"
    return risen if check.ratio is not None else f"{risen}, {len(check.improved):,} better"


def _flips(page: Page, check: CheckDecision, shown: SuiteReport) -> None:
    """List what changed: the examples that got worse first, and those of a failing slice before others."""
    if check.verdict is not Verdict.FAIL:
        listed = {"worse": check.regressed, "better": check.improved}
    else:
        listed = {"worse": tuple(sorted(check.regressed, key=lambda flip: not in_failing_slice(flip, check, shown)))}
    for word, flips in listed.items():
        if not flips:
            continue
        page.blank()
        more = f", the first {_EXAMPLES_SHOWN}" if len(flips) > _EXAMPLES_SHOWN else ""
        page.prose(f"{count(len(flips), 'example')} {went(word, check)} in {check.name}{more}:", indent=2)
        first = flips[:_EXAMPLES_SHOWN]
        words = [" → ".join(flip_words(flip, check, shown.units.get(check.name))) for flip in first]
        ids = [shlex.quote(flip.example_id) for flip in first]
        for flip, text, name in zip(first, words, ids, strict=True):
            view = shown.examples.get(flip.example_id)
            _flip(page, view, name=name.ljust(max(map(len, ids))), change=text.ljust(max(map(len, words))))
    if check.verdict is Verdict.FAIL and check.improved:
        page.prose(f"{count(len(check.improved), 'example')} better in {check.name}.", indent=2)


def _flip(page: Page, view: ExampleView | None, *, name: str, change: str) -> None:
    """Write one example on one line, or on two where the page is narrow."""
    opening = f"{name}{GAP}{change}{GAP}"
    indent = 4
    room = (page.console.width - indent - cells(opening) - len(_ARROW)) // 2
    if view is None or room < _NARROW:
        page.line(opening, indent=indent)
        opening, indent = "", 6
        room = (page.console.width - indent - len(_ARROW)) // 2
    if view is None:
        return
    before, after = answer(view.baseline), answer(view.candidate)
    if before == after:
        page.line(opening, f"{before} (on both sides)", indent=indent)
        return
    before, after = (fitted(for_terminal(text), room) for text in around_difference(before, after, room))
    page.line(opening, before, _ARROW, after, indent=indent)


def _errors(page: Page, shown: SuiteReport) -> None:
    if shown.errors:
        page.blank()
    for tally in shown.errors[:_ERRORS_SHOWN]:
        page.prose(sentences.error_sentence(tally), indent=2, hanging=4)
    rest = shown.errors[_ERRORS_SHOWN:]
    if rest:
        page.prose(f"{count(sum(tally.count for tally in rest), 'more error')} of {count(len(rest), 'kind')}", indent=2)
