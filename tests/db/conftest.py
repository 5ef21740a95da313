"""Services against PostgreSQL, with both far sides in process."""

from collections.abc import Iterator

import pytest

from tests.db.house import House, house
from tests.db.pushing import Pushing


@pytest.fixture
def north(db: None) -> Iterator[House]:
    """A shop with multi-shipment, and the warehouse."""
    with house("north", 2001) as made:
        yield made


@pytest.fixture
def harbour(db: None) -> Iterator[House]:
    """A shop without multi-shipment, and the warehouse."""
    with house("harbour", 3001) as made:
        yield made


@pytest.fixture
def north_v2(db: None) -> Iterator[House]:
    """A shop with multi-shipment, and the warehouse over V2 alone."""
    with house("north", 2001, api="v2") as made:
        yield made


@pytest.fixture
def harbour_v2(db: None) -> Iterator[House]:
    """A shop without multi-shipment, and the warehouse over V2 alone."""
    with house("harbour", 3001, api="v2") as made:
        yield made


@pytest.fixture
def north_mixed(db: None) -> Iterator[House]:
    """A shop with multi-shipment, and the warehouse over both generations."""
    with house("north", 2001, api="mixed") as made:
        yield made


@pytest.fixture
def pushing(north: House) -> Pushing:
    """The shop of `north` with its stock lane on."""
    return Pushing(north)
