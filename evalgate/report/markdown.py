"""The result as Markdown for GitHub (job summary, later the comment), by a template that cannot forget to escape.

Too long a text is never cut: it is rendered again with less in it, down to the verdict alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from evalgate.decision.results import CheckDecision, Comparison, SuiteDecision
from evalgate.errors import EvalgateError
from evalgate.records import Evaluation, Json, Verdict
from evalgate.report import escaping, formatting, gate_words, sentences, spread
from evalgate.report.answers import answer, one_line, pretty
from evalgate.report.model import BuildReport, ExampleView, SideView, SuiteReport
from evalgate.report.rows import Row, flip_words, listed_first, slice_name, suite_rows, went
from evalgate.report.spending import spending_line
from evalgate.report.templates import escaping_environment

if TYPE_CHECKING:
    from markupsafe import Markup

SUMMARY_LIMIT: Final = 1024 * 1024
"""Bytes that GitHub takes for the summary of one step."""

_MARKS: Final = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔", Verdict.UNMEASURABLE: "⚠️"}
_EXAMPLES: Final = 30  # of one check and one direction
_TEXT: Final = 3_000  # characters of one answer
_LINES: Final = 200
_EDITS: Final = 50
_SHORT: Final = 300  # characters that still read well as one line


class Detail(IntEnum):
    """How much a text holds; each step down leaves something out."""

    VERDICT = 0
    TABLES = 1
    REGRESSED = 2
    EVERYTHING = 3


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One suite, as the template shows it."""

    name: str
    mark: str
    verdict: str
    line: str
    reason: str | None
    rows: tuple[Row, ...]
    reasons: tuple[sentences.Reason, ...]
    errors: tuple[str, ...]
    spent: str | None
    folds: tuple[Fold, ...]
    others: str
    """In how many checks examples changed too, in words."""
    other_folds: tuple[Fold, ...]
    caught: str | None
    amounts: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    links: tuple[Markup, ...]
    quarantine: tuple[str, ...]
    numbers: tuple[Numbers, ...]
    spreads: tuple[spread.Table, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """What people who know statistics look for, of one check or slice."""

    name: str
    pairs: str
    """`80`, or `80 in 12 clusters`."""
    worse: int
    better: int
    change: str
    interval: str
    p: str
    p_adjusted: str
    detectable: str
    q: bool
    """Whether a q-value stands for it: it decides nothing."""


def render_summary(report: BuildReport, *, limit: int = SUMMARY_LIMIT) -> str:
    """Return Markdown of at most `limit` bytes, with as much in it as fits."""
    text = ""
    for detail in sorted(Detail, reverse=True):
        text = render_markdown(report, detail=detail)
        if len(text.encode()) <= limit:
            break
    return text


def render_error(error: EvalgateError) -> str:
    """Return the summary of a run that ended before there was a verdict: it must not look like no run at all."""
    where = f"{escaping.code_for_markdown(str(error.location))}: " if error.location else ""
    lines = [escaping.sentence_for_markdown(line) for line in error.message.splitlines()[:_LINES] if line.strip()]
    following = (
        f"\n\n<strong>Next:</strong> {escaping.sentence_for_markdown(error.next_step)}" if error.next_step else ""
    )
    return f"## ⚠️ NO VERDICT: this run ended with exit {error.exit_code}.\n\n{where}{'<br>'.join(lines)}{following}\n"


def render_markdown(report: BuildReport, *, detail: Detail, template: str = "summary.md.j2") -> str:
    """Return the report by a template, every expression in it escaped."""
    from markupsafe import Markup

    environment = escaping_environment(escaping.sentence_for_markdown)
    environment.filters["code"] = lambda text: Markup(escaping.code_for_markdown(str(text)))  # noqa: S704 escaped
    environment.filters["whole"] = _whole
    environment.tests["command"] = lambda text: str(text).startswith("evalgate ")
    text = environment.get_template(template).render(
        mark="⚠️" if report.sample else _MARKS[report.decision.verdict],
        verdict=report.verdict_text,
        headline=sentences.headline(report),
        reason=sentences.overall(report) if detail > Detail.VERDICT else report.decision.reason,
        consequence=sentences.consequence(report),
        gate=gate_words.opening(report),
        edits=gate_words.lines(report.gate, _EDITS) if report.gate is not None else [],
        added=gate_words.added(report.gate) if report.gate is not None else [],
        own=gate_words.own_verdict(report),
        sections=[_section(report, suite, shown, detail) for suite, shown in report.each_suite()],
        promise=None if report.sample else report.decision.promise,
        measurement=None if report.sample else report.decision.measurement,
        next_steps=sentences.next_steps(report),
        footer=sentences.build_line(report),
        detail=detail,
        Detail=Detail,
    )
    return text.rstrip() + "\n"


def _whole(text: object) -> Markup:
    """Return a cell that is not broken into lines where the page is narrow."""
    from markupsafe import Markup

    return Markup(escaping.sentence_for_markdown(str(text)).replace(" ", "&nbsp;"))  # noqa: S704 escaped


def _section(report: BuildReport, suite: SuiteDecision, shown: SuiteReport, detail: Detail) -> Section:
    reason, reasons = sentences.unsaid(report, suite)
    first, others = listed_first(suite)
    return Section(
        name=suite.name,
        mark="" if report.sample else _MARKS[suite.verdict],
        verdict=report.verdict_text if report.sample else suite.verdict.value,
        line=sentences.suite_line(suite, shown),
        reason=reason,
        rows=tuple(suite_rows(suite, shown, sample=report.sample)),
        reasons=tuple(reasons),
        errors=tuple(sentences.error_sentence(tally) for tally in shown.errors),
        folds=tuple(_folds(first, shown, detail)),
        others=formatting.count(len(others), "other check"),
        other_folds=tuple(_folds(others, shown, detail)),
        spent=spending_line(shown),
        caught=None if report.sample else sentences.could_catch(suite),
        amounts=tuple(sentences.amounts(suite, shown)),
        warnings=suite.warnings,
        notes=(*shown.notes, *((shown.phoenix.lacking,) if shown.phoenix and shown.phoenix.lacking else ())),
        links=tuple(_links(shown)),
        quarantine=tuple(sentences.quarantine(suite, shown, most=_EXAMPLES)),
        numbers=() if report.sample else tuple(_numbers(suite)),
        spreads=tuple(spread.tables(suite, shown)) if detail > Detail.TABLES else (),
    )


def _folds(checks: Sequence[CheckDecision], shown: SuiteReport, detail: Detail) -> Iterator[Fold]:
    for check in checks:
        named = {flip.example_id for flip in check.regressed}
        failing = [name for rule in check.rules for name in rule.example_ids if name not in named]
        unit = shown.units.get(check.name)
        changed = [(flip.example_id, " → ".join(flip_words(flip, check, unit))) for flip in check.regressed]
        if detail >= Detail.REGRESSED:
            yield from _fold(f"{went('worse', check)} in", check, changed, shown)
            yield from _fold("failing in", check, [(name, "fails") for name in dict.fromkeys(failing)], shown)
        if detail >= Detail.EVERYTHING:
            better = [(flip.example_id, " → ".join(flip_words(flip, check, unit))) for flip in check.improved]
            yield from _fold("better in", check, better, shown)


def _fold(how: str, check: CheckDecision, changed: list[tuple[str, str]], shown: SuiteReport) -> Iterator[Fold]:
    if not changed:
        return
    first = [(shown.examples[name], change) for name, change in changed[:_EXAMPLES] if name in shown.examples]
    yield Fold(
        title=f"{formatting.count(len(changed), 'example')} {how} {check.name}",
        readings=tuple(_reading(view, change) for view, change in first),
        more=len(changed) - len(first),
    )


def _reading(view: ExampleView, change: str) -> Reading:
    named = [(f"input.{key}", value) for key, value in view.example.input.items()]
    named += [(f"expected.{key}", value) for key, value in (view.example.output or {}).items()]
    short = [(name, one_line(value)) for name, value in named if _is_short(value)]
    return Reading(
        id=view.example.id,
        change=change,
        facts=tuple(short),
        blocks=tuple((name, _block(pretty(value), language="")) for name, value in named if not _is_short(value)),
        diff=_block("\n".join(_diff(view.baseline, view.candidate)), language="diff"),
        said=tuple(_said(view)),
        links=tuple(_links_of(view)),
    )


def _links(shown: SuiteReport) -> Iterator[Markup]:
    """Yield links to the suite's pages in Phoenix."""
    if shown.phoenix is None:
        return
    if shown.phoenix.compare:
        yield _link("Compare in Phoenix", shown.phoenix.compare)
    yield from (_link(f"the {side.value}'s experiment", to) for side, to in shown.phoenix.experiments.items())


def _links_of(view: ExampleView) -> Iterator[Markup]:
    baseline = view.baseline.trace if view.baseline is not None else None
    named = (
        ("example in Phoenix", view.link),
        ("baseline's trace", baseline),
        ("candidate's trace", view.candidate.trace),
    )
    yield from (_link(text, address) for text, address in named if address)


def _link(text: str, address: str) -> Markup:
    from markupsafe import Markup

    return Markup(escaping.link_for_markdown(text, address))  # noqa: S704 escaped


def _is_short(value: Json) -> bool:
    text = one_line(value)
    return len(text) <= _SHORT and "\n" not in text


def _block(text: str, *, language: str) -> Markup:
    from markupsafe import Markup

    return Markup(escaping.block_for_markdown(escaping.shortened(text, _TEXT * 2), language=language))  # noqa: S704


def _diff(baseline: SideView | None, candidate: SideView) -> Iterator[str]:
    """Yield the lines of both answers, marked `-` and `+` where they differ."""
    before, after = (
        escaping.lines_for_terminal(escaping.shortened(answer(side, lines=True), _TEXT), count=_LINES)
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


def _said(view: ExampleView) -> Iterator[str]:
    for name, side in (("baseline", view.baseline), ("candidate", view.candidate)):
        for evaluation in side.evaluations if side else ():
            text = _explanation(evaluation)
            if text:
                yield f"{evaluation.name} of the {name}: {escaping.shortened(text, _TEXT)}"


def _explanation(evaluation: Evaluation) -> str | None:
    if evaluation.failure is not None:
        return f"no score, {evaluation.failure.type}: {evaluation.failure.message}"
    return evaluation.explanation


def _numbers(suite: SuiteDecision) -> Iterator[Numbers]:
    for check in suite.checks:
        if check.comparison is not None:
            yield _line(check, check.name, check.comparison)
        for part in check.slices:
            if part.comparison is not None:
                named = f"{check.name}, {slice_name(part)} ({part.examples:,})"
                yield replace(_line(check, named, part.comparison), detectable=formatting.UNKNOWN)


def _pairs(of: Comparison) -> str:
    return f"{of.pairs:,}" + (f" in {formatting.count(of.clusters, 'cluster')}" if of.clusters is not None else "")


def _line(check: CheckDecision, name: str, comparison: Comparison) -> Numbers:
    interval, ratio = comparison.interval, check.ratio
    change, between = formatting.points(comparison.delta), formatting.point_range
    caught = None if check.detectable is None else formatting.points(check.detectable, signed=False)
    if ratio is not None:
        change, between = formatting.relative_change(comparison.delta), formatting.relative_range
        caught = None if ratio.caught is None else formatting.rise(ratio.caught)
    level = f" ({formatting.percent(interval.level)}, {interval.method})" if interval else ""
    p, p_adjusted, q = (
        formatting.UNKNOWN if p is None else formatting.chance(p)
        for p in (comparison.p, comparison.p_adjusted, comparison.q)
    )
    return Numbers(
        name=name,
        pairs=_pairs(comparison),
        worse=comparison.worse,
        better=comparison.better,
        change=change,
        interval=f"{between(interval)}{level}" if interval else formatting.UNKNOWN,
        p=p,
        p_adjusted=p_adjusted if comparison.q is None else f"q {q}",
        detectable=caught or formatting.UNKNOWN,
        q=comparison.q is not None,
    )
