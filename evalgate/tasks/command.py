"""A task that is a program in any language, asked and answering in JSON lines."""

from __future__ import annotations

from collections.abc import Mapping

from evalgate.records import Example, Json
from evalgate.suite.tasks import CommandTask
from evalgate.tasks.hosted import HostedTaskRunner
from evalgate.workers.pool import WorkerSpec
from evalgate.workers.programs import command_argv


class CommandTaskRunner(HostedTaskRunner[CommandTask]):
    """Sends `{"evalgate": 1, "id", "sample", "input", "metadata"}` lines to the program and reads its answers."""

    def _spec(self) -> WorkerSpec:
        task = self._task
        return WorkerSpec(
            argv=command_argv(task.command, root=self._root, environ=self._environment),
            target=None,
            cwd=self._root,
            environment=self._environment,
            workers=task.workers,
            per_worker=task.per_worker,
            memory_mb=task.memory_mb,
            per_example=task.per_example,
        )

    def _arguments(self, example: Example) -> Mapping[str, Json]:
        return {"input": example.input, "metadata": example.metadata}
