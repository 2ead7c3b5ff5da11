"""A noise study as text for a terminal: how much scores vary, where from, what is caught all the same, and who."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from typing import Final

from evalgate.decision.study import CheckNoise, Flaky, Study, SuiteNoise
from evalgate.report import formatting
from evalgate.report.console import Console, Tone
from evalgate.report.formatting import count, percent, points
from evalgate.report.noise_resources import caught_table, resources
from evalgate.report.noise_words import (
    StudyInfo,
    alarm_lines,
    next_step,
    proposed,
    runs_of,
    scored_twice,
    shift_sentence,
    study_line,
    whose,
)
from evalgate.report.page import GAP, Column, Page, Part

_FLAKY_SHOWN: Final = 10


def render_noise(study: Study, info: StudyInfo, console: Console) -> str:
    """Return the study as text for `console`; harmless whatever names hold."""
    page = Page(console=console)
    for suite in study.suites:
        page.blank()
        _suite(page, suite, study)
    if any(any(proposed(suite)) for suite in study.suites):
        page.blank()
        page.prose(
            "An example that differs more than once may leave its question or its answer too open:"
            f" `evalgate curate pull --from-gate {info.id}` puts those up for repair."
        )
    page.blank()
    lines = alarm_lines(study)
    page.prose(lines[0], lead=Part(text="false alarms:", tone=Tone.STRONG), hanging=2)
    for line in lines[1:]:
        page.prose(line, indent=2)
    page.prose(study_line(info), tone=Tone.QUIET)
    page.blank()
    page.prose(next_step(study), lead=Part(text="next:", tone=Tone.STRONG), hanging=6)
    return page.text()


def _suite(page: Page, suite: SuiteNoise, study: Study) -> None:
    page.line(Part(text=suite.name, tone=Tone.STRONG))
    clusters = f" in {count(suite.clusters, 'cluster')}" if suite.clusters is not None else ""
    page.prose(f"{count(suite.examples, 'example')}{clusters}, {runs_of(suite, study)}", indent=2, tone=Tone.QUIET)
    page.prose(whose(suite), indent=2)
    measured = [check for check in suite.checks if check.obstacle is None]
    if measured:
        _table(page, measured)
    page.blank()
    for check in suite.checks:
        _check(page, check)
    for check in measured:
        _drops(page, check)
    resources(page, suite)
    for check in measured:
        _flaky(page, check, study.runs)


def _table(page: Page, checks: list[CheckNoise]) -> None:
    """Write how often results differ and where their variance comes from, a line for each check."""
    page.blank()
    heads = ("differ", "could be", "examples", "answers", "evaluator", "whole runs")
    columns = [Column(head="check"), *(Column(head=head, right=True) for head in heads)]
    rows = [[Part(text=check.name), *(Part(text=text) for text in _shares(check))] for check in checks]
    if not page.table(columns, rows, cut=True):
        for check in checks:
            differ, between, *parts = _shares(check)
            sources = ", ".join(f"{head} {part}" for head, part in zip(heads[2:], parts, strict=True))
            text = f"{differ} differ, could be {between}; {sources}"
            page.prose(text, lead=Part(text=f"{check.name}:"), indent=2, hanging=4)
    page.prose(
        "differ: how many examples come out differently in two equal runs (a score that is not pass or fail varies as"
        " if so many did), and where the true share may lie. Then where the variance of a score comes from.",
        indent=2,
        tone=Tone.QUIET,
    )


def _shares(check: CheckNoise) -> Iterator[str]:
    flip, parts = check.flip, check.components
    yield percent(flip.rate) if flip else formatting.UNKNOWN
    yield f"{percent(flip.low).removesuffix(' %')} to {percent(flip.high)}" if flip else formatting.UNKNOWN
    values = (parts.examples, parts.answers, parts.evaluator, parts.runs) if parts else ()
    total = parts.total if parts else 0.0
    for value in values or (0.0,) * 4:
        yield percent(value / total) if total > 0 else formatting.UNKNOWN


def _check(page: Page, check: CheckNoise) -> None:
    lead = Part(text=f"{check.name}:", tone=Tone.BAD if check.shifts else Tone.STRONG)
    if check.obstacle is not None:
        page.prose(
            f"not measured: {check.obstacle}.", lead=Part(text=f"{check.name}:", tone=Tone.UNSURE), indent=2, hanging=4
        )
        return
    said = [shift_sentence(check), scored_twice(check)]
    if not check.declared:
        said.append("Its score has no range, so what it varies by is a share of what was seen, and kept for nothing.")
    page.prose(" ".join(filter(None, said)), lead=lead, indent=2, hanging=4)


def _drops(page: Page, check: CheckNoise) -> None:
    """Write the table of what is caught, the examples that there are first."""
    if not check.drops:
        return
    page.blank()
    page.prose(f"Drops that {check.name} catches 8 times in 10, by examples and repetitions on each side:", indent=2)
    caught_table(page, [(row.examples, row.caught) for row in check.drops], partial(points, signed=False))
    if check.shifts:
        page.prose("These go by examples that vary independently; a shift of whole runs comes on top.", indent=4)


def _flaky(page: Page, check: CheckNoise, runs: int) -> None:
    if not check.flaky:
        return
    page.blank()
    more = f", the first {_FLAKY_SHOWN}" if len(check.flaky) > _FLAKY_SHOWN else ""
    noun = "example differs" if len(check.flaky) == 1 else "examples differ"
    page.prose(f"{len(check.flaky):,} {noun} between runs in {check.name}{more}:", indent=2)
    ids = [shlex.quote(each.example_id) for each in check.flaky[:_FLAKY_SHOWN]]
    for each, name in zip(check.flaky, ids, strict=False):
        page.line(f"{name.ljust(max(map(len, ids)))}{GAP}", f"{scores_of(each, check)}{_answers(each, runs)}", indent=4)


def _answers(each: Flaky, runs: int) -> str:
    if each.answers > 1:
        return f"; {each.answers:,} different answers in {runs} runs"
    errors = any(score is None for score, _ in each.scores)
    return "" if errors else "; the same answer each time"


def scores_of(each: Flaky, check: CheckNoise) -> str:
    """Say what a flaky example scored: `pass 3, fail 2`, `5 (3), 2 (3)`, `0.2 to 0.9`."""
    if len(each.scores) > 3:
        known = [score for score, _ in each.scores if score is not None]
        return f"{formatting.number(min(known))} to {formatting.number(max(known))}"
    if not check.binary:
        return ", ".join(f"{_score(score, check)} ({times})" for score, times in each.scores)
    return ", ".join(f"{_score(score, check)} {times}" for score, times in each.scores)


def _score(score: float | None, check: CheckNoise) -> str:
    if score is None:
        return "error"
    return formatting.flip_score(score, binary=check.binary, low=check.low, high=check.high, unit=None)
