"""sql as an evaluator: what is asked of the worker, and whose fault its silence is."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import evalgate
from evalgate.errors import CandidateError, ConfigurationError
from evalgate.evaluators.measure import Measure
from evalgate.evaluators.score import EvaluatorFaultError, Given, OutputFaultError, passed
from evalgate.evaluators.view import View
from evalgate.evaluators.wording import shown
from evalgate.records import ErrorKind, Failure, Json, JsonObject
from evalgate.suite.evaluator_kinds import Sql
from evalgate.workers.environment import environment
from evalgate.workers.pool import WorkerPool
from evalgate.workers.programs import HOST
from evalgate.workers.spec import WorkerSpec

_WORKERS: Final = 2
_MEMORY_MB: Final = 2048
"""Address space of one worker: the libraries reserve a quarter of it, a query may use MEMORY_BYTES."""
_GRACE: Final = 2.0
"""Seconds beyond two queries' time after which a worker that does not react to its own clock is killed."""
_START_TIMEOUT: Final = 60.0
_TARGET: Final = "evalgate.evaluators.sql.worker:answer"
_PACKAGE_PARENT: Final = Path(evalgate.__file__).resolve().parent.parent


class SqlMeasure(Measure):
    """Five stages: parse, schema, filter, execute, rows. The first that fails is the explanation."""

    def __init__(self, parameters: Sql, *, root: Path, environ: Mapping[str, str]) -> None:
        self._parameters = parameters
        self._database = (root / parameters.database).resolve()
        self._runs = itertools.count()
        spec = WorkerSpec(
            argv=(sys.executable, str(HOST)),
            target=_TARGET,
            cwd=_PACKAGE_PARENT,
            environment={**environment((), environ), "TZ": "UTC"},
            workers=_WORKERS,
            memory_mb=_MEMORY_MB,
        )
        self._pool = WorkerPool(spec)
        self._options: JsonObject = {
            "database": str(self._database),
            "dialect": parameters.dialect,
            "required_filters": list(parameters.required_filters),
            "row_order": parameters.row_order,
            "column_names": parameters.column_names,
            "timeout": parameters.timeout,
            "max_rows": parameters.max_rows,
        }

    async def start(self) -> None:
        """Open the database in a worker. Raises ConfigurationError where that fails."""
        name = self._parameters.database
        if not self._database.is_file():
            raise ConfigurationError(
                f"the database {name} does not exist",
                next_step="Give `database` a .sql script or a database file relative to the suite's root.",
            )
        try:
            await self._pool.start()
        except CandidateError as error:
            raise ConfigurationError(f"the sql worker does not start: {error.message}") from error
        outcome = await self._pool.call(
            {"options": self._options}, run_id="start", sample="sql", timeout=_START_TIMEOUT
        )
        found = outcome.output if isinstance(outcome.output, Mapping) else {}
        if outcome.failure is not None or found:
            told = outcome.failure.message if outcome.failure is not None else found.get("message")
            raise ConfigurationError(
                f"the database {name} cannot be used: {told}",
                next_step=f"Correct {name}, or `dialect` and `required_filters`.",
            )

    async def measure(self, view: View) -> Given:
        """Give 1 where the query returns the right rows; else 0 with the stage in the metadata."""
        parameters = self._parameters
        reference = view.expected(parameters.expected or parameters.path)
        if not isinstance(reference, str | list | tuple):
            view.dataset_fault(
                f"expects {shown(reference)}, neither a query nor a list of rows; give the evaluator a `path`"
            )
        sql = view.output(parameters.path)
        if not isinstance(sql, str):
            raise OutputFaultError(f"the output is not SQL text: {shown(sql)}")
        return await self._judged(sql, reference, view)

    async def close(self) -> None:
        """Stop the workers."""
        await self._pool.close()

    async def _judged(self, sql: str, reference: Json, view: View) -> Given:
        outcome = await self._pool.call(
            {"options": self._options, "sql": sql, "reference": reference},
            run_id=f"{next(self._runs)}",
            sample="sql",
            timeout=2 * self._parameters.timeout + _GRACE,
        )
        if outcome.failure is not None:
            return _without_answer(outcome.failure)
        found = outcome.output if isinstance(outcome.output, Mapping) else {}
        if "fault" in found:
            message = f"example {view.subject.example.id!r}: {found['message']}"
            raise EvaluatorFaultError(message, type=f"{found['fault']}Fault")
        if "stage" in found:
            stage, explanation = str(found["stage"]), str(found["explanation"])
            return Given(score=False, explanation=f"{stage}: {explanation}", metadata={"stage": stage})
        return passed()


def _without_answer(failure: Failure) -> Given:
    """Return 0 where the query ended or stalled its worker; anything else is the evaluator's own error."""
    if failure.kind is ErrorKind.TASK and failure.type in {"Timeout", "WorkerDied", "MemoryError"}:
        return Given(score=False, explanation=f"execute: {failure.message}", metadata={"stage": "execute"})
    raise EvaluatorFaultError(failure.message, type=failure.type, where=failure.where)
