"""`evalgate plan`: what a run takes and what it could catch, before anything is paid."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import (
    Amount,
    base_option,
    config_option,
    every_option,
    journal_option,
    overrides,
    pull_request_option,
    set_option,
    suites_option,
)

if TYPE_CHECKING:
    from evalgate.decision.plans import BuildPlan
    from evalgate.gate.prepared import PreparedSuite
    from evalgate.suite.config import Config


@click.command()
@config_option
@journal_option
@suites_option
@click.option(
    "--catch",
    type=Amount(min=0, min_open=True, max=100),
    metavar="POINTS",
    help="Say how many examples or repetitions catch a drop of this many points: --catch 5.",
)
@every_option
@base_option
@pull_request_option
@set_option
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON, in place of text.")
def command(
    *,
    config: Path,
    journal: Path | None,
    suites: tuple[str, ...],
    catch: float | None,
    every: bool,
    base: str | None,
    as_pull_request: bool,
    assignments: tuple[str, ...],
    as_json: bool,
) -> int:
    """Say what a run takes and what it could catch, before anything is paid.

    Datasets are read and validated; no task, evaluator or model is started. How long a run takes and how much answers
    differ without any change is read from the latest complete build of each suite, where there is one.
    """
    from evalgate.cli.builds import journal_path, tree_of
    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say
    from evalgate.cli.hub import prompts_of
    from evalgate.cli.pulling import puller
    from evalgate.cli.target import gate_of, target_of
    from evalgate.cli.workflow import guarded
    from evalgate.gate.baselines.bases import Bases
    from evalgate.gate.request import whole_suites
    from evalgate.report.plan import render_plan
    from evalgate.report.plan_json import render_plan_json
    from evalgate.suite.loading import load_config

    environ = dict(os.environ)
    laid_over = overrides(assignments)
    loaded = load_config(config, environ=environ, overrides=laid_over)
    with Bases(loaded.path, environ=environ, target=target_of(environ, base), every=every) as bases:
        pull = puller(loaded.path, environ)
        gate = gate_of(loaded, bases, environ, laid_over, pull, as_pull_request=as_pull_request, names=suites)
        prepared = whole_suites(
            gate, suites, tree=tree_of(environ), bases=bases, prompts=prompts_of(loaded.path, environ)
        )
    share = None if catch is None else catch / 100
    plan = _planned(prepared, gate.loaded.config, journal_path(journal), environ, catch=share)
    if as_json:
        say(render_plan_json(plan))
    else:
        say(guarded(render_plan(plan, this_console(environ)), environ))
    return 0


def _planned(
    suites: Sequence[PreparedSuite], deciding: Config, journal: Path, environ: Mapping[str, str], *, catch: float | None
) -> BuildPlan:
    """Return what a run of the suites takes and could catch by the config that decides; `catch` is a share."""
    from evalgate.evaluators.registry import build
    from evalgate.gate.family import deciding_policy
    from evalgate.gate.planning import make_plan
    from evalgate.journal.store import Journal

    specs = {
        suite.name: [build(each, root=suite.placed.of(each), environ=environ).spec for each in suite.suite.evaluators]
        for suite in suites
    }
    policy = deciding_policy(deciding, [suite.name for suite in suites])
    day = datetime.now(UTC).date().isoformat()
    with ExitStack() as stack:
        # A first plan comes before the first run: without a journal it says less, and it makes none.
        store = stack.enter_context(Journal(journal, create=False)) if journal.exists() else None
        return make_plan(suites, policy, specs, store, day=day, catch=catch, budget=deciding.budget)
