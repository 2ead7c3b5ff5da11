"""What was released, and one hash of a build wherever it is."""

import pytest

from evalgate.journal.builds import BuildRow, DrawRow
from evalgate.journal.releases import ReleaseRow
from evalgate.journal.store import Journal
from evalgate.journal.transfer import export_build
from evalgate.records import Example

BUILD = BuildRow(
    created_at="2026-11-21T10:00:00.000+00:00",
    config_file="evalgate.yaml",
    config={},
    evalgate_version="1",
    purpose={"release": "production"},
)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db") as store:
        yield store


def test_the_latest_word_on_a_build_counts_and_tags_are_apart(journal):
    builds = [journal.create_build(BUILD) for _ in range(3)]
    for build, tag in zip(builds, ("production", "staging", "production"), strict=True):
        journal.set_release(ReleaseRow(build=build, tag=tag, commit="a" * 40, verdict={"n": build}))
    journal.set_release(ReleaseRow(build=builds[0], tag="production", commit="a" * 40, verdict={"n": 9}, finished=True))
    assert [(row.build, row.verdict, row.finished) for row in journal.releases("production")] == [
        (builds[2], {"n": builds[2]}, False),
        (builds[0], {"n": 9}, True),
    ]
    journal.drop_release(builds[2])
    assert [row.build for row in journal.releases("production")] == [builds[0]]
    assert journal.build(builds[0]).purpose == {"release": "production"}


def test_a_build_has_one_digest_in_its_journal_and_in_every_export(journal, tmp_path):
    build, other = journal.create_build(BUILD), journal.create_build(BUILD)
    for each in (build, other):
        journal.add_examples(each, "support", [Example(id="e1", input={"q": 1}, output={}, metadata={})])
    digest = journal.build_digest(build)
    assert digest != journal.build_digest(other)
    journal.add_seconds(build, 12.0, complete=False)
    assert journal.build_digest(build) == digest
    export_build(journal.path, build, tmp_path / "one.db")
    with Journal(tmp_path / "one.db", create=False) as exported:
        assert exported.build_digest(build) == digest
    journal.add_draws(build, [DrawRow(suite="support", key=None, candidate=1, baseline=0)])
    assert journal.build_digest(build) != digest
