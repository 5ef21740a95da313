import socket

import httpx
import pytest
from pytest_socket import SocketConnectBlockedError

# The refusal also warns, and a warning is an error here: the error itself is what these tests want to see.
pytestmark = pytest.mark.filterwarnings("ignore:A test tried to use socket")
OUTSIDE = "192.0.2.1"  # reserved for documentation: nobody answers there


def test_a_test_cannot_reach_anything_but_this_machine() -> None:
    with socket.socket() as outward, pytest.raises(SocketConnectBlockedError):
        outward.connect((OUTSIDE, 443))


def test_nor_can_the_http_client_that_the_project_uses() -> None:
    with pytest.raises(SocketConnectBlockedError):
        httpx.get(f"https://{OUTSIDE}/")


def test_loopback_stays_open() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            assert client.getpeername() == server.getsockname()
