"""The whole page: templates, style and program put together into one file that asks nothing of anybody.

Its policy names the one style and the one program by their hashes, so that nothing that an answer says can run or load
anything, even if it got past the escaping.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from evalgate.records import Verdict
from evalgate.report import gate_words, sentences
from evalgate.report.escaping import shown
from evalgate.report.html.embedding import ROOM, Embedded, embedded
from evalgate.report.html.explored import ExploredSuite
from evalgate.report.html.sections import section
from evalgate.report.markdown.sections import worst_first
from evalgate.report.model import BuildReport
from evalgate.report.next_steps import next_steps
from evalgate.report.spending import total_line
from evalgate.report.templates import escaping_environment, folder

_PROGRAM: Final = ("dom.js", "diff.js", "store.js", "detail.js", "explorer.js", "figures.js", "keys.js")
"""The parts of the program, in their order."""
_EDITS: Final = 200
_NO_VERDICT: Final = "This is not a verdict on your change."


def render_html(report: BuildReport, explored: Mapping[str, ExploredSuite], *, room: int = ROOM) -> str:
    """Return the page. `room` bytes are shared out among the answers of all suites; every score is in it."""
    environment = escaping_environment(escaped)
    environment.tests["command"] = lambda text: str(text).startswith("evalgate ")
    environment.filters["pieces"] = _pieces
    assets = _assets()
    data = _data(report, explored, room)
    text = environment.get_template("report/page.html.j2").render(
        policy=_policy(assets),
        style=Markup(assets.style),  # noqa: S704 our own file
        program=Markup(assets.program),  # noqa: S704 our own files
        kind="none" if report.sample else report.decision.verdict.value.lower(),
        verdict=report.verdict_text,
        headline=sentences.headline(report),
        reason=sentences.overall(report),
        consequence=sentences.consequence(report),
        aside=_NO_VERDICT if report.decision.verdict is Verdict.UNMEASURABLE and not report.sample else None,
        gate=gate_words.opening(report),
        edits=gate_words.lines(report.gate, _EDITS) if report.gate is not None else [],
        added=gate_words.added(report.gate) if report.gate is not None else [],
        own=gate_words.own_verdict(report),
        sections=[
            section(report, suite, of, explored[suite.name], number)
            for number, (suite, of) in enumerate(worst_first(report))
        ],
        data=data,
        promise=None if report.sample else report.decision.promise,
        measurement=None if report.sample else report.decision.measurement,
        next_steps=next_steps(report),
        footer=sentences.build_line(report),
        cost=total_line(report.suites, report.build.seconds),
        build=report.build,
    )
    return text.rstrip() + "\n"


def escaped(text: str) -> str:
    """Return text for an element or a quoted attribute, with all that cannot be seen spelled out."""
    return html.escape(shown(text, lines=True), quote=True)


def _data(report: BuildReport, explored: Mapping[str, ExploredSuite], room: int) -> list[Embedded]:
    """Return the data of each suite; what one leaves of the room is the others'."""
    found, left = [], room
    suites = worst_first(report)
    for number, (suite, of) in enumerate(suites):
        share = left // (len(suites) - number)
        found.append(embedded(suite, of, explored[suite.name], room=share))
        left -= min(share, found[-1].size)
    return found


def _pieces(text: str) -> list[tuple[bool, str]]:
    """Return the pieces of a sentence, (whether it stood in backticks, text); a command that stands alone is one."""
    if text.startswith("evalgate "):
        return [(True, text)]
    return [(place % 2 == 1, piece) for place, piece in enumerate(text.split("`")) if piece]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Assets:
    style: str
    program: str


def _assets() -> _Assets:
    home = folder() / "report"
    parts = [(home / name).read_text("utf-8") for name in _PROGRAM]
    program = '"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n"
    return _Assets(style=(home / "style.css").read_text("utf-8"), program=program)


def _policy(assets: _Assets) -> str:
    """Return what the page may do: its one style and its one program, named by hash, and nothing else."""
    parts = {
        "default-src": "'none'",
        "style-src": _hashed(assets.style),
        "script-src": _hashed(assets.program),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
