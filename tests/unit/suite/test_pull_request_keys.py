"""Every key of the config has an owner in a pull request: docs/pull-requests.md says whose, the guard keeps to it."""

import re
from pathlib import Path

from evalgate.gate.guard.differences import OF_A_SUITE, SHARED
from evalgate.suite.config import Config, DatasetRef, Suite

PAGE = Path(__file__).parents[3] / "docs" / "pull-requests.md"


def rows() -> dict[str, str]:
    """Return whose each key is, by the key as the table writes it."""
    table = PAGE.read_text("utf-8").partition("## Whose is which key")[2].partition("\n\n- ")[0]
    return dict(re.findall(r"^\| `([\w.*]+)`[^|]*\| (.+) \|$", table, re.MULTILINE))


def test_every_key_of_a_suite_and_of_the_file_has_a_row():
    """A key that is added to the models needs a decision first: whose is it?"""
    keys = {f"suites.*.{name}" for name in Suite.model_fields} | {*Config.model_fields} - {"suites"}
    assert set(rows()) == keys
    dataset = re.search(r"`suites\.\*\.dataset` \((.+?)\)", PAGE.read_text("utf-8"))
    assert dataset is not None
    assert re.findall(r"`(\w+)`", dataset[1]) == list(DatasetRef.model_fields)


def test_every_key_that_is_the_bases_is_compared():
    """What the change edits without effect is listed: nothing is dropped in silence."""
    assert {*OF_A_SUITE} == {*Suite.model_fields} - {"root", "task", "evaluators"}
    assert {*SHARED} == {*Config.model_fields} - {"suites", "endpoints", "curate"}
    assert all("base's" in whose for key, whose in rows().items() if key != "suites.*.task")
