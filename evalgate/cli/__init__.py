"""One module per command, and the composition root where every effect is built."""

from __future__ import annotations

import errno
import gc
import os
import sys
from contextlib import suppress
from typing import Final

from evalgate.errors import ConfigurationError, EvalgateError, MeasurementError

_COLLECT_AFTER: Final = 20_000
"""Objects made before garbage is looked for: imports make tens of thousands, which stay."""
_BUG: Final = 5
_MEMORY: Final = "there was not enough memory to go on; what was recorded or written before is kept"
_MORE: Final = "run the same again with more memory, or on less at a time"
_SHORT: Final = f"evalgate: {_MEMORY}\n  next: {_MORE}\n".encode()
_UNSAID: Final = b"evalgate: a bug in evalgate, of which nothing more can be said; what was recorded is kept\n"
_UNLOADED: Final = ("cannot allocate memory", "failed to map segment")
"""Why a library was not loaded, in the words of the system's loader."""
_UNBEGUN: Final = "can't start new thread"
"""What Python says where the system has no room for a thread, and says no more."""


def main() -> None:
    """Run the command line; the one place that exits.

    An expected failure is one message and its own code; a bug says how to report it and exits 5. What cannot even be
    said does not end with 1, which is a verdict.
    """
    # One thread for matrix products: they are small, and on a busy machine many threads wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(_COLLECT_AFTER)
    if sys.stderr is None:  # closed by who began this: what people are told goes nowhere, and the code is as it is
        sys.stderr = open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123, SIM115
    try:
        code = _done()
    except Exception as error:  # noqa: BLE001 nothing is left to say it with
        short = is_too_little_memory(error)
        with suppress(OSError):
            os.write(2, _SHORT if short else _UNSAID)
        code = MeasurementError.exit_code if short else _BUG
    sys.exit(code if isinstance(code, int) else 0)


def _done() -> object:
    """Do what was typed, say what ended it, and return the exit code."""
    try:
        from evalgate.cli.root import root

        return root.main(standalone_mode=False, prog_name="evalgate")
    except EvalgateError as error:
        return _expected(error)
    except OSError as error:
        return _expected(_too_long(error)) if error.errno == errno.ENAMETOOLONG else _foreign(error)
    except Exception as error:  # noqa: BLE001 the outermost net: whatever gets here is ours to mend
        return _foreign(error)


def is_too_little_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out: Python's, the system's, or that of a library being loaded."""
    if isinstance(error, BaseExceptionGroup) and any(map(is_too_little_memory, error.exceptions)):  # of several at once
        return True
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    if isinstance(error, ImportError) and any(each in str(error).casefold() for each in _UNLOADED):
        return True
    if isinstance(error, RuntimeError) and str(error) == _UNBEGUN:
        return True
    return isinstance(error, ImportError) and error.__cause__ is not None and is_too_little_memory(error.__cause__)


def too_little_memory() -> EvalgateError:
    """Return what to say where memory ran out: the machine's fault, or its limits', and no bug."""
    return MeasurementError(_MEMORY, next_step=_MORE)


def _too_long(error: OSError) -> EvalgateError:
    """Return what is wrong with a name that the system takes for no file: a flag, wherever it is looked at first."""
    return ConfigurationError(
        f"the name {str(error.filename)[:60]!r}… is too long for a file", next_step="name another file"
    )


def _expected(error: EvalgateError) -> int:
    """Say it, where it is looked for, and return its code."""
    from evalgate.cli.workflow import guarded, in_workflow, leave_error
    from evalgate.encoding import printable

    # Names of files, builds and branches may hold anything.
    sys.stderr.write(guarded(printable(f"evalgate: {error}\n"), os.environ))
    if in_workflow(os.environ):
        try:
            leave_error(error, os.environ)
        except EvalgateError as second:
            sys.stderr.write(guarded(printable(f"evalgate: {second}\n"), os.environ))
    return error.exit_code


def _foreign(error: Exception) -> int:
    if is_too_little_memory(error):
        return _expected(too_little_memory())
    import click

    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.Abort):
        sys.stderr.write("evalgate: interrupted\n")
        return 130
    import traceback

    # Frames and the error's type, not its text or its locals: they may hold answers or keys.
    sys.stderr.writelines(traceback.format_list(traceback.extract_tb(error.__traceback__)[-6:]))
    sys.stderr.write(
        f"evalgate: a bug in evalgate ({type(error).__name__}); what was recorded is kept\n"
        "  next: report it with the lines above, then evalgate run --resume\n"
    )
    return _BUG
