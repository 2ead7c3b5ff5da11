"""Signatures for AWS, held to botocore's."""

from __future__ import annotations

import datetime as dt
from unittest import mock

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from evalgate.llm.endpoint import ModelEndpoint, resolve_endpoint
from evalgate.llm.sigv4 import AwsKeys, signed_headers
from evalgate.suite.config import Endpoint

NOW = dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2%3A0"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ENVIRON = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}


def botocores(keys, method, url, body):
    """The Authorization header that botocore makes of the same request at the same time."""
    request = AWSRequest(method=method, url=url, data=body)
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW):
        SigV4Auth(Credentials(keys.access, keys.secret, keys.token), "bedrock", keys.region).add_auth(request)
    return request.headers["Authorization"]


@pytest.mark.parametrize("token", [None, "a/session+token=="])
@pytest.mark.parametrize("path", ["/", f"/model/{MODEL}/converse", "/a%20b/ü?b=2&a=%2F&a=1&c"])
@given(body=st.binary(max_size=50))
def test_they_are_those_of_botocore(token, path, body):
    keys = AwsKeys(access="AKIDEXAMPLE", secret=SECRET, token=token, region="eu-central-1")
    url = f"https://bedrock-runtime.eu-central-1.amazonaws.com{path}".replace("ü", "%C3%BC")
    made = signed_headers(keys, method="POST", url=url, body=body, now=NOW)
    assert made["Authorization"] == botocores(keys, "POST", url, body)


def test_keys_come_from_the_environment_and_show_nowhere():
    config = Endpoint(base_url="https://x", api="bedrock", aws_region="us-east-1")
    endpoint = resolve_endpoint("aws", config, {**ENVIRON, "AWS_SESSION_TOKEN": "session-token-0123456789"})
    assert isinstance(endpoint, ModelEndpoint)
    assert SECRET not in repr(endpoint)
    assert endpoint.redact(f"no {SECRET} nor session-token-0123456789") == "no *** nor ***"
