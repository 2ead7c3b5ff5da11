"""What a fork's run may have drawn, by what the base defines."""

from types import SimpleNamespace

import pytest

from evalgate.gate.forks.checking import require_draws
from evalgate.gate.forks.reading import RowsError

POLICY, SUITE = SimpleNamespace(confirm_repetitions=3), SimpleNamespace(repetitions=2)


def draws(*of):
    return SimpleNamespace(draws=[SimpleNamespace(candidate=c, baseline=b, key=key) for c, b, key in of])


@pytest.mark.parametrize(
    "part",
    [
        draws((1, 0, None)),
        draws((2, 2, None)),
        draws((3, 3, "k")),
        draws((1, 0, None), (3, 3, "k")),
        draws((2, 1, None), (3, 0, "k")),
    ],
)
def test_what_a_policy_draws(part):
    require_draws(part, SUITE, POLICY)


@pytest.mark.parametrize(
    "part",
    [
        draws((0, 0, None)),
        draws((4, 0, None)),
        draws((1, 4, None)),
        draws((1, 0, None), (3, 3, None)),
        draws((1, 0, None), (3, 3, "k"), (3, 3, "l")),
    ],
    ids=["no candidate", "too often", "too often of the baseline", "a screen twice", "three times"],
)
def test_what_none_draws(part):
    with pytest.raises(RowsError, match="none that the base's policy makes"):
        require_draws(part, SUITE, POLICY)
