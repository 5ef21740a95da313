from collections.abc import Iterator

import pytest

from integration.gateways import transports
from sandbox.demo import build_world
from sandbox.inprocess import SandboxTransport
from sandbox.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A sandbox in process, behind every address that the test connects."""
    made = build_world(7)
    with transports(lambda _connection: SandboxTransport(made)):
        yield made
