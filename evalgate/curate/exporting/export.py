"""`curate export`: all of it, from examples to the content of the files and what is said of them. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalgate.curate.cleaning.findings import Pseudonyms
from evalgate.curate.exporting.dividing import divided
from evalgate.curate.exporting.lines import Form, UnfitError, line_of
from evalgate.curate.exporting.published import LEAST
from evalgate.curate.exporting.tokens import Count, tokens_of
from evalgate.errors import ConfigurationError
from evalgate.records import Example, Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is wanted: `share`, 0 to 1, is held out; `least` is how many lines there are to train on, or none."""

    form: Form = "messages"
    share: float = 0.2
    seed: int = 0
    least: int = LEAST


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """The lines of one file in their order, and how many tokens each has."""

    lines: tuple[Mapping[str, Json], ...]
    tokens: tuple[int, ...]

    def content(self) -> bytes:
        """Return the file."""
        return b"".join(
            json.dumps(each, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
            for each in self.lines
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """What came of it. `left` counts the examples that are in neither file, by why; `groups` of near duplicates."""

    train: File
    holdout: File
    left: Mapping[str, int]
    groups: int


def exported(
    own: Sequence[Example],
    kept: Iterable[Example],
    asked: Asked,
    pseudonyms: Pseudonyms | None = None,
    count: Count | None = None,
) -> Export:
    """Return the files of the examples `own`, none of which is near one of `kept` that is none of them.

    `pseudonyms` are those of the key at hand, by which turns of a conversation are known whose session was replaced;
    `count` says how many tokens a text has, which are estimated without it.
    Raises ConfigurationError where fewer than `least` are left to train on.
    """
    left: Counter[str] = Counter()
    lines: dict[str, Mapping[str, Json]] = {}
    fit = []
    for each in own:
        try:
            lines[each.id] = line_of(each, asked.form)
        except UnfitError as error:
            left[str(error)] += 1
        else:
            fit.append(each)
    mine = {each.id for each in own}
    others = (each for each in kept if each.id not in mine)
    found = divided(fit, others, share=asked.share, seed=asked.seed, pseudonyms=pseudonyms)
    if found.near:
        left["nearly the same as an example that is kept back"] += len(found.near)
    train, holdout = (_file((lines[each] for each in ids), count) for ids in (found.train, found.holdout))
    if len(train.lines) < asked.least:
        said = "".join(f"; {count:,}: {why}" for why, count in left.most_common(3))
        raise ConfigurationError(
            f"{len(train.lines):,} of {len(own):,} examples are left to train on, of at least {asked.least:,}"
            f" ({len(holdout.lines):,} are held out{said})",
            next_step="accept more of what `evalgate curate pull` brings, or say a smaller --holdout or --at-least",
        )
    return Export(train=train, holdout=holdout, left=dict(left.most_common()), groups=found.groups)


def _file(lines: Iterator[Mapping[str, Json]], count: Count | None) -> File:
    kept = tuple(lines)
    return File(lines=kept, tokens=tuple(tokens_of(each, count) for each in kept))
