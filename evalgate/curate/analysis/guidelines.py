"""Guidelines that are new put to those that are known: the same is one, and of two that disagree one is set aside.

What is in the file already, in its own words or in others that it was found in, is known again without a question: to
merge a second time changes nothing. What the words alone do not settle a model is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from evalgate.curate.analysis.findings import Lesson
from evalgate.curate.asking.material import fenced
from evalgate.curate.texts.wording import normalised
from evalgate.llm.failures import Unparseable
from evalgate.llm.wording import one_line
from evalgate.records import Json, JsonObject
from evalgate.suite.guidelines import Guideline, Guidelines, SetAside

Relation = Literal["new", "same", "contradicts"]
_WHY: Final = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How a new guideline stands to an earlier one. `of` is that one's place, `keeps_new` whether the new one holds."""

    relation: Relation
    of: int = 0
    keeps_new: bool = False
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """What came of it: how many lessons were `added`, said the `same`, or disagreed and were `settled`."""

    guidelines: Guidelines
    added: int = 0
    same: int = 0
    settled: int = 0


def recognised(known: Guidelines, lessons: Iterable[Lesson]) -> tuple[Guidelines, list[Lesson], int]:
    """Return the guidelines with the sources of lessons that they have word for word, the other lessons, each once, and
    how many were known.
    """
    found = list(known.guidelines)
    places: dict[str, tuple[int, int | None]] = {}
    for place, each in enumerate(found):
        for text in (each.text, *each.also):
            places.setdefault(normalised(text), (place, None))
        for number, aside in enumerate(each.set_aside):
            places.setdefault(normalised(aside.text), (place, number))
    left: dict[str, Lesson] = {}
    recognised_ = 0
    for lesson in lessons:
        key = normalised(lesson.text)
        if key in places:
            place, aside_at = places[key]
            found[place] = _taught(found[place], aside_at, lesson.traces)
            recognised_ += 1
        elif key in left:
            left[key] = Lesson(text=left[key].text, traces=_joined(left[key].traces, lesson.traces))
        else:
            left[key] = lesson
    return Guidelines(guidelines=tuple(found)), list(left.values()), recognised_


def _taught(guideline: Guideline, aside: int | None, traces: Sequence[str]) -> Guideline:
    if aside is None:
        return guideline.model_copy(update={"sources": _joined(guideline.sources, traces)})
    changed = list(guideline.set_aside)
    changed[aside] = changed[aside].model_copy(update={"sources": _joined(changed[aside].sources, traces)})
    return guideline.model_copy(update={"set_aside": tuple(changed)})


def merged(known: Guidelines, lessons: Sequence[Lesson], standings: Sequence[Standing]) -> Merged:
    """Return the guidelines with new lessons in them, each as it stands to those before it."""
    found = list(known.guidelines)
    where = list(range(len(found)))
    added = same = settled = 0
    for lesson, standing in zip(lessons, standings, strict=True):
        if standing.relation == "new":
            where.append(len(found))
            found.append(Guideline(text=lesson.text, sources=lesson.traces))
            added += 1
            continue
        place = where[standing.of]
        where.append(place)
        if standing.relation == "same":
            same += 1
            found[place] = _also(found[place], lesson)
        else:
            settled += 1
            found[place] = _settled(found[place], lesson, standing)
    return Merged(guidelines=Guidelines(guidelines=tuple(found)), added=added, same=same, settled=settled)


def _also(guideline: Guideline, lesson: Lesson) -> Guideline:
    return guideline.model_copy(
        update={
            "sources": _joined(guideline.sources, lesson.traces),
            "also": _joined(guideline.also, (lesson.text,)),
        }
    )


def _settled(guideline: Guideline, lesson: Lesson, standing: Standing) -> Guideline:
    if not standing.keeps_new:
        aside = SetAside(text=lesson.text, sources=lesson.traces, why=standing.why)
        return guideline.model_copy(update={"set_aside": (*guideline.set_aside, aside)})
    aside = SetAside(text=guideline.text, sources=guideline.sources, why=standing.why)
    also = tuple(SetAside(text=each, why=standing.why) for each in guideline.also)
    return Guideline(text=lesson.text, sources=lesson.traces, set_aside=(*guideline.set_aside, aside, *also))


def _joined(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def question(known: Guidelines, lessons: Sequence[Lesson]) -> list[JsonObject]:
    """Return the messages that ask how lessons stand to the guidelines before them; all are numbered from 1."""
    texts = [*(each.text for each in known.guidelines), *(each.text for each in lessons)]
    first = len(known.guidelines) + 1
    parts = [(f"Guideline {number}.", {"text": text}) for number, text in enumerate(texts, start=1)]
    asked = f"""\
Guidelines {first} to {len(texts)} are new, those before them are known. Say of each new one, in `standings`, in order:
- `number`: its number.
- `relation`: `same` where an earlier one says the same in other words, or says more; `contradicts` where nobody could \
follow both it and an earlier one; `new` otherwise.
- `of`: the number of that earlier one, smaller than its own; 0 where it is `new`.
- `keep`: where they contradict each other, `earlier` or `this`, whichever is safer to follow; `earlier` otherwise.
- `why`: the reason, in one sentence."""
    return fenced(parts, asked)


def schema() -> dict[str, Json]:
    """Return the JSON Schema of a reply."""
    properties: dict[str, Json] = {
        "number": {"type": "integer"},
        "relation": {"type": "string", "enum": ["new", "same", "contradicts"]},
        "of": {"type": "integer"},
        "keep": {"type": "string", "enum": ["earlier", "this"]},
        "why": {"type": "string"},
    }
    entry: dict[str, Json] = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"standings": {"type": "array", "items": entry}},
        "required": ["standings"],
    }


def read_standings(answer: Json, *, known: int, new: int) -> list[Standing]:
    """Return how each of `new` lessons stands to what is before it. Raises Unparseable for a reply that leaves one out,
    or puts one to what comes after it.
    """
    given: Any = answer.get("standings") if isinstance(answer, Mapping) else None
    entries = given if isinstance(given, list) else []
    numbers = [each.get("number") for each in entries if isinstance(each, Mapping)]
    wanted = list(range(known + 1, known + new + 1))
    if numbers != wanted or len(entries) != new:
        raise Unparseable(f"`standings` should have the numbers {wanted[0]} to {wanted[-1]}, each once and in order")
    return [_standing(each) for each in entries]


def _standing(entry: Mapping[str, Any]) -> Standing:
    number, relation, of = entry["number"], entry.get("relation"), entry.get("of")
    if relation == "new":
        return Standing(relation="new")
    if relation not in ("same", "contradicts"):
        shown = one_line(json.dumps(relation, ensure_ascii=False), 40)
        raise Unparseable(f"the relation of {number} is {shown}, none of new, same, contradicts")
    if not isinstance(of, int) or isinstance(of, bool) or not 1 <= of < number:
        raise Unparseable(f"`of` of {number} should be a number from 1 to {number - 1}")
    why = " ".join(str(entry.get("why") or "").split())[:_WHY]
    return Standing(relation=relation, of=of - 1, keeps_new=entry.get("keep") == "this", why=why)
