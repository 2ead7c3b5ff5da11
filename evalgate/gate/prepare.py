"""What a suite is made of, read and hashed before anything starts: dataset, both sides' tasks, evaluators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError
from evalgate.gate.prepared import OwnEvaluators, OwnExamples, Placed, PreparedSide, PreparedSuite
from evalgate.gate.selection import Selection
from evalgate.golden.reading import read_examples
from evalgate.golden.versions import example_hash, version_of_hashes
from evalgate.paths import MISSING, resolve
from evalgate.records import Example, Side
from evalgate.suite.config import Endpoint, Suite
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.fingerprint import (
    evaluator_fingerprint,
    evaluators_fingerprint,
    judge_fingerprint,
    judge_surroundings,
    task_fingerprint,
)
from evalgate.suite.inputs import evaluator_files, hash_files, task_files
from evalgate.suite.judges import PHOENIX_EVALS
from evalgate.suite.quarantine import SetAside, read_quarantine, require_known
from evalgate.suite.tasks import PromptTask, TaskBase, called_endpoint

_OWN: Final = "own:"
"""Before the version of a dataset that is a new suite's: its clusters part no example of the base's suites."""

Tree = Callable[[Path], Sequence[str]]
"""Lists the files of a tree, relative to it: what git tracks and what it does not ignore, or all there is."""


def own_evaluators(
    evaluators: Sequence[Evaluator],
    anew: Sequence[Evaluator],
    placed: Placed,
    *,
    reworded: OwnExamples | None,
    without: Iterable[str],
) -> OwnEvaluators | None:
    """Hash what their scores depend on; None where there are none."""
    every = (*evaluators, *anew)
    if not every:
        return None
    files, around = _scored_by(every, placed, placed.endpoints or {})
    prints = {each.label: evaluator_fingerprint(each, files, around) for each in every}
    return OwnEvaluators(
        placed=placed,
        evaluators=tuple(evaluators),
        anew=tuple(anew),
        reworded=reworded,
        without=frozenset(without),
        scorers={name: each.digest for name, each in prints.items()},
        certain=frozenset(name for name, each in prints.items() if each.complete),
        judges=_judges(every, files, around),
    )


def prepare_side(
    side: Side,
    label: str,
    task: TaskBase,
    *,
    root: Path,
    tree: Tree,
    endpoints: Mapping[str, Endpoint],
    config: Path,
    quarantine: str | None = None,
) -> PreparedSide:
    """Hash what one side's answers depend on. Raises ConfigurationError for inputs that match nothing.

    Where the whole tree counts, the config's own file does not: what it says of the task is hashed by itself, and an
    interrupted build may go on with a larger budget. Nor does the quarantine file: to set an example aside is no
    reason to ask for all answers anew.
    """
    whole = task.inputs is None and not isinstance(task, PromptTask)
    files = hash_files(root, task_files(task, root, tree(root) if whole else []))
    if whole:
        beside = {config.resolve(), *([(root / quarantine).resolve()] if quarantine is not None else [])}
        files = {name: digest for name, digest in files.items() if (root / name).resolve() not in beside}
    fingerprint = task_fingerprint(task, files, endpoint=endpoints.get(called_endpoint(task) or ""))
    if isinstance(task, PromptTask) and task.ref is not None:
        files = {**files, task.ref.key: task.ref.hub.record}
    return PreparedSide(
        side=side, label=label, task=task, fingerprint=fingerprint, files=files, root=root, endpoints=endpoints
    )


def prepare_suite(
    name: str,
    suite: Suite,
    *,
    placed: Placed,
    selection: Selection,
    sides: tuple[PreparedSide, ...],
    endpoints: Mapping[str, Endpoint],
) -> PreparedSuite:
    """Read the dataset once to know its version, and hash what scores it.

    Raises DatasetError and ErrorGroup as `read_examples` does, and ConfigurationError for a slice or a cluster path
    at which no example has anything: a filter that matches nothing must not look like one that found nothing.
    So does a quarantine file in error.
    """
    read = _read(name, suite, placed, selection)
    files, around = _scored_by(suite.evaluators, placed, endpoints)
    return PreparedSuite(
        name=name,
        suite=suite,
        placed=placed,
        selection=selection,
        dataset=f"{_OWN if placed.own_dataset else ''}{version_of_hashes(read.everything)}",
        dataset_version=version_of_hashes(read.taken),
        count=len(read.taken),
        decides=read.decides,
        evaluators=evaluators_fingerprint(suite.evaluators, files, around),
        evaluator_files={**files, **around},
        sides=sides,
        quarantine=read.quarantine,
        judges=_judges(suite.evaluators, files, around),
        scorers={
            evaluator.label: known.digest
            for evaluator in suite.evaluators
            if (known := evaluator_fingerprint(evaluator, files, around)).complete
        },
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """What a dataset holds: the hashes of its examples, those of what is taken, how many decide, what is set aside."""

    everything: Sequence[bytes]
    taken: Sequence[bytes]
    decides: int
    quarantine: tuple[SetAside, ...]


def _read(name: str, suite: Suite, placed: Placed, selection: Selection) -> _Read:
    ref = suite.dataset
    everything: list[bytes] = []
    unseen = _grouping_paths(suite)
    added = placed.added.ids if placed.added is not None else frozenset()
    quarantine = read_quarantine(suite, placed.definitions or placed.root)
    absent = {entry.id for entry in quarantine.value.examples} if quarantine is not None else set()
    hashed = _hashed(_met(read_examples(ref.path(placed.root), fields=ref.fields), absent), everything)
    beside = placed.added.examples() if placed.added is not None else iter(())
    taken, decides = [], 0
    for example in selection.of(chain(_looked_at(_of_split(hashed, ref.split), unseen), beside)):
        taken.append(bytes.fromhex(example_hash(example)))
        decides += example.id not in added
    # A sample may stop before the example that has it; an empty dataset is said elsewhere.
    if unseen and everything and taken and selection.words is None:
        _refuse_unseen(name, suite, next(iter(unseen)))
    if quarantine is not None and selection.words is None:
        require_known(quarantine, absent, ref.shown)
    return _Read(
        everything=everything,
        taken=taken,
        decides=decides,
        quarantine=() if quarantine is None else quarantine.value.examples,
    )


def _scored_by(
    evaluators: Sequence[Evaluator], placed: Placed, endpoints: Mapping[str, Endpoint]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the hashes of the files that scores depend on, and those of what is around judges."""
    files: dict[str, str] = {}
    for evaluator in evaluators:
        files |= hash_files(placed.of(evaluator), evaluator_files(evaluator))
    return files, judge_surroundings(evaluators, endpoints, libraries(evaluators))


def _judges(evaluators: Sequence[Evaluator], files: Mapping[str, str], around: Mapping[str, str]) -> dict[str, str]:
    """Return the fingerprint of each evaluator that is a judge, by its name."""
    return {each.label: judge_fingerprint(each, files, around) for each in evaluators if each.judge is not None}


def libraries(evaluators: Iterable[Evaluator]) -> dict[str, str]:
    """Return the versions of the libraries that judges among `evaluators` take their prompts from."""
    if all(evaluator.judge is None for evaluator in evaluators):
        return {}
    from importlib.metadata import version

    return {PHOENIX_EVALS: version(PHOENIX_EVALS)}


def _grouping_paths(suite: Suite) -> dict[str, str]:
    """Return the paths that part a suite's examples, each with the key that names it."""
    paths = {} if suite.cluster is None else {suite.cluster: "cluster"}
    rules = [check.no_regression for check in suite.checks.values() if check.no_regression is not None]
    return {part.path: "slices" for rule in rules for part in rule.slices} | paths


def _looked_at(examples: Iterator[Example], unseen: dict[str, str]) -> Iterator[Example]:
    """Yield the examples, taking out of `unseen` every path at which one of them has a value."""
    for example in examples:
        for path in [*unseen]:
            found = resolve(path, {"input": example.input, "output": example.output, "metadata": example.metadata})
            if found is not MISSING and found is not None:
                del unseen[path]
        yield example


def _refuse_unseen(name: str, suite: Suite, path: str) -> None:
    key = _grouping_paths(suite)[path]
    raise ConfigurationError(
        f"suite {name}: no example of {suite.dataset.shown} has anything at {path}, which `{key}` names",
        next_step=f"correct the path under `{key}`, or leave it out",
    )


def _hashed(examples: Iterator[Example], hashes: list[bytes]) -> Iterator[Example]:
    """Yield the examples, leaving each one's hash behind."""
    for example in examples:
        hashes.append(bytes.fromhex(example_hash(example)))
        yield example


def _met(examples: Iterable[Example], absent: set[str]) -> Iterator[Example]:
    """Yield the examples, taking the id of each out of `absent`."""
    for example in examples:
        absent.discard(example.id)
        yield example


def _of_split(examples: Iterator[Example], split: str | None) -> Iterator[Example]:
    return (example for example in examples if split is None or example.split == split)
