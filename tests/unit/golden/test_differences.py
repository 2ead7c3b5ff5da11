"""What changed between two datasets."""

from evalgate.golden.differences import Edit, FieldChange, diff
from evalgate.golden.versions import dataset_version
from evalgate.paths import resolve
from evalgate.records import Example


def test_added_removed_and_edited_examples_are_told_apart_by_id():
    before = [Example(id=name, input={"q": name}) for name in "abc"]
    after = [Example(id="d", input={}), Example(id="b", input={"q": "B"}), Example(id="a", input={"q": "a"})]
    found = diff(before, after)
    assert (found.added, found.removed, found.unchanged) == (("d",), ("c",), 1)
    assert found.edited == (Edit(id="b", changes=(FieldChange(path="input.q", before="b", after="B"),)),)
    assert found.before_version == dataset_version(before)
    assert found.after_version == dataset_version(after)


def test_the_same_examples_in_another_order_are_no_change():
    examples = [Example(id=name, input={"q": name}) for name in "abc"]
    found = diff(examples, list(reversed(examples)))
    assert (found.added, found.removed, found.edited, found.unchanged) == ((), (), (), 3)
    assert found.before_version == found.after_version


def test_changes_are_named_by_the_smallest_path_that_differs():
    before = Example(id="a", input={"m": [{"t": 1}, {"t": 2}], "a.b": 1, "gone": None}, metadata={"l": [1]}, split="x")
    after = Example(id="a", input={"m": [{"t": 1}, {"t": 3}], "a.b": 1.0, "new": None}, output={}, metadata={"l": []})
    (edit,) = diff([before], [after]).edited
    assert edit.changes == (
        FieldChange(path="input.m[1].t", before=2, after=3),
        FieldChange(path='input["a.b"]', before=1, after=1.0),
        FieldChange(path="input.gone", before=None, after=None, removed=True),
        FieldChange(path="input.new", before=None, after=None, added=True),
        FieldChange(path="output", before=None, after={}),
        FieldChange(path="metadata.l", before=[1], after=[]),
        FieldChange(path="split", before="x", after=None),
    )
    assert resolve('input["a.b"]', {"input": before.input}) == 1
