"""Where a Phoenix server is: by variables that the config names, and never with a secret in a message."""

import pytest

from evalgate.errors import ConfigurationError
from evalgate.phoenix.address import Address, address_in, address_of
from evalgate.suite.phoenix import PhoenixServer, PhoenixSettings

SECRET = "sk-phoenix-1234567890"


def test_the_address_and_the_key_are_what_the_variables_say(tmp_path):
    environ = {"PHOENIX_ENDPOINT": " https://phoenix.example.com/s/space/ ", "PHOENIX_API_KEY": f" {SECRET}\n"}
    address = address_of(None, PhoenixSettings(timeout=7), environ)
    assert address.base_url == "https://phoenix.example.com/s/space"
    assert (address.api_key, address.timeout, address.ca_file) == (SECRET, 7, None)
    assert address.shown == "Phoenix at https://phoenix.example.com/s/space"
    assert SECRET not in repr(address)


def test_a_named_server_has_variables_of_its_own(tmp_path):
    (tmp_path / "ca.pem").write_text("")
    server = PhoenixServer(endpoint_env="OTHER", api_key_env="OTHER_KEY", ca_file="ca.pem")
    address = address_of("main", server, {"OTHER": "http://127.0.0.1:6006"}, folder=tmp_path)
    assert (address.name, address.base_url, address.api_key) == ("main", "http://127.0.0.1:6006", None)
    assert address.ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("environ", "said", "following"),
    [
        ({}, "PHOENIX_ENDPOINT is not set, and Phoenix is to be asked", "evalgate phoenix up"),
        ({"PHOENIX_ENDPOINT": "  "}, "PHOENIX_ENDPOINT is not set", "export PHOENIX_ENDPOINT"),
        ({"PHOENIX_ENDPOINT": "phoenix.example.com"}, "PHOENIX_ENDPOINT", "http"),
        ({"PHOENIX_ENDPOINT": "file:///etc/passwd"}, "PHOENIX_ENDPOINT", "http"),
        ({"PHOENIX_ENDPOINT": f"https://user:{SECRET}@host"}, "PHOENIX_ENDPOINT", ""),
        ({"PHOENIX_ENDPOINT": f"https://host/?token={SECRET}"}, "PHOENIX_ENDPOINT", "take it out"),
        ({"PHOENIX_ENDPOINT": "https://host", "PHOENIX_API_KEY": f"{SECRET} {SECRET}"}, "PHOENIX_API_KEY", "anew"),
        ({"PHOENIX_ENDPOINT": "https://host", "PHOENIX_API_KEY": "schlüssel"}, "PHOENIX_API_KEY", "anew"),
    ],
)
def test_what_is_no_address_or_key_is_refused_by_the_name_of_its_variable(environ, said, following):
    with pytest.raises(ConfigurationError) as caught:
        address_of(None, PhoenixSettings(), environ)
    assert said in caught.value.message
    assert following in (caught.value.next_step or "")
    assert SECRET not in str(caught.value)


def test_certificates_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere\.pem, `ca_file` of the Phoenix server `main`"):
        address_of("main", PhoenixServer(ca_file="nowhere.pem"), {"PHOENIX_ENDPOINT": "https://h"}, folder=tmp_path)


@pytest.mark.parametrize(
    ("servers", "following"),
    [({}, "add it there, or name none"), ({"main": PhoenixServer(), "old": PhoenixServer()}, "name one of main, old")],
)
def test_a_server_that_is_not_declared_is_refused_with_those_that_are(tmp_path, servers, following):
    config = tmp_path / "evalgate.yaml"
    with pytest.raises(ConfigurationError) as caught:
        address_in(PhoenixSettings(servers=servers), "eu", {"PHOENIX_ENDPOINT": "https://h"}, config=config)
    assert caught.value.message == f"the server `eu` is not in `phoenix.servers` of {config}"
    assert caught.value.next_step == following


def test_certificates_are_looked_for_beside_the_config(tmp_path):
    (tmp_path / "ca.pem").write_text("")
    settings = PhoenixSettings(servers={"main": PhoenixServer(endpoint_env="MAIN", ca_file="ca.pem")})
    address = address_in(settings, "main", {"MAIN": "https://h"}, config=tmp_path / "evalgate.yaml")
    assert (address.name, address.base_url, address.ca_file) == ("main", "https://h", tmp_path / "ca.pem")


def test_pages_have_everything_in_them_quoted():
    address = Address(name=None, base_url="https://host/s/space")
    assert address.page("datasets", "RGF0YXNldDox/../x") == "https://host/s/space/datasets/RGF0YXNldDox%2F..%2Fx"
    compared = address.page("datasets", "D", "compare", experimentId=("a=", "b&c"))
    assert compared == "https://host/s/space/datasets/D/compare?experimentId=a=&experimentId=b%26c"
