"""The first screen of a comment: may I merge, what got worse, why, could it be noise, what did it cost."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from evalgate.decision import words
from evalgate.decision.number_words import some
from evalgate.decision.results import CheckDecision, SuiteDecision
from evalgate.records import Verdict
from evalgate.report import escaping, formatting, gate_words, sentences
from evalgate.report.markdown.marked import block
from evalgate.report.markdown.sections import MARKS, Section, worst_first
from evalgate.report.markdown.worst import Worst, worst_example
from evalgate.report.model import BuildReport, SuiteReport
from evalgate.report.next_steps import accept_command, next_steps
from evalgate.report.rows import suite_rows
from evalgate.report.spending import more_examples, total_line
from evalgate.suite.checks import Unmeasurable

if TYPE_CHECKING:
    from markupsafe import Markup

_POINTS: Final = 2  # checks that are said why at once
_ERRORS: Final = 2
_REASON: Final = 600  # characters
_PLAIN_ID: Final = re.compile(r"(?!(?:and|or|not)$)[\w.:/@+-]{1,80}", re.ASCII | re.IGNORECASE)
_AGAIN: Final = "run this job again: what was answered is not asked for again, and not paid for"
_SAID_BELOW: Final = ("evalgate show", "evalgate accept", "To decide", "to decide")
"""What is among the commands of a FAIL, and what others than those that failed would take to be decided."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One check that is not PASS: its name, what became of its mean, why."""

    name: str
    means: str
    text: str
    noise: str | None
    """How likely chance alone is to do this, where somebody can say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteLine:
    """One suite of several."""

    name: str
    mark: str
    verdict: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """What is read before anything is unfolded. Texts are not escaped."""

    mark: str
    verdict: str
    headline: str
    openings: tuple[str, ...]
    suites: tuple[SuiteLine, ...]
    points: tuple[Point, ...]
    more: str | None
    """What else is not PASS, in words."""
    errors: tuple[str, ...]
    worst: Worst | None
    steps: tuple[str, ...]
    cost: str
    commands: Markup | None


def lead(report: BuildReport) -> Lead:
    """Return the first screen of a verdict."""
    verdict = report.decision.verdict
    found = [(suite, shown, check) for suite, shown, check in _not_passed(report) if check.verdict is verdict]
    return Lead(
        mark=MARKS[verdict],
        verdict=report.verdict_text,
        headline=_short(sentences.headline(report)),
        openings=tuple(_openings(report)),
        suites=tuple(_suite_line(suite) for suite, _ in worst_first(report)) if len(report.suites) > 1 else (),
        points=tuple(_point(*each, alone=len(report.suites) == 1) for each in found[:_POINTS]),
        more=formatting.count(len(found) - _POINTS, "more check") if len(found) > _POINTS else None,
        errors=tuple(_errors(report)) if verdict is Verdict.UNMEASURABLE else (),
        worst=worst_example([(shown, check) for _, shown, check in found]) if verdict is Verdict.FAIL else None,
        steps=tuple(_steps(report)),
        cost=total_line(report.suites, report.build.seconds),
        commands=_commands(report, found) if verdict is Verdict.FAIL else None,
    )


def unsaid(of: Section, first: Lead) -> Section:
    """Return a section without what the first screen says of it."""
    said = [" ".join(filter(None, (point.text, point.noise))) for point in first.points]
    said += first.openings
    return replace(
        of,
        reason=None if of.reason is None or any(of.reason in text for text in said) else of.reason,
        reasons=tuple(each for each in of.reasons if not any(each.text in text for text in said)),
        errors=tuple(each for each in of.errors if each not in first.errors),
        notes=tuple(each for each in of.notes if not any(each in text for text in said)),
    )


def _not_passed(report: BuildReport) -> Iterator[tuple[SuiteDecision, SuiteReport, CheckDecision]]:
    for suite, shown in worst_first(report):
        yield from (
            (suite, shown, check) for check in suite.checks if check.gating and check.verdict is not Verdict.PASS
        )


def _openings(report: BuildReport) -> Iterator[str]:
    """Yield what stands under the first line, a sentence or two each."""
    verdict = report.decision.verdict
    if verdict is Verdict.UNMEASURABLE:
        yield f"This is not a verdict on your change.{' What was answered is kept.' if _answered(report) else ''}"
    if (consequence := sentences.consequence(report)) is not None:
        yield consequence
    if verdict is Verdict.UNMEASURABLE and len(report.suites) == 1:
        (suite,) = report.decision.suites
        if suite.reason and not any(check.verdict is verdict for check in suite.checks):
            yield _short(suite.reason)
    told = [check.accepted.told for _, check in report.gating_checks() if check.accepted is not None]
    yield from dict.fromkeys(map(_short, told[:_POINTS]))
    if verdict is Verdict.PASS and (passed := _passed(report)) is not None:
        yield passed
    if (gate := _gate(report)) is not None:
        yield gate


def _answered(report: BuildReport) -> bool:
    return any(side.runs > side.errors for shown in report.suites for side in shown.counts.values())


def _passed(report: BuildReport) -> str | None:
    """Say in one sentence what a PASS rules out; None where each check says something else."""
    alike = {rule.reason for _, check in report.gating_checks() for rule in check.rules}
    if (uncompared := _uncompared(report)) is not None:
        return _short(uncompared)
    if len(alike) == 1:
        return _short(alike.pop())
    caught = [text for suite, _ in report.each_suite() if (text := sentences.could_catch(suite)) is not None]
    if len(caught) == 1:
        return _short(caught[0])
    unchanged = [note for shown in report.suites for note in shown.notes] if not alike else []
    return _short(unchanged[0]) if unchanged else None


def _uncompared(report: BuildReport) -> str | None:
    """Say why the one suite was compared with nothing, which its checks passing would hide."""
    if len(report.suites) > 1 or (report.gate is not None and report.gate.decides == "first"):
        return None
    if any(check.comparison is not None or check.ratio is not None for _, check in report.gating_checks()):
        return None
    return next(iter(report.suites[0].notes), None) if report.suites else None


def _gate(report: BuildReport) -> str | None:
    """Say whose gate this is, where the change has one of its own: in one line, the edits are listed below."""
    opening = gate_words.opening(report)
    if opening is None or report.gate is None:
        return None
    edits = formatting.count(len(report.gate.differences), "edit")
    told = opening if report.gate.decides == "first" else f"{opening.rstrip(':')} ({edits}, below)."
    notes = [note for shown in report.suites for note in shown.notes][:2] if report.gate.decides == "first" else []
    own = (gate_words.own_verdict(report) or "").partition(". ")[0]
    return _short(" ".join([told, *notes, *([f"{own.removesuffix('.')}."] if own else [])]))


def _suite_line(suite: SuiteDecision) -> SuiteLine:
    gating = [check for check in suite.checks if check.gating]
    same = [check.name for check in gating if check.verdict is suite.verdict]
    of = f"{len(same):,} of {formatting.count(len(gating), 'check')}"
    text = {
        Verdict.PASS: f"{formatting.count(len(gating), 'check')} passed" if gating else _short(suite.reason),
        Verdict.FAIL: f"{of} failed: {some(same, 3)}",
        Verdict.INCONCLUSIVE: f"{of} undecided: {some(same, 3)}",
        Verdict.UNMEASURABLE: f"{of} not measured: {some(same, 3)}" if same else _short(suite.reason),
    }[suite.verdict]
    return SuiteLine(name=suite.name, mark=MARKS[suite.verdict], verdict=suite.verdict.value, text=text)


def _point(suite: SuiteDecision, shown: SuiteReport, check: CheckDecision, *, alone: bool) -> Point:
    row = next(row for row in suite_rows(suite, shown, sample=False) if row.check == check.name)
    sides = [row.candidate] if check.baseline_mean is None else [row.baseline, row.candidate]
    known = formatting.UNKNOWN not in sides and check.verdict is not Verdict.UNMEASURABLE
    said = " ".join([rule.reason for rule in check.rules if rule.verdict is check.verdict]) or suite.reason
    said, chance, noise = said.partition(f" {words.BY_CHANCE}")
    return Point(
        name=check.name if alone else f"{suite.name}/{check.name}",
        means=" → ".join(sides) if known else "",
        text=_short(said),
        noise=_short(f"{words.BY_CHANCE}{noise}") if chance else None,
    )


def _errors(report: BuildReport) -> Iterator[str]:
    tallies = sorted((tally for shown in report.suites for tally in shown.errors), key=lambda tally: -tally.count)
    yield from (_short(sentences.error_sentence(tally)) for tally in tallies[:_ERRORS])


def _steps(report: BuildReport) -> Iterator[str]:
    """Yield what to do next that is no command of the block below, and what it would cost to decide."""
    steps = next_steps(report)
    if report.decision.verdict is Verdict.FAIL:
        steps = [step for step in steps if not any(each in step for each in _SAID_BELOW)]
    elif report.decision.verdict is not Verdict.UNMEASURABLE:
        steps = [step for step in steps if step != "evalgate show"]
    elif any(suite.unmeasurable is Unmeasurable.ERRORS for suite in report.decision.suites):
        yield _AGAIN
    yield from (f"`{step}`" if step.startswith("evalgate ") and "`" not in step else step for step in steps)
    if report.decision.verdict is Verdict.INCONCLUSIVE:
        yield from (
            price if len(report.suites) == 1 else f"{suite.name}: {price}"
            for suite, shown in report.each_suite()
            if suite.verdict is Verdict.INCONCLUSIVE and (price := more_examples(shown, suite.examples)) is not None
        )


def _commands(report: BuildReport, found: Sequence[tuple[SuiteDecision, SuiteReport, CheckDecision]]) -> Markup | None:
    """Return what to type: the worst example alone, the whole suite again, and how to accept."""
    if not found:
        return None
    suite = found[0][0]
    config = "" if report.build.config_file == "evalgate.yaml" else f" --config {shlex.quote(report.build.config_file)}"
    again = f"evalgate run{config} --suite {shlex.quote(suite.name)}"
    worst = worst_example([(shown, check) for _, shown, check in found])
    lines = [(f"{again} --as-pull-request", "measure it again on your machine")]
    if worst is not None and _PLAIN_ID.fullmatch(worst.id):
        lines.insert(0, (f"{again} -k {shlex.quote(worst.id)}", "that example alone"))
    open_ = [f"{suite.name}/{check.name}" for suite, _, check in found if not _is_accepted(check)]
    if open_:
        more = f", likewise {len(open_) - 1} more" if len(open_) > 1 else ""
        lines.append((accept_command(open_[0]), f"if it is meant{more}"))
    width = max(len(command) for command, _ in lines)
    text = "\n".join(f"{command.ljust(width)}  # {what}" for command, what in lines)
    return block(text, language="sh", limit=3_000)


def _is_accepted(check: CheckDecision) -> bool:
    return check.accepted is not None and check.accepted.counts


def _short(text: str) -> str:
    return escaping.shortened(text, _REASON)
