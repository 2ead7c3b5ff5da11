"""The data of the page: every example's scores, and as many answers as there is room for, as inert JSON.

It stands in a `script` element of a type that no browser runs. Nothing in it can end that element, and all that cannot
be seen is spelled out, as everywhere in reports.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from evalgate.decision.each_example import EachScore
from evalgate.decision.results import CheckDecision, SuiteDecision
from evalgate.money import dollars
from evalgate.records import Evaluation, Json
from evalgate.report import escaping, formatting
from evalgate.report.answers import one_line
from evalgate.report.html.explored import ExploredExample, ExploredSuite, Sample
from evalgate.report.model import SuiteReport

ROOM: Final = 16_000_000
"""Bytes that the examples of all suites may take together."""
_LEAST: Final = 1_000
"""Characters of one text that are always shown."""
_MOST: Final = 20_000
"""And so many at most."""
_TEXTS: Final = 8
"""About so many long texts make up an example."""
_DIGITS: Final = 4
_LINE: Final = 72
"""Characters of JSON that are read as one line."""
_LOGS: Final = 2_000
_ACTIVE: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Embedded:
    """The data of one suite. `left_out` of its examples have scores there and no answers. `size` is in bytes."""

    json: Markup
    left_out: int
    size: int


def embedded(suite: SuiteDecision, shown: SuiteReport, explored: ExploredSuite, *, room: int = ROOM) -> Embedded:
    """Return a suite's data, its examples in about `room` bytes: those first that got worse, fail, or got better."""
    ids = explored.each.example_ids
    places = {example_id: place for place, example_id in enumerate(ids)}
    scores = {each.name: each for each in explored.each.scores}
    checks = [_check(check, scores.get(check.name), shown, places) for check in suite.checks]
    decided = [scores[check.name] for check in suite.checks if check.name in scores]  # none where nothing was run
    failed = sorted({int(at) for each in decided for at in np.flatnonzero(each.failed)})
    limit = max(_LEAST, min(_MOST, room // (_TEXTS * max(1, len(ids)))))
    examples, size = _examples(explored, _first(checks, failed, len(ids)), room=room, limit=limit)
    data = {
        "name": _text(suite.name),
        "build": explored.build,
        "baseline": None if shown.baseline_label is None else _text(shown.baseline_label, limit=200),
        "candidate": _text(shown.candidate_label, limit=200),
        "ids": [_text(example_id, limit=500) for example_id in ids],
        "checks": checks,
        "slices": [_slice(path, values) for path, values in explored.each.slices],
        "failed": failed,
        "aside": sorted({places[each.example_id] for each in suite.quarantined if each.active}),
    }
    head = inert(data)
    return Embedded(
        json=Markup(f'{head[:-1]},"examples":{{{",".join(examples)}}}}}'),  # noqa: S704 both are inert
        left_out=len(ids) - len(examples),
        size=size + len(head),
    )


def inert(value: Any) -> str:
    """Return JSON that can stand inside an element: no character that markup begins or ends with is in it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_ACTIVE)


def _examples(explored: ExploredSuite, order: Sequence[int], *, room: int, limit: int) -> tuple[list[str], int]:
    """Return the members of a JSON object of examples by place, and their size: while there is room for them."""
    ids, found, size = explored.each.example_ids, [], 0
    for place in order:
        example = explored.read(ids[place])
        if example is None:
            continue
        member = f'"{place}":{inert(_example(example, limit))}'
        size += len(member.encode())
        if size > room:
            break
        found.append(member)
    return found, size


def _first(checks: Sequence[Mapping[str, Any]], failed: Sequence[int], examples: int) -> list[int]:
    """Return the places of all examples, those that people look for first."""
    gating = sorted(checks, key=lambda check: not check["gating"])
    named = [place for kind in ("failing", "worse") for check in gating for place in check[kind]]
    better = [place for check in gating for place in check["better"]]
    return list(dict.fromkeys([*named, *failed, *better, *range(examples)]))


def _check(
    check: CheckDecision, each: EachScore | None, shown: SuiteReport, places: Mapping[str, int]
) -> dict[str, Any]:
    unit = shown.units.get(check.name)
    failing = dict.fromkeys(name for rule in check.rules for name in rule.example_ids)
    return {
        "name": _text(check.name),
        "gating": check.gating,
        "ratio": check.ratio is not None,
        "binary": check.binary and (check.low, check.high) == (0, 1),
        "unit": None if unit is None else _text(unit),
        "candidate": None if each is None else _numbers(each.candidate),
        "baseline": None if each is None or each.baseline is None else _numbers(each.baseline),
        "delta": None if each is None else _numbers(each.delta),
        "worse": [places[flip.example_id] for flip in check.regressed if flip.example_id in places],
        "better": [places[flip.example_id] for flip in check.improved if flip.example_id in places],
        "failing": [places[name] for name in failing if name in places],
    }


def _slice(path: str, values: Sequence[str | None]) -> dict[str, Any]:
    names = sorted({value for value in values if value is not None})
    places = {name: place for place, name in enumerate(names)}
    return {
        "path": _text(path),
        "values": [_text(name, limit=200) for name in names],
        "of": [-1 if value is None else places[value] for value in values],
    }


def _example(found: ExploredExample, limit: int) -> dict[str, Any]:
    example = found.example
    data: dict[str, Any] = {
        "input": _fields(example.input, limit),
        "expected": _fields(example.output, limit),
        "metadata": _fields(example.metadata, limit),
        "candidate": [_sample(each, limit) for each in found.candidate],
        "baseline": [_sample(each, limit) for each in found.baseline],
    }
    if link := address(found.link):
        data["link"] = link
    for ours, theirs in zip(data["candidate"], data["baseline"], strict=False):
        if "output" in ours and ours["output"] == theirs.get("output"):
            theirs["output"] = True  # the candidate's, which is there already
    return {key: value for key, value in data.items() if value}


def _fields(values: Mapping[str, Json] | None, limit: int) -> list[list[str]]:
    return [[_text(key, limit=200), _text(_readable(value), limit=limit)] for key, value in (values or {}).items()]


def _readable(value: Json, indent: str = "") -> str:
    """Return text as it is, and JSON with each of its parts on one line where that is short.

    The outermost is never on one line: two answers would be laid out differently for their length alone.
    """
    if isinstance(value, str) and not indent:
        return value
    line = json.dumps(value, ensure_ascii=False)
    inner = f"{indent}  "
    if (indent and len(line) <= _LINE) or not value or not isinstance(value, dict | list):
        return line
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_readable(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}}}"
    parts = [_readable(each, inner) for each in value]
    return "[\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}]"


def _sample(sample: Sample, limit: int) -> dict[str, Any]:
    view = sample.view
    data: dict[str, Any] = {"sample": _text(view.sample)}
    if view.failure is None:
        data["output"] = _text(_readable(view.output), limit=limit)
    else:
        where = f" ({view.failure.where})" if view.failure.where else ""
        data["failure"] = _text(f"{view.failure.type}: {view.failure.message}{where}", limit=limit)
    took = list(_took(sample))
    optional = {
        "said": [_said(each, limit) for each in view.evaluations],
        "took": " · ".join(took),
        "more": [[_text(name), _text(_readable(value), limit=limit)] for name, value in sample.more],
        "logs": _text(view.logs.strip("\n")[-_LOGS:]) if view.logs.strip() else "",
        "trace": address(view.trace),
    }
    return data | {key: value for key, value in optional.items() if value}


def _took(sample: Sample) -> Iterator[str]:
    if sample.view.latency is not None:
        yield formatting.seconds(sample.view.latency)
    if sample.cost is not None:
        yield dollars(sample.cost)
    if sample.tokens:
        yield formatting.count(sample.tokens, "token")


def _said(evaluation: Evaluation, limit: int) -> list[str]:
    """Return (evaluator, score and label or failure, explanation)."""
    failure = evaluation.failure
    if failure is not None:
        return [_text(evaluation.name), "no score", _text(f"{failure.type}: {failure.message}", limit=limit)]
    label = [one_line(evaluation.label)] if evaluation.label else []
    plain = evaluation.score is None or label in (["pass"], ["fail"])
    said = " ".join(label if plain else [formatting.number(evaluation.score or 0.0), *label])
    explanation = _text(evaluation.explanation or "", limit=limit)
    return [_text(evaluation.name), _text(said or "no score", limit=200), explanation]


def address(link: str | None) -> str | None:
    """Return an address that a browser may open; None for any other."""
    if link is None or not link.startswith(("https://", "http://")):
        return None
    return escaping.shown(link).replace(" ", "%20")


def _text(text: str, *, limit: int = 1_000) -> str:
    """Return text as it is shown, with how much of it is left out."""
    cut = len(text) - limit
    return escaping.shown(text[:limit], lines=True) + (f"\n… {cut:,} more characters" if cut > 0 else "")


def _numbers(values: NDArray[np.float64]) -> list[float | int | None]:
    return [_number(value) for value in values.tolist()]


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 2**53 else short
