"""Prompts in Phoenix as a build uses them: looked up once for each side, and what a report says of the versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.journal.builds import ProblemRow
from evalgate.records import Side
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.config import Endpoint
from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.hub_request import left_out, overrides
from evalgate.suite.phoenix import PhoenixSettings
from evalgate.suite.prompt_ref import PromptRef
from evalgate.suite.tasks import PromptTask, TaskBase

Prompts = Callable[[PromptRef, PhoenixSettings], HubPrompt]
"""Looks a prompt up: the same answer for as long as a command runs. Raises ConfigurationError and PhoenixError."""


LookUp = Callable[[TaskBase, Mapping[str, Endpoint]], TaskBase]
"""Returns a task with its prompt in Phoenix looked up (`looked_up`); the endpoints are those of its side."""


def no_prompts(ref: PromptRef, _: PhoenixSettings) -> HubPrompt:
    """Raise ConfigurationError: for callers whose tasks have no prompt in Phoenix."""
    raise ConfigurationError(f"the prompt {ref.shown} is in Phoenix, which is not asked here")


def looked_up(
    prompts: Prompts, settings: PhoenixSettings, task: TaskBase, endpoints: Mapping[str, Endpoint]
) -> TaskBase:
    """Return a task with the version of its prompt in Phoenix, and the model that it calls; any other as it is.

    Raises CandidateError where nothing is declared that the version's own model could be called at, and as `Prompts`.
    """
    ref = task.ref if isinstance(task, PromptTask) else None
    if ref is None or not isinstance(task, PromptTask):
        return task
    found = prompts(ref, settings)
    return task.model_copy(update={"prompt": ref.pulled(found), "model": task.model or _own_model(found, endpoints)})


def _own_model(prompt: HubPrompt, endpoints: Mapping[str, Endpoint]) -> str:
    """Return the model that a version names, at the endpoint that is called like its provider."""
    endpoint = prompt.provider.lower()
    if endpoint not in endpoints or not prompt.model or any(character.isspace() for character in prompt.model):
        raise CandidateError(
            f"{prompt.shown} is for the model {prompt.model!r} of {prompt.provider}, and there is no endpoint"
            f" `{endpoint}` to call it at",
            next_step=f"declare it: endpoints: {{{endpoint}: {{base_url: …, api_key_env: …}}}}, or say under the task"
            f" which to call: `model: ENDPOINT/{prompt.model}`",
        )
    return f"{endpoint}/{prompt.model}"


def ref_of(side: PreparedSide) -> PromptRef | None:
    """Return the prompt in Phoenix that a side's task sends; None for any other task."""
    return side.task.ref if isinstance(side.task, PromptTask) else None


def tried(suites: Sequence[PreparedSuite], tag: str) -> dict[str, Any]:
    """Return what a build is for that tries other versions of prompts, as the journal keeps it.

    `tag` is what is moved where the config names no tag. Both sides send versions of one prompt.
    """
    found: dict[str, dict[str, Any]] = {}
    for suite in suites:
        refs = {side.side: ref for side in suite.sides if (ref := ref_of(side)) is not None}
        if len(refs) < len(Side) or refs[Side.CANDIDATE].phoenix != refs[Side.BASELINE].phoenix:
            continue
        ours, theirs = refs[Side.CANDIDATE].hub, refs[Side.BASELINE]
        own = theirs.which.removeprefix("tag ") if theirs.which.startswith("tag ") else None
        before = theirs.hub.number if own is not None else None
        found[ours.name] = {"name": ours.name, "version": ours.number, "tag": own or tag, "before": before}
    return {"prompts": [*found.values()]}


def with_prompts_said(suite: PreparedSuite) -> PreparedSuite:
    """Return a suite with notes on the versions that its sides send, and on what its tasks have instead of them."""
    notes = tuple(_notes(suite.sides))
    return replace(suite, notes=(*suite.notes, *notes)) if notes else suite


def one_version(
    name: str, candidate: PreparedSide, baseline: PreparedSide, *, of_commit: bool = False
) -> ProblemRow | None:
    """Return why two sides cannot be compared where both are one version of a prompt that is not pinned on both.

    An edit in Phoenix moves both at once: it would never meet the gate, and "nothing has changed" would be untrue.
    Where the baseline is a commit (`of_commit`) a candidate that is pinned is the change that pins it: fine.
    """
    ours, theirs = ref_of(candidate), ref_of(baseline)
    if ours is None or theirs is None or ours.hub != theirs.hub or ours.server != theirs.server:
        return None
    if ours.pinned and (theirs.pinned or of_commit):
        return None
    if candidate.fingerprint.digest != baseline.fingerprint.digest:
        return None
    named = sorted({ref.which for ref in (ours, theirs) if not ref.pinned})
    return ProblemRow(
        suite=name,
        kind=Unmeasurable.BASELINE,
        message=f"Both sides are the same hub version, {ours.shown} ({' and '.join(named)}): an edit in Phoenix moves"
        " both at once, and nothing is compared. Pin it.",
        next_step="evalgate prompt pin, and commit what it writes; --prompt-version gates another version before its"
        " tag moves",
    )


def _notes(sides: Sequence[PreparedSide]) -> Iterator[str]:
    found = {side.side: (side, ref) for side in sides if (ref := ref_of(side)) is not None}
    said = {each: _named(ref) for each, (_, ref) in found.items()}
    words = {Side.CANDIDATE: "The candidate", Side.BASELINE: "The baseline"}
    if len(set(said.values())) == 1 and len(said) == len(sides) > 1:
        yield f"Both sides send {next(iter(said.values()))}."
    else:
        yield from (f"{words[side]} sends {text}." for side, text in said.items())
    told = {each: tuple(_of_side(side, ref)) for each, (side, ref) in found.items()}
    for line in dict.fromkeys(line for lines in told.values() for line in lines):
        whose = [side for side, lines in told.items() if line in lines]
        yield f"{'Both sides' if len(whose) > 1 else words[whose[0]]}: {line}."


def _named(ref: PromptRef) -> str:
    return f"the prompt {ref.shown}" + ("" if ref.pinned else f" ({ref.which}, looked up once for this build)")


def _of_side(side: PreparedSide, ref: PromptRef) -> Iterator[str]:
    """Yield, without a stop, what is not as the hub says it."""
    if isinstance(side.task, PromptTask):
        for each in overrides(ref.hub, side.task):
            yield each
    for each in left_out(ref.hub):
        yield f"{each} of {ref.shown} is left out, as Phoenix's own client leaves it out"
    if ref.hub.copied:
        yield f"Phoenix was not reached, and the copy of {ref.shown} that was pulled before is used"
