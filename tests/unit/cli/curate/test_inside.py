"""Where candidates may be: in the repository of the config, unless a person typed it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evalgate.cli.curate.from_gate import Gate
from evalgate.cli.curate.inside import leading_out
from evalgate.cli.curate.places import target_of
from evalgate.errors import ConfigurationError
from evalgate.suite.curate import CuratedDataset


@pytest.fixture
def config(tmp_path):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    return tmp_path / "repository" / "evalgate.yaml"


def target(config, file):
    return target_of(CuratedDataset(file=file), config.parent)


def test_the_dataset_of_a_build_that_leads_out_is_refused(config):
    said = {"title": "build 3", "findings": (), "texts": (), "config": config, "now": datetime.now(UTC)}
    inside = Gate(targets={"s": target(config, "a.jsonl")}, **said)
    assert inside.dataset == {"file": str(config.parent / "a.jsonl")}
    with pytest.raises(ConfigurationError, match=r"the dataset of build 3 .* leads out of it") as refused:
        _ = Gate(targets={"s": target(config, "../a.jsonl")}, **said).dataset
    assert refused.value.next_step == "say --dataset FILE where that is meant"


def test_every_link_beside_the_candidates_counts(config):
    folder, own = config.parent, target(config, "a.jsonl")
    (folder / ".curate").mkdir()
    assert leading_out(own, config) is None
    (folder / "b.candidates.jsonl").symlink_to("/nowhere")  # of another dataset
    assert leading_out(own, config) is None
    for name in ("a.candidates.state.json", "a.guidelines.yaml", ".gitattributes", ".curate/a.candidates.key"):
        (folder / name).symlink_to(folder.parent / "elsewhere")
        assert leading_out(own, config) == folder / name
        (folder / name).unlink()
        (folder / name).symlink_to(folder / "inside")
        assert leading_out(own, config) is None
    for name in (".curate/drafts", "a.analysis", "A.Guidelines.YAML", ".GitAttributes"):
        (folder / name).symlink_to(folder.parent / "elsewhere")
        assert leading_out(own, config) is not None
        (folder / name).unlink()
    for name in (".curate/drafts", "a.analysis"):
        (folder / name).mkdir()
        (folder / name / "any").symlink_to(folder.parent / "elsewhere")
        assert leading_out(own, config) == folder / name / "any"
        (folder / name / "any").unlink()
    (folder / "curate").symlink_to("/tmp")  # where candidates of a dataset in Phoenix are
    in_phoenix = target_of(CuratedDataset(phoenix="p"), folder)
    assert leading_out(in_phoenix, config) == folder / "curate" / "p.candidates.jsonl"


@pytest.mark.parametrize("name", ["a.jsonl", "a.candidates.jsonl"])
@pytest.mark.parametrize("link", [".curate", ".curate/real.jsonl.lock"])
def test_what_holds_the_file_that_a_link_leads_to_counts(config, name, link):
    folder = config.parent
    (folder / "data").mkdir()
    (folder / name).symlink_to("data/real.jsonl")
    assert leading_out(target(config, "a.jsonl"), config) is None
    (folder / "data" / link).parent.mkdir(exist_ok=True)
    (folder / "data" / link).symlink_to(folder.parent / "elsewhere")
    assert leading_out(target(config, "a.jsonl"), config) == folder / "data" / link
