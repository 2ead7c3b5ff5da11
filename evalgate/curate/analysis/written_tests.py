"""Tests that fail now, as a file for pytest: the code is evalgate's own, what a model and traces said is data in it."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Mapping, Sequence
from pprint import pformat
from typing import Any, Final

from evalgate.curate.analysis import keeping
from evalgate.curate.analysis.rules import Rule
from evalgate.curate.candidates import Candidate
from evalgate.report.escaping import shown
from evalgate.report.templates import folder

_WIDTH: Final = 110
_TRACES: Final = "TRACES = {}\n"
_RULES: Final = "RULES = []\n"
_HEADING: Final = "HEADING"
_KEEPING: Final = "# KEEPING\n"


def file_name(label: str) -> str:
    """Return the name of a label's test file: two labels never share one."""
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", label).lower()).strip("_")
    if label not in (plain, "".join(part.capitalize() for part in plain.split("_"))):
        plain = f"{plain}_{hashlib.sha256(label.encode()).hexdigest()[:6]}"
    return f"test_{plain}.py"


def file_of_tests(label: str, rules: Sequence[tuple[Rule, Sequence[str]]], traces: Mapping[str, Candidate]) -> str:
    """Return the file for one label: each rule with the ids of the traces whose answers break it; all are in `traces`.

    Nothing of what others said is code in it: all of it is written as literals of Python.
    """
    used = {identity: traces[identity] for _, broken_by in rules for identity in broken_by}
    written: list[dict[str, Any]] = [
        {
            "id": f"rule{number}",
            "name": rule.name,
            "why": rule.why,
            "kind": rule.kind,
            "value": rule.value,
            "traces": list(broken_by),
        }
        for number, (rule, broken_by) in enumerate(rules, start=1)
    ]
    told = {identity: {"input": each.input, "output": each.output} for identity, each in used.items()}
    template = (folder() / "analysis" / "test_answers.py.txt").read_text(encoding="utf-8")
    parts = {
        _HEADING: f"What answers labelled {_plain(label)} got wrong.",
        _KEEPING: _code(),
        _RULES: _assigned("RULES", written),
        _TRACES: _assigned("TRACES", told),
    }
    for place, value in parts.items():
        before, found, after = template.partition(place)
        if not found:
            raise ValueError(f"the template of tests has no {place!r}")
        template = f"{before}{value}{after}"
    return template


def _code() -> str:
    """Return what checks a rule, as it is here: one meaning of each rule, there and in the tests."""
    source = inspect.getsource(keeping)
    return source[source.index("def ") :]


def _assigned(name: str, value: Any) -> str:
    return f"{name} = {pformat(value, width=_WIDTH, sort_dicts=False)}\n"


def _plain(label: str) -> str:
    """Return a label for a docstring, which nothing in it can end."""
    return re.sub(r'["\\]', "", shown(label))
