"""Where the files are that stand beside a dataset."""

from evalgate.curate.beside import (
    analysis_folder,
    candidates_file,
    candidates_file_of,
    guidelines_file,
    merging_file,
    reviews_file,
    sheet_file,
    state_file,
)


def test_each_dataset_has_a_file_of_its_own(tmp_path):
    assert candidates_file(tmp_path / "support.jsonl") == tmp_path / "support.candidates.jsonl"
    plain = candidates_file_of("support-golden", tmp_path)
    assert plain == tmp_path / "curate" / "support-golden.candidates.jsonl"
    hostile = {candidates_file_of(name, tmp_path) for name in ("a/b", "a_b", "../a_b", "..", "a b")}
    assert len(hostile) == 5
    assert {each.parent for each in hostile} == {tmp_path / "curate"}


def test_all_that_is_made_of_candidates_stands_beside_them(tmp_path):
    candidates = candidates_file(tmp_path / "support.jsonl")
    made = [reviews_file, sheet_file, state_file, analysis_folder, guidelines_file, merging_file]
    assert [each(candidates).relative_to(tmp_path).as_posix() for each in made] == [
        "support.candidates.reviews.jsonl",
        "support.candidates.review.md",
        "support.candidates.state.json",
        "support.analysis",
        "support.guidelines.yaml",
        ".gitattributes",
    ]
