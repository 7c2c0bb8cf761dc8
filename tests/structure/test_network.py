"""Tests reach nothing outside this machine (quality.md S18)."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.mark.parametrize(
    "address", [("192.0.2.1", 80), ("203.0.113.9", 443)]
)  # addresses reserved for documentation
def test_other_machines_are_out_of_reach(address):
    blocked = pytest.raises(SocketConnectBlockedError)
    with socket.socket() as client, pytest.warns(UserWarning, match="A test tried"), blocked:
        client.connect(address)


def test_loopback_is_open():
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname(), timeout=5):
        connection, _ = server.accept()
        connection.close()
