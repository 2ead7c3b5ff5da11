"""One module per command, and the composition root where every effect is built."""

from __future__ import annotations

import errno
import gc
import os
import sys
from typing import Final

from evalgate.errors import ConfigurationError, EvalgateError, MeasurementError

_COLLECT_AFTER: Final = 20_000
"""Objects made before garbage is looked for: imports make tens of thousands, which stay."""


def main() -> None:
    """Run the command line; the one place that exits.

    An expected failure is one message and its own code; a bug says how to report it and exits 5.
    """
    # One thread for matrix products: they are small, and on a busy machine many threads wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(_COLLECT_AFTER)
    from evalgate.cli.root import root

    try:
        code = root.main(standalone_mode=False, prog_name="evalgate")
    except EvalgateError as error:
        code = _expected(error)
    except MemoryError:
        code = _expected(too_little_memory())
    except OSError as error:
        code = _expected(_too_long(error)) if error.errno == errno.ENAMETOOLONG else _foreign(error)
    except Exception as error:  # noqa: BLE001 the outermost net: whatever gets here is ours to mend
        code = _foreign(error)
    sys.exit(code if isinstance(code, int) else 0)


def too_little_memory() -> EvalgateError:
    """Return what to say where memory ran out: the machine's fault, or its limits', and no bug."""
    return MeasurementError(
        "there was not enough memory to go on; what was recorded or written before is kept",
        next_step="run the same again with more memory, or on less at a time",
    )


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
    import click

    if isinstance(error, ExceptionGroup) and error.subgroup(MemoryError) is not None:  # of several at once
        return _expected(too_little_memory())
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
    return 5
