"""What was found out about a judge that was held to human labels, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalgate.report.formatting import count, percent, points

Found = Mapping[str, Any]


def found_out(found: Found) -> Iterator[tuple[str, str]]:
    """Yield what was found out, in sentences, each under its word."""
    yield "agreement", f"{_agreement(found)} {_kappa(found)}"
    yield from ([("people", _people(found))] if found["people_alpha"] is not None else [])
    if is_pairwise(found):
        yield from _preferred(found)
        yield "gate", _gate(found)
        return
    good = " or ".join(found["good"])
    if (rate := found["sensitivity"]) is not None and rate["answers"]:
        yield "sensitivity", f"Of {_all(rate)} that people call {good}, it calls {_part(rate)} so: {_share(rate)}."
    if (rate := found["specificity"]) is not None and rate["answers"]:
        others = f"Of {_all(rate)} that people do not call {good}, it does not call {_part(rate)} so either"
        yield "specificity", f"{others}: {_share(rate)}."
    yield "steadiness", _steadiness(found)
    yield "leaning", _leaning(found)
    yield "position", _position(found)
    yield "length", _length(found)
    yield "gate", _gate(found)


def is_pairwise(found: Found) -> bool:
    """Return whether it is a judge of pairs."""
    return bool(found["judge"].get("pairwise"))


def _preferred(found: Found) -> Iterator[tuple[str, str]]:
    """Yield what is said of a judge that is shown two answers: of its preferences, and of what moves them."""
    if (rate := found["sensitivity"]) is not None and rate["answers"]:
        pairs = count(rate["answers"], "pair")
        yield (
            "candidates",
            f"Where people prefer the candidate, in {pairs}, it does so in {_part(rate)}: {_share(rate)}.",
        )
    if (rate := found["specificity"]) is not None and rate["answers"]:
        pairs = count(rate["answers"], "pair")
        yield "others", f"Where they do not, in {pairs}, it does not either in {_part(rate)}: {_share(rate)}."
    yield "steadiness", _steadiness(found)
    lean = found["lean"]
    side = "the candidate's side" if lean["mean"] > 0 else "the baseline's side"
    certain = f"It leans to {side}" if lean["certain"] else "None to a side is certain"
    yield "leaning", f"{certain}: its scores minus people's are {_points(lean)}."
    yield "position", _by_order(found)
    length = found["length"]["lean"]
    if length is None:
        yield "length", "The pairs are too few, or too much alike in length, to see whether it likes long answers."
    else:
        way = "long ones" if length["mean"] > 0 else "short ones"
        favours = f"It favours {way}" if length["certain"] else "It favours neither long nor short answers for certain"
        gain = f"candidates whose answer is the longer one gain {_points(length)}"
        yield "length", f"{favours}: {gain} on the others, beside what people say."


def _by_order(found: Found) -> str:
    changed, lean = found["position"]["changed"], found["position"]["lean"]
    if changed is None or lean is None:
        return "Nothing is known of it: no pair was asked about in both orders."
    moved = round(changed["share"] * changed["answers"])
    of = count(changed["answers"], "pair")
    if not moved:
        return f"Shown the other way round, none of {of} is judged otherwise."
    text = f"Shown the other way round, {moved:,} of {of} are judged otherwise, which makes them ties"
    if not lean["certain"]:
        return f"{text}; neither place is favoured for certain."
    place = "second" if lean["mean"] > 0 else "first"
    return f"{text}; the {place} place is favoured: a candidate shown second gains {_points(lean)}."


def _agreement(found: Found) -> str:
    rate = found["agreement"]
    return f"It says what people say of {_of(rate)}: {_share(rate)}."


def _kappa(found: Found) -> str:
    kappa = found["kappa"]
    if kappa["value"] is None:
        return "The labels are too much alike to say how much of that is more than chance."
    how = ", near misses counting for little" if kappa["weighted"] else ""
    enough = "so it is trusted" if found["trusted"] else "so it is not trusted"
    return (
        f"Beyond chance that is a kappa of {_signed(kappa['value'])}{how}; it could be {_signed(kappa['low'])} to"
        f" {_signed(kappa['high'])}. At least {found['min_kappa']:g} is asked for, {enough}."
    )


def _people(found: Found) -> str:
    return (
        f"People agree with each other to an alpha of {_signed(found['people_alpha'])} (1: always, 0: as by chance); no"
        " judge can be held to more."
    )


def _steadiness(found: Found) -> str:
    rate = found["steady"]
    if rate is None:
        return "Each answer was judged once, so nothing is known of it. `--repetitions 3` finds out."
    return f"Asked {found['draws']} times, it said one thing of {_of(rate)}: {_share(rate)}."


def _leaning(found: Found) -> str:
    lean = found["lean"]
    if not lean["certain"]:
        return f"None is certain: its scores minus people's are {_points(lean)}."
    way = "too generous" if lean["mean"] > 0 else "too strict"
    return (
        f"It is {way}: its scores minus people's are {_points(lean)}. A leaning that is the same on both sides cancels"
        " in a comparison; thresholds (at_least) take it in full."
    )


def _position(found: Found) -> str:
    changed, lean = found["position"]["changed"], found["position"]["lean"]
    if changed is None or lean is None:
        return "Nothing is known of it."
    moved = round(changed["share"] * changed["answers"])
    if not moved:
        return f"With its labels named in reverse, none of {count(changed['answers'], 'verdict')} differs."
    differ = "differs" if moved == 1 else "differ"
    text = f"With its labels named in reverse, {moved:,} of {count(changed['answers'], 'verdict')} {differ}"
    if not lean["certain"]:
        return f"{text}; which labels gain by it is not certain."
    first = "last" if lean["mean"] > 0 else "first"
    return f"{text}, and good labels come up more often when they are named {first}: {_points(lean)}."


def _length(found: Found) -> str:
    lean = found["length"]["lean"]
    if lean is None:
        return "The answers are too few, or too much of one length, to see whether it likes long ones."
    longer = f"answers longer than {found['length']['longer_than']:,.0f} characters"
    if not lean["certain"]:
        return f"It favours neither long nor short ones for certain: {longer} gain {_points(lean)} on the others."
    way = "favours long answers" if lean["mean"] > 0 else "favours short answers"
    return f"It {way}: beside people's labels, {longer} gain {_points(lean)} on the others."


def _gate(found: Found) -> str:
    gate = found["gate"]
    slope = gate["slope"]
    if slope is None:
        return "Without labels of both kinds, what its errors do to the gate cannot be said."
    if slope <= 0:
        return "Its verdicts do not follow people's at all: a gate on them sees nothing of a true drop."
    text = f"A true drop of 10 points shows as {points(0.1 * min(1.0, slope), signed=False)}."
    if gate["examples"] is None:
        return text
    people, judge = gate["people"], gate["judge"]
    where = f"On the {count(gate['examples'], 'example')} of suite {found['judge']['suite']}"
    if people is None:
        return f"{text} {where}, too few, no drop would be caught 8 times in 10, whoever judges."
    if judge is None:
        return (
            f"{text} {where}, people's labels would catch drops of {points(people, signed=False)} 8 times in 10, and"
            " this judge catches none."
        )
    return (
        f"{text} {where}, a gate on this judge catches drops of {points(judge, signed=False)} 8 times in 10, one on"
        f" people's labels {points(people, signed=False)}, where answers do not vary by themselves."
    )


def _of(rate: Found) -> str:
    return f"{round(rate['share'] * rate['answers']):,} of {count(rate['answers'], 'answer')}"


def _all(rate: Found) -> str:
    return count(rate["answers"], "answer")


def _part(rate: Found) -> str:
    return f"{round(rate['share'] * rate['answers']):,}"


def _share(rate: Found) -> str:
    low = percent(rate["low"]).removesuffix(" %")
    return f"{percent(rate['share'])} (could be {low} to {percent(rate['high'])})"


def _points(lean: Found) -> str:
    return f"{points(lean['mean'])} (could be {_number(lean['low'])} to {_number(lean['high'])})"


def _number(share: float) -> str:
    return points(share).removesuffix(" points").removesuffix(" point")


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
