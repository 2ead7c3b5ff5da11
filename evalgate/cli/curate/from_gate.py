"""What `curate pull --from-gate` takes: the examples that a build found worse, or that a noise study found flaky."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from evalgate.cli.curate.inside import leading_out
from evalgate.cli.curate.places import Target, named_by, target_of
from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.curate.gated.findings import Finding
    from evalgate.curate.gated.neighbours import Neighbours
    from evalgate.gate.reports import Shown
    from evalgate.journal.store import Journal
    from evalgate.records import Example, Json


_READ: Final = 2_000
"""Examples of a suite that are read to learn what is rare in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """What was found in one dataset, all of it up for review: `alike` candidates that are there are like it."""

    title: str
    findings: tuple[Finding, ...]
    neighbours: Neighbours
    alike: int
    target: Target

    @property
    def spec(self) -> Json:
        """Return what a pull of its neighbours is known by when it goes on."""
        return [self.title, sorted({each.example.id for each in self.findings})]

    @property
    def as_json(self) -> dict[str, Json]:
        """Return it for --json."""
        ids: list[Json] = [each.example.id for each in self.findings]
        return {"of": self.title, "up_for_review": ids, "alike": self.alike, "candidates": str(self.target.candidates)}

    @property
    def lines(self) -> list[str]:
        """Return what is said of it."""
        count = f"{len(self.findings):,} example{'s' if len(self.findings) != 1 else ''} of {self.title}"
        asks = "1 candidate asks" if self.alike == 1 else f"{self.alike:,} candidates ask"
        near = f"; {asks} nearly the same" if self.alike else ""
        return [f"{count} up for review{near}"]

    @property
    def following(self) -> str:
        """Return where they are and what comes next, where production had nothing new that is like them."""
        return f"in {self.target.shown_candidates}; next: {self.target.step('review')}"

    @property
    def alone(self) -> str:
        """Return what is said where no project is looked through."""
        return (
            f"in {self.target.shown_candidates}; next: `{self.target.step('review')}`, "
            "or this again with a PROJECT for what is like them in production"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What a build, or a noise study, found: which it is (`build 12`), and the golden dataset of each suite."""

    title: str
    findings: tuple[Finding, ...]
    targets: Mapping[str, Target]
    texts: tuple[str, ...]
    """What is asked in the dataset, or some of it: what is rare in it says what an example is about."""
    config: Path
    now: datetime

    @classmethod
    def of(cls, build: str, journal: Path | None, config: Path, now: datetime) -> Gate:
        """Read what `build` found: its id, a file that holds one, `latest`, or a noise study's id.

        Raises ConfigurationError where it found nothing, and as `opened_one` does.
        """
        from evalgate.cli.builds import ANOTHER_BUILD, journal_path, number_of, opened_one
        from evalgate.journal.store import Journal

        number = number_of(build)
        if number is not None:
            with Journal(journal_path(journal), create=False) as store:
                if store.build(number).study_runs is not None:
                    found, title = list(_flaky(store, number)), f"noise study {number}"
                    return cls._read(title, found, store, number, config=config, now=now)
        with opened_one(build, journal) as source:
            from evalgate.gate.reports import chosen_examples

            shown = chosen_examples(source, (), None, otherwise=ANOTHER_BUILD)
            found = [_finding(each.view.example, source.build, each.suite.name, _worse(each)) for each in shown]
            return cls._read(f"build {source.build}", found, source.journal, source.build, config=config, now=now)

    @classmethod
    def _read(
        cls, title: str, found: list[Finding], store: Journal, build: int, *, config: Path, now: datetime
    ) -> Gate:
        from evalgate.curate.texts.wording import asked
        from evalgate.gate.evidence.config import recorded_config
        from evalgate.suite.curate import CuratedDataset

        if not found:
            raise ConfigurationError(
                f"{title} found no example that wavers: there is nothing to mend", next_step="evalgate noise --show"
            )
        suites = recorded_config(store.build(build)).suites
        targets = {}
        for name in {each.suite: None for each in found}:
            ref = suites[name].dataset
            said = CuratedDataset(file=ref.file, phoenix=ref.phoenix)
            targets[name] = target_of(said, config.parent / (suites[name].root if ref.file is not None else ""))
        texts = (asked(each.input) for name in targets for each in islice(store.examples(build, name), _READ))
        return cls(title=title, findings=tuple(found), targets=targets, texts=tuple(texts), config=config, now=now)

    @property
    def dataset(self) -> dict[str, str]:
        """Return the one dataset that all of it is of, as a profile says it.

        Raises UsageError where there are more, ConfigurationError for one that is not in the repository of the config.
        """
        said = {_place(each): each for each in self.targets.values()}
        if len(said) > 1:
            names = ", ".join(sorted(each.shown for each in said.values()))
            raise click.UsageError(f"{self.title} found examples of several datasets: name one with --dataset: {names}")
        (target,) = said.values()
        outside = leading_out(target, self.config)
        if outside is not None:
            raise ConfigurationError(
                f"the dataset of {self.title} and what is beside it have to be in the repository of {self.config.name},"
                f" and {outside} leads out of it",
                next_step="say --dataset FILE where that is meant",
            )
        return {"file": str(target.file.absolute())} if target.file is not None else {"phoenix": str(target.phoenix)}

    def open(self, dataset: Mapping[str, Any]) -> Opened:
        """Put what was found in a dataset up for review, and mark the candidates that are like it.

        Raises ConfigurationError where nothing was found in this one.
        """
        from evalgate.curate.candidates import read_candidates, rewrite
        from evalgate.curate.gated.findings import up_for_review
        from evalgate.curate.gated.neighbours import NEIGHBOUR, Neighbours
        from evalgate.suite.curate import CuratedDataset

        named = named_by(None, None, self.config)
        target = target_of(CuratedDataset.model_validate(dataset), self.config.parent, named)
        own = {name for name, each in self.targets.items() if _place(each) == _place(target)}
        found = _as_they_are(target, [each for each in self.findings if each.suite in own])
        if not found:
            others = " or ".join(sorted({each.shown for each in self.targets.values()}))
            raise ConfigurationError(
                f"{self.title} found nothing that is in {target.shown}", next_step=f"say --dataset {others}"
            )
        near, at = Neighbours(found, self.texts), self.now.isoformat(timespec="seconds")
        rewrite(target.candidates, lambda there: near.mark_new(up_for_review(there, found, at=at)))
        alike = sum(NEIGHBOUR in each.marks for each in read_candidates(target.candidates))
        return Opened(title=self.title, findings=found, neighbours=near, alike=alike, target=target)


def _as_they_are(target: Target, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what was found with the examples as their file has them now; without those that it has no more.

    Those of a dataset in Phoenix stay as they were recorded.
    """
    from evalgate.golden.reading import read_examples

    if target.file is None:
        return tuple(findings)
    found = {each.example.id: each for each in findings}
    there = read_examples(target.file) if found and target.file.exists() else ()
    return tuple(replace(found[each.id], example=each) for each in there if each.id in found)


def _worse(shown: Shown) -> str:
    """Say in which checks an example got worse, in their words."""
    from evalgate.report.rows import flip_words

    said = []
    for each in shown.changed:
        before, after = flip_words(each.flip, each.check, shown.suite.units.get(each.check.name))
        said.append(f"{each.check.name}: {before} → {after}")
    return "; ".join(said) or "it failed a check"


def _flaky(store: Journal, study_id: int) -> Iterator[Finding]:
    """Yield the flaky examples of a study, once each, in the check where they waver most."""
    from evalgate.decision.noise import study
    from evalgate.gate.evidence.noise import study_evidence
    from evalgate.report.noise import scores_of
    from evalgate.report.noise_words import proposed

    for suite in study(study_evidence(store, study_id)).suites:
        said: dict[str, str] = {}
        for check, flaky in proposed(suite):
            said.setdefault(flaky.example_id, f"flaky: {check.name} {scores_of(flaky, check)} in equal runs")
        for example_id, why in said.items():
            example = store.example(study_id, suite.name, example_id)
            if example is not None:
                yield _finding(example, study_id, suite.name, why)


def _finding(example: Example, build: int, suite: str, why: str) -> Finding:
    from evalgate.curate.gated.findings import Finding

    return Finding(example=example, build=build, suite=suite, why=why)


def _place(target: Target) -> str:
    return str(target.file.resolve()) if target.file is not None else f"phoenix:{target.phoenix}"
