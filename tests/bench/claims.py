"""Every statistical claim of the docs, worked out and written where it is made.

Run: python tests/bench/claims.py
A page says `<!--name-->text<!--/-->`, which readers do not see; the text is what `figures()` has under that name. What
is quick is worked out here, on the functions that are shipped; what takes hours of simulation is read from
docs/operating-characteristics.jsonl. `tests/unit/test_claims.py` holds every page, and the words of the code, to it.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

from evalgate.decision import decide
from evalgate.decision.comparison import FAILING_LEVEL, SCREEN_LEVEL
from evalgate.decision.known_noise import FLIPS
from evalgate.decision.number_words import points
from evalgate.decision.results import CheckDecision
from evalgate.stats.joint import DRAWN, DRAWN_AGAIN
from evalgate.stats.planning import Planned, caught
from evalgate.stats.power import Plan, examples_to_clear, examples_to_rule_out, failures_allowed
from evalgate.suite.checks import Policy
from tests.bench import gates
from tests.bench.expected import comparison
from tests.bench.figures import THEMES, catches, caught_points, false_alarms
from tests.bench.operating_characteristics import cells, lines
from tests.bench.worked_out import table, worked_out
from tests.unit.decision.builds import build, check, flips, suite

ROOT = Path(__file__).parents[2]
PAGES = (
    "docs/decision.md",
    "docs/statistics.md",
    "docs/operating-characteristics.md",
    "docs/decisions/0007-how-a-build-is-decided.md",
    "docs/decisions/0008-noise-studies.md",
    "docs/decisions/0009-comparing-several.md",
)
PICTURES = ROOT / "docs" / "figures"
SIZES = (20, 30, 50, 100, 200, 500)
WORST_OF = (10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500)
MARK = re.compile(r"<!--([a-z0-9.-]+)-->(.*?)<!--/-->", re.DOTALL)


def per_cent(share: float) -> str:
    """Return a share in per cent with a tenth below ten: `47`, `4.9`."""
    value = 100 * share
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"


def span(shares: list[float]) -> str:
    """Return `44 to 49`."""
    low, high = per_cent(min(shares)), per_cent(max(shares))
    return low if low == high else f"{low} to {high}"


class Measured:
    """The recorded cells, by group and row."""

    def __init__(self) -> None:
        self.found = lines()

    def share(self, group: str, row: str, n: int, verdict: str = "FAIL") -> float:
        one = self.found[f"{group} | {row} | n={n}"]
        return one["counts"].get(verdict, 0) / one["repetitions"]

    def error(self, group: str, row: str, n: int, verdict: str = "FAIL") -> float:
        share = self.share(group, row, n, verdict)
        return math.sqrt(share * (1 - share) / self.found[f"{group} | {row} | n={n}"]["repetitions"])

    def sizes(self, group: str, row: str) -> list[int]:
        return [n for n in SIZES if f"{group} | {row} | n={n}" in self.found]

    def unchanged(self) -> list[dict]:
        """Return the cells whose candidate is the baseline, decided on one draw or through the flow."""
        names = [cell.name for cell in cells() if not (cell.spec.drop or cell.spec.rise)]
        return [self.found[name] for name in names if name in self.found]


ONE, FLOW = "one pass/fail check", "screen, then confirm"
AT_MARGIN = "drop of 10 points (the margin: PASS is false)"
UNLUCKIEST = "drop of 10 points, unluckiest of ten"
LUCKIEST = "unchanged, luckiest of ten stored baselines"


def figures() -> dict[str, str]:
    """Return the text of every claim by its name."""
    measured = Measured()
    found: dict[str, str] = {}
    for part in (
        _alarms(measured),
        _caught(),
        _flow(measured),
        _rules(),
        _intervals(measured),
        _promise(measured),
        _studies(),
        _lines(),
    ):
        found.update(part)
    found["expected.exact"] = worked_out()
    found["expected.others"] = f"\n\n{table()}\n\n"
    found["expected.table"] = f"\n\n{comparison(measured.found)}\n\n"
    return found


def simulated_alarms(measured: Measured) -> dict[int, float]:
    """Return the circles of the first picture: false alarms of simulated builds, in per cent."""
    row = "unchanged: pass rate 80 %, flips 20 %"
    return {n: 100 * measured.share(ONE, row, n) for n in measured.sizes(ONE, row)}


def _alarms(measured: Measured) -> Iterator[tuple[str, str]]:
    for name, gate in (
        ("mean", gates.mean_dropped),
        ("five", gates.mean_dropped_by_more_than_5_points),
        ("own", gates.evalgate_fails),
    ):
        for n in SIZES:
            yield f"alarm.{name}.{n}", per_cent(gates.chance(gate, n, 0.2))
        yield f"alarm.{name}.most-flips", span([gates.chance(gate, n, 0.5) for n in SIZES])
        yield f"alarm.{name}.most-flips.50", per_cent(gates.chance(gate, 50, 0.5))
    every = [gates.chance(gates.evalgate_fails, n, flip / 100) for n in WORST_OF for flip in range(1, 51)]
    yield "alarm.own.worst", f"{100 * max(every):.2f} %"
    row = "unchanged: pass rate 80 %, flips 20 %"
    builds = {measured.found[f"{ONE} | {row} | n={n}"]["repetitions"] for n in measured.sizes(ONE, row)}
    yield "sim.alarms.builds", " to ".join(f"{each:,}" for each in sorted({min(builds), max(builds)}))
    yield "picture.false-alarms", _picture("false-alarms", _alarms_described())


def _alarms_described() -> str:
    at = {name: [per_cent(gates.chance(gate, n, 0.2)) for n in (50, 100, 500)] for name, gate in _GATES.items()}
    rows = [f"{name} {', '.join(shares[:2])} and {shares[2]} per cent" for name, shares in at.items()]
    return (
        "Line chart: how often a gate fails a candidate that changed nothing, by number of examples, where 20 per cent"
        f" of examples flip by themselves. At 50, 100 and 500 examples: {'; '.join(rows)}."
    )


def _picture(name: str, described: str) -> str:
    """Return a picture for light and dark pages, told to those who do not see it."""
    source = f'  <source media="(prefers-color-scheme: dark)" srcset="figures/{name}.dark.svg">'
    image = f'  <img alt="{described}" src="figures/{name}.light.svg" width="640">'
    return f"\n<picture>\n{source}\n{image}\n</picture>\n"


_GATES = {
    "a gate on any drop of the average": gates.mean_dropped,
    "a gate on a drop of more than 5 points": gates.mean_dropped_by_more_than_5_points,
    "evalgate": gates.evalgate_fails,
}


def _caught() -> Iterator[tuple[str, str]]:
    def drop(n: int, flip: float, comparisons: int = 1, repetitions: int = 1) -> str:
        plan = Plan(examples=n, flip=flip, alpha=gates.ALPHA, repetitions=repetitions)
        found = caught(Planned(plan=plan, comparisons=comparisons))
        return "–" if found is None else f"{100 * found:.0f}"

    head = " | ".join(f"{100 * flip:g} % flip" for flip in FLIPS)
    rows = [f"| examples | {head} |", "|---|" + "---|" * len(FLIPS)]
    for n in SIZES:
        rows.append(f"| {n} | " + " | ".join(f"{drop(n, flip)} ({drop(n, flip, 5)})" for flip in FLIPS) + " |")
    yield "table.caught", "\n\n" + "\n".join(rows) + "\n\n"
    yield "reps.one", drop(100, 0.2)
    yield "reps.three", drop(100, 0.2, repetitions=3)
    heads = "| examples | 1 | 3 | 5 |"
    shown = (f"| {n} | " + " | ".join(drop(n, 0.2, repetitions=k) for k in (1, 3, 5)) + " |" for n in (50, 100, 200))
    yield "table.repetitions", "\n\n" + "\n".join([heads, "|---|---|---|---|", *shown]) + "\n\n"
    yield "needed.rule-out", str(examples_to_rule_out(gates.MARGIN))
    yield "needed.clusters", str(gates.clusters_to_rule_out(gates.MARGIN))
    for name, comparisons in (("alone", 1), ("beside", 5)):
        yield f"formula.{name}", f"{gates.formula_off(comparisons):.0f}"
    yield "needed.clear-95", str(examples_to_clear(0.95))
    yield "allowed.80-of-95", str(failures_allowed(0.95, 80))
    yield "picture.what-is-caught", _picture("what-is-caught", _caught_described())


def _caught_described() -> str:
    at = {flip: [f"{caught_points(n, flip):.0f}" for n in (20, 100, 500)] for flip in FLIPS}
    said = "; ".join(f"{100 * flip:g} per cent flips {', '.join(drops)}" for flip, drops in at.items())
    return (
        "Line chart: the drop in points that one pass/fail check catches 8 times in 10, by number of examples. At 20,"
        f" 100 and 500 examples, with {said}."
    )


def _flow(measured: Measured) -> Iterator[tuple[str, str]]:
    for name, gate in (("mean", gates.mean_dropped), ("own", gates.evalgate_fails)):
        yield f"frozen.{name}", span([gates.against_a_frozen_baseline(gate, n) for n in (50, 100, 200)])
    for name, row in (("unchanged", "unchanged"), ("lucky", LUCKIEST)):
        shares = [measured.share(FLOW, row, n) for n in measured.sizes(FLOW, row)]
        yield f"flow.{name}", per_cent(max(shares)) if name == "lucky" else span(shares)
        yield f"flow.{name}.confirmed", span([measured.share(FLOW, row, n, "confirmed") for n in (50, 100, 200)])
    yield "flow.passes", f"{measured.share(FLOW, 'unchanged', 100, 'passes'):.1f}"
    for name, row in (("margin", AT_MARGIN), ("unlucky", UNLUCKIEST)):
        for n in (50, 100, 200):
            share, error = (100 * of(FLOW, row, n, "PASS") for of in (measured.share, measured.error))
            yield f"flow.pass.{name}.{n}", f"{share:.1f} % ± {error:.1f}"
            yield f"flow.screen.{name}.{n}", f"{100 * measured.share(FLOW, row, n, 'PASS at the screen'):.1f} %"
    single = measured.share(ONE, "unchanged: pass rate 80 %, flips 10 %", 100)
    yield "single.unchanged", per_cent(single)
    yield "flow.inconclusive.one", f"{100 * measured.share(FLOW, 'unchanged', 100, 'INCONCLUSIVE'):.0f}"
    for n in (50, 100):
        share, waiting, passes = (
            measured.share(FLOW, "five checks, unchanged", n, what)
            for what in ("INCONCLUSIVE", "INCONCLUSIVE at the screen", "passes")
        )
        yield f"flow.inconclusive.five.{n}", f"{100 * share:.0f}"
        yield f"flow.inconclusive.five.{n}.at-the-screen", f"{100 * waiting:.0f}"
        yield f"flow.passes.five.{n}", f"{passes:.1f}"
        yield f"flow.passes.five.{n}.confirming", f"{passes + 2 * Policy().confirm_repetitions * waiting:.1f}"
    for level in (FAILING_LEVEL, SCREEN_LEVEL):
        for unlucky in (False, True):
            share = gates.passes_at_the_screen(level, 100, unluckiest=unlucky)
            yield f"screen.{100 * level:.0f}.{'unlucky' if unlucky else 'fair'}", f"{100 * share:.0f}"


def _rules() -> Iterator[tuple[str, str]]:
    yield "engine.drawn", f"{DRAWN:,}"
    yield "engine.again", f"{DRAWN_AGAIN:,}"
    asked, alone = (gates.blocks_again(baseline_is_asked=value) for value in (True, False))
    yield "zero.asked", f"{asked.numerator} times in {asked.denominator}"
    yield "zero.alone", f"{float(100 * alone):.0f} in 100"
    yield "shifted.20", f"{100 * gates.shifted_test_accepts(20, 0.05):.0f}"
    sizes = (20, 30, 50, 100)
    yield "gain.plain", span([gates.gain_ruled_out(n, two_ended=False) for n in sizes])
    most = max(gates.gain_ruled_out(n, two_ended=True) for n in sizes)
    yield "gain.two-ended", f"0 to {100 * most:.0f}"
    for pushes in (3, 5, 10):
        share = gates.evalgate_fails, 100, 0.2
        yield f"pushes.{pushes}", f"{100 * (1 - (1 - gates.chance(*share)) ** pushes):.0f}"


def _intervals(measured: Measured) -> Iterator[tuple[str, str]]:
    rows = ["| flips beside the drop | n = 20 | 30 | 50 | 100 | 200 |", "|---|---|---|---|---|---|"]
    for flip in (0.0, *FLIPS):
        shares = (f"{100 * gates.passes_at_the_margin(n, flip):.1f}" for n in SIZES[:-1])
        rows.append(f"| {100 * flip:g} % | " + " | ".join(shares) + " |")
    yield "table.tango", "\n\n" + "\n".join(rows) + "\n\n"
    sizes = (10, 20, 30, 40, 60)
    rows = ["| clusters | " + " | ".join(map(str, sizes)) + " |", "|---|" + "---|" * len(sizes)]
    for imaginary, name in ((False, "plain CR2"), (True, "with two imaginary clusters, as shipped")):
        shares = (f"{100 * gates.clusters_pass(groups, imaginary=imaginary):.0f}" for groups in sizes)
        rows.append(f"| {name} | " + " | ".join(shares) + " |")
    yield "table.clusters", "\n\n" + "\n".join(rows) + "\n\n"
    rates = (f"pass rate {rate} %, 3 runs against 1" for rate in (5, 10, 20))
    unequal = [
        (measured.share("other scores", row, n), measured.error("other scores", row, n))
        for row in rates
        for n in measured.sizes("other scores", row)
    ]
    share, error = max(unequal)
    yield "unequal.most", f"{100 * share:.1f} % ± {100 * error:.1f} of the time"


def _promise(measured: Measured) -> Iterator[tuple[str, str]]:
    unchanged = measured.unchanged()
    yield "promise.cells", str(len(unchanged))
    shares = {one["cell"]: one["counts"].get("FAIL", 0) / one["repetitions"] for one in unchanged}
    worst = max(unchanged, key=lambda one: shares[one["cell"]])
    share, builds = shares[worst["cell"]], worst["repetitions"]
    error = math.sqrt(share * (1 - share) / builds)
    yield "promise.most", f"{100 * share:.1f} % ± {100 * error:.1f}"
    yield "promise.most.where", f"{worst['cell'].replace(' | ', ', ')}, {builds:,} builds"
    most = max(one["repetitions"] for one in unchanged)
    large = max(share for name, share in shares.items() if measured.found[name]["repetitions"] == most)
    yield "promise.most.large", f"{100 * large:.1f} %"
    yield "promise.most.large.builds", f"{most:,}"
    above = sum(_above(shares[one["cell"]], one["repetitions"]) for one in unchanged)
    yield "promise.above", "none is" if not above else "one is" if above == 1 else f"{above} are"


def _above(share: float, builds: int) -> bool:
    """Return whether the true share is above 5.5 %, by three standard errors: a hundred cells are looked at."""
    return share - 3 * math.sqrt(share * (1 - share) / builds) > 0.055


def _studies() -> Iterator[tuple[str, str]]:
    examples, runs, flaky = (20, 50, 200), (2, 5), ((0.05, 0.5), (0.3, 0.5), (1.0, 0.1), (1.0, 0.5))
    covers = [gates.flip_rate_covers(n, k, *each) for n in examples for k in runs for each in flaky]
    yield "noise.covers", f"{100 * min(covers):.0f} to {100 * max(covers):.0f}"
    yield "leaders.picked", f"{100 * gates.names_one_of_two(100, 0.2):.0f}"


def _said(of: CheckDecision) -> str:
    (rule,) = of.rules
    step = f"\n>\n> next: {rule.next_step}" if rule.next_step and rule.verdict != "FAIL" else ""
    return f"\n\n> {of.name} {rule.rule}: {rule.reason}{step}\n\n"


def _lines() -> Iterator[tuple[str, str]]:
    others = (check(*flips(100, 3, 4, passing=88), name="cites_policy"), check(*flips(100, 2, 1), name="tone"))
    failing = _first(check(*flips(100, 14, 3, passing=70)), *others)
    yield "line.fail", _said(failing)
    yield "line.caught", points(failing.detectable or math.nan)
    yield "line.pass", _said(_first(check(*flips(100, 4, 3, passing=80))))
    yield "line.inconclusive", _said(_first(check(*flips(40, 6, 3, passing=25))))
    candidate, baseline = flips(100, 4, 3, passing=80)
    yield "line.unmeasurable", _said(_first(check([*[None] * 5, *candidate[5:]], baseline)))
    candidate, baseline = [0.0] * 10 + [1.0] * 110, [1.0] * 98 + [0.0] * 12 + [1.0] * 10
    languages = ["de"] * 30 + ["en"] * 90
    sliced = check(candidate, baseline, rules={"no_regression": {"slices": ["metadata.lang"]}})
    yield "line.slice", _said(_first(sliced, slices={"metadata.lang": languages}))


def _first(*checks, **more) -> CheckDecision:
    return decide(build(suite(*checks, **more))).suites[0].checks[0]


def written(page: str, found: dict[str, str]) -> str:
    """Return a page with every claim as it is."""
    return MARK.sub(lambda mark: f"<!--{mark[1]}-->{found[mark[1]]}<!--/-->", page)


def pictures() -> Iterator[tuple[str, str]]:
    """Yield every picture: (file name, SVG)."""
    simulated = simulated_alarms(Measured())
    for theme in THEMES:
        yield f"false-alarms.{theme.name}.svg", false_alarms(theme, simulated, _alarms_described())
        yield f"what-is-caught.{theme.name}.svg", catches(theme, _caught_described())


def write() -> None:
    """Write every page and picture anew."""
    found = figures()
    for name in PAGES:
        page = ROOT / name
        page.write_text(written(page.read_text(encoding="utf-8"), found), encoding="utf-8", newline="\n")
    PICTURES.mkdir(exist_ok=True)
    for name, svg in pictures():
        (PICTURES / name).write_text(svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()
