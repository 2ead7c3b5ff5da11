"""Endpoints against an environment."""

from __future__ import annotations

import pytest

from evalgate.errors import ConfigurationError
from evalgate.llm.endpoint import ModelEndpoint, resolve_endpoint
from evalgate.suite.config import Endpoint


def test_the_key_comes_from_its_variable_without_the_line_end_that_secrets_often_have():
    config = Endpoint(base_url="https://api.example.com/v1", api_key_env="KEY", concurrency=7, timeout=9)
    endpoint = resolve_endpoint("main", config, {"KEY": " sk-1234567\n"})
    assert endpoint.headers == {"Authorization": "Bearer sk-1234567"}
    assert (endpoint.concurrency, endpoint.timeout) == (7, 9)
    assert "sk-1234567" not in repr(endpoint)
    assert endpoint.redact("bad key sk-1234567!") == "bad key ***!"


@pytest.mark.parametrize(
    "written", [r"ab\/cd+ef=\/0123456789", r"ab\u002Fcd\u002Bef=\u002F0123456789", "ab%2Fcd%2Bef%3D%2F0123456789"]
)
def test_a_key_is_taken_out_however_a_server_writes_it(written):
    config = Endpoint(base_url="https://api.example.com/v1", api_key_env="KEY")
    endpoint = resolve_endpoint("main", config, {"KEY": "ab/cd+ef=/0123456789"})
    assert endpoint.without_secrets(f'{{"said": "{written}"}}'.encode()) == b'{"said": "***"}'


def test_an_endpoint_without_a_key_sends_none():
    assert resolve_endpoint("local", Endpoint(base_url="http://localhost:1/v1"), {}).headers == {}


@pytest.mark.parametrize("environ", [{}, {"KEY": ""}, {"KEY": " \n"}])
def test_an_unset_variable_is_named(environ):
    with pytest.raises(ConfigurationError, match="KEY is not set") as caught:
        resolve_endpoint("main", Endpoint(base_url="https://x/v1", api_key_env="KEY"), environ)
    assert "endpoints.main" in (caught.value.next_step or "")


@pytest.mark.parametrize(("environ", "told"), [({"GITHUB_ACTIONS": "true"}, True), ({}, False)])
def test_a_workflow_is_told_where_a_key_comes_from(environ, told):
    with pytest.raises(ConfigurationError) as caught:
        resolve_endpoint("main", Endpoint(base_url="https://x/v1", api_key_env="KEY"), environ)
    assert ("a secret of the repository" in (caught.value.next_step or "")) is told


@pytest.mark.parametrize("key", ["sk-1\nsk-2", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key):
    with pytest.raises(ConfigurationError, match="no HTTP header can carry") as caught:
        resolve_endpoint("main", Endpoint(base_url="https://x/v1", api_key_env="KEY"), {"KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["api.example.com/v1", "ftp://x/v1", "http://", "", "http://x:port/", "file:///etc"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ConfigurationError, match=r"base_url is not an http\(s\) address"):
        resolve_endpoint("main", Endpoint(base_url=url), {})


def test_credentials_in_an_address_are_refused_without_showing_them():
    with pytest.raises(ConfigurationError, match="has credentials in it") as caught:
        resolve_endpoint("main", Endpoint(base_url="https://me:pass1234@x/v1"), {})
    assert "pass1234" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://x/v1", "https://x/v1/chat/completions"),
        ("https://x/v1/", "https://x/v1/chat/completions"),
        ("https://x", "https://x/chat/completions"),
        ("https://x/d/m?api-version=1", "https://x/d/m/chat/completions?api-version=1"),
    ],
)
def test_paths_join_below_the_base_and_keep_its_query(base, url):
    assert ModelEndpoint(name="x", base_url=base).url("/chat/completions") == url
