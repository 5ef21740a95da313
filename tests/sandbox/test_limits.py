"""429 with Retry-After at the published frequencies, where the world is strict about them."""

import httpx
import pytest

from tests.sandbox.conftest import Marketplace

CALLS = {
    "OR11": ("/api/orders", 1, 60),
    "ST12": ("/api/shipments/items_to_ship", 1, 300),
    "TL02": ("/api/sellerpayment/transactions_logs", 20, 60),
}


@pytest.fixture
def strict(market: Marketplace) -> Marketplace:
    market.world.strict_rates = True
    return market


@pytest.mark.parametrize("operation", CALLS)
def test_one_call_too_many_is_told_to_wait_and_may_come_back_then(strict: Marketplace, operation: str) -> None:
    path, allowed, period = CALLS[operation]

    answers = [strict.http.get(path) for _ in range(allowed + 1)]
    wait = int(answers[-1].headers["retry-after"])
    strict.skip(wait)

    assert [answer.status_code for answer in answers] == [200] * allowed + [429]
    assert period - 2 <= wait <= period
    assert answers[-1].json() == {"message": "Too many requests", "status": 429}
    assert strict.http.get(path).status_code == 200


def test_the_hour_of_the_transaction_log_holds_beside_its_minute(strict: Marketplace) -> None:
    path = CALLS["TL02"][0]
    for _ in range(3):
        for _ in range(20):
            assert strict.http.get(path).status_code == 200
        strict.skip(61)

    answer = strict.http.get(path)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 3000


def test_a_further_page_and_a_look_at_one_order_are_no_new_poll(strict: Marketplace) -> None:
    order = strict.place()
    asked: list[dict[str, str | int]] = [{}, {"offset": 10}, {"order_ids": order.id}, {}]

    statuses = [strict.http.get("/api/orders", params=params).status_code for params in asked]

    assert statuses == [200, 200, 200, 429]


def test_each_shop_has_its_own_allowance(strict: Marketplace) -> None:
    other = Marketplace(strict.world, "north", 2002)

    statuses = [shop.http.get("/api/orders").status_code for shop in (strict, other, strict)]

    assert statuses == [200, 200, 429]


def test_an_external_partner_polls_every_quarter_of_an_hour(strict: Marketplace) -> None:
    strict.operator.external_partner = True
    strict.http.get("/api/orders")
    strict.skip(600)

    answer = strict.http.get("/api/orders")

    assert 0 < int(answer.headers["retry-after"]) <= 300


def test_a_stock_file_once_a_minute_and_its_status_every_quarter_of_one(strict: Marketplace) -> None:
    def send(text: bytes) -> httpx.Response:
        return strict.http.post("/api/offers/stock/imports", files={"file": ("s.csv", text, "text/csv")})

    first, second = send(b"offer-sku;quantity\nSKU-001;1\n"), send(b"offer-sku;quantity\nSKU-001;2\n")
    path = f"/api/offers/stock/imports/{first.json()['import_id']}/status"
    statuses = [strict.http.get(path).status_code for _ in range(2)]
    strict.skip(15)
    statuses.append(strict.http.get(path).status_code)

    assert (first.status_code, second.status_code) == (201, 429)
    assert statuses == [200, 429, 200]


def test_calls_meant_for_once_a_day_are_limited_only_on_demand(strict: Marketplace) -> None:
    loose = [strict.http.get("/api/account").status_code for _ in range(2)]
    strict.world.strict_daily = True
    tight = [strict.http.get("/api/account").status_code for _ in range(2)]

    assert (loose, tight) == ([200, 200], [200, 429])


def test_nothing_is_limited_unless_the_world_is_strict(market: Marketplace) -> None:
    assert {market.http.get("/api/orders").status_code for _ in range(5)} == {200}
