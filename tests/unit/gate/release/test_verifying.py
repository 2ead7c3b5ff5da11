"""A verdict is held to a commit: yes only to what was decided about it, whole, finished and unedited."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from evalgate.errors import ConfigurationError
from evalgate.gate.release.signing import public_key, signer
from evalgate.gate.release.verdict import LARGEST, Body, VerdictFile, file_bytes
from evalgate.gate.release.verifying import Wanted, verified
from tests.unit.gate.release.verdicts import COMMIT, HASH, body, edited, forged, suite, written

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def wanted(**more) -> Wanted:
    return Wanted(**{"commit": COMMIT, "now": NOW, **more})


def reasons(path, **more) -> str:
    """Why not; empty for yes."""
    answer = verified(path, wanted(**more))
    assert answer.yes == (not answer.reasons)
    return " ".join(answer.reasons)


class Pair:
    def __init__(self) -> None:
        private = Ed25519PrivateKey.generate()
        self.pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.ssh = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        self.public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public_ssh = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" release@ci\n"
        self.public = public_key(self.public_pem, named="release.pub")


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def test_yes_to_what_was_decided(tmp_path):
    path = written(tmp_path / "v.json")
    asked = {"suites": ["support"], "tag": "production", "max_age": timedelta(hours=3), "config": HASH}
    assert reasons(path, **asked) == ""


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"commit": "e" * 40}, "It is of the commit aaaa"),
        ({"suites": ["support", "billing"]}, "nothing of the suite billing"),
        ({"tag": "staging"}, "not of staging"),
        ({"max_age": timedelta(hours=1)}, "longer ago than --max-age"),
        ({"config": "0" * 64}, "another config"),
        ({"now": NOW - timedelta(days=1)}, "is to come"),
    ],
)
def test_no_to_what_is_another_thing(tmp_path, asked, words):
    assert words in reasons(written(tmp_path / "v.json"), **asked)


FAILED = {"verdict": "FAIL", "accepted": False, "exit_code": 1, "reason": "it is worse"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decision": FAILED}, "It is FAIL: it is worse"),
        ({"decision": {**FAILED, "verdict": "INCONCLUSIVE", "exit_code": 3}}, "It is INCONCLUSIVE"),
        ({"decision": {**FAILED, "verdict": "INCONCLUSIVE", "exit_code": 0}}, "It is INCONCLUSIVE"),
        ({"decision": {**FAILED, "verdict": "UNMEASURABLE", "exit_code": 4}}, "It is UNMEASURABLE"),
        ({"decision": {**FAILED, "accepted": True, "exit_code": 0}}, "--accepted"),
        ({"decision": {**FAILED, "verdict": "PASS", "exit_code": 1}}, "Its exit code is 1"),
        ({"decision": {**FAILED, "verdict": "PASS", "exit_code": 0, "accepted": True}}, "It is PASS"),
        ({"suites": [suite(verdict="FAIL")]}, "better than that of its suites"),
        ({"suites": [suite(), suite("billing", verdict="UNMEASURABLE")]}, "better than that of its suites"),
        ({"suites": [suite(skipped=True)]}, "was skipped"),
        ({"suites": [suite(checks=[])]}, "no check that gates"),
        ({"suites": [suite(), suite()]}, "there twice"),
        ({"suites": [suite(dataset=suite()["dataset"] | {"examples": 0})]}, "no examples"),
        (
            {
                "suites": [
                    suite(checks=[{"name": "a", "verdict": "FAIL", "gates": True, "rules": {"at_least": "FAIL"}}])
                ]
            },
            "better than that of its checks",
        ),
        (
            {
                "suites": [
                    suite(checks=[{"name": "a", "verdict": "PASS", "gates": True, "rules": {"at_least": "FAIL"}}])
                ]
            },
            "better than that of its rules",
        ),
        ({"suites": [suite(checks=[{"name": "a", "verdict": "PASS", "gates": True, "rules": {}}])]}, "has no rule"),
        (
            {"suites": [suite(checks=[{"name": "a", "verdict": "PASS", "gates": False, "rules": {"x": "PASS"}}])]},
            "no check that gates",
        ),
        ({"moves": [body()["moves"][0] | {"done": False}]}, "is not finished"),
    ],
)
def test_no_to_what_is_no_pass_or_contradicts_itself(tmp_path, changes, words):
    assert words in reasons(written(tmp_path / "v.json", **changes))


def test_what_was_accepted_will_do_where_that_is_said(tmp_path):
    path = written(
        tmp_path / "v.json",
        decision={**FAILED, "accepted": True, "exit_code": 0},
        suites=[suite(verdict="FAIL", checks=[{**suite()["checks"][0], "verdict": "FAIL", "rules": {"a": "FAIL"}}])],
    )
    assert reasons(path) != ""
    assert reasons(path, accepted=True) == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}\n",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"body": ' * 50_000,
        b'{"body":1e999,"signature":null}\n',
        b'{"body":NaN,"signature":null}\n',
        b'{"body":' + b"9" * 10_000 + b',"signature":null}\n',
        b'{"body":{},"body":{},"signature":null}\n',
        b"\xef\xbb\xbf{}",
        b'{"body":"\\ud800","signature":null}\n',
    ],
    ids=range(13),
)
def test_no_to_what_is_no_verdict(tmp_path, content):
    path = tmp_path / "v.json"
    path.write_bytes(content)
    assert reasons(path).startswith("It is no")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace(b'"PASS"', b'"PASS" ', 1), "not written as evalgate writes it"),
        (lambda text: text.rstrip(b"\n"), "not written"),
        (lambda text: b" " + text, "not written"),
        (lambda text: text.replace(b"0.05", b"0.050"), "not written"),
        (lambda text: text.replace(b"0.05", b"5e-2"), "not written"),
        (lambda text: text.replace(b'"accepted":false', b'"accepted":0'), "body.decision.accepted"),
        (lambda text: text.replace(b'"exit_code":0', b'"exit_code":"0"'), "body.decision.exit_code"),
        (lambda text: text.replace(b'"exit_code":0', b'"exit_code":-0'), "not written"),
        (lambda text: text.replace(b'"examples":40', b'"examples":40.0'), "examples"),
        (lambda text: text.replace(b'"commit":"a', b'"commit":"A'), "commit"),
        (lambda text: text.replace(b"main", b"m\\u0061in"), "not written"),
        (lambda text: text.replace(b'"verdict":1', b'"verdict":2'), "body.evalgate.verdict"),
        (lambda text: text.replace(b"2026-11-21T10", b"2026-99-21T10"), "decided_at"),
        (lambda text: text.replace(b"0.05", b"1e400"), "not written"),
        (
            lambda text: text.replace(b'"verdict":"PASS"}', b'"verdict":"FAIL","verdict":"PASS"}', 1),
            "not JSON as evalgate writes it",
        ),
        (lambda text: text.replace(b'"signature":null', b'"signature":null,"note":"x"'), "note"),
    ],
)
def test_no_to_what_could_be_read_in_two_ways(tmp_path, change, words):
    """Whoever reads it in another language, with another parser, reads what was signed."""
    path = written(tmp_path / "v.json")
    content = path.read_bytes()
    assert change(content) != content
    path.write_bytes(change(content))
    assert words in reasons(path)


def test_no_link_no_folder_no_pipe_and_nothing_huge_is_read(tmp_path):
    path = written(tmp_path / "v.json")
    (tmp_path / "link.json").symlink_to(path)
    assert "It is a link" in reasons(tmp_path / "link.json")
    os.mkfifo(tmp_path / "pipe")
    assert "It is no file" in reasons(tmp_path / "pipe")
    assert "It is no file" in reasons(tmp_path)
    (tmp_path / "large.json").write_bytes(b" " * (LARGEST + 1))
    assert "more than" in reasons(tmp_path / "large.json")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        verified(tmp_path / "absent.json", wanted())


def test_hostile_text_is_shown_as_text(tmp_path):
    path = written(
        tmp_path / "v.json", decision={**FAILED, "reason": "\x1b[2Jgone\u202e"}, suites=[suite("\x1b]0;x\x07")]
    )
    said = reasons(path)
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_a_signature_is_of_this_file_by_this_key(tmp_path, pair):
    other = Pair()
    path = tmp_path / "v.json"
    for key in (pair.pem, pair.ssh):
        path.write_bytes(file_bytes(signer(key, named="k")(Body.model_validate(body()))))
        assert reasons(path, key=pair.public) == ""
        assert reasons(path, key=public_key(pair.public_ssh, named="p")) == ""
        assert "not signed with this key" in reasons(path, key=other.public)
    assert "Nobody signed it" in reasons(written(tmp_path / "unsigned.json"), key=pair.public)

    signed = json.loads(path.read_bytes())
    assert "not signed with this key" in reasons(edited(path, commit="f" * 40), key=pair.public, commit="f" * 40)
    lifted = {"body": body(by="Mallory"), "signature": signed["signature"]}
    assert "not signed with this key" in reasons(forged(path, lifted), key=pair.public)
    again = signer(other.pem, named="k")(Body.model_validate(body()))
    claimed = again.model_copy(
        update={"signature": again.signature.model_copy(update={"key": signed["signature"]["key"]})}
    )
    path.write_bytes(file_bytes(VerdictFile.model_validate(claimed.model_dump())))
    assert "not signed with this key" in reasons(path, key=pair.public)


@pytest.mark.parametrize(
    "key", [b"", b"ssh-rsa AAAA", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_is_none_is_said_without_what_it_is(key, pair):
    for read in (lambda: signer(key, named="the variable K"), lambda: public_key(key, named="release.pub")):
        with pytest.raises(ConfigurationError) as raised:
            read()
        assert raised.value.next_step
        assert "AAAA" not in str(raised.value)
    with pytest.raises(ConfigurationError, match="no private key"):
        signer(pair.public_pem, named="K")
