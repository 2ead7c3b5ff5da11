"""A comparison of several as Markdown: for a pull request's description, an issue, a wiki."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalgate.decision.contest_results import ContestResult, SuiteResult
from evalgate.report import contest_cells as cells
from evalgate.report.escaping import for_markdown, sentence_for_markdown


def render_contest_markdown(result: ContestResult) -> str:
    """Return the comparison as GitHub's Markdown; whatever names and answers hold is text in it."""
    blocks = [block for suite in result.suites for block in _suite(result, suite)]
    if result.left_out:
        left = [
            f"- left out{f' in {for_markdown(each.suite)}' if each.suite else ''}: {for_markdown(each.name)}:"
            f" {for_markdown(each.reason)}"
            for each in result.left_out
        ]
        blocks.append("\n".join(left))
    blocks.append(sentence_for_markdown(result.promise))
    return "\n\n".join(blocks) + "\n"


def _suite(result: ContestResult, suite: SuiteResult) -> Iterator[str]:
    yield f"## {for_markdown(suite.name)}: {for_markdown(cells.headline(suite))}"
    yield sentence_for_markdown(suite.winner.reason)
    if suite.winner.next_step:
        yield f"**Next:** {sentence_for_markdown(suite.winner.next_step)}"
    yield f"{for_markdown(cells.subject(result, suite))}."
    if suite.notes:
        yield "\n".join(f"- {sentence_for_markdown(note)}" for note in suite.notes)
    for warning in suite.warnings:
        yield f"**Warning:** {sentence_for_markdown(warning)}"
    heads = ["contender", suite.metric, "a run", "in all", "tokens", "median", "p95", "errors"]
    rows = [
        (
            line.name,
            line.quality,
            line.cost,
            line.total,
            line.tokens,
            line.median,
            line.p95,
            line.errors,
            line.by_cost,
            line.by_time,
        )
        for line in cells.lines(suite)
    ]
    yield _table([*heads, "for its cost", "for its time"], rows, right=range(2, 8))
    yield sentence_for_markdown(cells.LEGEND)
    if unknown := cells.unknown_costs(suite):
        yield sentence_for_markdown(unknown)
    pairs = [
        (line.name, line.check, line.chosen, line.own, line.change, line.between, line.said)
        for pair in suite.pairs
        for line in cells.pair_lines(suite, pair)
    ]
    heads = [f"against {result.chosen}", "check", result.chosen, "it", "change", "could really be", ""]
    yield _table(heads, pairs, right=range(2, 6))
    if explained := cells.explained(suite):
        yield "\n".join(f"- **{for_markdown(about)}**: {sentence_for_markdown(why)}" for about, why in explained)
    yield "\n".join(f"- {for_markdown(each.name)}: {for_markdown(each.label)}" for each in suite.contenders)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: range) -> str:
    rule = ["--:" if place in right else "---" for place in range(len(heads))]
    written = [_row([for_markdown(head) for head in heads]), _row(rule)]
    written += [_row([for_markdown(cell) for cell in row]) for row in rows]
    return "\n".join(written)


def _row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"
