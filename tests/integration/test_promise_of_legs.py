"""The promise where a build is measured in parts: each leg screens and confirms by itself, one decision is over all.

Whole legs go through `gate.run` into journals of their own and out of them together, of candidates that changed nothing
and answer at random, against stored runs that were lucky.
"""

import os
import random
import shutil
from contextlib import ExitStack, closing

import numpy as np
import pytest
import yaml

from evalgate.cli.builds import head, tree_of
from evalgate.decision import decide
from evalgate.gate.baselines.bases import Bases, Target
from evalgate.gate.gather import Source, gathered
from evalgate.gate.guard.guard import unguarded
from evalgate.gate.request import Wanted, make_request
from evalgate.journal.store import Journal
from evalgate.records import Verdict
from evalgate.stats.columns import Column
from evalgate.stats.joint import joint_test
from evalgate.suite.loading import load_config
from tests.e2e.repository import Repo
from tests.integration.test_promise import LUCKY, RIGHT, AtRandom, _another, _verdict

LEGS = ("one", "two", "three")
BUILDS = 50
EXAMPLES = 30
MOST = 13
"""So many FAILs and more come by luck alone less than once in 200,000 times, where each has a chance of 5.5 %."""


@pytest.fixture
def repo(tmp_path):
    repo = Repo(tmp_path / "repo", examples=EXAMPLES).begin().ship()
    suites = {}
    for name in LEGS:
        lines = (
            f'{{"id": "{name}{n}", "input": {{"q": {n}}}, "output": {{"a": 1, "b": 2, "c": 3}}}}\n'
            for n in range(EXAMPLES)
        )
        repo.write(f"{name}.jsonl", "".join(lines))
        suites[name] = {
            "dataset": f"{name}.jsonl",
            "task": {"python": "app.py:answer", "inputs": ["app.py"]},
            "evaluators": [{"exact_match": {"path": "a"}}],
            "checks": {"exact_match": {"no_regression": {}}},
        }
    repo.write("evalgate.yaml", yaml.safe_dump({"suites": suites}))
    repo.commit()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    repo.commit()
    return repo


async def test_legs_that_confirm_by_themselves_keep_the_promise_together(repo, tmp_path):
    generator = random.Random(20261121)
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    loaded = load_config(repo.folder / "evalgate.yaml", environ=environ, overrides={})
    commit, tree = head(loaded.path, environ), tree_of(environ)
    verdicts, screened = [], 0
    with Bases(loaded.path, environ=environ, target=Target()) as bases:
        requests = {}
        for name in LEGS:
            with closing(Journal(tmp_path / f"{name}.db")) as journal:
                wanted = Wanted(suites=(name,), together=True)
                requests[name] = make_request(unguarded(loaded), wanted, journal, commit=commit, tree=tree, bases=bases)
                await _verdict(requests[name], journal, environ, AtRandom(generator, LUCKY))
        for number in range(BUILDS):
            with ExitStack() as stack:
                sources, confirmed = [], set()
                for name in LEGS:
                    file = tmp_path / f"{name}-{number}.db"
                    shutil.copy(tmp_path / f"{name}.db", file)
                    journal = stack.enter_context(Journal(file))
                    unchanged = _another(requests[name], f"candidate {number}")
                    _, was = await _verdict(unchanged, journal, environ, AtRandom(generator, RIGHT))
                    confirmed |= {name} if was else set()
                    sources.append(Source(journal=journal, build=journal.builds()[0].id))
                decision = decide(gathered(sources, LEGS))
                assert (decision.alpha, decision.columns) == (0.05, 3)
                failed = {suite.name for suite in decision.suites if suite.verdict is Verdict.FAIL}
                assert failed <= confirmed, "a FAIL of what its leg did not confirm"
                verdicts.append(decision.verdict)
                screened += len(confirmed)
    assert screened > MOST, "the stored runs were as lucky as they were made: legs confirm"
    assert sum(verdict is Verdict.FAIL for verdict in verdicts) < MOST


def test_a_leg_confirms_wherever_the_whole_build_would():
    """Adjusted among fewer columns a p is never larger, but for the chance in the draws of signs."""
    generator = np.random.default_rng(7)
    worst = 0.0
    for _ in range(60):
        columns, names = [], []
        for leg in range(3):
            size = int(generator.integers(15, 40))
            differences = generator.choice([-1.0, 0.0, 1.0], size, p=[0.25, 0.6, 0.15])
            units = np.arange(len(names), len(names) + size)
            names += [f"{leg}/{n}" for n in range(size)]
            columns.append(Column(units=units, differences=differences, mid=True))
        whole = joint_test(columns, names, seed=1).adjusted
        for column, among in zip(columns, whole, strict=True):
            (alone,) = joint_test([column], names, seed=1).adjusted
            worst = max(worst, alone - among)
    assert worst < 0.02
