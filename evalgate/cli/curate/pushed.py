"""What `evalgate curate push` says of what it did: for people and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.curate.pushing.pushing import Accepted, Plan
    from evalgate.phoenix.datasets.pushing import Pushed

_NAMED: Final = 3
"""Ids of those that stay that are named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a push came to. `version` is the file's content hash or Phoenix's id; None where nothing was there."""

    accepted: Accepted
    plan: Plan
    tag: str | None = None
    version: str | None = None
    mirrored: Pushed | None = None


def shown_of(accepted: Accepted, plan: Plan) -> dict[str, str]:
    """Return for the line of each new candidate in a diff what it is about, in short."""
    from evalgate.curate.pushing.pushing import in_short

    added = frozenset(plan.added)
    return {f"+ {each.id}": in_short(each) for each in accepted.candidates if each.id in added}


def as_json_of(done: Done, target: Target) -> dict[str, Any]:
    """Return what a push came to, for programs."""
    plan, mirrored = done.plan, done.mirrored
    return {
        "dataset": target.shown,
        "candidates": str(target.candidates),
        "tag": done.tag if plan.golden else None,
        "version": done.version,
        "added": [*plan.added],
        "replaced": [*plan.replaced],
        "known": [*plan.same, *plan.elsewhere],
        "differing": [*plan.differing],
        "unvouched": [*done.accepted.unvouched],
        "secret": [*done.accepted.secret],
        "personal": [*done.accepted.personal],
        "before": dict(done.accepted.states),
        "phoenix": None
        if mirrored is None
        else {
            "dataset": mirrored.dataset.name,
            "version": mirrored.version.id,
            "made": mirrored.made,
            "unlinked": [*mirrored.unlinked],
        },
    }


def lines_of(done: Done, target: Target) -> list[str]:
    """Return what a push came to, for people, with what is left and why, and what comes next."""
    plan, accepted = done.plan, done.accepted
    counts = ((len(plan.added), "added"), (len(plan.replaced), "replaced"), (len(plan.same), "there already"))
    said = [
        f"{number:,} {what}" for number, what in (*counts, (len(plan.elsewhere), "there under another id")) if number
    ]
    # The hash of a file's content by the digits that people tell it by; --json has all of them.
    version = done.version if target.file is None or done.version is None else done.version[:12]
    lines = [f"{', '.join(said)}: {target.shown} is {done.tag}, version {version}"] if said else []
    lines = [*lines, *_mirrored(done, target, pushed=bool(said))]
    if plan.differing:
        lines.append(
            f"{_many(plan.differing, 'has', 'have')} other content in the dataset, which stays"
            f" ({_some(plan.differing)}{', …' if len(plan.differing) > _NAMED else ''}); --replace puts the candidates"
            " in their place"
        )
    if accepted.unvouched:
        lines.append(
            f"{_many(accepted.unvouched, 'is', 'are')} accepted by nobody, neither a person nor a rule that names"
            f" itself, and {_stay(accepted.unvouched)} ({_some(accepted.unvouched)}); next: {target.step('review')}"
        )
    if accepted.secret:
        again = [part for each in accepted.secret[:_NAMED] for part in ("--id", each)]
        lines.append(
            f"{_many(accepted.secret, 'holds', 'hold')} a key, a token or a password and {_stay(accepted.secret)}"
            f" ({_some(accepted.secret)}); next: {target.step('clean', '--write')},"
            f" then {target.step('review', *again)}"
        )
    if accepted.personal:
        again = [part for each in accepted.personal[:_NAMED] for part in ("--id", each)]
        lines.append(
            f"{_many(accepted.personal, 'has', 'have')} something personal in the answer that a reviewer left, which"
            f" `clean: {{personal: replace}}` forbids, and {_stay(accepted.personal)} ({_some(accepted.personal)});"
            f" next: {target.step('review', *again)}"
        )
    waiting = [f"{accepted.states[state]:,} {state}" for state in ("new", "chosen") if accepted.states.get(state)]
    if waiting:
        following = target.step("review") if accepted.states.get("chosen") else target.step("sample", *target.of_size)
        lines.append(f"{' and '.join(waiting)} wait; next: {following}")
    elif not accepted.states:
        lines.append(f"{target.shown_candidates} has no candidates; next: {target.step('pull')}")
    if said:
        if target.phoenix is not None:
            lines.append(f"its versions: {shlex.join(('evalgate', 'dataset', 'history', target.phoenix))}")
        lines.append(f"next: {_to_commit(target)}")
    return lines


def _many(ids: Sequence[str], one: str, more: str) -> str:
    return f"{len(ids):,} {one if len(ids) == 1 else more}"


def _stay(ids: Sequence[str]) -> str:
    return "stays" if len(ids) == 1 else "stay"


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_NAMED])


def _mirrored(done: Done, target: Target, *, pushed: bool) -> Iterator[str]:
    """Yield what was put into Phoenix, and that nothing was put anywhere."""
    mirrored = done.mirrored
    made = mirrored is not None and mirrored.made
    if not pushed and not made:
        yield "nothing was pushed"
    if mirrored is None:
        return
    if target.file is not None:
        yield f"{mirrored.dataset.name} in Phoenix is version {mirrored.version.id}{'' if made else ', as before'}"
    if mirrored.unlinked:
        yield (
            f"{len(mirrored.unlinked):,} are not linked to their span, which Phoenix does not have or cannot link"
            " to what was there before; metadata.curated names it"
        )


def _to_commit(target: Target) -> str:
    """Return the command that commits what is kept in files: of a dataset in Phoenix, all but the dataset.

    With people's decisions, which are beside the candidates, and the line by which git merges them.
    """
    from evalgate.curate.beside import merging_file

    beside = Path(target.shown_candidates)
    kept = [] if target.file is None else [shlex.quote(target.shown)]
    kept.append(f"{shlex.quote(str(beside.with_suffix('')))}*")
    if merging_file(target.candidates).exists():
        kept.append(shlex.quote(str(merging_file(beside))))
    return f"git add {' '.join(kept)} && git commit"
