"""A candidate without personal data and secrets, wherever they stand: messages, arguments of tools, metadata."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from evalgate.curate.candidates import Candidate, Step
from evalgate.curate.cleaning import people
from evalgate.curate.cleaning.addresses import addresses_in
from evalgate.curate.cleaning.fields import is_otherwise, kind_of
from evalgate.curate.cleaning.findings import OWN, STAND_IN, Finding, Kind, Pseudonyms, apart, replaced
from evalgate.curate.cleaning.given_names import Names
from evalgate.curate.cleaning.identifiers import REGIONS, identifiers_in, plain
from evalgate.curate.cleaning.recognising import Reading, Recogniser, Unreadable, is_said
from evalgate.curate.cleaning.secrets import secrets_in
from evalgate.curate.cleaning.walking import walked
from evalgate.curate.reviewing.standing import is_reviewers
from evalgate.curate.texts.wording import answered, asked
from evalgate.errors import MeasurementError
from evalgate.records import JsonObject

REDACTED: Final = "redacted"
"""The mark: how many of each kind were replaced, and by which key people were named."""
_UNTOUCHED: Final = frozenset({"server", "project", "trace", "span", "start", "end"})
"""Of where a candidate came from: what finds its span again."""
_SECRET: Final = f"<{Kind.SECRET}>"
_REMEMBERED: Final = 1000
"""Texts whose findings are remembered: a system prompt is in thousands of candidates."""
_AGAIN: Final = 4
_AGAIN_READ: Final = 20
"""What a model finds depends on all that stands around it: it takes longer until it finds nothing."""
_HELD: Final = 2_000_000
"""Letters of the texts of which it is remembered what another recogniser found."""
_TELLING: Final = 2000
"""Letters of a conversation that its language is told by."""
_SAID_MARKS: Final = frozenset({"annotations", "steps", "proposed", "expected"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Redacted:
    """A candidate without what was found in it, how many of which kind, and of each kind how many were found by whom.

    `theirs` counts what is left in an answer that a reviewer wrote or took, by its kind: what was decided is golden as
    it was decided. `unread` is its language where another recogniser has no model for that.
    """

    candidate: Candidate
    found: Counter[str]
    by: Counter[tuple[str, str]]
    theirs: Counter[str] = field(default_factory=Counter)
    unread: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """The people of a candidate: by each word that stands for one of them, by whom they were found, whole names."""

    words: Mapping[str, str] = field(default_factory=dict)
    by: Mapping[str, str] = field(default_factory=dict)
    whole: Mapping[str, Sequence[str]] = field(default_factory=dict)


_NOBODY: Final = _Known()


@dataclass(kw_only=True, slots=True)
class Redactor:
    """What is looked for. Without `pseudonyms` and `names` it is secrets alone.

    `regions` are countries whose telephone numbers are known without a +; `keep` are texts that stay, `*` for anything;
    `other` reads beside our own patterns.
    """

    pseudonyms: Pseudonyms = field(default_factory=lambda: Pseudonyms(b""))
    names: Names | None = None
    regions: Sequence[str] = REGIONS
    keep: Sequence[str] = ()
    other: Recogniser | None = None
    _seen: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    _read: dict[tuple[str, str], tuple[Finding, ...]] = field(default_factory=dict)
    _held: int = 0

    def redacted(self, candidate: Candidate, at: str) -> tuple[Candidate, Counter[str]]:
        """Return a candidate with a stand-in for each thing found, and how many of which kind; itself where none is.

        Raises MeasurementError where another recogniser breaks on it.
        """
        done = self.looked_through(candidate, at)
        return done.candidate, done.found

    def looked_through(self, candidate: Candidate, at: str) -> Redacted:
        """Return what `redacted` does, who found it, and in which language it is if no model reads that."""
        reading = self._reading(candidate)
        changed, found, by = candidate, Counter[str](), Counter[tuple[str, str]]()
        theirs = Counter[str]()
        try:
            for _ in range(_AGAIN if self.other is None else _AGAIN_READ):
                # What stands beside a stand-in may be found only now: a second time has to find nothing.
                if reading.model is not None:
                    self._read_all(_said_in(changed), reading.model)
                changed, more, left = self._once(changed, reading.model)
                theirs |= left
                if not more:
                    break
                by.update(more)
        except Unreadable as error:
            raise _broken(candidate, error) from None
        for (kind, _), count in by.items():
            found[kind] += count
        unread = reading.language if reading.model is None else ""
        if not found:
            return Redacted(candidate=candidate, found=found, by=by, theirs=theirs, unread=unread)
        why = ", ".join(f"{found[kind]} {kind}" for kind in Kind if kind in found)
        step = Step(at=at, what="redacted", by="evalgate", why=why)
        marked = changed.marked(REDACTED, _mark(candidate, found, self, reading.model))
        whole = replace(marked, history=(*marked.history, step))
        return Redacted(candidate=whole, found=found, by=by, theirs=theirs, unread=unread)

    def ahead(self, candidates: Sequence[Candidate]) -> None:
        """Let another recogniser read many candidates at once, which is quicker than one by one."""
        wanted: defaultdict[str, list[str]] = defaultdict(list)
        for each in candidates:
            model = self._reading(each).model
            if model is not None:
                wanted[model] += _said_in(each)
        for model, texts in wanted.items():
            with suppress(Unreadable):  # whose text it was is said when its turn comes
                self._read_all(texts, model)

    def _read_all(self, texts: Sequence[str], model: str) -> None:
        new = {text for text in texts if (text, model) not in self._read}
        if self.other is None or not new:
            return
        if self._held > _HELD:
            self._read.clear()
            self._held = 0
        some = [text for text in dict.fromkeys(texts) if (text, model) not in self._read]
        self._read.update(zip(((text, model) for text in some), self.other.found_in(some, model), strict=True))
        self._held += sum(map(len, some))

    def _reading(self, candidate: Candidate) -> Reading:
        """Return which model of another recogniser reads a candidate: the same one every time."""
        if self.other is None:
            return Reading(model=None)
        before = candidate.marks.get(REDACTED)
        model = before.get("model") if isinstance(before, dict) else None
        if isinstance(model, str) and model in self.other.models:
            return Reading(model=model)
        said = f"{asked(candidate.input)}\n{answered(candidate.output)}"[:_TELLING]
        return self.other.reading(STAND_IN.sub("", said))

    def _once(
        self, candidate: Candidate, model: str | None
    ) -> tuple[Candidate, Counter[tuple[str, str]], Counter[str]]:
        """Return it with what is found replaced, what that was and who found it, and what a reviewer's answer has."""
        found, theirs = Counter[tuple[str, str]](), Counter[str]()
        known = self._known(candidate, model)
        if known is None:
            return candidate, found, theirs

        def put(text: str, path: tuple[str, ...], reader: str | None = model) -> str:
            here = self._all(text, path, known, reader)
            found.update((each.kind.value, each.by) for each in here)
            return replaced(text, here, self.pseudonyms) if here else text

        def count(text: str, path: tuple[str, ...]) -> str:
            theirs.update(each.kind.value for each in self._all(text, path, known, model))
            return text

        def put_source(text: str, path: tuple[str, ...]) -> str:
            changed = put(text, path, None)
            if path != ("session",) or changed == text:
                return changed
            # A secret without a key, as they are replaced before there is one; six letters lead back to no id.
            return (Pseudonyms(b"") if _SECRET in changed else self.pseudonyms).of_session(text)

        def put_mark(text: str, path: tuple[str, ...]) -> str:
            return put(text, path, _marks_reader(path, model))

        parts: dict[str, Any] = {
            "input": walked(candidate.input, put),
            "output": walked(candidate.output, count if is_reviewers(candidate) else put),
            "metadata": walked(candidate.metadata, put),
            "source": {**candidate.source, **walked(_own(candidate.source), put_source)},
            "marks": walked(candidate.marks, put_mark),
        }
        return replace(candidate, **parts), found, theirs

    def _known(self, candidate: Candidate, model: str | None) -> _Known | None:
        """Return the names of a candidate by each word that stands for one of them alone.

        None where nothing at all is found in it: most of what is walked a second time is walked only here.
        """
        everything: list[Finding] = []

        def gather(text: str, path: tuple[str, ...], reader: str | None = model) -> str:
            everything.extend(self._all(text, path, _NOBODY, reader))
            return text

        for part in (candidate.input, candidate.output, candidate.metadata):
            walked(part, gather)
        walked(_own(candidate.source), lambda text, path: gather(text, path, None))
        if not everything:
            walked(candidate.marks, lambda text, path: gather(text, path, _marks_reader(path, model)))
            return _NOBODY if everything else None
        found: dict[str, str] = {}
        for each in everything:
            if each.kind == Kind.PERSON and found.get(each.who) != OWN:
                found[each.who] = each.by
        words: dict[str, str] = {}
        # Who is named in full first: a word that two full names have stands for neither, and is replaced as it is.
        for who in sorted(found, key=lambda name: (-len(name.split()), name)):
            if " " in who or who not in words:
                words.update({word: word if word in words else who for word in people.aliases(who)})
        return _Known(words=words, by=found, whole=people.by_first_word(found))

    def _all(self, text: str, path: tuple[str, ...], known: _Known, model: str | None) -> list[Finding]:
        field_kind = kind_of(path, text)
        if field_kind is not None and (self.names is not None or field_kind == Kind.SECRET) and not self._kept(text):
            who = plain(text) if field_kind in (Kind.CARD, Kind.ID_NUMBER) else " ".join(text.casefold().split())
            return [Finding(start=0, end=len(text), kind=field_kind, who=known.words.get(who, who))]
        found = [] if is_otherwise(path, text) else list(self._in(text))
        if model is not None and is_said(text, path):
            found += self._read_in(text, model)
        if known.by:
            found = [
                replace(each, who=known.words.get(each.who, each.who)) if each.kind == Kind.PERSON else each
                for each in found
            ]
            again = [*people.mentions(text, known.words), *people.repeated(text, known.whole)]
            found += [replace(each, by=known.by.get(each.who, OWN)) for each in again]
        found = [each for each in found if not self._kept(text[each.start : each.end])] if self.keep else found
        return apart(text, found) if found else found

    def _read_in(self, text: str, model: str) -> tuple[Finding, ...]:
        self._read_all([text], model)
        return self._read[text, model]

    def _in(self, text: str) -> tuple[Finding, ...]:
        there = self._seen.get(text)
        if there is None:
            found = [*secrets_in(text)]
            if self.names is not None:
                found += [*identifiers_in(text, self.regions), *addresses_in(text), *people.names_in(text, self.names)]
            there = tuple(found)
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[text] = there
        return there

    def findings(self, text: str) -> list[Finding]:
        """Return what is found in a text by itself, apart and in order."""
        reading = self.other.reading(text) if self.other is not None else Reading(model=None)
        return self._all(text, ("content",), _NOBODY, reading.model)

    def _kept(self, text: str) -> bool:
        return any(fnmatchcase(text.casefold(), each.casefold()) for each in self.keep)


def _own(source: JsonObject) -> JsonObject:
    """Return what a program or a user said of where a candidate came from."""
    return {key: each for key, each in source.items() if key not in _UNTOUCHED}


def _marks_reader(path: tuple[str, ...], model: str | None) -> str | None:
    """Return which model reads a text of the marks: those that somebody said, and not what steps noted."""
    return model if path and path[0] in _SAID_MARKS else None


def _broken(candidate: Candidate, error: Unreadable) -> MeasurementError:
    return MeasurementError(
        f"{candidate.id} cannot be looked through for personal data: {error}; nothing of it was written",
        next_step="try another model, take `presidio` out of `clean`, or take the candidate out of the file",
    )


def _said_in(candidate: Candidate) -> list[str]:
    """Return the texts of a candidate that another recogniser reads."""
    found: list[str] = []

    def gather(text: str, path: tuple[str, ...]) -> str:
        if is_said(text, path):
            found.append(text)
        return text

    for part in (candidate.input, candidate.output, candidate.metadata):
        walked(part, gather)
    return found


def _mark(candidate: Candidate, found: Counter[str], redactor: Redactor, model: str | None) -> JsonObject:
    """Return what was found in all, by which key it was named, and which model of another recogniser read it."""
    before = candidate.marks.get(REDACTED)
    total: Counter[str] = Counter()
    if isinstance(before, dict):
        total.update({kind: count for kind, count in before.items() if isinstance(count, int)})
    total.update(found)
    key = {"key": redactor.pseudonyms.check} if redactor.names is not None else {}
    return {**dict(sorted(total.items())), **key, **({} if model is None else {"model": model})}
