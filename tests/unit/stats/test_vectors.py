"""Every worked example of tests/vectors/statistics.json whose method is shipped, through the shipped code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evalgate.stats.agreement import cohen_kappa, fleiss_kappa, gwet_ac1, rogan_gladen
from evalgate.stats.columns import Column
from evalgate.stats.corrections import benjamini_hochberg, holm
from evalgate.stats.intervals import clopper_pearson, mean_spread, tango, wilson
from evalgate.stats.joint import joint_test
from evalgate.stats.power import examples_needed

FILE = Path(__file__).parents[2] / "vectors" / "statistics.json"
VECTORS = {vector["id"]: vector for vector in json.loads(FILE.read_text(encoding="utf-8"))["vectors"]}

ASYMPTOTIC = "an asymptotic McNemar test; every comparison is a sign-flip test"
TWO_SIDED = "the gate tests for a loss, one-sided"
OTHER_INTERVAL = "Tango's interval is the one for paired proportions"
NO_LOOKS = "no sequential stopping"
NOT_SHIPPED = {
    "mcnemar_asym_2s_bentur": ASYMPTOTIC,
    "mcnemar_cc_2s_bentur": ASYMPTOTIC,
    "mcnemar_asym_2s_tango7": ASYMPTOTIC,
    "mcnemar_cc_2s_tango7": ASYMPTOTIC,
    "newcombe_ci95_bentur": OTHER_INTERVAL,
    "newcombe_ci95_tango7": OTHER_INTERVAL,
    "bonett_price_ci95_bentur": OTHER_INTERVAL,
    "bonett_price_ci95_tango7": OTHER_INTERVAL,
    "fay_lumbard_melded_bentur": OTHER_INTERVAL,
    "wilcoxon_darwin": "fails an equal-mean candidate 93 to 100 % of the time",
    "ttest_darwin": "the gate takes intervals from t, never a test",
    "cluster_CR0_se": "CR2 is the one that holds its level with few clusters",
    "cluster_CR1_se": "CR2 is the one that holds its level with few clusters",
    "power_paired_t": "planning uses the normal formula, and the exact power where it is off",
    "obf_4looks_025": NO_LOOKS,
    "obf_4looks_05": NO_LOOKS,
    "mixture_evalue_9_1": NO_LOOKS,
    "mixture_evalue_5_5": NO_LOOKS,
}
TESTED: set[str] = set()


def expects(*names: str) -> pytest.MarkDecorator:
    """Mark a test as that of some vectors, and remember that they have one."""
    TESTED.update(names)
    return pytest.mark.parametrize("vector", [VECTORS[name] for name in names], ids=names)


def raw_p(columns: list[list[float]], *, exact: bool, mid: bool = False) -> tuple[float, ...]:
    """Return the shipped engine's one-sided p-values for columns of differences over the same units."""
    tested = [Column(units=np.arange(len(one)), differences=np.array(one, dtype=float), mid=mid) for one in columns]
    return joint_test(tested, [f"unit {index}" for index in range(len(columns[0]))], seed=1, exact=exact).raw


def test_every_vector_is_tested_or_says_why_not():
    assert len(VECTORS) == 50
    assert TESTED | set(NOT_SHIPPED) == set(VECTORS)
    assert not TESTED & set(NOT_SHIPPED)


@expects("mcnemar_exact_2s_bentur", "mcnemar_exact_2s_tango7", "mcnemar_midp_2s_bentur", "mcnemar_midp_2s_tango7")
def test_mcnemar_two_sided_is_twice_the_engines_smaller_tail(vector):
    counts, exact = vector["input"], "exact" in vector["id"]
    fewer, more = sorted((counts["n12"], counts["n21"]))
    (p,) = raw_p([[-1.0] * more + [1.0] * fewer + [0.0] * (counts["n11"] + counts["n22"])], exact=exact, mid=True)
    assert 2 * p == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("mcnemar_exact_1s_7_1", "mcnemar_exact_1s_5_0", "mcnemar_midp_1s_7_1", "mcnemar_midp_1s_5_0")
def test_mcnemar_one_sided_is_the_engine(vector):
    flips = vector["input"]
    (p,) = raw_p([[-1.0] * flips["worse"] + [1.0] * flips["better"]], exact="exact" in vector["id"], mid=True)
    assert p == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("signflip_darwin_1s")
def test_fishers_sign_flips_of_darwins_maize(vector):
    """The vector tests for a gain, so its differences are turned.

    `expected` is rounded to ten digits, which is coarser than its own tolerance; the published 863 of 32,768 is not.
    """
    (p,) = raw_p([[-difference for difference in vector["input"]]], exact=True)
    assert p == pytest.approx(vector["published"]["value"], abs=vector["published"]["tol"])
    assert round(p, 10) == vector["expected"]


@expects("wy_minp_3x10")
def test_step_down_min_p_by_complete_enumeration(vector):
    columns = [Column(units=np.arange(10), differences=np.array(one), mid=False) for one in vector["input"]]
    joint = joint_test(columns, [str(index) for index in range(10)], seed=1, exact=True)
    assert joint.enumerated
    assert [*joint.raw, *joint.adjusted] == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("midp_worstcase_size")
def test_the_worst_size_of_the_mid_p_over_any_unchanged_candidate(vector):
    """Over J examples that are coin flips, the chance that the engine's mid-p is at most alpha; the worst J is 67."""
    from evalgate.stats.nulls import fair_binomial
    from evalgate.stats.power import fewest_to_fail

    sizes = [0.0]
    for changed in range(1, 201):
        sizes.append(float(fair_binomial(changed)[fewest_to_fail(changed, vector["input"]["alpha"], True) :].sum()))
    over_coins = [float(fair_binomial(coins) @ np.array(sizes[: coins + 1])) for coins in range(1, 201)]
    assert 1 + int(np.argmax(over_coins)) == vector["input"]["J_at_max"]
    assert max(over_coins) == pytest.approx(vector["expected"], abs=vector["tolerance"])


def test_the_planners_failing_counts_are_the_engines():
    """What the size above is made of agrees with the engine, flip count by flip count."""
    from evalgate.stats.power import fewest_to_fail

    for changed in (3, 4, 7, 13, 20, 60):
        fewest = fewest_to_fail(changed, 0.05, True)
        for worse in {max(0, fewest - 1), min(fewest, changed)}:
            (p,) = raw_p([[-1.0] * worse + [1.0] * (changed - worse)], exact=False, mid=True)
            assert (p <= 0.05) == (worse >= fewest)


@expects("tango_ci95_bentur", "tango_ci95_tango7", "tango_ci95_all_worse_n3", "tango_ci90_no_discordant_n50")
def test_tango(vector):
    counts = vector["input"]
    pairs = counts.get("n") or sum(counts[name] for name in ("n11", "n12", "n21", "n22"))
    level = 0.90 if "ci90" in vector["id"] else 0.95
    interval = tango(better=counts["n12"], worse=counts["n21"], pairs=pairs, level=level)
    assert interval == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("wilson95_81_263", "wilson95_0_20", "wilson95_1_29")
def test_wilson(vector):
    x, n = vector["input"]["x"], vector["input"]["n"]
    assert wilson(x / n, n, level=0.95) == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("clopper_pearson95_81_263", "clopper_pearson95_0_20", "clopper_pearson95_1_29")
def test_clopper_pearson(vector):
    x, n = vector["input"]["x"], vector["input"]["n"]
    assert clopper_pearson(x / n, n, level=0.95) == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("cluster_CR2_se_df")
def test_cr2_with_satterthwaite(vector):
    clusters, differences = np.array(vector["input"]["cluster"]), np.array(vector["input"]["d"])
    _, error, degrees = mean_spread(np.bincount(clusters, weights=differences), np.bincount(clusters).astype(float))
    assert [error, degrees] == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("t_ci95_darwin")
def test_single_examples_give_the_ordinary_t_interval(vector):
    from evalgate.stats.intervals import t_value

    mean, error, degrees = mean_spread(np.array(vector["input"], dtype=float), np.ones(15))
    half = t_value(degrees, 0.975) * error
    assert [mean - half, mean + half] == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("holm_4")
def test_holm(vector):
    assert holm(vector["input"]) == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("bh_4")
def test_benjamini_hochberg(vector):
    assert benjamini_hochberg(vector["input"]) == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("bh1995_counts")
def test_how_many_benjamini_and_hochberg_rejected(vector):
    rejected = sum(q <= 0.05 for q in benjamini_hochberg(vector["input"]))
    bonferroni = sum(p * len(vector["input"]) <= 0.05 for p in vector["input"])
    assert [rejected, bonferroni] == vector["expected"]


@expects("kappa_2x2")
def test_cohens_kappa(vector):
    assert cohen_kappa(np.array(vector["input"])) == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("kappa_cohen1968")
def test_weighted_kappa(vector):
    table, weights = np.array(vector["input"]["p"]), np.array(vector["input"]["w"])
    both = [cohen_kappa(table), cohen_kappa(table, weights)]
    assert both == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("fleiss_kappa_10x14")
def test_fleiss_kappa(vector):
    assert fleiss_kappa(np.array(vector["input"])) == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("ac1_kappa_paradox")
def test_gwets_ac1_beside_kappa(vector):
    table = np.array(vector["input"])
    assert [cohen_kappa(table), gwet_ac1(table)] == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("rogan_gladen")
def test_rogan_gladen(vector):
    given = vector["input"]
    share = rogan_gladen(given["pos"] / given["n"], sensitivity=given["se"], specificity=given["sp"])
    assert share == pytest.approx(vector["expected"], abs=vector["tolerance"])


@expects("miller_n")
def test_millers_sample_size(vector):
    """The vector is two-sided, so each side has half of alpha."""
    given = vector["input"]
    n = examples_needed(variance=given["omega2"], drop=given["delta"], alpha=given["alpha"] / 2, power=given["power"])
    assert n == pytest.approx(vector["expected"], abs=vector["tolerance"])
