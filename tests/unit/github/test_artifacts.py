"""Artifacts of a stranger's run: bounded in every way, unpacked in memory, from a host that never sees the token."""

import io
import stat
import struct
import warnings
import zipfile

import pytest

from evalgate.github.artifacts import artifacts_of_run, download, unpacked
from evalgate.github.errors import GitHubError
from tests.fake_github import Fault
from tests.fake_github.state import zipped

MOST = 1 << 20


def unpack(data, *, most_files=10, most_bytes=MOST):
    return unpacked(data, most_files=most_files, most_bytes=most_bytes)


@pytest.fixture
def run(repository, pull):
    return repository.run(pull)


async def test_an_artifact_comes_as_it_was_uploaded(fake_github, repository, run, job):
    old = repository.artifact(run, "rows", {"rows.json": b"[1]"})
    new = repository.artifact(run, "rows", {"rows.json": b"[2]", "more/notes.txt": b"x"})
    repository.artifact(run, "other", {"x": b""})
    async with job() as client:
        found = await artifacts_of_run(client, run.id, name="rows")
        assert [each.id for each in found] == [new.id, old.id]
        data = await download(client, found[0], most=MOST)
    assert unpack(data) == {"rows.json": b"[2]", "more/notes.txt": b"x"}
    (headers,) = fake_github.blob_requests
    assert "Authorization" not in headers


async def test_the_size_is_bounded_whatever_the_listing_says(repository, run, job):
    repository.artifact(run, "honest", b"x" * 5_000)
    repository.artifact(run, "liar", b"x" * 5_000, claimed_size=10)
    said = []
    async with job() as client:
        for artifact in await artifacts_of_run(client, run.id):
            with pytest.raises(GitHubError) as caught:
                await download(client, artifact, most=4_096)
            said.append(caught.value.message)
    assert "an answer of more than" in said[0]
    assert said[1].endswith("it has 5,000 bytes, and 4,096 are the most")


async def test_what_expired_is_said_before_it_is_asked_for(fake_github, repository, run, job):
    repository.artifact(run, "rows", {"a": b""}, expired=True)
    async with job() as client:
        (found,) = await artifacts_of_run(client, run.id)
        with pytest.raises(GitHubError, match="it has expired"):
            await download(client, found, most=MOST)
    assert fake_github.blob_requests == []


async def test_what_was_swapped_is_told_by_its_digest(repository, run, job):
    made = repository.artifact(run, "rows", {"a": b"1"})
    async with job() as client:
        (found,) = await artifacts_of_run(client, run.id)
        made.content = zipped({"a": b"2"})
        with pytest.raises(GitHubError, match="not what was uploaded"):
            await download(client, found, most=MOST)


async def test_a_store_that_is_not_https_is_not_asked(fake_github, repository, run, job):
    repository.artifact(run, "rows", {"a": b"1"})
    fake_github.faults = [Fault(kind="redirect", status=302, path="zip$", location="http://example.com/x")]
    async with job() as client:
        (found,) = await artifacts_of_run(client, run.id)
        with pytest.raises(GitHubError, match="an address that is not https"):
            await download(client, found, most=MOST)


async def test_a_permission_is_missing(fake_github, repository, run, job):
    repository.private = True
    async with job(contents="read") as client:
        with pytest.raises(GitHubError) as caught:
            await artifacts_of_run(client, run.id)
    assert "give the job `actions: read`" in caught.value.next_step


@pytest.mark.parametrize(
    "name",
    ["../rows.json", "/etc/passwd", "a/../../b", "a\\b", "C:x", "a//b", "./a", "folder/", "a\x1bb", "x" * 300, ""],
)
def test_names_that_lead_elsewhere(name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("placeholder"), b"x")
        archive.infolist()[0].filename = archive.infolist()[0].orig_filename = name
    with pytest.raises(GitHubError, match="could not be unpacked"):
        unpack(packed.getvalue())


def test_links_and_doubles():
    link = zipfile.ZipInfo("rows.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, b"/etc/passwd")
    with pytest.raises(GitHubError, match="no plain file"):
        unpack(packed.getvalue())
    packed = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a", b"1")
            archive.writestr("a", b"2")
    with pytest.raises(GitHubError, match="a file twice"):
        unpack(packed.getvalue())


def test_a_bomb_and_one_that_lies_about_its_size():
    bomb = zipped({"rows.json": b"\0" * (64 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(GitHubError, match="more in it than it may hold"):
        unpack(bomb)
    lying = bytearray(bomb)
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = lying.index(signature) + offset
        lying[at : at + 4] = struct.pack("<I", 10)
    with pytest.raises(GitHubError, match="could not be unpacked"):
        unpack(bytes(lying))


def test_the_bound_is_of_all_files_together():
    with pytest.raises(GitHubError, match="more in it than it may hold"):
        unpack(zipped({str(number): b"x" * 300 for number in range(5)}), most_bytes=1_000)


def test_more_files_than_there_may_be_are_not_even_listed():
    many = zipped({str(number): b"" for number in range(11)})
    with pytest.raises(GitHubError, match="no archive of at most 10 files"):
        unpack(many)
    lying = bytearray(zipped({f"{number:0150}": b"" for number in range(200)}))
    at = lying.rindex(b"PK\x05\x06")
    lying[at + 8 : at + 12] = struct.pack("<HH", 1, 1)
    with pytest.raises(GitHubError, match="no archive of at most 10 files"):
        unpack(bytes(lying))


@pytest.mark.parametrize("cut", [0, 10, 30, -1, -30])
def test_what_is_no_archive(cut):
    whole = zipped({"rows.json": b"[]" * 50})
    with pytest.raises(GitHubError, match="could not be unpacked"):
        unpack(whole[:cut] if cut else b"not a zip at all")


def test_a_damaged_one():
    data = bytearray(zipped({"rows.json": bytes(range(256)) * 20}))
    data[60] ^= 0xFF
    with pytest.raises(GitHubError, match="not a whole archive"):
        unpack(bytes(data))
