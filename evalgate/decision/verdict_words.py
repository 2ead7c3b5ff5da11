"""What people are told of a suite and of a build: what its verdict follows from, and what is promised."""

from __future__ import annotations

from collections.abc import Sequence

from evalgate.decision.evidence import Share
from evalgate.decision.number_words import count, family_noun
from evalgate.decision.words import Told
from evalgate.records import Verdict

STORED = (
    "That is for a baseline drawn together with the candidate, and this one is stored: where its runs were lucky, a"
    " candidate that changed nothing fails up to 1 time in 4, every time it is measured."
)


def promise(
    *,
    columns: int,
    checks: int,
    alpha: float,
    exact: bool,
    absolute: bool,
    improvement: bool = False,
    lost: bool = False,
    stored: bool = False,
    added: int = 0,
    share: Share | None = None,
) -> str:
    """Return the false-alarm promise of a build; `absolute` and `improvement` say which other rules it has.

    `lost`: a comparison was asked for and could not be made. `stored`: one went by runs of an earlier build. `added`:
    so many of the `columns` are a change's own, and weaken none of the others. `share`: which of
    the config's suites these are.
    """
    beside = " The rules improves and equivalent go by where the change could really be and stand outside of"
    if columns == 0 and lost:
        return "No comparison could be made, so none is promised anything."
    if columns == 0 and improvement:
        return f"No rule of this build looks for a drop.{beside} the false-alarm promise."
    if columns == 0:
        return "No comparison decides this build: rules about the candidate alone state facts, which need no promise."
    about = "at most" if exact else "about"
    guarded = columns - added or columns
    together = "" if guarded == 1 else f", over all {guarded:,} {family_noun(guarded, checks)} together"
    outside = " Rules about the candidate alone (at_least, at_most, zero_tolerance) stand outside of that."
    often = f"{100 * alpha:.3g}"
    times = f"{often} {'time' if often == '1' else 'times'} in 100"
    fails = f"A candidate that changed nothing fails {about} {times}{together}."
    if 0 < added < columns:
        fails += f" What this change adds ({count(added, 'comparison')}) can fail it besides, at most as often again."
    if share is not None:
        fails += (
            f" That is their share of policy.alpha: {share.suites} of the {share.of} suites of the config that compare"
            f" {'is' if share.suites == 1 else 'are'} decided here."
        )
    told = fails + (outside if absolute else "") + (f"{beside} it." if improvement else "")
    return f"{told} {STORED}" if stored else told


def missing_could_change(
    verdict: Verdict, if_right: Verdict | None, if_wrong: Verdict | None, *, one_sided: bool
) -> str | None:
    """Return the sentence where the missing answers could have changed the verdict; None where they could not.

    `one_sided`: only the candidate lacks answers. Else those of the baseline count the other way, and it is said so.
    """
    right, wrong = ("right", "wrong") if one_sided else ("in the candidate's favour", "against the candidate")
    if if_right is if_wrong and if_right not in {None, verdict}:
        return f"It would be {if_right} whether the missing answers were {right} or {wrong}."
    could = [
        f"{verdict_if} were every missing answer {what}"
        for verdict_if, what in ((if_right, right), (if_wrong, wrong))
        if verdict_if is not None and verdict_if is not verdict
    ]
    return f"It would be {', and '.join(could)}." if could else None


def no_examples() -> Told:
    """Return the words of a suite without examples."""
    return Told(
        reason="There are no examples.", next_step="check the dataset and its split: `evalgate dataset validate`"
    )


def all_set_aside(examples: int) -> Told:
    """Return the words of a check that has no example left to decide on."""
    every = "Its only example is" if examples == 1 else f"All {examples:,} examples of it are"
    return Told(
        reason=f"{every} in quarantine: nothing is left to decide on.",
        next_step="take some out of the quarantine file, or set `report_only: true` on the check",
    )


def no_gating_check() -> Told:
    """Return the words of a suite where nothing can change the verdict."""
    return Told(reason="No check of this suite gates.", next_step="give a check a rule and no `report_only`")


def no_suites() -> Told:
    """Return the words of a build without suites."""
    return Told(reason="There is no suite to decide on.")


def all_pass(reasons: Sequence[tuple[str, str]], noun: str) -> Told:
    """Return the words of a suite or build whose every part, (name, reason), passes."""
    if len(reasons) == 1:
        return Told(reason=": ".join(reasons[0]))
    return Told(reason=f"All {len(reasons):,} {noun}s pass.")


def nothing_to_measure(suites: int) -> Told:
    """Return the words of a build whose every suite was skipped."""
    whose = "this suite runs" if suites == 1 else f"these {suites:,} suites run"
    return Told(reason=f"Nothing to measure: nothing that {whose} has changed.")


def because_of(name: str, reason: str, next_step: str | None, *, others: int, noun: str) -> Told:
    """Return the words of something that is as bad as its worst part, `name`."""
    more = f" ({count(others, f'other {noun}')} likewise)" if others else ""
    return Told(reason=f"{name}{more}: {reason}", next_step=next_step)
