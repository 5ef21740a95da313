"""Exports of offers: what changed or everything, in both formats, in chunks, as jobs that may fail."""

import csv
import io
from typing import Any

import httpx
import pytest

from sandbox.control import handle_control
from sandbox.wire import Request, json_response
from tests.sandbox.conftest import Json, Marketplace

ASYNC = "/api/offers/export/async"


def _hand(market: Marketplace, path: str, **body: Any) -> int:
    request = Request("POST", f"/sandbox/api{path}", body=json_response({"operator": "north", **body}).body)
    return handle_control(market.world, request).status


def _ask(market: Marketplace, **wanted: Any) -> httpx.Response:
    return market.http.post(ASYNC, json=wanted)


def _status(market: Marketplace, answer: httpx.Response) -> Json:
    return dict(market.http.get(f"{ASYNC}/status/{answer.json()['tracking_id']}").json())


def _files(market: Marketplace, **wanted: Any) -> list[httpx.Response]:
    answer = _ask(market, **wanted)
    market.skip(1)
    urls = _status(market, answer)["urls"]
    return [market.http.get(url, headers={"Accept": "*/*"}) for url in urls]


def _rows(market: Marketplace, **wanted: Any) -> list[Json]:
    (file,) = _files(market, export_type="application/json", **wanted)
    rows: list[Json] = file.json()
    return rows


def _moment(market: Marketplace) -> str:
    market.world.clock.advance(1)
    moment = market.world.clock.now().isoformat()
    market.world.clock.advance(1)
    return moment


def test_a_full_export_tells_what_is_active_and_all_of_it_when_asked(market: Marketplace) -> None:
    market.shop.offers["SKU-002"]["reasons"] = ["PRODUCT_DISABLED"]

    active, everything = _rows(market), _rows(market, include_inactive_offers=True)

    assert len(everything) == len(market.shop.offers) == len(active) + 1
    assert {row["shop_sku"] for row in everything} - {row["shop_sku"] for row in active} == {"SKU-002"}
    assert next(row for row in everything if row["shop_sku"] == "SKU-002")["active"] is False


def test_a_differential_export_tells_of_changed_inactive_and_deleted_offers(market: Marketplace) -> None:
    since = _moment(market)
    file = b"offer-sku;quantity\nSKU-001;9\nSKU-002;0\nSKU-003;5\n"
    market.http.post("/api/offers/stock/imports", files={"file": ("s.csv", file, "text/csv")})
    market.skip(1)
    _hand(market, "/offers", shop_id=2001, offers=[{"sku": "SKU-004", "delete": True}])

    rows = {row["shop_sku"]: row for row in _rows(market, last_request_date=since)}

    shown = {sku: (row["quantity"], row["active"], row["deleted"]) for sku, row in rows.items()}
    assert shown == {"SKU-001": (9, True, False), "SKU-002": (0, False, False), "SKU-004": (5, False, True)}


def test_nothing_changed_is_a_file_without_rows(market: Marketplace) -> None:
    assert _rows(market, last_request_date=_moment(market)) == []


def test_the_csv_has_semicolons_and_the_columns_that_were_chosen_under_the_names_given(market: Marketplace) -> None:
    names = ["shop-sku", "quantity", "active", "price", "fulfillment-center-code", "favorite-rank"]

    (file,) = _files(market, include_fields=names, rename_fields={"shop-sku": "sku"})

    header, first, *_ = csv.reader(io.StringIO(file.text), delimiter=";")
    assert file.headers["content-type"] == "text/csv"
    assert header == ["sku", *names[1:]]
    assert first == ["SKU-001", "5", "true", "9.90", "DEFAULT", ""]


def test_chosen_fields_of_the_json_are_all_there_is(market: Marketplace) -> None:
    assert set(_rows(market, include_fields=["shop_sku", "quantity"])[0]) == {"shop_sku", "quantity"}


def test_chunks_hold_so_many_offers_and_together_all_of_them_once(market: Marketplace) -> None:
    market.operator.small_chunks = True

    files = _files(market, export_type="application/json", items_per_chunk=20)

    skus = [[row["shop_sku"] for row in file.json()] for file in files]
    assert [len(one) for one in skus] == [20, 20, 1]
    assert sorted(sku for one in skus for sku in one) == sorted(market.shop.offers)


def test_a_chunk_that_would_be_too_heavy_is_split(market: Marketplace) -> None:
    market.operator.small_chunks = True
    for offer in market.shop.offers.values():
        offer["description"] = "x" * 100_000

    files = _files(market, export_type="application/json", megabytes_per_chunk=1)

    assert len(files) > 4
    assert all(len(file.content) <= 1_000_000 for file in files)
    assert sum(len(file.json()) for file in files) == len(market.shop.offers)


@pytest.mark.parametrize(
    "wanted",
    [
        {"last_request_date": "2026-01-01T00:00:00Z", "include_inactive_offers": True},
        {"last_request_date": "yesterday"},
        {"export_type": "text/xml"},
        {"export_type": "application/json", "rename_fields": {"quantity": "units"}},
        {"items_per_chunk": 9_999},
        {"megabytes_per_chunk": 1_001},
        {"include_fields": ["shop_sku"]},
    ],
)
def test_what_cannot_be_asked_is_refused(market: Marketplace, wanted: Json) -> None:
    answer = _ask(market, **wanted)

    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert market.operator.exports == {}


def test_the_same_request_again_while_it_is_under_way_is_the_same_export(market: Marketplace) -> None:
    first, again, other = _ask(market), _ask(market), _ask(market, export_type="application/json")
    market.skip(1)
    later = _ask(market)

    numbers = [answer.json()["tracking_id"] for answer in (first, again, other, later)]
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3


def test_an_export_is_pending_then_completed(market: Marketplace) -> None:
    answer = _ask(market)
    before = _status(market, answer)
    market.skip(1)

    assert (before["status"], "urls" in before) == ("PENDING", False)
    assert _status(market, answer)["status"] == "COMPLETED"


def test_an_export_fails_with_its_error_or_stays_as_planned(market: Marketplace) -> None:
    planned = [
        _hand(market, "/exports/plan", ends="FAILED", code="7", detail="Out of order"),
        _hand(market, "/exports/plan", stays="PENDING"),
    ]
    failed, stuck = _ask(market), _ask(market, export_type="application/json")
    market.skip(3600)

    body = _status(market, failed)
    assert planned == [201, 201]
    assert (body["status"], body["error"]) == ("FAILED", {"code": "7", "detail": "Out of order"})
    assert _status(market, stuck)["status"] == "PENDING"
    assert _hand(market, "/imports/release", tracking_id=stuck.json()["tracking_id"]) == 200
    assert _status(market, stuck)["status"] == "COMPLETED"


def test_an_export_of_another_shop_and_a_file_that_is_none_are_not_found(market: Marketplace) -> None:
    answer = _ask(market)
    market.skip(1)
    url = _status(market, answer)["urls"][0]
    other = Marketplace(market.world, "north", 2002)

    codes = [other.http.get(f"{ASYNC}/status/{answer.json()['tracking_id']}").status_code]
    codes += [other.http.get(url, headers={"Accept": "*/*"}).status_code]
    codes += [market.http.get(url.replace("0.csv", "9.csv"), headers={"Accept": "*/*"}).status_code]

    assert codes == [404, 404, 404]


def test_files_of_the_last_twenty_exports_are_kept(market: Marketplace) -> None:
    first = _files(market)[0]
    for _ in range(20):
        _files(market)

    again = market.http.get(str(first.url), headers={"Accept": "*/*"})

    assert (first.status_code, again.status_code) == (200, 404)
    assert sum(bool(job.files) for job in market.operator.exports.values()) == 20


def test_differential_exports_are_held_to_one_a_minute_and_full_ones_to_one_a_day_where_days_count(
    market: Marketplace,
) -> None:
    market.world.strict_rates = True
    since = _moment(market)

    def ask(seconds: float, **wanted: Any) -> int:
        market.skip(seconds)
        return _ask(market, **wanted).status_code

    loose = [ask(0), ask(60)]
    market.world.strict_daily = True
    full = [ask(60), ask(3600), ask(86_400)]
    changed = [ask(1, last_request_date=since), ask(30, last_request_date=since), ask(31, last_request_date=since)]

    assert (loose, full, changed) == ([200, 200], [200, 429, 200], [200, 429, 200])


def test_the_status_of_an_export_may_be_asked_every_ten_seconds(market: Marketplace) -> None:
    market.world.strict_rates = True
    answer = _ask(market)
    path = f"{ASYNC}/status/{answer.json()['tracking_id']}"

    codes = []
    for seconds in (0, 5, 5.1):
        market.skip(seconds)
        codes.append(market.http.get(path).status_code)

    assert codes == [200, 429, 200]
