"""What no single model can see: names that must meet, baselines that must exist, files that must be there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from evalgate.records import Direction
from evalgate.suite.addresses import wrong_with
from evalgate.suite.baselines import BASELINES, BaselineKind, read_baseline
from evalgate.suite.checks import Check
from evalgate.suite.config import Suite
from evalgate.suite.evaluator_kinds import JsonSchema, Sql
from evalgate.suite.model import closest, nearest
from evalgate.suite.preference_checks import of_preferences
from evalgate.suite.release import Release
from evalgate.suite.released import wrong_with_key, wrong_with_release
from evalgate.suite.resource_checks import of_resource, of_score, shadowed, stored_latency
from evalgate.suite.resources import Resource, resource_named
from evalgate.suite.shape import Path, look_up
from evalgate.suite.tasks import HostedTask, HttpTask, PromptTask, PythonTask, Task, TaskBase
from evalgate.suite.wording import Complaint, complaints


def cross_check(
    suites: Mapping[str, Suite], endpoints: Collection[str], raw: Any, directory: FilePath | None
) -> list[Complaint]:
    """Return all that is wrong between the parts of valid `suites`.

    `endpoints` are the names of those declared, `raw` the file's values, `directory` where the file is; without it
    the files that it names are not looked for.
    """
    found: list[Complaint] = []
    for name, suite in suites.items():
        base: Path = ("suites", name)
        found += _evaluator_names(suite, base)
        found += _checks(suite, base)
        found += _baseline(suite, base)
        second, wrong = second_task(suite, raw, base)
        found += wrong
        for task, path in ((suite.task, (*base, "task")), (second, (*base, "baseline", "task"))):
            found += _endpoint(task, path, endpoints)
            if isinstance(task, PromptTask) and task.ref is not None:
                found += _server(task.ref.server, (*path, "prompt", "server"), raw)
        found += _judges(suite, base, endpoints)
        found += _server(suite.dataset.server, (*base, "dataset", "server"), raw)
        if directory is not None:
            found += of_preferences(suite, base, directory / suite.root)
            found += _files(suite, second, base, directory)
    return [*found, *_addresses(raw), *_release(suites, raw)]


def _release(suites: Mapping[str, Suite], raw: Any) -> Iterator[Complaint]:
    """Yield what is wrong between a release and the suites; what is wrong with its form is said elsewhere."""
    try:
        release = Release.model_validate(look_up(raw, ("release",)) or {})
    except ValidationError:
        return
    yield from wrong_with_release(release, suites)
    yield from wrong_with_key(release, suites)


def _addresses(raw: Any) -> Iterator[Complaint]:
    """Yield what cannot be called, and what would be a secret in every record of a build."""
    declared = look_up(raw, ("endpoints",))
    for name in declared if isinstance(declared, Mapping) else ():
        url = look_up(raw, ("endpoints", name, "base_url"))
        wrong = wrong_with(url) if isinstance(url, str) else None
        if wrong is not None:
            yield Complaint(("endpoints", name, "base_url"), f"endpoints.{name}.base_url {wrong[0]}: {wrong[1]}")


def _server(name: str | None, path: Path, raw: Any) -> Iterator[Complaint]:
    declared = look_up(raw, ("phoenix", "servers"))
    servers = list(declared) if isinstance(declared, Mapping) else []
    if name is not None and name not in servers:
        how = nearest(name, servers) if servers else "add it under `phoenix: servers:`"
        yield Complaint(path, f"the server `{name}` is not in `phoenix.servers`: {how}")


def second_task(suite: Suite, raw: Any, base: Path) -> tuple[TaskBase | None, list[Complaint]]:
    """Return the baseline's own task, or what is wrong with it. (None, []) where the baseline is no task."""
    merged = suite.baseline_task
    if merged is None:
        return None, []
    try:
        return TypeAdapter[TaskBase](Task).validate_python(merged), []
    except ValidationError as error:
        own = look_up(raw, (*base, "baseline", "task"))
        return None, [
            _inherited(complaint, own if isinstance(own, Mapping) else {}, base)
            for complaint in complaints(error.errors(include_url=False), merged, Task)
        ]


def _inherited(complaint: Complaint, own: Mapping[str, Any], base: Path) -> Complaint:
    """Put a complaint about the merged task where its value was written: the baseline's task, or the candidate's."""
    path = complaint.path
    if path and path[0] not in own and complaint.on_key is False:
        return complaint._replace(
            path=(*base, "task", *path), message=f"{complaint.message} (the baseline's task takes it from here)"
        )
    return complaint._replace(path=(*base, "baseline", "task", *path))


def _evaluator_names(suite: Suite, base: Path) -> Iterator[Complaint]:
    first: dict[str, int] = {}
    for index, evaluator in enumerate(suite.evaluators):
        if evaluator.label in first:
            yield Complaint(
                (*base, "evaluators", index),
                f"two evaluators are called `{evaluator.label}`: give one a `name:` of its own",
                first=(*base, "evaluators", first[evaluator.label]),
            )
        first.setdefault(evaluator.label, index)


def _checks(suite: Suite, base: Path) -> Iterator[Complaint]:
    for name, check in suite.checks.items():
        path: Path = (*base, "checks", name)
        yield from _about(suite, name, check, base)
        yield from _against_baseline(suite, name, check, path)
    if not any(check.gating for check in suite.checks.values()):
        yield Complaint(
            (*base, "checks"),
            f"no check of suite `{base[-1]}` gates: leave out report_only in at least one",
            on_key=True,
        )


def _about(suite: Suite, name: str, check: Check, base: Path) -> Iterator[Complaint]:
    """Yield what is wrong with a check for what it is about: an evaluator's score, or what every run takes."""
    path, resource = (*base, "checks", name), resource_named(name)
    index = next((index for index, each in enumerate(suite.evaluators) if each.label == name), None)
    if index is None and resource is None:
        known = [*(evaluator.label for evaluator in suite.evaluators), *Resource]
        yield Complaint(path, f"the check `{name}` is about no evaluator: {nearest(name, known)}", on_key=True)
    elif index is None and resource is not None:
        yield from of_resource(name, check, resource, path)
    elif index is not None and resource is not None:
        yield shadowed(name, resource, path, (*base, "evaluators", index))
    else:
        yield from of_score(name, check, path)
        if index is not None and suite.evaluators[index].direction is Direction.NEUTRAL and check.gating:
            yield Complaint(
                path,
                f"`{name}` is neutral, neither way is better, so it cannot gate: say report_only: true, "
                "or give the evaluator a direction",
                on_key=True,
            )


def _against_baseline(suite: Suite, name: str, check: Check, path: Path) -> Iterator[Complaint]:
    if check.compares and suite.baseline is None:
        rule = check.comparisons[0]
        yield Complaint(
            (*path, rule),
            f"{rule} compares with a baseline, and the suite has none: set `baseline:` to {BASELINES}",
            on_key=True,
        )
    elif check.needs_fresh and _is_stored(suite):
        rule = check.comparisons[-1]
        yield Complaint(
            (*path, rule),
            f"{rule} needs both sides fresh, and the baseline {suite.baseline!r} is stored: set `baseline:` to "
            "{task: …}, or use no_regression",
            on_key=True,
        )
    elif _is_stored(suite) and check.gating and check.compares and _is_latency(suite, name):
        yield stored_latency(check.comparisons[0], str(suite.baseline), path)


def _is_latency(suite: Suite, check: str) -> bool:
    return suite.resource(check) is Resource.LATENCY


def _is_stored(suite: Suite) -> bool:
    """Whether the baseline is a build of before, which is never drawn anew."""
    return isinstance(suite.baseline, str) and suite.baseline.partition(":")[0] in (
        BaselineKind.BUILD,
        BaselineKind.FILE,
    )


def _baseline(suite: Suite, base: Path) -> Iterator[Complaint]:
    if not isinstance(suite.baseline, str):
        return
    try:
        ref = read_baseline(suite.baseline)
    except ValueError as error:
        yield Complaint((*base, "baseline"), str(error))
        return
    if ref.of_commit and isinstance(suite.task, HttpTask) and suite.task.http.serve is None:
        yield Complaint(
            (*base, "task", "http"),
            f"the baseline is a commit ({suite.baseline}), and without `serve` both sides would ask the one server at"
            f" {suite.task.http.url}: say how to start it under `serve`, or set `baseline:` to another task or null",
            on_key=True,
        )


def _endpoint(task: TaskBase | None, path: Path, endpoints: Collection[str]) -> Iterator[Complaint]:
    if isinstance(task, PromptTask):
        if task.model is not None:
            yield from _unknown_endpoint(task.model, (*path, "model"), endpoints)
    elif isinstance(task, HostedTask) and task.endpoint is not None and task.endpoint not in endpoints:
        how = nearest(task.endpoint, endpoints) if endpoints else "add it under `endpoints:`"
        yield Complaint((*path, "endpoint"), f"`{task.endpoint}` is not in `endpoints`: {how}")


def _judges(suite: Suite, base: Path, endpoints: Collection[str]) -> Iterator[Complaint]:
    for index, evaluator in enumerate(suite.evaluators):
        for position, model in enumerate(evaluator.models):
            path: Path = (*base, "evaluators", index, "model")
            several = not isinstance(evaluator.model, str)
            yield from _unknown_endpoint(model, (*path, position) if several else path, endpoints)


def _unknown_endpoint(model: str, path: Path, endpoints: Collection[str]) -> Iterator[Complaint]:
    endpoint = model.partition("/")[0]
    if endpoint not in endpoints:
        how = nearest(endpoint, endpoints) if endpoints else "add it under `endpoints:`"
        yield Complaint(path, f"the model's endpoint `{endpoint}` is not in `endpoints`: {how}")


def _files(suite: Suite, second: TaskBase | None, base: Path, directory: FilePath) -> Iterator[Complaint]:
    root = directory / suite.root
    if not root.is_dir():
        yield Complaint((*base, "root"), f"the root {suite.root!r} is no directory; it is looked for in {directory}")
        return
    file = suite.dataset.file
    wanted: list[tuple[Path, str, str]] = [] if file is None else [((*base, "dataset", "file"), "dataset", file)]
    wanted += _task_files(suite.task, (*base, "task"))
    wanted += _task_files(second, (*base, "baseline", "task"))
    for index, evaluator in enumerate(suite.evaluators):
        path: Path = (*base, "evaluators", index)
        parameters = evaluator.parameters
        if isinstance(parameters, JsonSchema) and isinstance(parameters.schema_, str):
            wanted.append(((*path, "json_schema", "schema"), "schema", parameters.schema_))
        if isinstance(parameters, Sql):
            wanted.append(((*path, "sql", "database"), "database", parameters.database))
        if evaluator.judge_file is not None:
            wanted.append(((*path, "judge"), "judge", evaluator.judge_file))
        wanted += _python_file(evaluator.python, (*path, "python"))
    for path, what, file in wanted:
        if what != "dataset" and _leads_out(file):
            yield Complaint(path, f"the {what} file {file!r} leads out of the suite's `root`, {suite.root!r}")
            continue
        try:
            there = (root / file).is_file()
        except OSError as error:  # a name that is too long for the system
            yield Complaint(path, f"the {what} file {file[:60]!r}… cannot be looked for: {error.strerror}")
            continue
        if not there:
            yield Complaint(path, _absent(what, file, root))


def _leads_out(file: str) -> bool:
    """Return whether a path is not below `root`: what decides must be in the fingerprint, and that ends at `root`."""
    depth = 0
    for part in FilePath(file).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return FilePath(file).is_absolute()


def _absent(what: str, file: str, root: FilePath) -> str:
    found = "is a directory" if (root / file).is_dir() else "is no file" if (root / file).exists() else "does not exist"
    folder = (root / file).parent
    beside = [entry.name for entry in folder.iterdir() if entry.is_file()] if folder.is_dir() else []
    close = closest(FilePath(file).name, beside, 0.8)
    hint = (
        f": did you mean `{(FilePath(file).parent / close).as_posix()}`?" if close else f"; it is looked for in {root}"
    )
    return f"the {what} file {file!r} {found}{hint}"


def _task_files(task: TaskBase | None, path: Path) -> list[tuple[Path, str, str]]:
    if isinstance(task, PromptTask):
        return [((*path, "prompt"), "prompt", task.file)] if task.file is not None else []
    return _python_file(task.python, (*path, "python")) if isinstance(task, PythonTask) else []


def _python_file(target: str | None, path: Path) -> list[tuple[Path, str, str]]:
    """Return the file of `path/to/file.py:function`; a module's name is looked up by its own interpreter, later."""
    file = target.rpartition(":")[0] if target else ""
    return [(path, "Python", file)] if file.endswith(".py") or "/" in file else []
