"""`curate label`: candidates are put to a model, each once, and what it proposes is marked on them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from evalgate.curate.asking.model import Model
from evalgate.curate.candidates import Candidate, State, Step
from evalgate.curate.labelling.prompts import Proposal, messages_of, read_proposal, schema_of
from evalgate.curate.labelling.proposals import PROPOSED, proposal_of
from evalgate.errors import MeasurementError
from evalgate.llm.failures import BadRequest, TaskFault
from evalgate.records import Json, JsonObject
from evalgate.suite.taxonomy import Taxonomy


@dataclass(frozen=True, kw_only=True, slots=True)
class Labeller:
    """Asks a model about candidates. `states` are those that are put to it; with `answers` it proposes answers too.

    `steps` reads what was done in a candidate's trace; without it the model sees the input and the output alone.
    """

    model: Model
    taxonomy: Taxonomy
    answers: bool
    states: frozenset[State]
    steps: Callable[[Candidate], Awaitable[Json]] | None = None

    def asked(self, candidate: Candidate) -> str:
        """Return by what it is known that a candidate, as it is now, was put to this model with this taxonomy.

        What its steps were does not count, since they are not at hand: whether they were shown does.
        """
        shown: list[JsonObject] = [] if self.steps is None else [{"steps": True}]
        return self.model.hash_of([*self._messages(candidate), *shown], self._schema())

    def is_due(self, candidate: Candidate) -> bool:
        """Return whether a candidate is one of those that are labelled and was not put to the model as it is now."""
        if candidate.state not in self.states:
            return False
        return proposal_of(candidate).get("asked") != self.asked(candidate)

    async def propose(self, candidate: Candidate) -> Proposal:
        """Return what the model proposes; where it will not, or not in the form that was asked for, why.

        Raises MeasurementError where a service does not answer: to be asked again another time.
        """
        steps = None if self.steps is None else await self.steps(candidate)
        try:
            return await self.model.ask(
                self._messages(candidate, steps),
                self._schema(),
                lambda answer: read_proposal(answer, candidate, self.taxonomy, answers=self.answers),
            )
        except BadRequest as failed:
            # Too long for this model, or a model that there is not: another time it may be asked.
            return Proposal(unlabelled=failed.message, final=False)
        except TaskFault as failed:
            return Proposal(unlabelled=failed.message)

    def mark(self, candidate: Candidate, proposal: Proposal) -> JsonObject:
        """Return a proposal as it is marked on its candidate."""
        return proposal.mark(model=self.model.name, taxonomy=self.taxonomy, asked=self.asked(candidate))

    def _messages(self, candidate: Candidate, steps: Json = None) -> list[JsonObject]:
        return messages_of(candidate, self.taxonomy, answers=self.answers, steps=steps)

    def _schema(self) -> JsonObject:
        return schema_of(self.taxonomy, answers=self.answers)


@dataclass(kw_only=True, slots=True)
class Asked:
    """What came of asking: by the candidate's id, what was asked and what is marked. `same` are marked so already.

    `failed` could not be asked, the first one for `why`.
    """

    marks: dict[str, tuple[str, JsonObject]] = field(default_factory=dict)
    same: int = 0
    failed: int = 0
    why: str = ""


async def ask_all(
    candidates: Iterable[Candidate],
    labeller: Labeller,
    *,
    stop: asyncio.Event,
    tell: Callable[[int], None] = lambda _: None,
) -> Asked:
    """Put to the model what is due of `candidates`, read as they are needed. `tell` hears how many are done.

    Once stopped, nothing new is asked, and what was answered is returned.
    """
    asked = Asked()
    waiting = (each for each in candidates if labeller.is_due(each))

    async def lane() -> None:
        for candidate in waiting:
            if stop.is_set():
                return
            try:
                proposal = await labeller.propose(candidate)
            except MeasurementError as failed:
                asked.failed += 1
                asked.why = asked.why or failed.message
            else:
                mark = labeller.mark(candidate, proposal)
                if mark == candidate.marks.get(PROPOSED):
                    asked.same += 1
                else:
                    asked.marks[candidate.id] = labeller.asked(candidate), mark
            tell(len(asked.marks) + asked.same + asked.failed)

    async with asyncio.TaskGroup() as group:
        for _ in range(max(1, labeller.model.concurrency)):
            group.create_task(lane())
    return asked


def labelled(
    candidates: Iterable[Candidate], marks: Mapping[str, tuple[str, JsonObject]], labeller: Labeller, *, now: str
) -> Iterator[Candidate]:
    """Yield every candidate, those that were put to the model with what it proposed; `now` is in ISO 8601.

    One that was changed meanwhile, so that other things would be asked of it now, is left for the next time.
    """
    for each in candidates:
        asked, mark = marks.get(each.id, ("", None))
        if mark is None or not labeller.is_due(each) or asked != labeller.asked(each):
            yield each
        else:
            step = Step(at=now, what="labelled", by="model", why=_why(mark))
            marked = each.marked(PROPOSED, mark)
            yield replace(marked, history=(*marked.history, step))


def labels_of(candidate: Candidate, taxonomy: str) -> list[str]:
    """Return the labels of a taxonomy that a candidate has, none where it has none."""
    proposal = proposal_of(candidate)
    labels = proposal.get("labels") if proposal.get("taxonomy") == taxonomy else None
    return [each for each in labels if isinstance(each, str)] if isinstance(labels, list) else []


def _why(mark: JsonObject) -> str:
    labels: Json = mark["labels"]
    said = ", ".join(map(str, labels)) if isinstance(labels, list) and labels else f"unlabelled, {mark['unlabelled']}"
    return f"{mark['taxonomy']}: {said} ({mark['model']})"
