"""`evalgate curate analyze`: what labelled traces have in common, as a report, tests that fail now, and guidelines."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from evalgate.cli.asking import counting, tell
from evalgate.cli.curate.analyzed import Analysing, Found, say_found, write_found
from evalgate.cli.curate.labelling import labelling_place, phoenix_of, refuse_part
from evalgate.cli.curate.options import dataset_option, profile_option, steps_option, taxonomy_option
from evalgate.cli.curate.places import require_candidates
from evalgate.cli.curate.settings import Named, typed
from evalgate.cli.options import cache_option, config_option, journal_option, json_option, server_option

if TYPE_CHECKING:
    from evalgate.cli.curate.labelling import Place
    from evalgate.cli.curate.models import Asking
    from evalgate.curate.analysis.analysis import Steps, Survey, Traces
    from evalgate.curate.candidates import Candidate

_PAID: Final = "answers that were paid for are kept"


@click.command(short_help="Find what failing traces have in common.")
@dataset_option
@profile_option
@click.option(
    "--from-gate",
    "build",
    metavar="BUILD",
    help="Analyze what got worse in this build (its id, a file of it, latest), instead of candidates.",
)
@click.option("--model", metavar="ENDPOINT/MODEL", help="The model that is asked; without one, labels are counted.")
@taxonomy_option
@steps_option
@click.option("--to", metavar="FOLDER", help="Where the report goes.  [default: NAME.analysis beside the dataset]")
@click.option(
    "--guidelines",
    metavar="FILE",
    help="Where guidelines are kept, and are merged with those there.  [default: NAME.guidelines.yaml beside it]",
)
@config_option
@cache_option
@journal_option
@server_option
@json_option
def command(
    *,
    dataset: str | None,
    profile: str | None,
    build: str | None,
    to: str | None,
    guidelines: str | None,
    config: Path,
    cache: Path | None,
    journal: Path | None,
    server: str | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Find what failing traces have in common: patterns, rules, tests, guidelines.

    It counts the labels that `curate label` gave, and puts traces of each to the model. Rules are held to every answer,
    and those are kept that tell failing answers from good ones. Tests are files for pytest that fail now; their code is
    evalgate's own, and nothing that a model wrote is run.
    """
    from evalgate.curate.beside import analysis_folder
    from evalgate.curate.holding import held

    named = Named(dataset=dataset, profile=profile, config=config, server=server, environ=dict(os.environ))
    place = labelling_place(named, {**given, "cache": cache})
    if build is None:
        require_candidates(place.target)
    where = {"build": build, "to": to, "guidelines": guidelines, "journal": journal}
    asked = _asked(place, named, where, cache=cache)
    folder = Path(to) if to else analysis_folder(Path(place.target.shown_candidates))
    with held(place.target.candidates, ".analysis"):
        if build is None:
            found = asyncio.run(_candidates(asked))
        else:
            from evalgate.cli.curate.regressed import regressed

            found = asyncio.run(_of_gate(asked, *regressed(build, journal)))
        if found.survey.of:
            write_found(folder, asked, found)
    say_found(folder, asked, found, as_json=as_json)
    return 0


def _asked(place: Place, named: Named, where: Mapping[str, Any], *, cache: Path | None) -> Analysing:
    """Return what is analysed, with what; `where` are the flags that say of what, and where it is kept."""
    from evalgate.curate.beside import guidelines_file
    from evalgate.curate.labelling.taxonomies import taxonomy_of

    kept = where["guidelines"]
    steps = place.label.steps and where["build"] is None
    return Analysing(
        place=place,
        config_folder=named.config.parent,
        taxonomy=taxonomy_of(place.label.taxonomy, named.config.parent),
        environ=named.environ,
        cache=cache,
        again=place.step("analyze", *place.flags, *typed(where)),
        address=phoenix_of(place, named.server, named.config, named.environ) if steps else None,
        guidelines=Path(kept) if kept else guidelines_file(Path(place.target.shown_candidates)),
    )


async def _candidates(asked: Analysing) -> Found:
    """Analyse the candidates as they are labelled now."""
    from contextlib import AsyncExitStack

    from evalgate.cli.curate.models import model_asked
    from evalgate.curate.analysis.analysis import survey
    from evalgate.curate.candidates import read_candidates
    from evalgate.decision.number_words import count

    file = asked.place.target.candidates
    surveyed = survey(read_candidates(file), asked.taxonomy)
    if asked.place.label.model is None or not surveyed.shown:
        return Found(survey=surveyed)
    place = asked.place
    async with AsyncExitStack() as stack:
        asking = await stack.enter_async_context(
            model_asked(place.model, place.loaded, asked.environ, cache=asked.cache, following=asked.again, about=file)
        )
        steps = None
        if asked.address is not None:
            from evalgate.cli.curate.trajectories import steps_read

            reading = steps_read(asked.address, place.clean, file, asked.environ, folder=asked.config_folder)
            steps = await stack.enter_async_context(reading)
        tell(f"asking {place.model} about {count(len(surveyed.shown), 'label')}")
        return await _analysed(asked, asking, lambda: read_candidates(file), surveyed, steps=steps)


async def _of_gate(asked: Analysing, worse: Sequence[Candidate], good: Sequence[Candidate]) -> Found:
    """Label what got worse in a build, and analyse that; `good` are the other side's answers."""
    from evalgate.cli.curate.models import model_asked
    from evalgate.curate.analysis.analysis import survey
    from evalgate.curate.candidates import State
    from evalgate.curate.labelling.labelling import Labeller, ask_all, labelled
    from evalgate.decision.number_words import count

    place = asked.place
    about = place.target.candidates
    async with model_asked(
        place.model, place.loaded, asked.environ, cache=asked.cache, following=asked.again, about=about
    ) as asking:
        labeller = Labeller(
            model=asking.model, taxonomy=asked.taxonomy, answers=False, states=frozenset({State.CHOSEN})
        )
        tell(f"asking {place.model} about {count(len(worse), 'example')}")
        told = counting("labelled")
        found = await ask_all(worse, labeller, stop=asking.stop, tell=lambda done: told(done, len(worse)))
        refuse_part(asking, failed=found.failed, why=found.why, kept=_PAID, again=asked.again)
        traces = list(labelled(worse, found.marks, labeller, now=""))
        surveyed = survey(traces, asked.taxonomy)
        return await _analysed(asked, asking, lambda: traces, surveyed, good=lambda: good)


async def _analysed(
    asked: Analysing,
    asking: Asking,
    traces: Traces,
    surveyed: Survey,
    *,
    good: Traces | None = None,
    steps: Steps | None = None,
) -> Found:
    from evalgate.curate.analysis.analysis import analyse, with_lessons
    from evalgate.errors import Interrupted, MeasurementError
    from evalgate.suite.guidelines import load_guidelines

    file = asked.guidelines
    known = load_guidelines(file.parent, file.name)
    try:
        analysed = await analyse(traces, surveyed, asked.taxonomy, asking.model, good=good, steps=steps)
        merged, recognised, unsettled = await with_lessons(known, analysed, asking.model)
    except MeasurementError as failed:
        refuse_part(asking, failed=0, why="", kept=_PAID, again=asked.again)
        raise MeasurementError(f"{failed.message}; {_PAID}", next_step=asked.again) from None
    if asking.stop.is_set() and asking.ended() is None:  # a budget that is spent with the last answer ends nothing
        raise Interrupted(f"stopped; {_PAID}", next_step=asked.again)
    return Found(survey=surveyed, analysed=analysed, merged=merged, known=recognised, unsettled=unsettled)
