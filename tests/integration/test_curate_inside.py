"""A profile's dataset that leads out of the repository: every step refuses it with its place, and writes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.test_curate_pull import CONFIG

LINE = {"id": "a", "input": {"q": "?"}, "output": {"a": "!"}, "metadata": {"lang": "en"}, "state": "chosen"}


def curate(folder, step, *arguments):
    """Do a step as it is typed in the folder; returns its exit code and what it said."""
    typed = [sys.executable, "-m", "evalgate", "curate", step, *arguments]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(typed, check=False, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def declare(folder, dataset, **more):
    profile = json.dumps({"project": "shop", "dataset": dataset, **more})
    (folder / "evalgate.yaml").write_text(f"{CONFIG}curate:\n  profiles:\n    shop: {profile}\n")


def everything(folder):
    return sorted(str(each) for each in folder.rglob("*") if ".git/" not in f"{each}/")


@pytest.mark.parametrize("dataset", ["../other/x.jsonl", "{}/other/x.jsonl", {"file": "data/../../other/x.jsonl"}])
@pytest.mark.parametrize("step", [("run",), ("clean", "--profile", "shop", "--write"), ("pull", "--profile", "shop")])
def test_a_name_that_leads_out_is_refused_with_its_place(repository, tmp_path, step, dataset):
    declare(repository, dataset.format(tmp_path) if isinstance(dataset, str) else dataset)
    before = everything(tmp_path)
    code, said = curate(repository, *step)
    assert code == 2, said
    where = "evalgate.yaml:" + str(len(CONFIG.splitlines()) + 3)
    assert where in said
    assert "profile shop: `dataset` and what is beside it have to be in the repository of evalgate.yaml" in said
    assert "leads out of it" in said
    assert "say --dataset FILE" in said
    assert everything(tmp_path) == before


def test_a_config_that_curates_alone_says_the_same(repository):
    (repository / "evalgate.yaml").write_text("curate: {profiles: {shop: {project: shop, dataset: ../x.jsonl}}}\n")
    for step in (("run",), ("clean", "--profile", "shop"), ("pull", "--profile", "shop")):
        code, said = curate(repository, *step)
        assert (code, "evalgate.yaml:1:52: profile shop: `dataset` and" in said) == (2, True), said


@pytest.mark.parametrize("link", ["x.jsonl", "x.candidates.jsonl", "x.candidates.reviews.jsonl", ".curate", "folder"])
def test_a_link_that_leads_out_is_refused(repository, tmp_path, link):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.candidates.jsonl").write_text(json.dumps(LINE) + "\n")
    declare(repository, "folder/x.jsonl" if link == "folder" else "x.jsonl")
    if link != "x.candidates.jsonl":
        (repository / "x.candidates.jsonl").write_text(json.dumps(LINE) + "\n")
    target = elsewhere if link in (".curate", "folder") else elsewhere / "x.candidates.jsonl"
    (repository / link).symlink_to(target)
    before = everything(tmp_path), (elsewhere / "x.candidates.jsonl").read_bytes()
    code, said = curate(repository, "review", "--profile", "shop", "--accept-where", "metadata.lang=en")
    assert code == 2, said
    assert "leads out of it" in said
    assert (everything(tmp_path), (elsewhere / "x.candidates.jsonl").read_bytes()) == before


def test_what_a_person_types_and_what_is_elsewhere_in_the_repository_is_taken(repository, tmp_path):
    service = repository / "services" / "support"
    service.mkdir(parents=True)
    declare(service, "../../data/x.jsonl")
    for place in (repository / "data", tmp_path / "elsewhere"):
        place.mkdir()
        (place / "x.candidates.jsonl").write_text(json.dumps(LINE) + "\n")
        named = ("--profile", "shop") if place.parent == repository else ("--dataset", str(place / "x.jsonl"))
        code, said = curate(service, "review", *named, "--accept-where", "metadata.lang=en")
        assert code == 0, said
        assert "1 accepted" in said
        assert Path(place / ".curate").is_dir()


def test_without_a_repository_nobody_proposes_a_config(tmp_path):
    folder, data = tmp_path / "here", tmp_path / "data"
    folder.mkdir()
    data.mkdir()
    declare(folder, str(data / "x.jsonl"))
    (data / "x.candidates.jsonl").write_text(json.dumps(LINE) + "\n")
    code, said = curate(folder, "review", "--profile", "shop", "--accept-where", "metadata.lang=en")
    assert (code, "1 accepted" in said) == (0, True), said
