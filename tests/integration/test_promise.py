"""The promise through the code that runs it: unchanged candidates that answer at random, and how many of them FAIL.

docs/operating-characteristics.md simulates the decision and its flow by the thousand. Here whole builds go through
`gate.run` into a journal and out of it again, so that what is drawn, stored, looked up and read is in the count: fewer
of them, at a setting in which a gate that goes by its stored baseline fails nearly every second one.
"""

import asyncio
import os
import random
import shutil
from contextlib import closing
from dataclasses import replace

import pytest

from evalgate.cli.builds import head, tree_of
from evalgate.cli.compose import world
from evalgate.cli.models import CacheChoice
from evalgate.decision import decide
from evalgate.gate.baselines.bases import Bases, Target
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.gate.guard.guard import unguarded
from evalgate.gate.request import Wanted, make_request
from evalgate.gate.run import run_build
from evalgate.journal.store import Journal
from evalgate.records import Fingerprint, Side, TaskOutcome, Verdict
from evalgate.suite.loading import load_config
from tests.e2e.repository import Repo

BUILDS = 120
EXAMPLES = 30
RIGHT, LUCKY = 0.80, 0.95
"""How often each of three answers is right, and how often in the stored runs of the same thing, which were lucky."""
MOST = 21
"""So many FAILs and more come by luck alone less than once in a million times, where each has a chance of 5.5 %."""


class AtRandom:
    """A task of three answers, each right so often, whatever side and example it is."""

    concurrency = 8
    queue = None

    def __init__(self, generator: random.Random, right: float) -> None:
        self._generator, self._right = generator, right

    async def start(self) -> None:
        """Be ready."""

    async def run(self, example, sample):
        answer = {name: example.output[name] if self._generator.random() < self._right else None for name in "abc"}
        return TaskOutcome(output=answer, usage=())

    async def close(self) -> None:
        """Be gone."""


class Silent:
    """Watches nothing."""

    def run_ended(self, side, outcome) -> None:
        """Hear of a run."""

    def evaluated(self, side, evaluations) -> None:
        """Hear of evaluations."""


@pytest.fixture
def asked(tmp_path):
    """What an unchanged candidate's build is asked for, and the journal that has its lucky baseline."""
    repo = Repo(tmp_path / "repo", examples=EXAMPLES).begin()
    repo.ship(
        evaluators=[{"exact_match": {"path": name}, "name": name} for name in "abc"],
        checks={name: {"no_regression": {}} for name in "abc"},
    )
    lines = (
        f'{{"id": "e{n}", "input": {{"q": {n}}}, "output": {{"a": 1, "b": 2, "c": 3}}}}\n' for n in range(EXAMPLES)
    )
    repo.write("golden.jsonl", "".join(lines))
    repo.commit()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    repo.commit()
    return repo


async def test_unchanged_candidates_fail_no_more_often_than_is_promised(asked, tmp_path):
    """Also against a lucky stored baseline: what it fails is drawn again on both sides, and that decides."""
    generator = random.Random(20261121)
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    loaded = load_config(asked.folder / "evalgate.yaml", environ=environ, overrides={})
    first = tmp_path / "first.db"
    with Bases(loaded.path, environ=environ, target=Target()) as bases:
        with closing(Journal(first)) as journal:
            commit, tree = head(loaded.path, environ), tree_of(environ)
            request = make_request(unguarded(loaded), Wanted(), journal, commit=commit, tree=tree, bases=bases)
            await _verdict(request, journal, environ, AtRandom(generator, LUCKY))
        found = []
        for number in range(BUILDS):
            store = tmp_path / f"{number}.db"
            shutil.copy(first, store)
            with closing(Journal(store)) as journal:
                unchanged = _another(request, f"candidate {number}")
                found.append(await _verdict(unchanged, journal, environ, AtRandom(generator, RIGHT)))
    failed = [confirmed for verdict, confirmed in found if verdict is Verdict.FAIL]
    assert all(failed), "a FAIL that was not confirmed"
    # The stored baseline is as lucky as it was made: the screen says so of far more than fail then.
    assert sum(confirmed for _, confirmed in found) > 2 * MOST
    assert len(failed) < MOST, f"{len(failed)} of {BUILDS} unchanged candidates FAIL"
    assert {verdict for verdict, _ in found} <= {Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL}


def _another(request, digest):
    """Return the request of a candidate that is another one by its fingerprint, and answers as all do."""
    (suite,) = request.suites
    known = Fingerprint(digest=digest, watched=())
    sides = tuple(replace(side, fingerprint=known) if side.side is Side.CANDIDATE else side for side in suite.sides)
    return replace(request, suites=(replace(suite, sides=sides),))


async def _verdict(request, journal, environ, task):
    """Run a build in this process; return its verdict, and whether both sides were drawn to confirm a screen."""
    async with world(
        journal=journal,
        config=request.config,
        environ=environ,
        cache=CacheChoice(path=journal.path.parent / "cache.db"),
        resume=None,
        observer=Silent(),
        expect=lambda runs, *, done: None,
        log=lambda line: None,
        stop=asyncio.Event(),
    ) as effects:
        ended = await run_build(request, replace(effects, task_runner=lambda suite, side: task))
    draws = journal.draws(ended.build)
    verdict = decide(build_evidence(journal, ended.build)).verdict
    return verdict, len(draws) == 2 and draws[1].baseline > 0
