"""`evalgate doctor`: what would stop a run, before anything is paid."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import (
    cache_option,
    config_option,
    journal_option,
    overrides,
    pull_request_option,
)
from evalgate.errors import EvalgateError

if TYPE_CHECKING:
    from evalgate.gate.doctor.findings import Finding
    from evalgate.gate.guard.guard import Gate
    from evalgate.gate.prepared import PreparedSuite
    from evalgate.journal.store import Journal
    from evalgate.suite.loading import LoadedConfig


@click.command()
@config_option
@journal_option
@cache_option
@click.option(
    "--suite",
    "suites",
    multiple=True,
    metavar="NAME",
    envvar="EVALGATE_RUN_SUITES",
    help="Only this suite; may be given several times.",
)
@click.option(
    "--base",
    metavar="REF",
    envvar="EVALGATE_RUN_BASE",
    help="Compare with where the change left this branch, tag or commit.",
)
@pull_request_option
@click.option("--call", is_flag=True, help="Ask each model one short question too, which is paid.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    envvar="EVALGATE_RUN_ASSIGNMENTS",
    help="Override a config value: policy.mode=observe.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON, in place of text.")
def command(
    *,
    config: Path,
    journal: Path | None,
    cache: Path | None,
    suites: tuple[str, ...],
    base: str | None,
    as_pull_request: bool,
    call: bool,
    assignments: tuple[str, ...],
    as_json: bool,
) -> int:
    """Look for what would stop a run, before anything is paid.

    The config, its datasets and programs, what they are compared with, keys, endpoints, Phoenix, GitHub's token, the
    profiles of `curate:` and this machine. Nothing of the suites is started. Exits with 0, with 2 for what you can
    edit or set, with 4 for a service.
    """
    from evalgate.cli.builds import cache_path, journal_path
    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say
    from evalgate.cli.target import refuse_exposed
    from evalgate.cli.workflow import guarded
    from evalgate.gate.doctor.findings import exit_code, failed
    from evalgate.gate.doctor.machine import place_findings
    from evalgate.report.doctor import render_doctor, render_doctor_json
    from evalgate.suite.loading import load_config

    environ = dict(os.environ)
    laid_over = overrides(assignments)
    refuse_exposed(environ)
    stored = journal_path(journal)
    found, of = list(place_findings((("journal", stored), ("cache", cache_path(cache))))), "a run"
    try:
        loaded = load_config(config, environ=environ, overrides=laid_over, without_suites=True)
    except EvalgateError as error:
        found.insert(0, failed("config", error))
    else:
        visit = _Visit(loaded, environ, laid_over, base=base, as_pull_request=as_pull_request, call=call)
        found = [*visit.findings(suites, stored), *visit.profiles(), *found]
        of = visit.of
    code = exit_code(found)
    if as_json:
        say(render_doctor_json(found, exit_code=code))
    else:
        say(guarded(render_doctor(found, this_console(environ), of=of), environ))
    return code


def look_first(
    loaded: LoadedConfig,
    environ: Mapping[str, str],
    laid_over: Mapping[str, str],
    *,
    suites: tuple[str, ...],
    base: str | None,
    as_pull_request: bool,
    journal: Path,
) -> None:
    """Say how all stands that a run needs, on standard error. Raises where it would end for sure."""
    from evalgate.cli.conclude import this_console
    from evalgate.cli.workflow import guarded
    from evalgate.gate.doctor.findings import require_none
    from evalgate.gate.doctor.machine import place_findings
    from evalgate.report.doctor import render_doctor

    visit = _Visit(loaded, environ, laid_over, base=base, as_pull_request=as_pull_request, call=False)
    found = [*visit.findings(suites, journal), *place_findings([("journal", journal)])]
    click.echo(guarded(render_doctor(found, this_console(environ)), environ), err=True, nl=False)
    require_none(found)


class _Visit:
    """One look at all that a config needs."""

    def __init__(
        self,
        loaded: LoadedConfig,
        environ: Mapping[str, str],
        laid_over: Mapping[str, str],
        *,
        base: str | None,
        as_pull_request: bool,
        call: bool,
    ) -> None:
        self._loaded, self._environ, self._laid_over = loaded, environ, laid_over
        self._base, self._as_pull_request, self._call = base, as_pull_request, call

    def findings(self, names: tuple[str, ...], stored: Path) -> list[Finding]:
        """Return how everything stands, the config first."""
        from evalgate.decision.number_words import count
        from evalgate.gate.doctor.findings import failed, ok

        if not self._loaded.config.suites:
            return [self._without_suites(names)]
        found = [ok("config", f"{self._loaded.path.name}, {count(len(self._loaded.config.suites), 'suite')}")]
        with ExitStack() as stack:
            try:
                gate, prepared = self._prepared(names, stack, found)
            except EvalgateError as error:
                return [*found, failed("gate", error), *self._services(None, [])]
            journal = self._journal(stored, stack, found)
            found += self._suites(gate, prepared, journal)
            found += self._services(gate, prepared)
        return found

    def _without_suites(self, names: tuple[str, ...]) -> Finding:
        """Return how a config stands that measures nothing: one that curates is no mistake."""
        from evalgate.decision.number_words import count
        from evalgate.gate.doctor.findings import ok, problem

        path, curate = self._loaded.path.name, self._loaded.config.curate
        if names or curate is None or not curate.profiles:
            step = f"add a suite to {path} as docs/config.md shows"
            return problem("config", f"{path} has no `suites`: nothing says what is measured", step)
        profiles = count(len(curate.profiles), "profile")
        return ok("config", f"{path}, {profiles} and no suite: it is for curation alone, `evalgate run` needs a suite")

    @property
    def of(self) -> str:
        """Return what the config is for, as the last line speaks of it."""
        config = self._loaded.config
        return "a run" if config.suites or config.curate is None or not config.curate.profiles else "curation"

    def profiles(self) -> list[Finding]:
        """Return how the profiles of `curate:` stand. What a pull request says of them is not looked at."""
        import asyncio

        curate = self._loaded.config.curate
        if curate is None or not curate.profiles:
            return []
        from evalgate.cli.doctor_curate import profile_findings
        from evalgate.gate.doctor.findings import ok

        if self._as_pull_request or self._environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
            return [ok("curate", "profiles are not looked at for a pull request, whose config may say anything")]
        found = profile_findings(self._loaded.config, self._loaded.path, self._environ, datetime.now(UTC))
        return asyncio.run(found)

    def _prepared(
        self, names: tuple[str, ...], stack: ExitStack, found: list[Finding]
    ) -> tuple[Gate, list[PreparedSuite]]:
        """Return what decides, and each suite that can be read; of the others it is said why they cannot."""
        from evalgate.cli.builds import tree_of
        from evalgate.cli.hub import prompts_of
        from evalgate.cli.pulling import puller
        from evalgate.cli.target import gate_of, target_of
        from evalgate.gate.baselines.bases import Bases
        from evalgate.gate.doctor.findings import failed
        from evalgate.gate.request import whole_suites

        path, environ = self._loaded.path, self._environ
        target = target_of(environ, self._base)
        bases = stack.enter_context(Bases(path, environ=environ, target=target, every=False))
        pull = puller(path, environ)
        gate = gate_of(
            self._loaded, bases, environ, self._laid_over, pull, as_pull_request=self._as_pull_request, names=names
        )
        tree, prompts = tree_of(environ), prompts_of(path, environ)
        prepared: list[PreparedSuite] = []
        for name in [*map(gate.named, names)] or [*gate.loaded.config.suites]:
            try:
                prepared += whole_suites(gate, [name], tree=tree, bases=bases, prompts=prompts)
            except EvalgateError as error:
                found.append(failed(name, error))
        return gate, prepared

    def _journal(self, stored: Path, stack: ExitStack, found: list[Finding]) -> Journal | None:
        from evalgate.gate.doctor.findings import failed
        from evalgate.journal.store import Journal

        if not stored.is_file():
            return None
        try:
            return stack.enter_context(Journal(stored, create=False))
        except EvalgateError as error:
            found.append(failed("journal", error))
            return None

    def _suites(self, gate: Gate, prepared: list[PreparedSuite], journal: Journal | None) -> list[Finding]:
        from evalgate.gate.doctor.models import judge_findings
        from evalgate.gate.doctor.suites import suite_findings
        from evalgate.gate.seen import noise_by_check

        policy = gate.loaded.config.policy
        known = noise_by_check(journal, prepared) if journal is not None else {}
        day = datetime.now(UTC).date().isoformat()
        found = [each for suite in prepared for each in suite_findings(suite, policy, known, self._environ, day=day)]
        return [*found, *judge_findings(prepared, gate.loaded.config, journal)]

    def _services(self, gate: Gate | None, prepared: list[PreparedSuite]) -> list[Finding]:
        """Ask what suites need; without a gate nothing decides which endpoints get a key, and none is asked."""
        import asyncio

        from evalgate.cli.doctor_services import Services
        from evalgate.gate.doctor.machine import clock_findings
        from evalgate.gate.doctor.models import called, price_findings

        config = self._loaded.config if gate is None else gate.loaded.config
        calls = called(prepared, config.endpoints)
        services = Services(self._loaded.path, self._environ)
        phoenix = gate.phoenix if gate is not None and config.phoenix is not None else None
        found = asyncio.run(services.ask(calls, phoenix, prepared, call=self._call))
        found += price_findings(calls, config, self._environ)
        signs = any(each.declared.aws_region for each in calls)
        return [*found, *clock_findings(services.dates, time.time(), signs=signs)]
