"""One suite as the page's template shows it: words and cells of the other reports, with pictures beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from evalgate.decision.results import CheckDecision, Comparison, SliceDecision, SuiteDecision
from evalgate.money import dollars
from evalgate.records import Json, Side, Verdict
from evalgate.report import formatting, sentences, spread
from evalgate.report.answers import answer, pretty, said
from evalgate.report.escaping import shortened
from evalgate.report.html import intervals
from evalgate.report.html.changes import changes, summary
from evalgate.report.html.embedding import address
from evalgate.report.html.explored import ExploredSuite, Margin
from evalgate.report.html.spreads import amounts
from evalgate.report.html.spreads import spread as spread_picture
from evalgate.report.html.tradeoff import SOME_TIME, tradeoff
from evalgate.report.model import BuildReport, ExampleView, SuiteReport
from evalgate.report.numbers import Numbers, numbers
from evalgate.report.reasons import Reason, unsaid
from evalgate.report.rows import Row, flip_words, listed_first, slice_row, suite_rows, went
from evalgate.report.spending import spending_line

_READINGS: Final = 20
"""Examples of one check and one direction that are there without a program."""
_TEXT: Final = 4_000
_SETTINGS: Final = 40_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One row of a table of checks or slices, with its picture; `slice` is its path and value."""

    row: Row
    check: int
    picture: Markup | None
    slice: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One picture and what it shows. `folded` ones are shown when they are asked for."""

    title: str
    told: str
    picture: Markup
    folded: bool = False
    keyed: bool = False
    """Whether both sides are in it, each in its colour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One example as it is read without a program: `fields` has (name, text), `said` (evaluator, side, text)."""

    id: str
    change: str
    fields: tuple[tuple[str, str], ...]
    baseline: str | None
    candidate: str
    said: tuple[tuple[str, str, str], ...]
    link: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """Examples of one check that went one way. `more` counts those left out."""

    title: str
    readings: tuple[Reading, ...]
    more: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One suite. `number` is its place in the report, by which the page's program finds its data."""

    number: int
    name: str
    verdict: str
    kind: str
    line: str
    reason: str | None
    lines: tuple[Line, ...]
    reasons: tuple[Reason, ...]
    errors: tuple[str, ...]
    spent: str | None
    caught: str | None
    amounts: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    quarantine: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    figures: tuple[Figure, ...]
    slices: tuple[Line, ...]
    numbers: tuple[Numbers, ...]
    spreads: tuple[spread.Table, ...]
    folds: tuple[Fold, ...]
    examples: int
    settings: str
    fingerprints: tuple[tuple[str, str], ...]
    differs: tuple[str, ...]


def section(
    report: BuildReport, suite: SuiteDecision, shown: SuiteReport, explored: ExploredSuite, number: int
) -> Section:
    """Return one suite. A sample has no verdicts, so none of its rows, slices or numbers say one."""
    reason, reasons = unsaid(report, suite)
    first, others = listed_first(suite)
    settings = json.dumps(explored.settings, indent=2, ensure_ascii=False, default=str)
    return Section(
        number=number,
        name=suite.name,
        verdict=report.verdict_text if report.sample else suite.verdict.value,
        kind="none" if report.sample else suite.verdict.value.lower(),
        line=sentences.suite_line(suite, shown),
        reason=reason,
        lines=tuple(_lines(suite, shown, explored, sample=report.sample)),
        reasons=tuple(reasons),
        errors=tuple(sentences.error_sentence(tally) for tally in shown.errors),
        spent=spending_line(shown),
        caught=None if report.sample else sentences.could_catch(suite),
        amounts=tuple(sentences.amounts(suite, shown)),
        warnings=suite.warnings,
        notes=(*shown.notes, *((shown.phoenix.lacking,) if shown.phoenix and shown.phoenix.lacking else ())),
        quarantine=tuple(sentences.quarantine(suite, shown)),
        links=tuple(_links(shown)),
        figures=tuple(_figures(suite, explored, number)),
        slices=() if report.sample else tuple(_slices(suite, explored)),
        numbers=() if report.sample else tuple(numbers(suite)),
        spreads=tuple(spread.tables(suite, shown)),
        folds=tuple(_folds([*first, *others], shown)),
        examples=len(explored.each.example_ids),
        settings=shortened(settings, _SETTINGS),
        fingerprints=explored.fingerprints,
        differs=explored.differs,
    )


def _lines(suite: SuiteDecision, shown: SuiteReport, explored: ExploredSuite, *, sample: bool) -> Iterator[Line]:
    checks = {check.name: (place, check) for place, check in enumerate(suite.checks)}
    drawn = _Drawn(suite, explored)
    for row in suite_rows(suite, shown, sample=sample):
        place, check = checks[row.check]
        if not row.slice:
            yield Line(row=row, check=place, picture=drawn.of_check(check, row))
            continue
        part = next(part for part in check.slices if slice_row(check, part) == row)
        yield drawn.line(check, part, place)


def _slices(suite: SuiteDecision, explored: ExploredSuite) -> Iterator[Line]:
    """Yield every slice of every check, not those alone that count against it."""
    drawn = _Drawn(suite, explored)
    for place, check in enumerate(suite.checks):
        for part in check.slices:
            yield drawn.line(check, part, place)


class _Drawn:
    """The pictures of one suite's comparisons, on one scale for each kind of check."""

    def __init__(self, suite: SuiteDecision, explored: ExploredSuite) -> None:
        self._margins = explored.margins
        self._spans = {ratio: intervals.span(suite, explored.margins.items(), ratio=ratio) for ratio in (False, True)}

    def of_check(self, check: CheckDecision, row: Row) -> Markup | None:
        """Return the picture of all examples, coloured by what was found of them: a slice may be why it failed."""
        overall = next((rule.overall for rule in check.rules if rule.overall is not None), None)
        return self._picture(check, check.comparison, None if row.verdict is None else overall or row.verdict)

    def line(self, check: CheckDecision, part: SliceDecision, place: int) -> Line:
        row = slice_row(check, part)
        picture = self._picture(check, part.comparison, row.verdict)
        return Line(row=row, check=place, picture=picture, slice=(part.path, part.value))

    def _picture(self, check: CheckDecision, comparison: Comparison | None, verdict: Verdict | None) -> Markup | None:
        if comparison is None:
            return None
        margin = self._margins.get(check.name, Margin())
        return intervals.drawn(check, comparison, verdict, margin, self._spans[check.ratio is not None])


def _figures(suite: SuiteDecision, explored: ExploredSuite, number: int) -> Iterator[Figure]:
    scores = {each.name: each for each in explored.each.scores}
    first = {check.name for check in listed_first(suite)[0]}
    for place, check in enumerate(suite.checks):
        each = scores.get(check.name)
        if each is None:
            continue
        folded = check.name not in first
        changed = changes(each.delta, check.name, suite=number, check=place)
        if changed is not None:
            yield Figure(title=f"{check.name}: every example", told=summary(each.delta), picture=changed, folded=folded)
        drawn = spread_picture(check, each.candidate, each.baseline)
        if drawn is not None:
            yield Figure(title=f"{check.name}: scores", told="", picture=drawn, folded=folded, keyed=True)
    against = tradeoff(suite, explored)
    if against is not None:
        told = "from the baseline (hollow) to the candidate (filled); up is better"
        yield Figure(title=f"Quality and {against[0]}", told=told, picture=against[1])
    yield from _took(explored)


def _took(explored: ExploredSuite) -> Iterator[Figure]:
    sides = [explored.took.get(side) for side in (Side.CANDIDATE, Side.BASELINE)]
    kinds = (
        ("Latency", formatting.seconds, SOME_TIME, [() if side is None else side.seconds for side in sides]),
        ("Cost", dollars, 0.0, [() if side is None else side.dollars for side in sides]),
    )
    for title, written, least, (candidate, baseline) in kinds:
        drawn = amounts(title, candidate, baseline, written, least=least)
        if drawn is not None:
            yield Figure(title=title, told="of one answer", picture=drawn, folded=title == "Latency", keyed=True)


def _links(shown: SuiteReport) -> Iterator[tuple[str, str]]:
    """Yield (words, address) of the suite's pages in Phoenix."""
    if shown.phoenix is None:
        return
    pages = [("Compare in Phoenix", shown.phoenix.compare)]
    pages += [(f"the {side.value}'s experiment", to) for side, to in shown.phoenix.experiments.items()]
    for words, to in pages:
        if link := address(to):
            yield words, link


def _folds(checks: Sequence[CheckDecision], shown: SuiteReport) -> Iterator[Fold]:
    for check in checks:
        named = {flip.example_id for flip in check.regressed}
        unit = shown.units.get(check.name)
        worse = [(flip.example_id, " → ".join(flip_words(flip, check, unit))) for flip in check.regressed[:_READINGS]]
        failing = dict.fromkeys(name for rule in check.rules for name in rule.example_ids if name not in named)
        yield from _fold(f"{went('worse', check)} in {check.name}", len(check.regressed), worse, shown)
        fails = [(name, "fails") for name in failing]
        yield from _fold(f"failing in {check.name}", len(fails), fails[:_READINGS], shown)


def _fold(how: str, number: int, changed: list[tuple[str, str]], shown: SuiteReport) -> Iterator[Fold]:
    readings = [_reading(shown.examples[name], change) for name, change in changed if name in shown.examples]
    if number:
        title = f"{formatting.count(number, 'example')} {how}"
        yield Fold(title=title, readings=tuple(readings), more=number - len(readings))


def _reading(view: ExampleView, change: str) -> Reading:
    named = [(f"input.{key}", value) for key, value in view.example.input.items()]
    named += [(f"expected.{key}", value) for key, value in (view.example.output or {}).items()]
    return Reading(
        id=view.example.id,
        change=change,
        fields=tuple((name, _short(value)) for name, value in named),
        baseline=None if view.baseline is None else shortened(answer(view.baseline, lines=True), _TEXT),
        candidate=shortened(answer(view.candidate, lines=True), _TEXT),
        said=tuple((name, side, shortened(text, _TEXT)) for name, side, text in said(view)),
        link=address(view.link),
    )


def _short(value: Json) -> str:
    return shortened(pretty(value), _TEXT)
