"""One message to a webhook on loopback that behaves well and badly."""

import time

import pytest

from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.notify import webhook


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(webhook, "_WAIT_S", 0.01)


def send(address):
    webhook.send(address, b'{"text": "FAIL"}', variable="SLACK_WEBHOOK_URL")


def test_a_message_arrives_once(channel):
    send(channel.address)
    assert channel.got == [("/services/SECRET", "application/json", b'{"text": "FAIL"}')]


def test_it_is_tried_again(channel):
    channel.statuses = [503, 429, 200]
    send(channel.address)
    assert len(channel.got) == 3


@pytest.mark.parametrize(("status", "times"), [(500, 3), (404, 1), (302, 1)])
def test_nobody_took_it(channel, status, times):
    """A redirect is not followed: nobody configured where it leads."""
    channel.statuses = [status]
    with pytest.raises(MeasurementError, match=rf"the webhook of SLACK_WEBHOOK_URL .* \(HTTP {status}\)") as raised:
        send(channel.address)
    assert len(channel.got) == times
    assert "SECRET" not in str(raised.value)


def test_a_channel_that_is_silent_is_not_waited_for(channel, monkeypatch):
    monkeypatch.setattr(webhook, "_TRY_S", 0.1)
    channel.statuses = ["silent"]
    began = time.monotonic()
    with pytest.raises(MeasurementError, match="ReadTimeout"):
        send(channel.address)
    assert time.monotonic() - began < 1.5
    assert len(channel.got) == 3


@pytest.mark.parametrize("address", ["", "hooks.slack.com/SECRET", "file:///etc/passwd", "https://", "x\nSECRET"])
def test_an_address_that_is_none(address):
    with pytest.raises(ConfigurationError, match="SLACK_WEBHOOK_URL holds no address") as raised:
        send(address)
    assert "SECRET" not in str(raised.value)
