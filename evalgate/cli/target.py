"""What a change is meant for, as the workflow says it that this runs in: the one reader of GitHub's event."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError
from evalgate.gate.baselines.bases import Bases, Target
from evalgate.gate.datasets import Pull, with_datasets
from evalgate.gate.guard.guard import Gate, guard, unguarded
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.request import Commit
from evalgate.github.event import Course, Event, event_of
from evalgate.suite.loading import LoadedConfig, load_config

_PAYLOAD: Final = 32 * 2**20
"""Bytes of an event; GitHub sends no more than 25 MB."""


def read_event(environ: Mapping[str, str]) -> Event:
    """Return what the workflow that this runs in says; nothing outside of one. A payload that is none says nothing."""
    try:
        with Path(environ.get("GITHUB_EVENT_PATH", "")).open("rb") as file:
            payload = json.loads(file.read(_PAYLOAD))
    except (OSError, ValueError, RecursionError):
        payload = None
    return event_of(environ, payload if isinstance(payload, dict) else {})


def refuse_exposed(environ: Mapping[str, str], commit: str | None = None) -> None:
    """Raise ConfigurationError where running the change would give its code what only the base may have.

    `commit` is what is checked out, where that is known.
    """
    event = read_event(environ)
    if event.exposes_secrets:
        raise ConfigurationError(
            f"on {event.name} the code of a pull request would run with the secrets and the token of its base",
            next_step="let the workflow run on pull_request; for forks, a second one on workflow_run (docs/forks.md)",
        )
    if event.course is Course.REPORT and event.outside is not None and commit is not None:
        pull = event.pull
        if pull is not None and pull.head == commit:
            raise ConfigurationError(
                "what is checked out is the change from a fork, and on workflow_run it would have the base's secrets",
                next_step="leave `ref:` out of actions/checkout here, and decide on what the fork's own run recorded",
            )


def target_of(environ: Mapping[str, str], given: str | None) -> Target:
    """Return what the change is compared with: the ref that was given, else what the event of a workflow names.

    A pull request is checked out as it is merged into its target, or as its own head; a merge queue names its base.
    """
    if given is not None:
        return Target(ref=given)
    event = read_event(environ)
    return Target(ref=event.base_ref, commit=event.base_commit, merged=event.merged, change=event.change)


def gate_of(
    loaded: LoadedConfig,
    bases: Bases,
    environ: Mapping[str, str],
    set_: Mapping[str, str],
    pull: Pull,
    *,
    as_pull_request: bool,
    names: Collection[str] = (),
) -> Gate:
    """Return what decides about the change; what `environ` and `set_` say is laid over every config alike.

    `pull` brings datasets here that are not files, `names` are the suites that are asked for (none: all). Raises as
    `guard` does.
    """
    event = read_event(environ)
    if event.name == "push" and not as_pull_request:
        return unguarded(with_datasets(loaded, pull, names))  # it is merged: what decides now is what it says
    load = partial(load_config, environ=environ, overrides=set_, committed=True, without_suites=True)
    return guard(loaded, bases, load, pull, pull_request=as_pull_request or event.change, names=names)


def is_pull_request(environ: Mapping[str, str]) -> bool:
    """Return whether the workflow runs for a change that is meant for another branch."""
    return read_event(environ).change


def change_of(environ: Mapping[str, str], commit: Commit, suites: Iterable[PreparedSuite]) -> str | None:
    """Return what people call the change that is measured, the same at its next commit; None where nobody can say.

    A pull request by its number; outside of a workflow the branch, unless it is what the change is meant for.
    """
    event = read_event(environ)
    if event.name is None and environ.get("GITHUB_ACTIONS") != "true":
        targets = {suite.base.name for suite in suites if suite.base is not None}
        return f"branch {commit.branch}" if commit.branch is not None and commit.branch not in targets else None
    return None if event.number is None or not event.change else f"pull request {event.number}"


def pushed_branch(environ: Mapping[str, str]) -> str | None:
    """Return the default branch where this run is one for a push to it: what is checked out is what is shipped now."""
    event = read_event(environ)
    return event.default_branch if event.course is Course.BASELINE else None


def head_of(environ: Mapping[str, str]) -> str | None:
    """Return a pull request's own commit, where this run is for one: what is checked out may be the merge of it."""
    event = read_event(environ)
    return event.pull.head if event.change and event.pull is not None else None


def is_outside(environ: Mapping[str, str]) -> bool:
    """Return whether the change comes without the repository's secrets: from a fork, or from Dependabot."""
    return read_event(environ).outside is not None


def triggering_run(environ: Mapping[str, str]) -> int | None:
    """Return the run of another workflow whose end this one runs for; None where it runs for something else."""
    return read_event(environ).run


def is_reviewed(environ: Mapping[str, str]) -> bool:
    """Return whether what is measured is what people review, or reviewed: a pull request, a merge queue, a push."""
    return read_event(environ).reviewed
