"""Versions written into a config: what a person wrote stays, and what cannot be edited safely is left to them."""

import codecs

import pytest

from evalgate.cli.config_edits import Pin, write_pins
from evalgate.errors import ConfigurationError

CONFIG = """\
suites:  # ours
  support:
    dataset: {phoenix: golden}
    task: {prompt: {phoenix: answer, tag: production}}
"""
DATASET = Pin(place=("suites", "support", "dataset"), version="RGF0", after="phoenix")
PROMPT = Pin(place=("suites", "support", "task", "prompt"), version=13, after="phoenix", instead_of="tag")


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_everything_else_stays_the_mark_at_the_beginning_too(tmp_path, mark):
    config = tmp_path / "evalgate.yaml"
    config.write_bytes(mark + CONFIG.encode())
    write_pins(config, [DATASET, PROMPT])
    assert config.read_bytes() == mark + (
        b"suites:  # ours\n"
        b"  support:\n"
        b"    dataset: {phoenix: golden, version: RGF0}\n"
        b"    task: {prompt: {phoenix: answer, version: 13}}\n"
    )


def test_what_only_a_person_can_edit_is_named_with_its_place_and_nothing_is_written(tmp_path):
    config = tmp_path / "evalgate.yaml"
    said = "{phoenix: answer, tag: production}"
    text = f"x: &here {said}\n{CONFIG.replace(said, '*here')}"
    config.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        write_pins(config, [DATASET, PROMPT])
    assert str(caught.value).startswith(f"{config}:1:4: the version cannot be written")
    assert "write it yourself: version: 13, in the place of a tag" in str(caught.value)
    assert config.read_text() == text
