"""A task that is a Python function of the user's, run under its own interpreter."""

from __future__ import annotations

from collections.abc import Mapping

from evalgate.records import Example, Json
from evalgate.suite.tasks import PythonTask
from evalgate.tasks.hosted import HostedTaskRunner
from evalgate.workers.pool import WorkerSpec
from evalgate.workers.programs import host_argv


class PythonTaskRunner(HostedTaskRunner[PythonTask]):
    """Calls the function with what it takes of `input`, `metadata` and `example`.

    Where its calls of models are counted here, it may take the run's `traceparent` too.
    """

    flushes = True

    def _spec(self) -> WorkerSpec:
        task = self._task
        return WorkerSpec(
            argv=host_argv(task.interpreter, root=self._root, environ=self._environment),
            target=task.python,
            cwd=self._root,
            environment=self._environment,
            workers=task.workers,
            per_worker=task.per_worker,
            memory_mb=task.memory_mb,
            parameters=("input", "metadata", "example", *(("traceparent",) if self._doorway else ())),
        )

    def _arguments(self, example: Example) -> Mapping[str, Json]:
        seen: dict[str, Json] = {"id": example.id, "input": example.input, "metadata": example.metadata}
        return {"input": example.input, "metadata": example.metadata, "example": seen}
