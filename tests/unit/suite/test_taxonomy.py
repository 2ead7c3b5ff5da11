"""Taxonomies: the shipped one, and what is said of one that does not hang together."""

import pytest

from evalgate.curate.labelling.taxonomies import SHIPPED, taxonomy_of
from evalgate.errors import CandidateError
from evalgate.report.templates import folder

GOOD = "name: state\nquestion: Where?\nlabels: {a: one, b: two}\n"


def test_the_nine_states_of_a_pipeline_are_shipped(tmp_path):
    shipped = taxonomy_of("pipeline_states", tmp_path)
    assert [each for each in shipped.labels if each not in shipped.fine] == [
        "ParseRequest",
        "PlanToolCalls",
        "GenCustomerArgs",
        "GetCustomerProfile",
        "GenRecipeArgs",
        "GetRecipes",
        "GenWebArgs",
        "GetWebInfo",
        "ComposeResponse",
    ]
    assert shipped.fine == ("NoFailure",)
    assert sorted(each.stem for each in (folder() / "taxonomies").iterdir()) == sorted(SHIPPED)


def test_a_taxonomy_of_ones_own_is_a_file(tmp_path):
    (tmp_path / "mine.yaml").write_text(GOOD)
    assert list(taxonomy_of("mine.yaml", tmp_path).labels) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "fine: [c]\n", "mine.yaml:1:1: fine names 'c', which is none of the labels: known: a, b"),
        (GOOD + "fine: [a, b]\n", "mine.yaml:1:1: every label is fine: at least one has to say what went wrong"),
        (GOOD.replace("{a: one, b: two}", "{a: one}"), "mine.yaml:3:9"),
        (GOOD.replace("state", "note"), "Phoenix keeps the name `note` for itself"),
        (GOOD.replace("labels", "label"), "mine.yaml:3:1: unknown key `label`: did you mean `labels`?"),
    ],
)
def test_what_is_wrong_with_a_taxonomy_is_said_with_its_place(tmp_path, text, said):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(CandidateError) as caught:
        taxonomy_of("mine.yaml", tmp_path)
    assert said in str(caught.value)


def test_a_taxonomy_that_is_not_there_names_the_key_to_correct(tmp_path):
    with pytest.raises(CandidateError, match=r"the taxonomy pipeline_state does not exist\n.*label.taxonomy:"):
        taxonomy_of("pipeline_state", tmp_path)
