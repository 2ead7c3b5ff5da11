"""Which findings keep a run from beginning, and with which exit code."""

import pytest

from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.gate.doctor.findings import failed, ok, problem, require_none, warning

AWAY = problem("away", "did not answer", "try again", service=True)
REFUSED = problem("refused", "refused the key", "set another", service=True, sure=True)
REFUSED_TOO = problem("refused too", "refused the same key", "set another", service=True, sure=True)
WRONG = failed("wrong", ConfigurationError("there is no such file", next_step="write it"))


def test_a_run_begins_where_nothing_is_certain():
    """A service that is away may not be needed."""
    require_none([ok("fine", "is there"), warning("old", "is old", None), AWAY])
    require_none([failed("judge", MeasurementError("it is away", next_step="try again"))])


@pytest.mark.parametrize(
    ("findings", "kind", "told", "next_step"),
    [
        ([AWAY, REFUSED], MeasurementError, "the run was not begun: refused: refused the key", "set another"),
        (
            [REFUSED, WRONG],
            ConfigurationError,
            "the run was not begun: refused: refused the key; wrong: there is no such file",
            "set another; write it",
        ),
        (
            [REFUSED, REFUSED_TOO],
            MeasurementError,
            "the run was not begun: refused: refused the key; refused too: refused the same key",
            "set another",
        ),
    ],
)
def test_it_does_not_where_its_end_is(findings, kind, told, next_step):
    """All of it at once, with each step once, and by the code of what a user can mend first."""
    with pytest.raises(kind) as caught:
        require_none(findings)
    assert caught.value.message == told
    assert caught.value.next_step == next_step
