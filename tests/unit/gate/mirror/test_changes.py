"""Which examples count as changed, in words."""

from types import SimpleNamespace

from evalgate.decision.results import Flip
from evalgate.gate.mirror.changes import changed_examples


def check(name, *, regressed=(), improved=()):
    return SimpleNamespace(name=name, regressed=regressed, improved=improved)


def test_an_example_that_got_worse_anywhere_regressed():
    worse = Flip(example_id="a", baseline=1.0, candidate=0.0)
    better = Flip(example_id="a", baseline=0.25, candidate=0.5)
    alone = Flip(example_id="b", baseline=None, candidate=1.0)
    found = changed_examples([check("x", improved=(better, alone)), check("y", regressed=(worse,))])
    assert {name: (each.label, each.told) for name, each in found.items()} == {
        "a": ("regressed", "Regressed in y (1 → 0). Fixed in x (0.25 → 0.5)."),
        "b": ("fixed", "Fixed in x (no score → 1)."),
    }
