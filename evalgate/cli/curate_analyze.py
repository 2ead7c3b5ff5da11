"""`evalgate curate analyze`: what labelled traces have in common, as a report, tests that fail now, and guidelines."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.asking import tell
from evalgate.cli.curate_labelling import labelling_place, refuse_part
from evalgate.cli.curate_places import dataset_option, profile_option
from evalgate.cli.options import cache_option, config_option, journal_option, json_option

if TYPE_CHECKING:
    from evalgate.cli.curate_labelling import Place
    from evalgate.curate.analysis.analysis import Analysed, Survey, Traces
    from evalgate.curate.analysis.guidelines import Merged
    from evalgate.curate.asking import Model
    from evalgate.curate.candidates import Candidate
    from evalgate.suite.taxonomy import Taxonomy


@click.command(short_help="Find what failing traces have in common.")
@dataset_option
@profile_option
@click.option(
    "--from-gate",
    "build",
    metavar="BUILD",
    help="Analyze what got worse in this build, a number or an exported file, instead of candidates.",
)
@click.option("--model", metavar="ENDPOINT/MODEL", help="The model that is asked; without one, labels are counted.")
@click.option(
    "--taxonomy",
    metavar="FILE",
    help="A YAML file of labels and their meanings.  [default: pipeline_states, which is shipped]",
)
@click.option("--out", metavar="FOLDER", help="Where the report goes.  [default: NAME.analysis beside the dataset]")
@click.option(
    "--guidelines",
    metavar="FILE",
    help="Where guidelines are kept, and are merged with those there.  [default: NAME.guidelines.yaml beside it]",
)
@config_option
@cache_option
@journal_option
@json_option
def command(
    *,
    dataset: str | None,
    profile: str | None,
    build: str | None,
    out: str | None,
    guidelines: str | None,
    config: Path,
    cache: Path | None,
    journal: Path | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Count the labels that `curate label` gave, and find for each: what recurs, what would prevent it, rules, tests.

    Rules are held to every answer, and those are kept that tell failing answers from good ones. Tests are files for
    pytest that fail now; their code is evalgate's own, and nothing that a model wrote is run.
    """
    environ = dict(os.environ)
    said = {key: value for key, value in given.items() if value is not None}
    place = labelling_place(dataset, profile, said, config, environ)
    from evalgate.curate.labelling.taxonomies import taxonomy_of

    taxonomy = taxonomy_of(place.label.taxonomy, config.parent)
    asked = _Asked(
        place=place,
        taxonomy=taxonomy,
        environ=environ,
        cache=cache,
        again=f"evalgate curate analyze {place.said}" + (f" --from-gate {build}" if build else ""),
        guidelines=Path(guidelines) if guidelines else _beside(place, ".guidelines.yaml"),
    )
    folder = Path(out) if out else _beside(place, ".analysis")
    from evalgate.curate.candidates import held

    with held(place.target.candidates, ".analysis"):
        if build is None:
            found = asyncio.run(_candidates(asked))
        else:
            from evalgate.cli.curate_regressed import regressed

            found = asyncio.run(_of_gate(asked, *regressed(build, journal)))
        if found.survey.of:
            _write(folder, asked, found)
    _say(folder, asked, found, as_json=as_json)
    return 0


def _beside(place: Place, ending: str) -> Path:
    candidates = place.target.candidates
    return candidates.with_name(candidates.name.removesuffix(".candidates.jsonl") + ending)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """What is analysed, with what, and how the command is said again."""

    place: Place
    taxonomy: Taxonomy
    environ: Mapping[str, str]
    cache: Path | None
    again: str
    guidelines: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What was found; without a model, `analysed` is empty and `merged` None. `known` lessons were there already."""

    survey: Survey
    analysed: Sequence[Analysed] = ()
    merged: Merged | None = None
    known: int = 0
    unsettled: str = ""


async def _candidates(asked: _Asked) -> _Found:
    """Analyse the candidates as they are labelled now."""
    from evalgate.cli.curate_models import model_asked
    from evalgate.curate.analysis.analysis import survey
    from evalgate.curate.candidates import read_candidates

    file = asked.place.target.candidates
    surveyed = survey(read_candidates(file), asked.taxonomy)
    if asked.place.label.model is None or not surveyed.shown:
        return _Found(survey=surveyed)
    place = asked.place
    async with model_asked(
        place.model, place.loaded, asked.environ, cache=asked.cache, following=asked.again
    ) as asking:
        tell(f"asking {place.model} about {len(surveyed.shown)} labels")
        return await _analysed(asked, asking.model, lambda: read_candidates(file), surveyed)


async def _of_gate(asked: _Asked, worse: Sequence[Candidate], good: Sequence[Candidate]) -> _Found:
    """Label what got worse in a build, and analyse that; `good` are the other side's answers."""
    from evalgate.cli.curate_models import model_asked, teller
    from evalgate.curate.analysis.analysis import survey
    from evalgate.curate.candidates import State
    from evalgate.curate.labelling.labelling import Labeller, ask_all, labelled

    place = asked.place
    async with model_asked(
        place.model, place.loaded, asked.environ, cache=asked.cache, following=asked.again
    ) as asking:
        labeller = Labeller(
            model=asking.model, taxonomy=asked.taxonomy, answers=False, states=frozenset({State.CHOSEN})
        )
        tell(f"asking {place.model} about {len(worse):,} examples")
        found = await ask_all(worse, labeller, stop=asking.stop, tell=teller(len(worse), "labelled"))
        kept = "answers that were paid for are kept"
        refuse_part(asking, failed=found.failed, why=found.why, kept=kept, again=asked.again)
        traces = list(labelled(worse, found.marks, labeller, now=""))
        surveyed = survey(traces, asked.taxonomy)
        return await _analysed(asked, asking.model, lambda: traces, surveyed, good=lambda: good)


async def _analysed(
    asked: _Asked, model: Model, traces: Traces, surveyed: Survey, *, good: Traces | None = None
) -> _Found:
    from evalgate.curate.analysis.analysis import analyse, with_lessons
    from evalgate.errors import MeasurementError
    from evalgate.llm.failures import CallFailed
    from evalgate.suite.guidelines import load_guidelines

    file = asked.guidelines
    known = load_guidelines(file.parent, file.name)
    try:
        analysed = await analyse(traces, surveyed, asked.taxonomy, model, good=good)
        merged, recognised, unsettled = await with_lessons(known, analysed, model)
    except CallFailed as failed:
        raise MeasurementError(
            f"{failed.message}; answers that were paid for are kept", next_step=asked.again
        ) from None
    return _Found(survey=surveyed, analysed=analysed, merged=merged, known=recognised, unsettled=unsettled)


def _write(folder: Path, asked: _Asked, found: _Found) -> None:
    """Write the report, its picture, the tests, the rules and the guidelines; each whole."""
    from evalgate.cli.files import write_file
    from evalgate.curate.analysis.report import PICTURE, bars_of, render_analysis
    from evalgate.curate.analysis.written_tests import file_name, file_of_tests
    from evalgate.report.bars import render_bars_svg
    from evalgate.yaml_writing import as_yaml

    tests: dict[str, str] = {}
    for each in found.analysed:
        if each.rules:
            tests[each.label] = file_name(each.label)
            used = {trace.id: trace for held in each.rules for trace in held.tested}
            rules = [(held.rule, [trace.id for trace in held.tested]) for held in each.rules]
            write_file(folder / tests[each.label], file_of_tests(each.label, rules, used).encode("utf-8", "replace"))
    bars = bars_of(found.survey, asked.taxonomy)
    write_file(folder / PICTURE, render_bars_svg(asked.taxonomy.question, bars).encode())
    report = render_analysis(found.survey, found.analysed, asked.taxonomy, tests, found.merged)
    write_file(folder / "analysis.md", report.encode("utf-8", "replace"))
    if found.merged is not None and found.merged.guidelines.guidelines:
        value = found.merged.guidelines.model_dump(mode="json", exclude_defaults=True)
        write_file(asked.guidelines, as_yaml(value).encode("utf-8", "replace"))


def _say(folder: Path, asked: _Asked, found: _Found, *, as_json: bool) -> None:
    import json

    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say
    from evalgate.curate.analysis.report import bars_of
    from evalgate.encoding import printable
    from evalgate.report.bars import bar_lines

    if as_json:
        say(json.dumps(_json(folder, asked, found), indent=2, ensure_ascii=False) + "\n")
        return
    if not found.survey.of:
        click.echo(printable(f"there is nothing to analyze; next: evalgate curate label {asked.place.said}"))
        return
    console = this_console(asked.environ)
    say(console.written("\n".join(bar_lines(bars_of(found.survey, asked.taxonomy), console)) + "\n"))
    click.echo(printable("\n".join(_lines(folder, asked, found))))


def _lines(folder: Path, asked: _Asked, found: _Found) -> list[str]:
    lines = [f"the report is {folder / 'analysis.md'}"]
    rules, idle = sum(len(each.rules) for each in found.analysed), sum(each.idle for each in found.analysed)
    if rules or idle:
        lines.append(f"{rules:,} rules tell these answers from others; {idle:,} that do not are left out")
    lines += [f"of {each.label} nothing was found: {each.why_not}" for each in found.analysed if each.why_not]
    if found.merged is not None:
        merged = found.merged
        lines.append(
            f"guidelines: {merged.added:,} new, {merged.same + found.known:,} known, {merged.settled:,} disagreements"
            f" settled, in {asked.guidelines}"
        )
    if found.unsettled:
        lines.append(f"new guidelines were not compared with the others: {found.unsettled}")
    if found.survey.unlabelled == found.survey.of:
        return [*lines, f"nothing is labelled; next: evalgate curate label {asked.place.said}"]
    if rules:
        return [*lines, f"next: pytest {folder}, whose tests fail as long as answers are as they were"]
    if found.survey.shown and asked.place.label.model is None:
        return [*lines, f"next: {asked.again} --model ENDPOINT/MODEL, which finds what they have in common"]
    return lines


def _json(folder: Path, asked: _Asked, found: _Found) -> dict[str, Any]:
    from dataclasses import asdict

    merged = found.merged
    return {
        "taxonomy": asked.taxonomy.name,
        "of": found.survey.of,
        "fine": found.survey.fine,
        "unlabelled": found.survey.unlabelled,
        "labels": dict(found.survey.labels),
        "found": [
            {
                "label": each.label,
                "number": each.number,
                "why_not": each.why_not,
                "patterns": [asdict(pattern) for pattern in each.findings.patterns],
                "fixes": [asdict(fix) for fix in each.findings.fixes],
                "rules": [
                    {
                        **asdict(held.rule),
                        "broken_by": held.broken_by,
                        "of": held.of,
                        "flagged": held.flagged,
                        "good": held.good,
                    }
                    for held in each.rules
                ],
                "left_out": each.idle,
            }
            for each in found.analysed
        ],
        "guidelines": None
        if merged is None
        else {
            "file": str(asked.guidelines),
            "added": merged.added,
            "known": merged.same + found.known,
            "settled": merged.settled,
            "unsettled": found.unsettled,
        },
        "report": str(folder / "analysis.md"),
    }
