"""No test reaches anything outside of this machine, and no real model."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_only_loopback_can_be_reached():
    """An address that belongs to nobody is refused before a packet is sent; loopback is not."""
    told = pytest.warns(UserWarning, match="tried to use socket")
    with socket.socket() as outside, told, pytest.raises(SocketConnectBlockedError):
        outside.connect(("192.0.2.1", 80))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as inside:
        assert inside.getpeername() == server.getsockname()
