"""One message to a webhook on loopback that behaves well and badly."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.notify import webhook


@pytest.fixture
def channel(monkeypatch):
    """A server that answers with `statuses` in turn (the last again and again) and keeps what it was sent."""
    monkeypatch.setattr(webhook, "_WAIT_S", 0.01)

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.got.append((self.path, self.headers["Content-Type"], body))
            status = server.statuses.pop(0) if len(server.statuses) > 1 else server.statuses[0]
            if status == "silent":
                time.sleep(2)
                return
            self.send_response(status)
            self.send_header("Location", server.address + "/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    server.got, server.statuses = [], [200]
    server.address = f"http://127.0.0.1:{server.server_port}/services/SECRET"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


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
