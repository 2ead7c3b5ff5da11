"""One suite as a template shows it: its table, why each check has its verdict, its examples, its figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from evalgate.decision.results import CheckDecision, SuiteDecision
from evalgate.records import Verdict
from evalgate.report import escaping, formatting, sentences, spread
from evalgate.report.markdown.detail import Detail, Rung
from evalgate.report.markdown.examples import Fold, folds
from evalgate.report.markdown.marked import link
from evalgate.report.model import BuildReport, SuiteReport
from evalgate.report.numbers import Numbers, numbers
from evalgate.report.reasons import Reason, unsaid
from evalgate.report.rows import Row, listed_first, suite_rows
from evalgate.report.spending import spending_line

if TYPE_CHECKING:
    from markupsafe import Markup

MARKS: Final = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "🟡", Verdict.UNMEASURABLE: "⚠️"}
_SET_ASIDE: Final = 30  # entries of the quarantine
_SAID: Final = 2_000  # characters of one sentence


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One suite, as the template shows it."""

    name: str
    mark: str
    verdict: str
    passed: bool
    line: str
    reason: str | None
    rows: tuple[Row, ...]
    reasons: tuple[Reason, ...]
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

    @property
    def bare(self) -> bool:
        """Whether there is nothing in it but what it is made of."""
        return not (self.rows or self.reason or self.reasons or self.errors or self.notes or self.warnings)


def section(report: BuildReport, suite: SuiteDecision, shown: SuiteReport, rung: Rung) -> Section:
    """Return what stands under a suite's name, the checks that failed first."""
    suite = replace(suite, checks=tuple(_failing_first(suite.checks)))
    reason, reasons = unsaid(report, suite)
    first, others = listed_first(suite)
    return Section(
        name=suite.name,
        mark="" if report.sample else MARKS[suite.verdict],
        verdict=report.verdict_text if report.sample else suite.verdict.value,
        passed=suite.verdict is Verdict.PASS and not report.sample,
        line=sentences.suite_line(suite, shown),
        reason=reason,
        rows=tuple(suite_rows(suite, shown, sample=report.sample)),
        reasons=tuple(replace(each, text=_bounded(each.text)) for each in reasons),
        errors=tuple(_bounded(sentences.error_sentence(tally)) for tally in shown.errors),
        folds=tuple(folds(first, shown, rung)),
        others=formatting.count(len(others), "other check"),
        other_folds=tuple(folds(others, shown, rung)),
        spent=spending_line(shown),
        caught=None if report.sample else sentences.could_catch(suite),
        amounts=tuple(sentences.amounts(suite, shown)),
        warnings=suite.warnings,
        notes=(*shown.notes, *((shown.phoenix.lacking,) if shown.phoenix and shown.phoenix.lacking else ())),
        links=tuple(phoenix_links(shown)),
        quarantine=tuple(sentences.quarantine(suite, shown, most=_SET_ASIDE)),
        numbers=() if report.sample else tuple(numbers(suite)),
        spreads=tuple(spread.tables(suite, shown)) if rung.detail > Detail.TABLES else (),
    )


def worst_first(report: BuildReport) -> list[tuple[SuiteDecision, SuiteReport]]:
    """Return each suite's decision with what is shown beside it, the worst first, else in the decision's order."""
    return sorted(report.each_suite(), key=lambda each: -each[0].verdict.rank)


def phoenix_links(shown: SuiteReport) -> Iterator[Markup]:
    """Yield links to the suite's pages in Phoenix."""
    if shown.phoenix is None:
        return
    if shown.phoenix.compare:
        yield link("Compare in Phoenix", shown.phoenix.compare)
    yield from (link(f"the {side.value}'s experiment", to) for side, to in shown.phoenix.experiments.items())


def footer(report: BuildReport) -> str:
    """Return where the verdict comes from, the commit as code, which GitHub does not turn into a link."""
    told = sentences.build_line(report)
    commit = (report.build.commit or "")[:12]
    return escaping.shortened(told.replace(commit, f"`{commit}`", 1) if commit else told, _SAID)


def _failing_first(checks: Sequence[CheckDecision]) -> list[CheckDecision]:
    """Sort what decides before what is shown only, and the worst first; else as it is declared."""
    return sorted(checks, key=lambda check: (not check.gating, -check.verdict.rank if check.gating else 0))


def _bounded(text: str) -> str:
    return escaping.shortened(text, _SAID)
