"""The end of `evalgate run --record-only`: what was recorded as a file to carry away, and the command that decides."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evalgate.cli.files import say
from evalgate.cli.options import Outputs
from evalgate.cli.workflow import guarded, in_workflow, in_workspace, leave_recorded
from evalgate.encoding import printable
from evalgate.errors import JournalError, MeasurementError
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.family import family_of
from evalgate.journal.transfer import export_build
from evalgate.report.escaping import sentence_for_markdown

if TYPE_CHECKING:
    from evalgate.gate.run import Ended
    from evalgate.journal.store import Journal

FOLDER: Final = "recorded"
"""Beside the journal: one file for each set of suites, replaced by the next run of the same."""
_LONGEST: Final = 100
"""Characters of a name made of suites' names."""
_UNMEASURABLE: Final = MeasurementError.exit_code


def record(journal: Journal, ended: Ended, outputs: Outputs, environ: Mapping[str, str]) -> int:
    """Write the build as a file of its own, say what it holds and what decides it; 0, or 4 where it was halted."""
    build = journal.build(ended.build)
    suites, family = [*recorded_config(build).suites], family_of(build.family)
    file = _exported(journal, ended.build, suites)
    lacking = [name for name in (family.order if family is not None else ()) if name not in suites]
    command = _command(file, suites, lacking)
    code = _UNMEASURABLE if ended.halted is not None else 0
    told = _told(suites, None if ended.halted is None else ended.halted.message)
    if in_workflow(environ):
        said = sentence_for_markdown(told) if outputs.summary else ""
        leave_recorded(in_workspace(file, environ), said, environ, code=code)
    if outputs.as_json:
        found = {"build": ended.build, "suites": suites, "lacking": lacking, "journal": str(file), "next": command}
        say(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    else:
        say(guarded(f"{printable(told)}\n  journal: {file}\n  next: {command}\n", environ))
    return code


def _told(suites: Collection[str], halted: str | None) -> str:
    named = f"{'suite' if len(suites) == 1 else 'suites'} {', '.join(suites)}"
    if halted is not None:
        return f"Recorded a part of {named}, without a verdict: {halted}"
    return f"Recorded {named}, without a verdict."


def _command(file: Path, suites: Collection[str], lacking: Collection[str]) -> str:
    if not lacking:
        return f"evalgate decide {file}"
    expected = "".join(f" --expect {name}" for name in (*suites, *lacking))
    more = "the journal of" if len(lacking) == 1 else "the journals of"
    return f"evalgate decide {file} …{expected}, with {more} {', '.join(lacking)} in the place of the dots"


def _exported(journal: Journal, build: int, suites: Collection[str]) -> Path:
    """Write the build's file, whole or not at all. Raises JournalError."""
    name = "+".join(suites)
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}+{len(suites)}-suites"
    file = journal.path.parent / FOLDER / f"{name}.db"
    part = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        export_build(journal.path, build, part)
        part.replace(file)
    except OSError as error:
        raise JournalError(
            f"cannot write {file}: {error.strerror}; build {build} is recorded in {journal.path}",
            next_step=f"evalgate journal export {build} --to FILE",
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return file
