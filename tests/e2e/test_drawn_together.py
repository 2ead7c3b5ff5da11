"""What can FAIL was drawn together: through the real command line, asserted from the journal it leaves."""

import sqlite3
import sys
from contextlib import closing

import pytest

from tests.e2e.repository import Repo

TASK = """\
import os

def answer(input):
    return {{"answer": input["q"] * 2 if input["q"] % 100 >= {share} else -1, "draw": os.urandom(8).hex()}}
"""
"""Wrong on the first so many of a hundred examples; no two of its answers are the same, so each tells its draw."""

SCORE = "def right(output, expected):\n    return float(output['answer'] == expected['answer'])\n"
PYTHON = {"python": "app.py:answer", "interpreter": sys.executable, "workers": 1}
KNOWN = {"task": {**PYTHON, "inputs": ["app.py"]}}
UNKNOWN = {
    "a task": {"task": PYTHON},
    "an evaluator": {
        **KNOWN,
        "evaluators": [{"python": "score.py:right", "interpreter": sys.executable}],
        "checks": {"right": {"no_regression": {"rule_out_drop": 0.15}}},
    },
}
"""Suites of which not everything is known that answers or scores depend on, by what it is that is not."""


class Drawn(Repo):
    """A project whose answers tell in which build they were drawn."""

    def task(self, share, comment=""):
        self.write("app.py", TASK.format(share=share) + comment)

    def begun(self, suite):
        """Commit a version and measure a first change, whose baseline is stored; leave a worse one uncommitted."""
        self.write("score.py", SCORE)
        self.ship(share=5, baseline="git:shipped", **suite)
        self.git("tag", "shipped")
        self.git("checkout", "-q", "-b", "first")
        self.task(4)
        self.commit()
        assert self.measured()["verdict"] == "PASS"
        self.git("checkout", "-q", "-b", "worse", "main")
        self.task(20)
        return self

    def drawn_in(self):
        """Return of each build that drew both sides, side by side, in which builds what decides there was drawn."""
        with closing(sqlite3.connect(self.folder / ".evalgate" / "journal.db")) as db:
            last = dict(
                db.execute("SELECT build, key FROM draw WHERE candidate > 0 AND baseline > 0 ORDER BY position")
            )
            rows = db.execute(
                "SELECT x.build, x.side, r.sample, r.output FROM run r JOIN experiment x ON x.id = r.experiment"
                " ORDER BY x.build"
            ).fetchall()
        first: dict[str, int] = {}
        found: dict[int, dict[str, set[int]]] = {}
        for build, side, sample, output in rows:
            drawn = first.setdefault(output, build)
            if (key := last.get(build)) is not None and sample.startswith(f"{key}-"):
                found.setdefault(build, {}).setdefault(side, set()).add(drawn)
        return found


@pytest.fixture
def repo(tmp_path):
    return Drawn(tmp_path / "repo").begin()


def histories(repo):
    """Measure one worse change as people do again and again: each time what answers is the same, word for word."""
    yield "uncommitted", repo.measured()
    yield "uncommitted, again", repo.measured()
    repo.commit()
    yield "committed", repo.measured()
    yield "committed, again", repo.measured()
    repo.git("commit", "-q", "--amend", "-m", "in other words")
    yield "amended", repo.measured()
    repo.git("checkout", "-q", "main")
    repo.git("commit", "-q", "--allow-empty", "-m", "meanwhile")
    repo.git("tag", "-f", "shipped")
    repo.git("checkout", "-q", "worse")
    yield "against another commit", repo.measured()


@pytest.mark.parametrize("policy", ["confirm", "fresh"])
@pytest.mark.parametrize("unknown", UNKNOWN)
def test_where_something_is_unknown_only_the_same_commits_are_replayed(repo, unknown, policy):
    """All else is drawn anew, on both sides: a baseline that failed a change once is never kept for its next."""
    repo.policy = {"baseline_runs": policy}
    suites = dict(histories(repo.begun(UNKNOWN[unknown])))
    assert {name: suite["verdict"] for name, suite in suites.items()} == dict.fromkeys(suites, "FAIL")
    assert suites["committed, again"]["checks"] == suites["committed"]["checks"]
    assert repo.drawn_in() == together({1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 6, 7: 7})
    screened = [name for name, suite in suites.items() if "Screened" in str(suite["notes"])]
    # After a FAIL what the same branch measures next skips the screen.
    assert screened == ([] if policy == "fresh" else ["uncommitted"])


@pytest.mark.parametrize("policy", ["confirm", "fresh"])
def test_where_everything_is_known_both_sides_are_replayed(repo, policy):
    """Committed or not, and against whichever commit: equal fingerprints are the same change."""
    repo.policy = {"baseline_runs": policy}
    suites = dict(histories(repo.begun(KNOWN)))
    assert {name: suite["verdict"] for name, suite in suites.items()} == dict.fromkeys(suites, "FAIL")
    assert repo.drawn_in() == together({1: 1, **dict.fromkeys(range(2, 8), 2)})


def together(origins):
    """Both sides of each build drawn in one: a build, and the one that drew what decides there."""
    return {build: {"candidate": {origin}, "baseline": {origin}} for build, origin in origins.items()}
