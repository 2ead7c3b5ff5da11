"""`curate push`: which accepted candidates become golden, and what a golden dataset has of them already. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from evalgate.curate.candidates import Candidate, State, Step
from evalgate.curate.cleaning.findings import Kind
from evalgate.curate.cleaning.redaction import Redactor
from evalgate.curate.texts.wording import answered, asked
from evalgate.golden.curated import CURATED, ORIGIN, span_of, uncurated
from evalgate.golden.versions import example_hash
from evalgate.records import Example, Json

_SHORT: Final = 60
"""Characters of a question or an answer where many are listed."""
PUSHED: Final = "pushed"
"""The mark of a candidate that is golden: {"tag", "version", "phoenix", "as"}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The candidates of a file that were accepted. `unvouched` were, says their state, but nobody says who did it.

    `secret` are accepted and hold a key, a token or a password, which a person may have written; answers of `personal`,
    as their reviewers left them, hold something personal that was looked for. `states` counts all of the file, `tags`
    are those of earlier pushes.
    """

    candidates: tuple[Candidate, ...]
    unvouched: tuple[str, ...]
    secret: tuple[str, ...]
    personal: tuple[str, ...]
    states: Mapping[str, int]
    tags: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a push does to a golden dataset. `own` is all that it holds afterwards, in its order.

    added, replaced: ids of candidates that it changes. same: it has them. elsewhere: it has them under the id given.
    differing: it has other content under their id, which stays. A candidate is in one of these. `changed` are the
    ids of all that is written: `own` is as it was without them.
    """

    own: tuple[Example, ...]
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    same: tuple[str, ...]
    elsewhere: Mapping[str, str]
    differing: tuple[str, ...]
    changed: frozenset[str]

    @property
    def golden(self) -> frozenset[str]:
        """Return the ids of the candidates that are golden afterwards."""
        return frozenset((*self.added, *self.replaced, *self.same, *self.elsewhere))


def accepted_of(candidates: Iterable[Candidate], redactor: Redactor | None = None) -> Accepted:
    """Return what of a candidates file was accepted; in memory is only that.

    `redactor` looks for secrets, and for what is personal where that may not be written.
    """
    look = redactor or Redactor()
    found: list[Candidate] = []
    unvouched: list[str] = []
    held: dict[str, list[str]] = {"secret": [], "personal": []}
    states: Counter[str] = Counter()
    tags: set[str] = set()
    for each in candidates:
        states[each.state.value] += 1
        mark = each.marks.get(PUSHED)
        if isinstance(mark, dict) and isinstance(mark.get("tag"), str):
            tags.add(mark["tag"])
        if each.state is State.ACCEPTED:
            if voucher(each) is None:
                unvouched.append(each.id)
            elif (what := _held_by(look, each)) is not None:
                held[what].append(each.id)
            else:
                found.append(each)
    return Accepted(
        candidates=tuple(found),
        unvouched=tuple(unvouched),
        secret=tuple(held["secret"]),
        personal=tuple(held["personal"]),
        states=states,
        tags=frozenset(tags),
    )


def _held_by(look: Redactor, candidate: Candidate) -> Literal["secret", "personal"] | None:
    done = look.looked_through(replace(candidate, metadata=golden_example(candidate).metadata), "")
    if Kind.SECRET in done.found or Kind.SECRET in done.theirs:
        return "secret"
    # Who reviewed is in an example's history by name: what is personal counts in answers alone.
    return "personal" if done.theirs else None


def voucher(candidate: Candidate) -> Step | None:
    """Return who accepted a candidate last: a person, or a rule that names itself. None where nobody did."""
    for step in reversed(candidate.history):
        if step.what == "rejected":
            return None
        if step.what == "accepted":
            named = step.by == "person" or (step.by == "rule" and bool(step.why.strip()))
            return step if named else None
    return None


def golden_example(candidate: Candidate) -> Example:
    """Return the example that a candidate becomes: with the span that it was made of, and what was done to it."""
    source = {key: candidate.source[key] for key in ORIGIN if isinstance(candidate.source.get(key), str)}
    history: list[Json] = [
        {"at": each.at, "what": each.what, "by": each.by, **({"why": each.why} if each.why else {})}
        for each in candidate.history
        if each.what != "pushed"
    ]
    curated: dict[str, Json] = {**source, "history": history}
    return replace(candidate.example, metadata={**uncurated(candidate.metadata), CURATED: curated})


def planned(
    golden: Iterable[Example],
    accepted: Iterable[Candidate],
    *,
    made_of: Mapping[str, str] | None = None,
    replaces: bool = False,
) -> Plan:
    """Return what pushing accepted candidates does to the examples `golden`.

    What it has under a candidate's id with another content was edited since, or the candidate was: it stays, unless
    this `replaces`. `made_of` says of spans which example was made of them, where the examples themselves do not.
    """
    own = {each.id: each for each in golden}
    spans = _spans_of(own.values(), made_of or {})
    added, replaced, same, differing, stamped = [], [], [], [], []
    elsewhere: dict[str, str] = {}
    for candidate in accepted:
        new, there = golden_example(candidate), own.get(candidate.id)
        span = span_of(new.metadata)
        if there is None and span is not None and span in spans:
            elsewhere[candidate.id] = spans[span]
        elif there is None:
            added.append(candidate.id)
            own[candidate.id] = new
        elif _content(there) == _content(new):
            same.append(candidate.id)
            if CURATED not in there.metadata:
                stamped.append(candidate.id)
                own[candidate.id] = new
        elif replaces:
            replaced.append(candidate.id)
            own[candidate.id] = new
        else:
            differing.append(candidate.id)
    return Plan(
        own=tuple(own.values()),
        added=tuple(added),
        replaced=tuple(replaced),
        same=tuple(same),
        elsewhere=elsewhere,
        differing=tuple(differing),
        changed=frozenset((*added, *replaced, *stamped)),
    )


def _spans_of(golden: Iterable[Example], made_of: Mapping[str, str]) -> dict[str, str]:
    """Return by span which example was made of it."""
    spans = {**made_of}
    for each in golden:
        span = span_of(each.metadata)
        if span is not None:
            spans.setdefault(span, each.id)
    return spans


def _content(example: Example) -> str:
    bare = replace(example, output=example.output or None, metadata=uncurated(example.metadata))
    return example_hash(bare)


def marked_golden(
    candidates: Iterable[Candidate], plan: Plan, mark: Mapping[str, Json], *, words: str, at: str
) -> Iterator[Candidate]:
    """Yield every candidate, those of the plan as golden. `mark` and `words` say where they went, `at` when."""
    golden = plan.golden
    for each in candidates:
        if each.state is not State.ACCEPTED or each.id not in golden:
            yield each
            continue
        known_as = plan.elsewhere.get(each.id)
        why = words if known_as is None else f"golden already, as {known_as}"
        own = {**mark, **({} if known_as is None else {"as": known_as})}
        yield each.moved(State.GOLDEN, Step(at=at, what="pushed", by="evalgate", why=why)).marked(PUSHED, own)


def in_short(candidate: Candidate) -> str:
    """Return on one line what was asked, what is expected, and who accepted that."""
    step = voucher(candidate)
    texts = (asked(candidate.input), answered(candidate.output) or "no expected answer")
    said = " → ".join(_cut(" ".join(text.split())) for text in texts)
    if step is None or not step.why:
        return said
    return f"{said}  ({'' if step.by == 'person' else 'the rule '}{_cut(step.why)})"


def _cut(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"


def free_tag(wanted: str, taken: Iterable[str]) -> str:
    """Return a tag that no earlier push has: `golden-2026-01-31`, then `golden-2026-01-31.2`."""
    known, number, tag = frozenset(taken), 1, wanted
    while tag in known:
        number += 1
        tag = f"{wanted}.{number}"
    return tag


def reasons(candidates: Iterable[Candidate], ids: Iterable[str]) -> str:
    """Return in words who accepted these and of which projects they are: what a version says of itself."""
    wanted = frozenset(ids)
    own = [each for each in candidates if each.id in wanted]
    by: Counter[str] = Counter()
    for each in own:
        step = voucher(each)
        by["by a person" if step is None or step.by == "person" else f"by the rule {step.why}"] += 1
    projects = sorted({str(each.source["project"]) for each in own if each.source.get("project")})
    said = ", ".join(f"{count:,} {who}" for who, count in sorted(by.items()))
    origin = f" of {', '.join(projects[:5])}{' …' if len(projects) > 5 else ''}" if projects else ""
    return f"{len(own):,} examples made of spans{origin}; accepted: {said}" if own else "what was accepted before"
