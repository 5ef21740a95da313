"""Offers and stock imports: jobs that run a moment later, with errors per line."""

import csv
import io

import httpx
import pytest

from tests.sandbox.conftest import Marketplace

HEADER = '"offer-sku";"quantity";"warehouse-code";"update-delete"\n'


def _send(market: Marketplace, *lines: str, header: str = HEADER, name: str = "file") -> httpx.Response:
    body = (header + "".join(f"{line}\n" for line in lines)).encode()
    return market.http.post("/api/offers/stock/imports", files={name: ("stock.csv", body, "text/csv")})


def _status(market: Marketplace, number: str) -> dict[str, object]:
    body: dict[str, object] = market.http.get(f"/api/offers/stock/imports/{number}/status").json()
    return body


def _quantity(market: Marketplace, sku: str) -> int:
    return int(market.http.get("/api/offers", params={"sku": sku}).json()["offers"][0]["quantity"])


def test_an_import_waits_runs_and_completes_with_errors_per_line(market: Marketplace) -> None:
    number = _send(market, "SKU-001;7;;", "SKU-404;1;;", "SKU-002;-1;;", "SKU-003;0;;UPDATE").json()["import_id"]

    states = []
    for _ in range(3):
        states.append(_status(market, number)["status"])
        market.skip(0.16)

    done = _status(market, number)
    assert states == ["WAITING", "RUNNING", "COMPLETE"]
    assert (done["lines_in_success"], done["lines_in_error"], done["has_error_report"]) == (2, 2, True)
    assert (_quantity(market, "SKU-001"), _quantity(market, "SKU-002"), _quantity(market, "SKU-003")) == (7, 5, 0)


def test_the_error_report_names_line_and_reason_and_can_be_sent_again(market: Marketplace) -> None:
    number = _send(market, "SKU-001;7;;", "SKU-404;1;;").json()["import_id"]
    market.skip(1)

    report = market.http.get(f"/api/offers/stock/imports/{number}/error_report", headers={"Accept": "text/csv"})

    rows = list(csv.reader(io.StringIO(report.text), delimiter=";"))
    assert rows[0][2:] == ["offer-sku", "quantity", "warehouse-code", "update-delete"]
    assert rows[1] == ["3", "The offer does not exist", "SKU-404", "1", "", ""]


def test_an_import_without_errors_has_no_report(market: Marketplace) -> None:
    number = _send(market, "SKU-001;7;;").json()["import_id"]
    market.skip(1)

    answer = market.http.get(f"/api/offers/stock/imports/{number}/error_report", headers={"Accept": "text/csv"})

    assert answer.status_code == 404


def test_quantities_per_warehouse_add_up(market: Marketplace) -> None:
    _send(market, "SKU-001;7;NORTH;", "SKU-001;5;SOUTH;")
    market.skip(1)
    _send(market, "SKU-001;;NORTH;delete")
    market.skip(1)

    offer = market.http.get("/api/offers", params={"sku": "SKU-001"}).json()["offers"][0]
    assert (offer["quantity"], offer["warehouses"]) == (5, [{"code": "SOUTH", "quantity": 5}])


def test_the_same_file_again_while_it_waits_is_the_same_import(market: Marketplace) -> None:
    first, second = (_send(market, "SKU-001;7;;").json()["import_id"] for _ in range(2))
    market.skip(1)
    third = _send(market, "SKU-001;7;;").json()["import_id"]

    assert first == second
    assert third != first


def test_a_file_without_its_columns_fails_and_one_without_its_name_is_refused(market: Marketplace) -> None:
    number = _send(market, "1;2", header="a;b\n").json()["import_id"]
    market.skip(1)

    assert _status(market, number)["status"] == "FAILED"
    assert _send(market, "SKU-001;7;;", name="stock").status_code == 400


def test_an_import_of_another_shop_is_not_found(market: Marketplace) -> None:
    number = _send(market, "SKU-001;7;;").json()["import_id"]

    answer = Marketplace(market.world, "north", 2002).http.get(f"/api/offers/stock/imports/{number}/status")

    assert answer.status_code == 404


@pytest.mark.parametrize(("fields", "quantity"), [({"quantity": 9}, 9), ({}, 0)])
def test_an_offer_update_resets_what_it_leaves_out(market: Marketplace, fields: dict[str, int], quantity: int) -> None:
    offer = {
        "shop_sku": "SKU-001",
        "product_id": "P-SKU-001",
        "product_id_type": "SKU",
        "price": 12.5,
        "state_code": "11",
        "update_delete": "update",
    }

    market.http.post("/api/offers", json={"offers": [{**offer, **fields}]})
    before = _quantity(market, "SKU-001")
    market.skip(1)

    assert (before, _quantity(market, "SKU-001")) == (5, quantity)


def test_an_offer_without_stock_is_not_active_and_says_why(market: Marketplace) -> None:
    market.shop.offers["SKU-001"]["quantity"] = 0

    offer = market.http.get("/api/offers", params={"sku": "SKU-001"}).json()["offers"][0]

    assert (offer["active"], offer["inactivity_reasons"]) == (False, ["ZERO_QUANTITY"])
