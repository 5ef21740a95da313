"""Every fault, in process: whether the effect took place, and what the caller sees of it."""

import httpx
import pytest

from sandbox.demo import build_world
from sandbox.faults import KINDS
from tests.sandbox.conftest import Marketplace, Warehouse

# Per fault: what the caller sees (a status, or an error of httpx), and whether the order was decided.
OUTCOMES: dict[str, tuple[int | type[Exception], bool]] = {
    "latency": (204, True),
    "throttle": (429, False),
    "error_500_before": (500, False),
    "error_500_after": (500, True),
    "reset_before": (httpx.ReadError, False),
    "reset_after": (httpx.ReadError, True),
    "timeout_before": (httpx.ReadTimeout, False),
    "timeout_after": (httpx.ReadTimeout, True),
    "late_commit": (httpx.ReadError, False),
    "truncate": (httpx.RemoteProtocolError, True),
    "wrong_body": (200, True),
    "blank": (200, True),
    "repeated_page": (204, True),
}


def _accept(market: Marketplace) -> tuple[int | type[Exception], bool]:
    order = market.place()
    try:
        seen: int | type[Exception] = market.accept(order).status_code
    except httpx.HTTPError as error:
        seen = type(error)
    return seen, order.effective_accepts == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_does_what_its_name_says_once(market: Marketplace, kind: str) -> None:
    market.world.faults.arm("mirakl", "OR21", kind, seconds=0)

    struck, after = _accept(market), _accept(market)

    assert struck == OUTCOMES[kind]
    assert after == (204, True)


@pytest.mark.parametrize("kind", ["reset_after", "timeout_after", "error_500_after", "truncate", "blank"])
def test_a_warehouse_order_exists_once_though_the_answer_was_lost(house: Warehouse, kind: str) -> None:
    house.world.faults.arm("deposco", "orders.create", kind)
    document = house.document("W-1")

    try:
        seen = house.create(document).content
    except httpx.HTTPError:
        seen = b""
    again = house.create(document).json()

    assert b"201 Created" not in seen
    assert again["response"]["status"] == "HTTP/1.1 409 Conflict"
    assert list(house.tenant.orders) == ["W-1"]


def test_a_late_commit_shows_nothing_until_its_time_has_come(house: Warehouse) -> None:
    house.world.faults.arm("deposco", "orders.create", "late_commit", seconds=30)

    with pytest.raises(httpx.ReadError):
        house.create(house.document("W-1"))
    before = house.http.get("/search/Order", params={"number": "W-1"}).json()
    house.world.clock.advance(31)

    assert before == {}
    assert house.read("W-1")["number"] == "W-1"
    created = [entry.effective for entry in house.world.ledger if entry.operation == "orders.create"]
    assert created == [False, True]


def test_a_late_commit_of_a_shipment_doubles_what_was_sent_again_meanwhile(market: Marketplace) -> None:
    order = market.shipping(("SKU-001", 2))
    line = {"order_line_id": order.lines[0]["order_line_id"], "quantity": 1}
    body = {"shipments": [{"order_id": order.id, "shipment_lines": [line]}]}
    market.world.faults.arm("mirakl", "ST01", "late_commit", seconds=5)

    with pytest.raises(httpx.ReadError):
        market.http.post("/api/shipments", json=body)
    market.http.post("/api/shipments", json=body)
    market.skip(6)

    assert len(market.operator.shipments) == 2


def test_retry_after_may_be_a_number_missing_or_words(market: Marketplace) -> None:
    headers = []
    for seconds in (7, -1, -2):
        market.world.faults.arm("mirakl", "OR11", "throttle", seconds=seconds)
        headers.append(market.http.get("/api/orders").headers.get("retry-after"))

    assert headers == ["7", None, "soon"]


def test_a_repeated_page_shows_the_page_before_again(market: Marketplace) -> None:
    for _ in range(30):
        market.place()
    second = market.http.get("/api/orders", params={"offset": 10}).json()["orders"]
    market.world.faults.arm("mirakl", "OR11", "repeated_page")

    repeated = market.http.get("/api/orders", params={"offset": 20}).json()["orders"]

    assert repeated == second


def test_a_fault_strikes_as_often_as_it_was_armed_for_and_only_where(market: Marketplace) -> None:
    market.world.faults.arm("mirakl", "OR11", "error_500_before", count=2)

    statuses = [market.http.get("/api/orders").status_code for _ in range(3)]
    elsewhere = market.http.get("/api/account").status_code

    assert (statuses, elsewhere) == ([500, 500, 200], 200)
    assert market.world.faults.armed == []


def test_a_fault_may_strike_everything_for_ever_until_it_is_cleared(market: Marketplace) -> None:
    fault = market.world.faults.arm("*", "*", "error_500_before", count=-1)

    struck = [market.http.get(path).status_code for path in ("/api/orders", "/api/account", "/api/version")]
    market.world.faults.clear(fault.id)

    assert struck == [500, 500, 500]
    assert market.http.get("/api/orders").status_code == 200


def test_a_fault_by_chance_strikes_alike_in_two_worlds_of_one_seed() -> None:
    def statuses() -> list[int]:
        market = Marketplace(build_world(5))
        market.world.faults.arm("mirakl", "OR11", "error_500_before", count=-1, probability=0.5)
        return [market.http.get("/api/orders").status_code for _ in range(40)]

    first, second = statuses(), statuses()

    assert first == second
    assert {200, 500} == set(first)


def test_a_caller_that_waits_less_long_gives_up_sooner(market: Marketplace) -> None:
    market.world.faults.arm("mirakl", "OR11", "timeout_after", seconds=3)

    with pytest.raises(httpx.ReadTimeout):
        market.http.get("/api/orders", timeout=2)


@pytest.mark.parametrize(("side", "kind"), [("mirakl", "thunder"), ("nobody", "blank")])
def test_a_fault_or_side_that_does_not_exist_is_refused(market: Marketplace, side: str, kind: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        market.world.faults.arm(side, "OR11", kind)
