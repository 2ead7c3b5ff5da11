"""A suite before it runs: its examples, what it is compared with, the programs that it starts, what scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from evalgate.decision.number_words import count
from evalgate.errors import CandidateError, EvalgateError
from evalgate.evaluators.registry import build
from evalgate.gate.doctor.findings import Finding, failed, ok, problem, warning
from evalgate.gate.preflight import Known, outlook
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.baselines import BaselineKind, BaselineRef
from evalgate.suite.checks import Policy
from evalgate.suite.tasks import CommandTask, HostedTask, HttpTask, PythonTask
from evalgate.workers.environment import environment
from evalgate.workers.programs import command_argv, host_argv


def suite_findings(
    suite: PreparedSuite, policy: Policy, known: Known, environ: Mapping[str, str], *, day: str
) -> Iterator[Finding]:
    """Yield how a suite stands. Nothing of it is started; `known` is what is known of its noise.

    Of one that a run would start nothing of either, no more is asked.
    """
    yield _examples(suite)
    yield from _baseline(suite)
    if not starts(suite):
        return
    for side in suite.sides:
        yield from _programs(suite, side, environ)
    yield from _evaluators(suite, policy, known, environ, day=day)


def starts(suite: PreparedSuite) -> bool:
    """Return whether a run starts what a suite names: not where there is nothing to measure of it."""
    return suite.problem is None and suite.unchanged is None


def _examples(suite: PreparedSuite) -> Finding:
    about, dataset = f"{suite.name}: dataset", suite.suite.dataset
    if not suite.count:
        return problem(about, f"{dataset.shown} holds no example", dataset.looked_at_by, service=True)
    return ok(about, f"{dataset.shown}, {count(suite.count, 'example')}")


def _baseline(suite: PreparedSuite) -> Iterator[Finding]:
    about = f"{suite.name}: baseline"
    if suite.problem is not None:
        yield problem(about, suite.problem.message, suite.problem.next_step, service=True)
    elif suite.unchanged is not None:
        yield ok(about, suite.unchanged)
    elif suite.base is not None:
        yield ok(about, f"compared with {suite.base.label}")
    elif len(suite.sides) > 1:
        yield ok(about, f"compared with {suite.sides[-1].label}")
    elif suite.suite.baseline_ref is not None:
        yield _stored(about, suite, suite.suite.baseline_ref)


def _stored(about: str, suite: PreparedSuite, ref: BaselineRef) -> Finding:
    """Return how a stored baseline stands, as far as that is known without reading it."""
    if ref.kind is BaselineKind.FILE:
        file = (suite.placed.stored or suite.placed.root) / str(ref.name)
        if not file.is_file():
            return problem(
                about, f"there is no file {ref.name}", "evalgate journal export BUILD --to FILE", service=True
            )
    return ok(about, f"compared with {suite.suite.baseline}")


def _programs(suite: PreparedSuite, side: PreparedSide, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether the program of a side's task is there; what `setup` makes is there once that has run."""
    task = side.task
    if not isinstance(task, HostedTask):
        return
    about = f"{suite.name}: {'task' if side.side is Side.CANDIDATE else 'task of the baseline'}"
    seen = environment(task.env, environ)

    def found() -> Sequence[str]:
        if isinstance(task, PythonTask):
            return host_argv(task.interpreter, root=side.root, environ=seen)
        if isinstance(task, CommandTask):
            return command_argv(task.command, root=side.root, environ=seen)
        serve = task.http.serve if isinstance(task, HttpTask) else None
        return () if serve is None else command_argv(serve.command, root=side.root, environ=seen)

    # A baseline that is a commit is started only where it is drawn, in a tree of its own.
    if suite.base is None or side.side is Side.CANDIDATE:
        yield from _found(about, found, side, setup=task.setup)


def _found(
    about: str, found: Callable[[], Sequence[str]], side: PreparedSide, *, setup: str | None
) -> Iterator[Finding]:
    try:
        argv = found()
    except CandidateError as error:
        if setup is not None:
            yield warning(about, f"{error.message}; `setup` ({setup}) has to make it", None)
        elif side.side is Side.BASELINE:
            yield problem(about, error.message, error.next_step, service=True)
        else:
            yield failed(about, error)
    else:
        yield ok(about, f"{side.label} ({argv[0]})" if argv else side.label)


def _evaluators(
    suite: PreparedSuite, policy: Policy, known: Known, environ: Mapping[str, str], *, day: str
) -> Iterator[Finding]:
    specs: list[EvaluatorSpec] = []
    wrong = 0
    for evaluator in suite.suite.evaluators:
        about = f"{suite.name}: {evaluator.label}"
        root = suite.placed.of(evaluator)
        try:
            made = build(evaluator, root=root, environ=environ, interpreters=suite.placed.interpreters)
            if evaluator.python is not None:
                _interpreter(evaluator.interpreter, root, suite.placed.interpreters, environ)
        except EvalgateError as error:
            wrong += 1
            setup = suite.placed.setup
            if isinstance(error, CandidateError) and setup is not None and setup.setup is not None:
                yield warning(about, f"{error.message}; `setup` ({setup.setup}) has to make it", None)
            else:
                yield failed(about, error)
        else:
            specs.append(made.spec)
    try:
        for _ in outlook(suite, specs, policy, known, day=day):
            pass
    except EvalgateError as error:
        wrong += 1
        yield failed(f"{suite.name}: checks", error)
    if not wrong:
        yield ok(
            f"{suite.name}: checks", f"{count(len(specs), 'evaluator')}, {count(len(suite.suite.checks), 'check')}"
        )


def _interpreter(interpreter: str, root: Path, other: Path | None, environ: Mapping[str, str]) -> None:
    """Raise CandidateError where an evaluator's Python is in neither place."""
    try:
        host_argv(interpreter, root=root, environ=environ)
    except CandidateError:
        if other is None:
            raise
        host_argv(interpreter, root=other, environ=environ)
