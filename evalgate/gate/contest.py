"""From contenders to a contest in which like is compared with like: what is not, is left out and said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalgate.decision.contest import Compared, Contender, Contest, LeftOut, SuiteContest
from evalgate.decision.number_words import count, some
from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.gate.recorded import Answered, Entrant
from evalgate.gate.reports import units_of
from evalgate.records import Direction
from evalgate.suite.checks import Check


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the command asked for beside the contenders."""

    against: str | None = None
    suites: tuple[str, ...] = ()
    metric: str | None = None


def make_contest(entrants: Sequence[Entrant], asked: Asked) -> Contest:
    """Return what of the contenders can be compared, the chosen one first.

    Raises ConfigurationError for names that mean nothing or two things, MeasurementError where nothing is comparable.
    """
    _refuse_twice(entrants)
    chosen = _chosen(entrants, asked.against)
    if chosen.obstacle is not None:
        raise MeasurementError(
            f"{chosen.name}, which the others are compared with, cannot be compared: {_lower(chosen.obstacle)}",
            next_step="compare with another one: --against NAME, or `evalgate run` it whole",
        )
    left_out = [LeftOut(name=each.name, reason=each.obstacle) for each in entrants if each.obstacle is not None]
    able = [chosen, *(each for each in entrants if each is not chosen and each.obstacle is None)]
    suites = []
    for name in _suites(chosen, entrants, asked.suites):
        suite = _suite(name, able, asked.metric, left_out, strict=chosen.policy.require_validated)
        if suite is not None:
            suites.append(suite)
    if not suites:
        reasons = " ".join(f"{each.name}: {each.reason}" for each in left_out)
        raise MeasurementError(
            f"nothing can be compared with {chosen.name}. {reasons}".strip(),
            next_step="`evalgate journal list` has the builds; run one suite on one dataset with each of them",
        )
    return Contest(chosen=chosen.name, suites=tuple(suites), policy=chosen.policy, left_out=tuple(left_out))


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:].removesuffix(".")


def _refuse_twice(entrants: Sequence[Entrant]) -> None:
    first: dict[str, Entrant] = {}
    for each in entrants:
        same = first.setdefault(each.identity, each)
        if same is not each:
            also = "twice" if same.address == each.address else f"twice, also as {each.address}"
            raise ConfigurationError(f"{same.address} is named {also}", next_step="name each build once")


def _chosen(entrants: Sequence[Entrant], against: str | None) -> Entrant:
    if against is None:
        return entrants[0]
    for each in entrants:
        if against in (each.name, each.address):
            return each
    raise ConfigurationError(
        f"--against {against} is none of those to compare",
        next_step=f"name one of {', '.join(e.name for e in entrants)}",
    )


def _suites(chosen: Entrant, entrants: Sequence[Entrant], wanted: tuple[str, ...]) -> list[str]:
    known = {name for each in entrants for name in each.answered}
    for name in wanted:
        if name not in known:
            raise ConfigurationError(
                f"none of those to compare has a suite {name}",
                next_step=f"name one of {', '.join(sorted(known))}" if known else "evalgate run",
            )
    return [name for name in chosen.answered if not wanted or name in wanted]


def _suite(
    name: str,
    able: Sequence[Entrant],
    metric: str | None,
    left_out: list[LeftOut],
    *,
    strict: bool,
) -> SuiteContest | None:
    """Return one suite with everyone who answered it like the chosen one; None where nobody else did.

    `strict`: what a judge says that is not trusted proves nothing.
    """
    chosen = able[0].answered[name]
    held = frozenset(chosen.distrusted) if strict else frozenset[str]()
    quality = _metric(name, chosen, metric, held)
    if quality is None:
        why = " ".join(_warnings(chosen, held)) if held else "No check of it gates, so there is no quality."
        left_out.append(LeftOut(name=able[0].name, suite=name, reason=why))
        return None
    shared = set(chosen.contents)
    taking_part = [able[0]]
    for each in able[1:]:
        common, reason = _common(each, able[0], name, quality, shared)
        if reason is not None:
            left_out.append(LeftOut(name=each.name, suite=name, reason=reason))
        else:
            shared = common
            taking_part.append(each)
    if len(taking_part) < 2:
        return None
    return _contest(name, quality, taking_part, tuple(sorted(shared)), held)


def _warnings(chosen: Answered, held: frozenset[str]) -> Iterator[str]:
    """Yield why judges of checks that gate are not trusted."""
    for name, check in chosen.suite.checks.items():
        if check.gating and name in chosen.distrusted:
            shown = " It proves nothing here (`require_validated`)." if name in held else ""
            yield f"{chosen.distrusted[name]}{shown}"


def _metric(name: str, chosen: Answered, wanted: str | None, held: frozenset[str]) -> str | None:
    """Return the check that quality is judged by: the one asked for, else the first that gates."""
    gating = [
        check
        for check, rules in chosen.suite.checks.items()
        if rules.gating
        and check in chosen.specs
        and chosen.specs[check].direction is not Direction.NEUTRAL
        and not chosen.specs[check].pairwise
        and check not in held
    ]
    if wanted is not None and wanted not in gating:
        raise ConfigurationError(
            f"the suite {name} has no gating check {wanted}",
            next_step=f"name one of {', '.join(gating)}, or the suite that has it: --suite NAME",
        )
    return wanted or next(iter(gating), None)


def _common(each: Entrant, chosen: Entrant, name: str, quality: str, shared: set[str]) -> tuple[set[str], str | None]:
    """Return the examples that are left with one more contender, or why it cannot take part."""
    own, theirs = each.answered.get(name), chosen.answered[name]
    if own is None:
        return shared, f"It has no suite {name}."
    if own.scorers.get(quality) != theirs.scorers[quality] or own.specs.get(quality) != theirs.specs[quality]:
        return shared, f"Its {quality} was scored by another evaluator than that of {chosen.name}."
    common = {example for example in shared if own.contents.get(example) == theirs.contents[example]}
    if not common:
        whose = chosen.name if shared == set(theirs.contents) else "all others"
        return shared, f"It answered other examples: none of its {len(own.contents):,} is one of {whose}."
    return common, None


def _contest(
    name: str, quality: str, taking_part: Sequence[Entrant], shared: tuple[str, ...], held: frozenset[str]
) -> SuiteContest:
    answered = [each.answered[name] for each in taking_part]
    chosen = answered[0]
    repetitions = min(each.repetitions for each in answered)
    checks, differing = _checks(chosen, name, taking_part, held)
    clusters = chosen.clusters()
    contenders = []
    for each, own in zip(taking_part, answered, strict=True):
        reading = own.read(shared, repetitions)
        contenders.append(
            Contender(name=each.name, label=f"{own.label} ({each.where})", scores=reading.scores, spent=reading.spent)
        )
    notes = [*_notes(taking_part, answered, shared, repetitions), *differing]
    return SuiteContest(
        name=name,
        dataset=chosen.dataset,
        file=chosen.suite.dataset.shown,
        example_ids=shared,
        clusters=None if clusters is None else tuple(clusters[example] for example in shared),
        repetitions=repetitions,
        checks=checks,
        metric=quality,
        contenders=tuple(contenders),
        notes=tuple(notes),
        warnings=tuple(_warnings(chosen, held)),
    )


def _checks(
    chosen: Answered, suite: str, taking_part: Sequence[Entrant], held: frozenset[str]
) -> tuple[tuple[Compared, ...], list[str]]:
    """Return the checks that everybody was scored in alike, and a sentence for each other one."""
    kept, notes = [], []
    for name, check in chosen.suite.checks.items():
        if name not in chosen.specs:
            continue
        if chosen.specs[name].pairwise:
            notes.append(f"{name} is left out: it says who is better than a build's own baseline, not than the others.")
            continue
        others = [
            each.name
            for each in taking_part[1:]
            if each.answered[suite].scorers.get(name) != chosen.scorers[name]
            or each.answered[suite].specs.get(name) != chosen.specs[name]
        ]
        if others:
            notes.append(
                f"{name} is left out: not everybody was scored by the same evaluator ({some(others)} differs)."
            )
        else:
            kept.append(
                Compared(
                    name=name,
                    check=_shown_only(check) if name in held else check,
                    evaluator=chosen.specs[name],
                    unit=units_of(chosen.suite).get(name),
                )
            )
    return tuple(kept), notes


def _shown_only(check: Check) -> Check:
    return check.model_copy(update={"report_only": True})


def _notes(
    taking_part: Sequence[Entrant], answered: Sequence[Answered], shared: tuple[str, ...], repetitions: int
) -> list[str]:
    notes = []
    differing = [len(each.contents) for each in answered if len(each.contents) != len(shared)]
    if differing:
        most = max(len(each.contents) for each in answered)
        notes.append(
            f"They did not all answer the same dataset: {count(len(shared), 'example')} of up to {most:,} say the same"
            " in all of them and are compared, the others are left out."
        )
    more = [each.name for each, own in zip(taking_part, answered, strict=True) if own.repetitions > repetitions]
    if more:
        first = "answer" if repetitions == 1 else f"{repetitions} answers"
        notes.append(f"{some(more)} answered more often: of each example, the first {first} of each is compared.")
    return notes
