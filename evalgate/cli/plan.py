"""`evalgate plan`: what a run takes and what it could catch, before anything is paid."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from evalgate.cli.options import (
    Amount,
    config_option,
    journal_option,
    overrides,
    pull_request_option,
    set_option,
)


@click.command()
@config_option
@journal_option
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="Only this suite; may be given several times.")
@click.option(
    "--catch",
    type=Amount(min=0, min_open=True, max=100),
    metavar="POINTS",
    help="Say how many examples or repetitions catch a drop of this many points: --catch 5.",
)
@click.option("--all", "every", is_flag=True, help="Also suites of which nothing has changed since the base.")
@click.option("--base", metavar="REF", help="Compare with where the change left this branch, tag or commit.")
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
    from evalgate.evaluators.registry import build
    from evalgate.gate.baselines.bases import Bases
    from evalgate.gate.family import deciding_policy
    from evalgate.gate.planning import make_plan
    from evalgate.gate.request import whole_suites
    from evalgate.journal.store import Journal
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
    specs = {
        suite.name: [build(each, root=suite.placed.of(each), environ=environ).spec for each in suite.suite.evaluators]
        for suite in prepared
    }
    stored = journal_path(journal)
    with ExitStack() as stack:
        # A first plan comes before the first run: without a journal it says less, and it makes none.
        store = stack.enter_context(Journal(stored, create=False)) if stored.exists() else None
        share = None if catch is None else catch / 100
        deciding = gate.loaded.config
        day = datetime.now(UTC).date().isoformat()
        policy = deciding_policy(deciding, [suite.name for suite in prepared])
        plan = make_plan(prepared, policy, specs, store, day=day, catch=share, budget=deciding.budget)
    if as_json:
        say(render_plan_json(plan))
    else:
        say(guarded(render_plan(plan, this_console(environ)), environ))
    return 0
