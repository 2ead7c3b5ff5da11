"""A person going through candidates, key by key: each decision is on the disk before the next candidate is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from evalgate.curate.beside import reviews_file
from evalgate.curate.candidates import Candidate
from evalgate.curate.reviewing.answers import AnswerError, proposed
from evalgate.curate.reviewing.drafts import Draft, draft_of, draft_over
from evalgate.curate.reviewing.queue import Queue
from evalgate.curate.reviewing.reviews import Answer, Review, append_reviews, read_reviews
from evalgate.curate.reviewing.screen import Shown, render
from evalgate.curate.reviewing.standing import Standing, seen_of, standing
from evalgate.records import JsonObject
from evalgate.report.console import Console
from evalgate.report.escaping import for_terminal

VIA: Final = "terminal"


class Terminal(Protocol):
    """Where the person is. Both of the asking ones raise EOFError where nobody is there any more."""

    def show(self, text: str) -> None:
        """Write text that ends its last line."""

    def key(self) -> str:
        """Return the next key that is pressed; several characters are no key of ours."""

    def line(self, question: str) -> str:
        """Return the line that was typed, empty where it was given up."""

    def edit(self, file: Path) -> str:
        """Let an editor have a file; return why that failed, empty where it did not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """A decision that was made here: at which place, and the draft that it took."""

    place: int
    review: Review
    draft: Draft


@dataclass(kw_only=True, slots=True)
class Session:
    """One sitting. `settles`: what is decided overrules what others decided, which is shown then and only then.

    `passes`: what was decided meanwhile is passed over. `now` returns the time in ISO 8601.
    """

    candidates: Path
    queue: Queue
    who: str
    terminal: Terminal
    console: Callable[[], Console]
    now: Callable[[], str]
    settles: bool = False
    passes: bool = True
    place: int = 0
    searched: str = ""
    made: list[_Made] = field(default_factory=list)
    _reviews: Mapping[str, tuple[Review, ...]] = field(default_factory=dict)
    _size: int = -1
    _onward: bool = True
    """Whether the person came to this candidate by going on, and not by looking for it."""

    @property
    def decided(self) -> int:
        """Return how many candidates were decided, and not taken back; one that was decided twice is one."""
        return len({each.review.id for each in self.made})

    def run(self) -> None:
        """Go through the queue until its end, or until the person leaves. Raises KeyboardInterrupt, EOFError."""
        whole = False
        while self.place < len(self.queue):
            candidate = self.queue[self.place]
            if self._onward and self._passed(candidate):
                continue
            self._onward = False
            self._show(candidate, whole=whole)
            key = self.terminal.key()
            if key == "q":
                return
            whole = key == "m"
            if not whole:
                self._do(key, candidate)
        self.terminal.show("\n")
        self._say("that was the last one")

    def _do(self, key: str, candidate: Candidate) -> None:
        actions: dict[str, Callable[[Candidate], None]] = {
            "a": self._accept,
            "p": self._accept_proposed,
            "e": self._edit,
            "E": self._edit_proposed,
            "r": self._reject,
            "s": self._skip,
            "b": self._back,
            "u": self._undo,
            "/": self._search,
            "n": self._again,
            "d": self._drop,
        }
        action = actions.get(key)
        if action is None:
            self._say("no key of this: the last line names them")
        else:
            action(candidate)

    def _show(self, candidate: Candidate, *, whole: bool) -> None:
        draft = draft_of(self.candidates, candidate, self.who)
        text, wrong = draft.text(), ""
        try:
            draft.output()
        except AnswerError as error:
            wrong = f"line {error.line}, column {error.column}: {error.message}; e goes on editing"
        self._look()
        said = [each for each in self._standing(candidate).reviews if self.settles or each.who == self.who]
        shown = Shown(
            candidate=candidate,
            place=self.place + 1,
            of=len(self.queue),
            draft=text,
            wrong=wrong,
            said=said,
            whole=whole,
        )
        self.terminal.show(render(shown, self.console()))

    def _accept(self, candidate: Candidate) -> None:
        draft = draft_of(self.candidates, candidate, self.who)
        try:
            output = draft.output()
        except AnswerError as error:
            self._say(f"not accepted: {error.message}")
            return
        self._decide(candidate, draft, answer="own" if output is None else "edited", output=output)

    def _accept_proposed(self, candidate: Candidate) -> None:
        output = proposed(candidate)
        if output is None:
            self._say("no answer was proposed")
            return
        self._decide(candidate, draft_of(self.candidates, candidate, self.who), answer="proposed", output=output)

    def _reject(self, candidate: Candidate) -> None:
        reason = self.terminal.line("why (empty: not rejected): ").strip()
        if not reason:
            self._say("not rejected")
            return
        draft = draft_of(self.candidates, candidate, self.who)
        self._decide(candidate, draft, decision="rejected", reason=reason)

    def _decide(
        self,
        candidate: Candidate,
        draft: Draft,
        *,
        decision: str = "accepted",
        answer: Answer = "own",
        output: JsonObject | None = None,
        reason: str = "",
    ) -> None:
        review = Review(
            id=candidate.id,
            who=self.who,
            at=self.now(),
            decision="accepted" if decision == "accepted" else "rejected",
            seen=seen_of(candidate),
            answer=answer,
            output=output,
            reason=reason,
            # To change one's own mind overrules nobody.
            settles=self.settles and any(each.who != self.who for each in self._standing(candidate).reviews),
            via=VIA,
        )
        self._append(review)
        self.made.append(_Made(place=self.place, review=review, draft=draft))
        draft.drop()
        self._say(f"{review.decision}")
        others = [each for each in self._standing(candidate).reviews if each.who != self.who]
        if self._standing(candidate).disputed:
            names = ", ".join(each.who for each in others)
            self._say(f"others decided otherwise: {names}; it waits for --disagreements")
        self._go_on()

    def _append(self, review: Review) -> None:
        self._look()
        if append_reviews(self.candidates, [review]):
            self._say("git merges the decisions of several people: commit .gitattributes beside them")
        self._look()

    def _undo(self, _: Candidate) -> None:
        if not self.made:
            self._say("nothing was decided in this sitting")
            return
        last = self.made[-1]
        taken = replace(last.review, decision="undone", at=self.now(), answer="own", output=None, reason="")
        self._append(replace(taken, settles=False))
        self.made.pop()
        if last.review.answer == "edited" and last.review.output is not None:
            last.draft.keep(last.review.output)
        self.place = last.place
        self._say("taken back")

    def _edit(self, candidate: Candidate) -> None:
        self._edited(draft_of(self.candidates, candidate, self.who))

    def _edit_proposed(self, candidate: Candidate) -> None:
        if proposed(candidate) is None:
            self._say("no answer was proposed")
            return
        if draft_of(self.candidates, candidate, self.who).text() is not None:
            self._say("there is a draft: e goes on with it, d drops it")
            return
        self._edited(draft_over(self.candidates, candidate, self.who, "proposed"))

    def _edited(self, draft: Draft) -> None:
        why = self.terminal.edit(draft.begin())
        written = draft.text() is not None
        if why:
            kept = "; what was written is kept" if written else ""
            self._say(f"{why}{kept}")
        elif not written:
            self._say("the answer is as it was")
        if not written:
            draft.drop()

    def _drop(self, candidate: Candidate) -> None:
        draft_of(self.candidates, candidate, self.who).drop()

    def _skip(self, _: Candidate) -> None:
        self._go_on()

    def _go_on(self) -> None:
        self.place += 1
        self._onward = True

    def _back(self, _: Candidate) -> None:
        self.place = max(0, self.place - 1)

    def _search(self, candidate: Candidate) -> None:
        self.searched = self.terminal.line("search: ").strip() or self.searched
        self._again(candidate)

    def _again(self, _: Candidate) -> None:
        if not self.searched:
            self._say("search with /, then n goes to the next one")
            return
        found = self.queue.find(self.searched, self.place)
        if found is None:
            self._say("not found")
        elif found == self.place:
            self._say("found nowhere else")
        else:
            self.place = found

    def _passed(self, candidate: Candidate) -> bool:
        """Return whether others decided this one since the review began, and go on to the next then."""
        self._look()
        others = [each.who for each in self._standing(candidate).reviews if each.who != self.who]
        if not self.passes or not others:
            return False
        self._say(f"{candidate.id}: decided meanwhile by {', '.join(others)}")
        self.place += 1
        return True

    def _say(self, text: str) -> None:
        """Show one line; names and ids in it are other people's."""
        self.terminal.show(for_terminal(text) + "\n")

    def _standing(self, candidate: Candidate) -> Standing:
        return standing(self._reviews.get(candidate.id, ()), seen_of(candidate))

    def _look(self) -> None:
        """Read the decisions again where there are more of them."""
        path = reviews_file(self.candidates)
        size = path.stat().st_size if path.exists() else 0
        if size != self._size:
            self._reviews = read_reviews(self.candidates)
            self._size = size
