"""One example on a terminal: what was asked and expected, both answers side by side, and what evaluators said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from evalgate.decision.results import CheckDecision, Flip
from evalgate.records import Evaluation, Json
from evalgate.report import formatting
from evalgate.report.answers import answer, one_line, pretty
from evalgate.report.console import Console, Tone, fitted, padded, wrapped
from evalgate.report.escaping import lines_for_terminal
from evalgate.report.model import ExampleView, SideView, SuiteReport
from evalgate.report.page import Page, Part
from evalgate.report.rows import flip_words

_NARROW = 60  # below it two columns hold no line of an answer
_LINES = 200  # of one answer; the journal has the rest


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A check in which an example changed, and how."""

    check: CheckDecision
    flip: Flip


def render_show(suite: SuiteReport, view: ExampleView, changed: tuple[Changed, ...], console: Console) -> str:
    """Return one example as text for `console`; harmless whatever the answers say."""
    page = Page(console=console)
    page.line(Part(text=f"{suite.name}  {view.example.id}", tone=Tone.STRONG))
    for each in changed:
        before, after = flip_words(each.flip, each.check, suite.units.get(each.check.name))
        better = each.flip in each.check.improved
        tone = Tone.GOOD if better else Tone.BAD
        word = "better" if better else "worse"
        page.line(f"{each.check.name}: ", Part(text=f"{before} → {after}, {word}", tone=tone), indent=2)
    _value(page, "input", view.example.input)
    if view.example.output is not None:
        _value(page, "expected", view.example.output)
    if view.example.metadata:
        _value(page, "metadata", view.example.metadata)
    _answers(page, suite, view)
    _evaluations(page, view)
    _logs(page, view)
    _links(page, view)
    return page.text()


def _links(page: Page, view: ExampleView) -> None:
    """Write where the example and its traces are in Phoenix."""
    baseline = view.baseline.trace if view.baseline is not None else None
    named = (("example", view.link), ("baseline's trace", baseline), ("candidate's trace", view.candidate.trace))
    if any(address for _, address in named):
        _head(page, "in Phoenix")
    for name, address in named:
        if address:
            page.whole(f"{name}: {address}", indent=2)


def _head(page: Page, text: str) -> None:
    page.blank()
    page.line(Part(text=text, tone=Tone.STRONG))


def _value(page: Page, name: str, value: Mapping[str, Json]) -> None:
    """Write a mapping, one key per line where its value is short."""
    _head(page, name)
    for key, each in value.items():
        text = one_line(each)
        if "\n" in text or len(text) + len(key) > page.console.width * 3:
            page.line(f"{key}:", indent=2)
            _verbatim(page, pretty(each), indent=4)
        else:
            page.prose(text, lead=Part(text=f"{key}:", tone=Tone.QUIET), indent=2, hanging=4)


def _verbatim(page: Page, text: str, *, indent: int) -> None:
    for line in lines_for_terminal(text, count=_LINES):
        page.line(line, indent=indent)


def _answers(page: Page, suite: SuiteReport, view: ExampleView) -> None:
    candidate = lines_for_terminal(answer(view.candidate, lines=True), count=_LINES)
    if view.baseline is None:
        _head(page, f"candidate ({suite.candidate_label})")
        _shaped(page, candidate)
        return
    baseline = lines_for_terminal(answer(view.baseline, lines=True), count=_LINES)
    names = (f"baseline ({suite.baseline_label or 'unnamed'})", f"candidate ({suite.candidate_label})")
    if baseline == candidate:
        _head(page, "both sides answered alike")
        _shaped(page, candidate)
    elif page.console.width < _NARROW:
        _one_above_the_other(page, baseline, candidate, names)
    else:
        _side_by_side(page, baseline, candidate, names)


def _shaped(page: Page, lines: list[str]) -> None:
    """Write an answer in its own shape: the indentation of JSON and code says what belongs where."""
    for line in lines:
        for part in wrapped_verbatim(line, page.console.width - 2):
            page.line(part, indent=2)


def _one_above_the_other(page: Page, baseline: list[str], candidate: list[str], names: tuple[str, str]) -> None:
    for name, lines, mark, tone in ((names[0], baseline, "-", Tone.BAD), (names[1], candidate, "+", Tone.GOOD)):
        _head(page, name)
        for line in lines:
            page.prose(line, lead=Part(text=mark, tone=tone), hanging=2)


def _side_by_side(page: Page, baseline: list[str], candidate: list[str], names: tuple[str, str]) -> None:
    """Write two columns; a mark between them says which lines differ, whatever the colours."""
    half = (page.console.width - 3) // 2
    page.blank()
    left, right = (padded(fitted(name, half), half) for name in names)
    page.line(Part(text=left, tone=Tone.STRONG), "   ", Part(text=right, tone=Tone.STRONG))
    for mark, before, after in _paired(baseline, candidate):
        befores, afters = (wrapped_verbatim(text, half) for text in (before, after))
        for place in range(max(len(befores), len(afters))):
            old, new = (column[place] if place < len(column) else "" for column in (befores, afters))
            page.line(
                Part(text=padded(old, half), tone=Tone.BAD if mark in "|<" else None),
                f" {mark} ",
                Part(text=new, tone=Tone.GOOD if mark in "|>" else None),
            )


def wrapped_verbatim(text: str, width: int) -> list[str]:
    """Return a line as lines of at most `width` columns, its own indent kept."""
    indent = text[: len(text) - len(text.lstrip())][: width // 2]
    return wrapped(text, width=width, indent=indent, hanging=indent) or [""]


def _paired(baseline: list[str], candidate: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (mark, left, right): ` ` for equal lines, `|` changed ones, `<` and `>` for those of one side only."""
    for kind, b1, b2, c1, c2 in SequenceMatcher(None, baseline, candidate, autojunk=False).get_opcodes():
        old, new = baseline[b1:b2], candidate[c1:c2]
        for place in range(max(len(old), len(new))):
            left = old[place] if place < len(old) else None
            right = new[place] if place < len(new) else None
            mark = " " if kind == "equal" else "<" if right is None else ">" if left is None else "|"
            yield mark, left or "", right or ""


def _evaluations(page: Page, view: ExampleView) -> None:
    sides = [("baseline", view.baseline), ("candidate", view.candidate)]
    said = [(name, side) for name, side in sides if side is not None and side.evaluations]
    if not said:
        return
    _head(page, "evaluations")
    names = dict.fromkeys(evaluation.name for _, side in said for evaluation in side.evaluations)
    for name in names:
        for side_name, side in said:
            for evaluation in side.evaluations:
                if evaluation.name == name:
                    page.prose(
                        _evaluation(evaluation),
                        lead=Part(text=f"{name}, {side_name}:", tone=Tone.QUIET),
                        indent=2,
                        hanging=4,
                    )


def _evaluation(evaluation: Evaluation) -> str:
    if evaluation.failure is not None:
        where = f" ({evaluation.failure.where})" if evaluation.failure.where else ""
        return f"no score, {evaluation.failure.type}: {evaluation.failure.message}{where}"
    parts = [formatting.number(evaluation.score)] if evaluation.score is not None else []
    parts += [evaluation.label] if evaluation.label else []
    said = " ".join(parts) or "no score"
    return f"{said}: {evaluation.explanation}" if evaluation.explanation else said


def _logs(page: Page, view: ExampleView) -> None:
    sides: list[tuple[str, SideView | None]] = [("baseline", view.baseline), ("candidate", view.candidate)]
    for name, side in sides:
        if side is None:
            continue
        if side.logs.strip():
            _head(page, f"what the {name} printed, its end")
            _verbatim(page, side.logs.strip("\n"), indent=2)
    took = [f"{name} {formatting.seconds(side.latency)}" for name, side in sides if side and side.latency is not None]
    if took:
        page.blank()
        page.line(Part(text=f"took: {', '.join(took)}", tone=Tone.QUIET))
