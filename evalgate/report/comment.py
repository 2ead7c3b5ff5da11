"""The comment of a pull request: the first screen that people act on, and all the rest folded below it.

Too long a text is never cut: it is rendered again with less in it, down to the verdict and where the rest is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from evalgate.errors import EvalgateError
from evalgate.report import escaping, gate_words
from evalgate.report.markdown.detail import Detail, Rung
from evalgate.report.markdown.lead import lead, unsaid
from evalgate.report.markdown.marked import link
from evalgate.report.markdown.rendering import COMMENT, Own, not_own, rendered
from evalgate.report.markdown.sections import MARKS, footer, section, worst_first
from evalgate.report.model import BuildReport

if TYPE_CHECKING:
    from markupsafe import Markup

LEAST: Final = 100
"""Characters that the bare word of every verdict fits in."""

_LADDER: Final = (
    Rung(detail=Detail.EVERYTHING),
    Rung(detail=Detail.EVERYTHING, text=800),
    Rung(detail=Detail.EVERYTHING, examples=10, text=800),
    Rung(detail=Detail.REGRESSED, examples=30, text=800),
    Rung(detail=Detail.REGRESSED, examples=10, text=800),
    Rung(detail=Detail.REGRESSED, examples=5, text=300),
    Rung(detail=Detail.TABLES),
    Rung(detail=Detail.VERDICT),
)
_EDITS: Final = 50
_SAID: Final = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Links:
    """Addresses of where more is: the workflow's run (its job summary), the HTML report. None where there is none."""

    run: str | None = None
    report: str | None = None


def render_comment(
    report: BuildReport,
    *,
    limit: int,
    links: Links | None = None,
    asides: Sequence[str] = (),
    own: Own | None = None,
) -> str:
    """Return the body of a comment, at most `limit` characters, with as much in it as fits; no marker is in it.

    `asides` are sentences to be read right behind the verdict, such as whose run reports it. Where `own`, a template of
    the user's, does not work, ours is used and says so. Raises ValueError for a sample, which says nothing that a
    reviewer could act on, and for a limit below `LEAST`.
    """
    if report.sample:
        raise ValueError("a sample has no verdict, and so no comment")
    if limit < LEAST:
        raise ValueError(f"a comment needs {LEAST} characters, not {limit}")
    links = links or Links()
    try:
        return _fitted(report, limit, links, asides, own)
    except EvalgateError as error:
        return _fitted(report, limit, links, [*asides, not_own(error)], None)


def _fitted(report: BuildReport, limit: int, links: Links, asides: Sequence[str], own: Own | None) -> str:
    for rung in _LADDER:
        text = rendered(COMMENT, _values(report, rung, links, asides), own)
        if len(text) <= limit:
            return text
    return _bare(report, links, limit)


def _bare(report: BuildReport, links: Links, limit: int) -> str:
    """Return the verdict in one word and where the rest is, whatever the names in it are like."""
    verdict = report.decision.verdict
    text = f"### {MARKS[verdict]} {verdict.value}{', accepted' if report.decision.accepted else ''}\n"
    more = link("The job summary of the workflow run has the rest.", links.run) if links.run is not None else ""
    return f"{text}\n{more}\n" if more and len(text) + len(more) + 2 <= limit else text


def _values(report: BuildReport, rung: Rung, links: Links, asides: Sequence[str]) -> dict[str, Any]:
    gate, first = report.gate, lead(report)
    return {
        "lead": first,
        "asides": [escaping.shortened(text, _SAID) for text in asides],
        "sections": [unsaid(section(report, suite, shown, rung), first) for suite, shown in worst_first(report)],
        "gate": {
            "opening": gate_words.opening(report),
            "edits": gate_words.lines(gate, _EDITS) if gate is not None else [],
            "added": gate_words.added(gate) if gate is not None else [],
            "own": gate_words.own_verdict(report),
        },
        "left_out": _left_out(rung),
        "links": list(_links(report, links, rung.detail)),
        "footer": footer(report),
        "promise": report.decision.promise,
        "measurement": report.decision.measurement,
        "detail": rung.detail,
    }


def _left_out(rung: Rung) -> str | None:
    """Say what a text lacks that does not fit, and where it is; what a list of examples lacks is said below it."""
    if rung.detail is Detail.EVERYTHING:
        return None
    lacking = {
        Detail.REGRESSED: "the examples that got better",
        Detail.TABLES: "the examples and the figures",
        Detail.VERDICT: "all but the verdict",
    }[rung.detail]
    return f"Left out, since a comment holds no more: {lacking}. The job summary has it; `evalgate show` the examples."


def _links(report: BuildReport, links: Links, detail: Detail) -> Iterator[Markup]:
    if links.run is not None:
        yield link("Workflow run", links.run)
    if links.report is not None:
        yield link("Full report", links.report)
    for shown in report.suites if detail > Detail.VERDICT else ():
        if shown.phoenix is not None and shown.phoenix.compare is not None:
            which = f"Compare {shown.name} in Phoenix" if len(report.suites) > 1 else "Compare in Phoenix"
            yield link(which, shown.phoenix.compare)
