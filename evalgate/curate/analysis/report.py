"""What an analysis found, as Markdown: every word of a model or a trace in it is shown and never obeyed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from evalgate.curate.analysis.analysis import Analysed, HeldRule, Survey
from evalgate.curate.analysis.guidelines import Merged
from evalgate.report.bars import Bar
from evalgate.report.escaping import code_for_markdown, for_markdown
from evalgate.suite.taxonomy import Taxonomy

_NAMED: Final = 5
"""Traces that are named with a pattern."""


def bars_of(surveyed: Survey, taxonomy: Taxonomy) -> list[Bar]:
    """Return a bar for each label that traces have, the most frequent first and what is fine at the end.

    What nobody labelled has none: most of what was pulled never is, and would make every other bar too small to see.
    """
    wrong = [Bar(name=label, number=n) for label, n in surveyed.labels.items() if n and label not in taxonomy.fine]
    fine = [Bar(name=each, number=surveyed.labels[each], quiet=True) for each in taxonomy.fine if surveyed.labels[each]]
    return [*sorted(wrong, key=lambda each: (-each.number, each.name)), *fine]


def render_analysis(
    surveyed: Survey,
    analysed: Sequence[Analysed],
    taxonomy: Taxonomy,
    tests: dict[str, str],
    merged: Merged | None,
    *,
    picture: str,
) -> str:
    """Return the report. `tests` has each label's test file, `picture` is of the bars; names within its folder."""
    labelled = surveyed.of - surveyed.unlabelled
    lines = [f"# {for_markdown(taxonomy.question)}", "", f"![How many traces have which label]({picture})", ""]
    lines += [
        f"{labelled:,} traces are labelled, {surveyed.fine:,} of them are fine; {surveyed.unlabelled:,} have no label.",
        "",
    ]
    lines += ["| label | traces |", "|---|---|"]
    lines += [f"| {for_markdown(each.name)} | {each.number:,} |" for each in bars_of(surveyed, taxonomy)]
    for each in analysed:
        lines += ["", *_label(each, taxonomy, tests.get(each.label))]
    if merged is not None:
        lines += ["", *_guidelines(merged)]
    return "\n".join(lines) + "\n"


def _label(each: Analysed, taxonomy: Taxonomy, tests: str | None) -> Iterator[str]:
    yield f"## {for_markdown(each.label)}: {each.number:,}"
    yield ""
    yield for_markdown(taxonomy.labels[each.label])
    if each.why_not:
        yield f"\nNothing was found: {for_markdown(each.why_not)}"
        return
    yield "\n**What recurs**\n"
    for pattern in each.findings.patterns:
        named = ", ".join(code_for_markdown(trace) for trace in pattern.traces[:_NAMED])
        more = f" and {len(pattern.traces) - _NAMED} more" if len(pattern.traces) > _NAMED else ""
        where = f" ({named}{more})" if named else ""
        yield f"- **{for_markdown(pattern.title)}**: {for_markdown(pattern.description)}{where}"
    if each.findings.fixes:
        yield "\n**What would prevent it**\n"
        for fix in each.findings.fixes:
            yield f"- **{for_markdown(fix.title)}**: {for_markdown(fix.description)}"
    yield from _rules(each, tests)


def _rules(each: Analysed, tests: str | None) -> Iterator[str]:
    if each.rules:
        yield "\n**Rules that answers break now**\n"
        yield "| rule | what it asks | broken by | good answers that break it |"
        yield "|---|---|---|---|"
        for held in each.rules:
            asks = f"{code_for_markdown(held.rule.kind)} {code_for_markdown(held.rule.value)}"
            name = f"{for_markdown(held.rule.name)}: {for_markdown(held.rule.why)}"
            yield f"| {name} | {asks} | {held.broken_by:,} of {held.of:,} | {_flagged(held)} |"
    if each.idle:
        yield f"\nRules that were proposed and tell these answers from no others, and are left out: {each.idle:,}."
    if tests is not None:
        yield f"\nTests that fail now: {code_for_markdown(f'pytest {tests}')}"


def _flagged(held: HeldRule) -> str:
    if held.rule.traces:
        return "for these traces alone"
    return f"{held.flagged:,} of {held.good:,}" if held.good else "none is known"


def _taught(number: int) -> str:
    if not number:
        return "a person's"
    return "taught by 1 trace" if number == 1 else f"taught by {number:,} traces"


def _guidelines(merged: Merged) -> Iterator[str]:
    yield "## Guidelines"
    yield ""
    for each in merged.guidelines.guidelines:
        yield f"- {for_markdown(each.text)} ({_taught(len(each.sources))})"
        for aside in each.set_aside:
            why = f": {for_markdown(aside.why)}" if aside.why else ""
            yield f"  - set aside for it: {for_markdown(aside.text)}{why}"
