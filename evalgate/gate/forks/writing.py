"""Recorded builds as the rows that a fork's run reports: what decides, and nothing that the change brought along."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.forks.rows import MOST_BYTES_OF_A_LINE, VERSION
from evalgate.gate.gather import Source
from evalgate.gate.samples import deciding_samples, redraw_sample
from evalgate.golden.json_values import read_json
from evalgate.journal.builds import DrawRow, ExperimentRow
from evalgate.journal.mirrors import RecordedRun
from evalgate.records import ErrorKind, Evaluation, Failure, Side, TaskOutcome

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_WORDS: Final = 20_000
_LABEL: Final = 2_000
_NAME: Final = 500


def rows_of(sources: Sequence[Source], *, head: str | None) -> Iterator[str]:
    """Yield the lines of the file, the head first; `head` is the pull request's own commit, where there is one.

    Examples that a change adds are left out: they decide nothing about it.
    """
    sides = [(source, row) for source in sources for row in source.journal.experiments(source.build)]
    builds = [source.journal.build(source.build) for source in sources]
    yield _line(
        {
            "evalgate_rows": VERSION,
            "evalgate": builds[0].evalgate_version,
            "created_at": builds[0].created_at,
            "commit": builds[0].commit,
            "head": head,
            "complete": all(build.complete and build.partial is None for build in builds),
            "rows": sum(1 for source, row in sides for _ in _places(source, row)),
            "suites": {name: part for source in sources for name, part in _suites(source)},
        }
    )
    for source, row in sides:
        wanted = {*_places(source, row)}
        for run in source.journal.recorded_runs(row.id):
            if (run.example_id, run.sample) in wanted:
                yield _run(row, run)


def _suites(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    journal, build = source.journal, source.journal.build(source.build)
    experiments = {(row.suite, row.side): row for row in journal.experiments(build.id)}
    skipped = {note.suite for note in journal.notes(build.id) if note.unchanged}
    problems = journal.problems(build.id)
    for name in recorded_config(build).suites:
        candidate, baseline = experiments.get((name, Side.CANDIDATE)), experiments.get((name, Side.BASELINE))
        if candidate is None:
            continue
        draws = [asdict(draw) for draw in _draws(source, name)]
        part = {
            "draws": [{key: draw[key] for key in ("key", "candidate", "baseline")} for draw in draws],
            "repetitions": (baseline or candidate).repetitions,
            "baseline": baseline is not None,
            "stored": baseline is not None and baseline.stored,
            "drawn_on": None if baseline is None else baseline.drawn_on,
            "unchanged": name in skipped,
            "problems": sorted({problem.kind for problem in problems if problem.suite == name}),
        }
        yield name, part


def _draws(source: Source, suite: str) -> list[DrawRow]:
    return [draw for draw in source.journal.draws(source.build) if draw.suite == suite]


def _places(source: Source, row: ExperimentRow) -> Iterator[tuple[str, str]]:
    """Yield (example id, sample) of every run that decides, or that was drawn again of one that did."""
    journal = source.journal
    draws = _draws(source, row.suite)
    names = {*deciding_samples(row, draws), redraw_sample(draws)}
    kept = (journal.build(source.build).gate or {}).get("suites", {}).get(row.suite)
    added = frozenset(kept["added"]) if kept is not None else frozenset()
    for example_id, sample, *_ in journal.run_facts(row.id):
        if sample in names and example_id not in added:
            yield example_id, sample


def _run(row: ExperimentRow, run: RecordedRun) -> str:
    at = {
        "suite": row.suite,
        "side": row.side.value,
        "example": run.example_id,
        "content": run.content,
        "sample": run.sample,
        "started_at": run.started_at,
    }
    line = _line({**at, **_answer(run.outcome), "evaluations": [_evaluation(each) for each in run.evaluations]})
    why = _unreadable(line)
    if why is None:
        return line
    failure = Failure(kind=ErrorKind.INFRASTRUCTURE, type="NotReportable", message=f"the answer is not reported: {why}")
    return _line({**at, **_answer(TaskOutcome(failure=failure, usage=run.outcome.usage)), "evaluations": []})


def _unreadable(line: str) -> str | None:
    """Return why a row would be refused by whoever reads it; None where it would not."""
    if len(line) > MOST_BYTES_OF_A_LINE:
        return f"with what was said of it it takes {len(line):,} characters, and a row holds {MOST_BYTES_OF_A_LINE:,}"
    _, _, flaws = read_json(line)
    return flaws[0].message if flaws else None


def _answer(outcome: TaskOutcome) -> dict[str, Any]:
    fields = ("output", "context", "messages", "tool_calls", "steps", "latency")
    return {
        **{name: value for name in fields if (value := getattr(outcome, name)) is not None},
        "usage": None if outcome.usage is None else [asdict(part) for part in outcome.usage],
        "failure": _failure(outcome.failure),
    }


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "name": evaluation.name,
        "score": evaluation.score,
        "label": _cut(evaluation.label, _LABEL),
        "explanation": _cut(evaluation.explanation),
        "failure": _failure(evaluation.failure),
        "usage": None if evaluation.usage is None else [asdict(part) for part in evaluation.usage],
    }


def _failure(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    whole = replace(
        failure,
        type=_cut(failure.type, _NAME) or "Error",
        message=_cut(failure.message) or "",
        where=_cut(failure.where),
    )
    return asdict(whole)


def _cut(text: str | None, most: int = _WORDS) -> str | None:
    return text if text is None or len(text) <= most else text[: most - 1] + "…"


def _line(value: Mapping[str, Any]) -> str:
    return _ENCODER.encode(value) + "\n"
