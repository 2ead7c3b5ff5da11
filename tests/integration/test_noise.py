"""A noise study in this process: judges are asked twice, and a build takes along what was known when it began."""

from __future__ import annotations

import asyncio
import io
import os
import random
import time
from dataclasses import replace

import pytest

from evalgate.cli.builds import head, tree_of
from evalgate.cli.compose import world
from evalgate.cli.models import CacheChoice
from evalgate.decision.noise import study
from evalgate.gate.evidence.noise import noise_rows, sample_names, study_evidence
from evalgate.gate.noise import run_study, study_request
from evalgate.gate.request import Wanted
from evalgate.records import Evaluation, EvaluatorKind, EvaluatorSpec
from evalgate.report.progress import Mode, Progress
from evalgate.suite.loading import load_config
from tests.integration.build import measured


class Wavering:
    """An evaluator that says no to every third question, whatever the answer."""

    concurrency = 4

    def __init__(self, kind: EvaluatorKind) -> None:
        self.spec = EvaluatorSpec(name="exact_match", kind=kind)
        self.asked: list[str] = []
        self._chance = random.Random(1)

    async def start(self) -> None:
        """Nothing to load."""

    async def evaluate(self, subject) -> Evaluation:
        self.asked.append(subject.sample)
        return Evaluation(name="exact_match", score=float(self._chance.random() < 2 / 3))

    async def close(self) -> None:
        """Nothing to stop."""


async def studied(project, journal, *, judge=None, runs=3):
    environ = dict(os.environ)
    loaded = load_config(project.folder / "evalgate.yaml", environ=environ, overrides={})
    request = study_request(loaded, (), commit=head(loaded.path, environ), tree=tree_of(environ))
    progress = Progress(io.StringIO(), time.monotonic, mode=Mode.QUIET)
    async with world(
        journal=journal,
        config=request.config,
        environ=environ,
        cache=CacheChoice(path=project.folder / ".evalgate" / "cache.db", fresh=True),
        resume=None,
        observer=progress,
        expect=progress.expect,
        log=lambda _: None,
        stop=asyncio.Event(),
    ) as effects:
        judging = effects if judge is None else replace(effects, evaluator_runner=lambda *_: judge)
        return await run_study(request, judging, runs=runs)


@pytest.mark.parametrize(("kind", "again"), [(EvaluatorKind.LLM, 120), (EvaluatorKind.CODE, 50)])
async def test_a_judge_scores_every_answer_of_the_first_run_twice(project, journal, kind, again):
    """Under a sample name of its own, so that nothing stored answers for it; other evaluators score a part twice."""
    project.examples = 120
    judge = Wavering(kind)
    ended = await studied(project.prepare(), journal, judge=judge)
    names = sample_names(journal.build(ended.id))
    assert [judge.asked.count(name) for name in names] == [120] * 3
    assert judge.asked.count(f"{names[0]}~2") == again
    (check,) = ended.found.suites[0].checks
    assert check.scored_again == again
    assert check.scored_differently > again / 4
    assert ended.found.suites[0].steady == 120
    assert check.components.evaluator > 0
    evaluations = journal.evaluations(journal.experiments(ended.id)[0].id, "e0", names[0])
    assert len(evaluations) == 1


async def test_what_is_stored_is_what_the_journal_says(project, journal):
    """The rows that builds take along come again from the recorded runs."""
    ended = await studied(project.prepare(), journal)
    found = study(study_evidence(journal, ended.id))
    assert found == ended.found
    assert noise_rows(journal.build(ended.id), found) == journal.noise(ended.id)


async def test_two_studies_share_no_sample(project, journal):
    project.prepare()
    first, second = await studied(project, journal), await studied(project, journal)
    assert not {*sample_names(journal.build(first.id))} & {*sample_names(journal.build(second.id))}


async def test_a_build_knows_what_was_known_when_it_began(project, journal):
    """A study that is made later changes nothing of it, gone on with or not."""
    before = await measured(project.prepare(), journal)
    ended = await studied(project, journal)
    after = await measured(project, journal)
    assert journal.noise(before.ended.build) == []
    assert journal.noise(after.ended.build) == journal.noise(ended.id)
    await measured(project, journal, Wanted(resume=before.ended.build))
    assert journal.noise(before.ended.build) == []
    assert before.check().detectable_from != after.check().detectable_from


async def test_a_real_judge_that_wavers_is_told_from_the_task(project, journal, fake_model):
    """Its model draws a verdict for each call; every call is one of its own, though the answers are the same."""
    project.examples = 60
    project.suite = {
        "evaluators": [{"judge": "conciseness", "model": "fake/m"}],
        "checks": {"conciseness": {"no_regression": {}}},
    }
    project.prepare()
    config = project.folder / "evalgate.yaml"
    config.write_text(config.read_text() + f"endpoints:\n  fake: {{base_url: '{fake_model.base_url}'}}\n")
    ended = await studied(project, journal)
    (suite,) = ended.found.suites
    (check,) = suite.checks
    assert suite.steady == 60
    assert len(fake_model.requests) == 60 * 4
    assert check.scored_again == 60
    assert 15 < check.scored_differently < 45
    assert check.components.answers < 0.3 * check.components.evaluator
