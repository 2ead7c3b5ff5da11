"""Content in, fingerprint out: what answers and scores depend on, whatever the paths, dates and key order.

Values equal to a default are left out, so spelling a default out changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from evalgate.canonical import content_hash
from evalgate.records import Fingerprint
from evalgate.suite.checks import Check, Policy
from evalgate.suite.config import Endpoint
from evalgate.suite.delimiting import GUARD
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.inputs import evaluator_files
from evalgate.suite.judge_prompts import PROMPTS
from evalgate.suite.judges import JUDGES, PHOENIX_EVALS
from evalgate.suite.model import ConfigModel
from evalgate.suite.tasks import HttpTask, PromptTask, TaskBase

_HOW_NOT_WHAT: Final = frozenset({"timeout", "inputs", "workers", "per_worker", "memory_mb", "span_wait"})
"""Parameters that settle how a task or an evaluator is run, not what it answers."""


def task_fingerprint(task: TaskBase, files: Mapping[str, str], *, endpoint: Endpoint | None = None) -> Fingerprint:
    """Return what the answers of `task` depend on.

    `files` has the SHA-256 of each of its files by path under `root` (`inputs.task_files`, `inputs.hash_files`);
    `endpoint` is that of a prompt's model, or the one that a program's client calls. Complete for a prompt and where
    the task declares `inputs`. Of a prompt in Phoenix, which has to be looked up by now, its content counts, not the
    version or the tag that names it.
    """
    unwatched: list[str] = []
    if isinstance(task, HttpTask) and task.http.serve is None:
        unwatched.append(f"the server at {task.http.url}")
    elif task.inputs is None and not isinstance(task, PromptTask):
        unwatched.append("whatever the task reads outside `root`: declare its `inputs`")
    content: dict[str, Any] = {
        "task": _parameters(task),
        "files": dict(files),
        "endpoint": endpoint.identity if endpoint else None,
    }
    ref = task.ref if isinstance(task, PromptTask) else None
    if ref is not None:
        content["task"]["prompt"] = {"phoenix": ref.hub.digest}
    return Fingerprint(digest=content_hash(content), watched=tuple(sorted(files)), unwatched=tuple(unwatched))


def evaluator_fingerprint(
    evaluator: Evaluator, files: Mapping[str, str], around: Mapping[str, str] | None = None
) -> Fingerprint:
    """Return what the scores of one evaluator depend on.

    `files` as for `task_fingerprint`, with at least its own; `around` has what a judge needs of `judge_surroundings`.
    """
    own = sorted(name for name in evaluator_files(evaluator) if name in files)
    content = {
        "evaluator": _parameters(evaluator) | {"name": evaluator.label},
        "files": {name: files[name] for name in own},
        **_judge(evaluator, around or {}),
    }
    unwatched = (f"whatever {evaluator.python} imports",) if evaluator.python else ()
    return Fingerprint(digest=content_hash(content), watched=tuple(own), unwatched=unwatched)


def evaluators_fingerprint(
    evaluators: Iterable[Evaluator], files: Mapping[str, str], around: Mapping[str, str] | None = None
) -> Fingerprint:
    """Return what all scores of a suite depend on, in whatever order its evaluators stand."""
    parts = {evaluator.label: evaluator_fingerprint(evaluator, files, around) for evaluator in evaluators}
    return Fingerprint(
        digest=content_hash({label: part.digest for label, part in parts.items()}),
        watched=tuple(sorted({name for part in parts.values() for name in part.watched})),
        unwatched=tuple(sorted({name for part in parts.values() for name in part.unwatched})),
    )


def judge_fingerprint(evaluator: Evaluator, files: Mapping[str, str], around: Mapping[str, str]) -> str:
    """Return the digest of a judge: its prompt, models, parameters and library, whatever the config calls it.

    What was found out about it (`judge validate`) holds for as long as this is the same.
    """
    plain = evaluator.model_copy(update={"name": None})
    return evaluator_fingerprint(plain, files, around).digest


def judge_surroundings(
    evaluators: Iterable[Evaluator], endpoints: Mapping[str, Endpoint], libraries: Mapping[str, str]
) -> dict[str, str]:
    """Return what judges depend on outside of their own parameters, by what it is called.

    Where their models are served, and the version of the library that their prompts come from.
    """
    found: dict[str, str] = {}
    for evaluator in evaluators:
        if _of_phoenix(evaluator) and PHOENIX_EVALS in libraries:
            found[PHOENIX_EVALS] = libraries[PHOENIX_EVALS]
        for name in _endpoints(evaluator):
            if name in endpoints:
                found[f"endpoint {name}"] = endpoints[name].identity
    return dict(sorted(found.items()))


def _judge(evaluator: Evaluator, around: Mapping[str, str]) -> dict[str, Any]:
    if evaluator.judge is None:
        return {}
    wanted = {f"endpoint {name}" for name in _endpoints(evaluator)}
    if _of_phoenix(evaluator):
        wanted.add(PHOENIX_EVALS)
    prompts = {"guard": GUARD, "prompt": PROMPTS.get(evaluator.judge)}
    return {"judge": prompts | {name: around[name] for name in sorted(wanted) if name in around}}


def _endpoints(evaluator: Evaluator) -> set[str]:
    return {model.partition("/")[0] for model in evaluator.models}


def _of_phoenix(evaluator: Evaluator) -> bool:
    named = JUDGES.get(evaluator.judge or "")
    return named is not None and named.phoenix is not None


def checks_fingerprint(checks: Mapping[str, Check], policy: Policy) -> Fingerprint:
    """Return what a decision depends on beside the scores."""
    content = {"checks": {name: _parameters(check) for name, check in checks.items()}, "policy": _parameters(policy)}
    return Fingerprint(digest=content_hash(content), watched=("checks", "policy"))


def _parameters(model: ConfigModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=set(_HOW_NOT_WHAT))
