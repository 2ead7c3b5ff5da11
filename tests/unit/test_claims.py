"""Every statistical claim of the docs and of the code is what `tests/bench/claims.py` works out.

EVALGATE_WRITE_GOLDEN=1 writes the pages and pictures anew; then read the diff.
"""

from __future__ import annotations

import math
import os
import re
from xml.etree import ElementTree as ET

import pytest

from evalgate.decision import zero_tolerance
from evalgate.decision.several import compare_several
from tests.bench import claims, gates
from tests.bench.figures import THEMES
from tests.bench.operating_characteristics import cells, lines
from tests.unit.decision.contests import contender, contest, suite

PROSE = (
    "README.md",
    "CHANGELOG.md",
    *sorted(str(path.relative_to(claims.ROOT)) for path in (claims.ROOT / "docs").rglob("*.md")),
)
CLAIM = re.compile(r"\d[\d.,–]*(?: to \d[\d.]*)? ?(?:%|times? in \d+|in 100\b)")
DEFINED = {
    "5 %": "alpha, and either end of a 90 % interval",
    "5 in 100": "alpha",
    "5 times in 100": "alpha",
    "5.5 %": "what the promise is held to, as a limit",
    "90 %": "the level of intervals",
    "95 %": "the level at a screen, and of bounds",
    "8 times in 10": "the power that is planned for",
    "2 %": "max_missing",
    "2 times in 10": "the chance to pass below which a strict gate is refused",
    "10 %": "a setting: flips, errors",
    "20 %": "a setting: flips, pass rates",
    "30 %": "an invented example",
    "50 %": "a setting: flips",
    "80 %": "a setting: pass rates",
    "78 %": "an invented example",
}
"""What is no result: numbers that the rules or the settings are made of."""


@pytest.fixture(scope="module", autouse=True)
def found():
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        claims.write()
    return claims.figures()


def text_of(name):
    return (claims.ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", claims.PAGES)
def test_a_page_says_what_is_worked_out(name, found):
    assert text_of(name) == claims.written(text_of(name), found)


def test_the_pictures_are_those_that_are_drawn():
    drawn = dict(claims.pictures())
    assert len(drawn) == 4
    for name, svg in drawn.items():
        assert (claims.PICTURES / name).read_text(encoding="utf-8") == svg, name


@pytest.mark.parametrize("name", PROSE)
def test_no_page_claims_a_result_that_nothing_works_out(name):
    """Marked text is worked out; code blocks and tables are outputs; the rest may say what the rules are made of."""
    page = claims.MARK.sub("", text_of(name))
    page = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    page = re.sub(r"<!-- tables:.*?<!-- end of tables -->", "", page, flags=re.DOTALL)
    prose = " ".join(line for line in page.splitlines() if not line.startswith("|"))
    claimed = {found.group().strip() for found in CLAIM.finditer(prose)}
    assert claimed - set(DEFINED) - demo_figures(name) == set()


def demo_figures(name):
    """What the README says of its demo stands in the demo's output, which a test of its own repeats."""
    if name != "README.md":
        return set()
    output = "".join(re.findall(r"```text\n(.*?)```", text_of(name), re.DOTALL))
    return set(re.findall(r"\d+ %", output))


def test_no_mark_begins_a_line_of_prose():
    """There Markdown would take the whole line as HTML."""
    for name in claims.PAGES:
        for line in text_of(name).splitlines():
            assert not re.match(r"\s*(?:[-*] )?<!--[a-z0-9.-]+-->.", line), f"{name}: {line}"


def test_the_exact_figures_agree_with_the_simulated_builds():
    """Of 80 cells none is further off than 3.6 standard errors, and their squares are what chance makes of them."""
    distances = []
    for cell in cells():
        one = lines().get(cell.name)
        if one is None or cell.group != claims.ONE or cell.spec.drop:
            continue
        exact = gates.chance(gates.evalgate_fails, cell.spec.n, cell.spec.flip)
        error = math.sqrt(exact * (1 - exact) / one["repetitions"])
        distances.append((one["counts"].get("FAIL", 0) / one["repetitions"] - exact) / error)
    assert len(distances) > 50
    assert max(map(abs, distances)) < 3.6
    assert 0.6 < sum(distance**2 for distance in distances) / len(distances) < 1.5


def test_an_exact_figure_by_hand():
    """Two examples, half of which flip: worse 1/4, better 1/4. The mean drops if one got worse alone, or both."""
    assert gates.chance(gates.mean_dropped, 2, 0.5) == pytest.approx(2 * 0.25 * 0.5 + 0.25**2)
    assert gates.chance(gates.mean_dropped_by_more_than_5_points, 2, 0.5) == pytest.approx(0.3125)
    assert gates.chance(gates.evalgate_fails, 2, 0.5) == 0


def test_gates_are_the_more_easily_failed_the_more_got_worse():
    """`chance` walks along that edge instead of asking about every outcome."""
    for gate in (gates.mean_dropped, gates.mean_dropped_by_more_than_5_points, gates.evalgate_fails):
        before = 0
        for worse in range(31):
            answers = [gate(30, worse, better) for better in range(31 - worse)]
            assert answers == sorted(answers, reverse=True)
            assert sum(answers) >= min(before, len(answers))
            before = sum(answers)


def test_one_of_two_equal_leaders_is_named_as_often_as_the_shipped_test_would():
    """Every outcome of two on twelve examples beside one that passes none. `compare` itself pays for three."""
    n, flip, named = 12, 0.4, 0.0
    for first in range(n + 1):
        for second in range(n + 1 - first):
            same = [1.0] * (n - first - second)
            one = contender("one", a=[1.0] * first + [0.0] * second + same)
            two = contender("two", a=[0.0] * first + [1.0] * second + same)
            winner = compare_several(contest(suite(one, two, contender("poor", a=[0.0] * n)))).suites[0].winner
            if winner.p_adjusted is not None and winner.p_adjusted / 3 <= gates.ALPHA:
                ways = math.comb(n, first) * math.comb(n - first, second)
                named += ways * (flip / 2) ** (first + second) * (1 - flip) ** len(same)
    assert named == pytest.approx(gates.names_one_of_two(n, flip))
    assert named > 0.05


def code(path):
    return " ".join((claims.ROOT / "evalgate" / path).read_text(encoding="utf-8").split())


def test_the_code_claims_what_is_worked_out():
    """Docstrings and words are plain text: here is what they may say."""
    shifted = f"{100 * gates.shifted_test_accepts(20, 0.05):.0f}"
    assert f"up to {shifted} times in 100" in code("decision/improvement.py")
    screen = f"{100 * gates.passes_at_the_screen(0.90, 100, unluckiest=True):.0f}"
    assert f"comes {screen} times in 100" in code("decision/comparison.py")
    covers = [f"{100 * gates.repaired_covers(labels):.0f}" for labels in (30, 60)]
    assert f"of 30 labels cover {covers[0]} %, of 60 labels {covers[1]} %" in code("stats/ppi.py")
    alone, beside = (f"{gates.formula_off(comparisons):.0f}" for comparisons in (1, 5))
    assert f"the formula is {alone} point off alone and {beside} beside others" in code("stats/planning.py")
    lucky = max(gates.against_a_frozen_baseline(gates.evalgate_fails, n) for n in (50, 100, 200))
    assert round(1 / lucky) == 4
    for path in ("decision/flow.py", "decision/screen_words.py"):
        assert "1 time in 4" in code(path)
    blocks = [float(gates.blocks_again(baseline_is_asked=asked)) for asked in (True, False)]
    assert blocks == pytest.approx([zero_tolerance._BLOCKS_AGAIN, zero_tolerance._BLOCKS_AGAIN_ABSOLUTE])


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_everything_written_in_a_picture_can_be_read(theme):
    """WCAG's ratios: 4.5 for text, 3 for lines."""

    def contrast(colour):
        light, dark = sorted((luminance(colour), luminance(theme.page)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    for colour in (theme.ink, theme.soft, theme.loud, theme.second, theme.own):
        assert contrast(colour) >= 4.5, colour
    for colour in theme.ramp:
        assert contrast(colour) >= 2.2, colour
    lightness = [luminance(colour) for colour in theme.ramp]
    assert lightness in (sorted(lightness), sorted(lightness, reverse=True))


def test_pictures_say_in_words_what_they_show():
    for name, svg in claims.pictures():
        root = ET.fromstring(svg)
        title, description = root[0], root[1]
        assert title.tag.endswith("title"), name
        assert title.text
        assert "per cent" in (description.text or "")
