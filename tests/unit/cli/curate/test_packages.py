"""What a cleaning lacks here is said at once, with the commands that mend it, and before anything is read."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from evalgate.cli.curate import clean as clean_step
from evalgate.cli.curate import run as run_step
from evalgate.cli.curate.packages import INSTALL, INSTALL_PRESIDIO, lacking, require
from evalgate.errors import ConfigurationError
from evalgate.suite.curate_clean import Clean

PRESIDIO = ("presidio_analyzer", "spacy")
CONFIG = """\
suites:
  s: {dataset: some.jsonl, task: {python: 'a.py:b'}, evaluators: [exact_match], checks: {exact_match: {at_least: 1.0}}}
"""
NOWHERE = {"PHOENIX_ENDPOINT": "http://127.0.0.1:9"}


@pytest.fixture
def without(monkeypatch):
    """Take packages away: Presidio's, which development does without, in every test here."""

    def take(*packages):
        for each in packages:
            monkeypatch.setitem(sys.modules, each, None)

    take(*PRESIDIO)
    return take


def lacks(folder, clean=(), **which):
    return list(lacking(Clean.model_validate(dict(clean)), folder, **which))


def test_only_what_it_needs_is_missed(without, tmp_path):
    without("faker", "phonenumbers", "py3langid")
    told = "it cleans with packages that are not installed here"
    assert lacks(tmp_path) == [(f"{told} (faker, phonenumbers)", INSTALL)]
    assert lacks(tmp_path, {"personal": "keep", "presidio": "./lost"}) == []
    assert lacks(tmp_path, {"languages": ["en"]}, personal=False, judged=False) == []
    assert lacks(tmp_path, {"personal": "keep", "languages": ["en"]}) == [(f"{told} (py3langid)", INSTALL)]
    one, two = (lacks(tmp_path, {"presidio": {"models": {name: "./m"}}})[0] for name in ("other", "en"))
    assert one == (f"{told} (faker, phonenumbers, presidio_analyzer, spacy)", INSTALL_PRESIDIO)
    assert two == (f"{told} (faker, phonenumbers, presidio_analyzer, spacy, py3langid)", INSTALL_PRESIDIO)


@pytest.mark.usefixtures("without")
def test_a_model_is_a_package_or_a_folder_that_is_there(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "config.cfg").touch()
    models = {"en": "./there", "de": "click", "fr": "fr_none", "es": "not a name", "other": "./lost"}
    _, *found = lacks(tmp_path, {"presidio": {"models": models}})
    assert [told for told, _ in found] == [
        "clean.presidio.models.fr: no model 'fr_none' is installed here",
        "clean.presidio.models.es: no model 'not a name' is installed here",
        "clean.presidio.models.other: ./lost is no model of spaCy: it has no config.cfg",
    ]


def test_all_of_it_is_one_line_with_the_commands_in_their_order(without, tmp_path):
    without("phonenumbers")
    with pytest.raises(ConfigurationError) as raised:
        require(Clean.model_validate({"presidio": {"models": {"en": "en_none", "other": "en_none"}}}), tmp_path)
    assert "(phonenumbers, presidio_analyzer, spacy); clean.presidio.models.en: no model" in raised.value.message
    mended = "python -m spacy download en_none, or name a folder as ./en_none"
    assert raised.value.next_step == f"{INSTALL_PRESIDIO}; then {mended}"
    assert "\n" not in raised.value.message


def test_it_is_said_before_a_dataset_is_read(without):
    without("faker")
    ended = CliRunner().invoke(clean_step.command, ["--dataset", "phoenix:away"], env=NOWHERE)
    assert "(faker)" in str(ended.exception)


def test_it_is_said_before_anything_is_pulled(without, tmp_path):
    without("faker")
    profiles = {"shop": {"project": "shop", "dataset": "some.jsonl"}}
    config = tmp_path / "evalgate.yaml"
    config.write_text(f"{CONFIG}curate: {json.dumps({'profiles': profiles})}\n")
    ended = CliRunner().invoke(run_step.command, ["--config", str(config), "--json"], env=NOWHERE)
    (turn,) = json.loads(ended.stdout)["profiles"]
    assert (turn["outcome"], turn["steps"], turn["next"]) == ("failed", {}, INSTALL)
    assert "(faker)" in turn["why"]
