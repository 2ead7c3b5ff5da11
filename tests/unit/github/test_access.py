"""What a step's environment says of GitHub: read whole, or refused with the variable's name, and never the token."""

import pytest

from evalgate.errors import ConfigurationError
from evalgate.github.access import access

TOKEN = "ghs_0123456789abcdef"
GIVEN = {"EVALGATE_GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "acme/support"}


def test_without_a_token_or_outside_of_a_workflow_there_is_none():
    assert access({}) is None
    assert access({**GIVEN, "EVALGATE_GITHUB_TOKEN": ""}) is None
    assert access({"EVALGATE_GITHUB_TOKEN": TOKEN}) is None
    assert access({"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "acme/support"}) is None


def test_github_com_is_the_default_and_the_token_is_not_shown():
    found = access(GIVEN)
    assert (found.api_url, found.graphql_url) == ("https://api.github.com", "https://api.github.com/graphql")
    assert found.host == "api.github.com"
    assert TOKEN not in repr(found)
    assert TOKEN not in str(found)


def test_an_enterprise_server_has_its_api_below_a_path():
    found = access({**GIVEN, "GITHUB_API_URL": "https://git.example.com/api/v3/"})
    assert found.api_url == "https://git.example.com/api/v3"
    assert found.graphql_url == "https://git.example.com/api/graphql"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_API_URL", "ftp://api.github.com"),
        ("GITHUB_API_URL", f"https://user:{TOKEN}@api.github.com"),
        ("GITHUB_API_URL", "https://[broken"),
        ("GITHUB_GRAPHQL_URL", "https://elsewhere.example.com/graphql"),
        ("GITHUB_REPOSITORY", "acme/support/../../secret"),
        ("GITHUB_REPOSITORY", "acme"),
        ("EVALGATE_GITHUB_TOKEN", "ghs_\u2028line"),
    ],
)
def test_what_is_none_is_refused_by_name(name, value):
    with pytest.raises(ConfigurationError) as caught:
        access({**GIVEN, name: value})
    assert name in str(caught.value)
    assert caught.value.next_step
    assert TOKEN not in str(caught.value)
