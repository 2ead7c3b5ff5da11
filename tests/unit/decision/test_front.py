"""Who is on the front of quality against a price: known answers."""

from evalgate.decision.contest_results import Place, Standing
from evalgate.decision.front import Point, standings

FRONT = Standing(place=Place.FRONT)
UNKNOWN = Standing(place=Place.UNKNOWN)


def standing(better=(), **points):
    """Points as (quality, price)."""
    return standings([Point(name=name, quality=q, price=p) for name, (q, p) in points.items()], better)


def test_more_quality_for_more_money_is_the_front():
    """a and c are on it; b costs more than a and is no better."""
    found = standing(a=(0.7, 1.0), b=(0.6, 2.0), c=(0.9, 3.0))
    assert found == {"a": FRONT, "b": Standing(place=Place.PERHAPS, behind="a"), "c": FRONT}


def test_evidence_makes_it_certain_and_names_who_has_it():
    """Of two ahead, the one with evidence is named, though the other is better as measured."""
    found = standing({("b", "z")}, a=(0.9, 1.0), b=(0.8, 1.0), z=(0.5, 2.0))
    assert found["z"] == Standing(place=Place.BEHIND, behind="b")
    assert found["b"] == Standing(place=Place.PERHAPS, behind="a")


def test_evidence_of_quality_does_not_make_the_dearer_one_dominate():
    """Better and dearer: both are on the front."""
    assert set(standing({("a", "b")}, a=(0.9, 2.0), b=(0.5, 1.0)).values()) == {FRONT}


def test_equals_are_on_the_front_together():
    """To the last bits: 0.1 + 0.2 is 0.3."""
    assert set(standing(a=(0.3, 0.1), b=(0.1 + 0.2, 0.1)).values()) == {FRONT}
    assert standing(a=(0.3, 0.1), b=(0.3, 0.2))["b"] == Standing(place=Place.PERHAPS, behind="a")
    assert standing(a=(0.4, 0.0), b=(0.3, 0.0))["b"] == Standing(place=Place.PERHAPS, behind="a")


def test_millionths_of_a_dollar_are_told_apart():
    """Prices are compared by their own size."""
    assert standing(a=(0.5, 1e-7), b=(0.5, 2e-7))["b"].place is Place.PERHAPS


def test_the_unknown_is_on_no_front_and_ahead_of_nobody():
    """Not known is neither free nor dear."""
    found = standing({("dark", "a")}, a=(0.5, 1.0), dark=(0.9, None), silent=(None, 0.1))
    assert found == {"a": FRONT, "dark": UNKNOWN, "silent": UNKNOWN}
