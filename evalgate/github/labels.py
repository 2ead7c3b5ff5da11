"""Whether a label on a pull request says yes: set by somebody else with write access, after the head was pushed.

When the head was pushed is what the author must not be able to say. A commit's dates are the author's, and a timeline
gives a push no time unless it was by force. What GitHub itself has dated is each run of a workflow: at its
`created_at` the branch had that head. It has it since, if nothing moved it back in between, and every move but one
forward leaves an event with a time; to come back to a commit from further on takes such a move. So a label counts
where a run of the pull request saw this head before the label was set, and after the last move that is dated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from evalgate.github.client import Client, segment
from evalgate.github.errors import GitHubError
from evalgate.github.pulls import Pull, Run, is_of, moment, runs_of_head

_MOVES: Final = frozenset(
    {
        "head_ref_force_pushed",
        "head_ref_deleted",
        "head_ref_restored",
        "closed",  # pushes by force leave no event while it is closed
        "reopened",
        "base_ref_changed",  # what was accepted was a fall from another base
        "automatic_base_change_succeeded",
    }
)
_WRITES: Final = frozenset({"write", "maintain", "admin"})


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened to a pull request; `label` in lower case where it is about one."""

    kind: str
    actor: str
    actor_is_person: bool
    at: datetime
    label: str | None = None


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """A label as it was found: whether it `counts`, and `why` in words.

    `by` and `at` say who set it and when, where that is known.
    """

    label: str
    counts: bool
    why: str
    by: str | None = None
    at: datetime | None = None


async def read_label(client: Client, pull: Pull, label: str, *, head: str) -> LabelSet | None:
    """Return whether a label of a pull request counts for the commit `head`; None where it does not have the label.

    Raises GitHubError where that cannot be found out: then it does not count.
    """
    if label.casefold() not in pull.labels:
        return None
    doing = f"whether the label {label} counts could not be found out"
    needs = "pull-requests: read"
    entries = await client.pages(f"issues/{pull.number}/timeline", doing=doing, needs=needs)
    found = judged(label, pull, head, read_events(entries), await runs_of_head(client, pull.head))
    if not found.counts or found.by is None:
        return found
    path = f"collaborators/{segment(found.by)}/permission"
    try:
        answer = await client.get(path, doing=doing, needs="metadata: read")
    except GitHubError as error:
        if error.status != 404:
            raise
        answer = {}
    return with_permission(found, answer.get("permission") if isinstance(answer, dict) else None)


def judged(label: str, pull: Pull, head: str, events: Sequence[Event], runs: Iterable[Run]) -> LabelSet:
    """Return whether a label that a pull request has was set by another person and after its head was pushed.

    It counts if that person has write access too. `runs` are those that saw the head.
    """

    if pull.head != head:
        return LabelSet(label=label, counts=False, why="the pull request has a newer head")
    about = [each for each in events if each.label == label.casefold() and each.kind in ("labeled", "unlabeled")]
    if not about or about[-1].kind != "labeled":
        return LabelSet(label=label, counts=False, why="the timeline does not say who set it")
    last = about[-1]
    against = _against(last, pull, [each.created_at for each in runs if _saw(each, pull, events)])
    why = against or f"set by {last.actor} after {head[:7]} was pushed"
    return LabelSet(label=label, counts=against is None, why=why, by=last.actor, at=last.at)


def _against(setting: Event, pull: Pull, seen: Sequence[datetime]) -> str | None:
    """Return why a label does not count that somebody set; `seen` are the times at which its head was there."""
    who = setting.actor
    if not setting.actor_is_person:
        return f"{who} set it, which is no person"
    if who.casefold() == pull.author.casefold():
        return f"{who} set it, who is the author: somebody else with write access has to"
    if not seen:
        return "no run has seen this head since it was pushed: let one begin, then set the label again"
    if not any(at < setting.at for at in seen):
        return f"{who} set it before {pull.head[:7]} was seen: look at the new commits, and set it again"
    return None


def with_permission(found: LabelSet, permission: object) -> LabelSet:
    """Return what `judged` found, by the access that the person has to the repository."""
    if isinstance(permission, str) and permission in _WRITES:
        return found
    why = f"{found.by} set it, who has no write access"
    return LabelSet(label=found.label, counts=False, why=why, by=found.by, at=found.at)


def read_events(entries: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Return the events of a timeline that have an actor and a time, in the order in which they came."""
    events = []
    for each in entries:
        actor, label = each.get("actor"), each.get("label")
        try:
            at = moment(each.get("created_at"))
        except (ValueError, TypeError):
            continue  # a commit, whose dates are its author's
        name = label.get("name") if isinstance(label, dict) else None
        events.append(
            Event(
                kind=str(each.get("event")),
                actor=str(actor.get("login")) if isinstance(actor, dict) else "ghost",
                actor_is_person=isinstance(actor, dict) and actor.get("type") == "User",
                at=at,
                label=name.casefold() if isinstance(name, str) else None,
            )
        )
    return sorted(events, key=lambda each: each.at)


def _saw(run: Run, pull: Pull, events: Iterable[Event]) -> bool:
    """Return whether a run proves that the branch has had this head since the run began."""
    if run.event != "pull_request" or run.head != pull.head or not is_of(pull, run):
        return False
    if run.created_at <= pull.created_at:
        return False  # what moved the branch before is in no timeline of this pull request
    # A second is the least that is dated: a move within the second of a run may have come after it.
    return all(each.at < run.created_at for each in events if each.kind in _MOVES)
