"""The database's clock under a test's control, and a far side with a handler of its own."""

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.core.far_side import FarSide, FarSideHandler


class DbClock:
    """Moves app_now() of this test's connection."""

    def __init__(self) -> None:
        self.offset = 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.offset += seconds
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('holdpoint.clock_offset', %s, false)", [str(self.offset)])


@pytest.fixture
def clock(db: None) -> Iterator[DbClock]:
    one = DbClock()
    yield one
    one.advance(-one.offset)


@pytest.fixture
def far_side() -> FarSide:
    return FarSide()


@pytest.fixture
def handler(far_side: FarSide) -> FarSideHandler:
    return FarSideHandler(far_side)
