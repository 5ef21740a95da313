"""How stock imports go: in order or side by side, slow, late, staying, failing, refusing lines."""

import csv
import io
from typing import Any

import httpx
import pytest

from sandbox.control import handle_control
from sandbox.wire import Request, json_response
from tests.sandbox.conftest import Json, Marketplace


def _hand(market: Marketplace, path: str, **body: Any) -> Json:
    request = Request("POST", f"/sandbox/api{path}", body=json_response({"operator": "north", **body}).body)
    answer = handle_control(market.world, request)
    assert answer.status < 300, answer.body
    return dict(Request("GET", "/", body=answer.body).json())


def _plan(market: Marketplace, **plan: Any) -> None:
    _hand(market, "/imports/plan", shop_id=2001, **plan)


def _send(market: Marketplace, text: str) -> str:
    file = ("stock.csv", text.encode(), "text/csv")
    answer = market.http.post("/api/offers/stock/imports", files={"file": file})
    assert answer.status_code == 201
    return str(answer.json()["import_id"])


def _quantity(market: Marketplace, quantity: int, sku: str = "SKU-001") -> str:
    return _send(market, f"offer-sku;quantity\n{sku};{quantity}\n")


def _status(market: Marketplace, number: str) -> Json:
    return dict(market.http.get(f"/api/offers/stock/imports/{number}/status").json())


def _landed(market: Marketplace, sku: str = "SKU-001") -> list[tuple[int, int]]:
    return [(row.import_id, row.quantity) for row in market.shop.landings.of(sku) if row.import_id]


def test_imports_of_a_shop_run_one_after_another_in_the_order_of_their_arrival(market: Marketplace) -> None:
    _plan(market, seconds=10)
    slow, quick = _quantity(market, 7), _quantity(market, 8)
    market.skip(9)
    before = [_status(market, number)["status"] for number in (slow, quick)]
    market.skip(2)

    assert before == ["RUNNING", "WAITING"]
    assert _landed(market) == [(int(slow), 7), (int(quick), 8)]
    assert market.shop.landings.backwards == 0


def test_side_by_side_an_older_number_lands_after_a_newer_one_and_is_counted(market: Marketplace) -> None:
    market.operator.imports_concurrent = True
    _plan(market, seconds=10)
    slow = _quantity(market, 7)
    market.skip(0.1)
    quick = _quantity(market, 8)
    market.skip(11)

    book = market.shop.landings
    assert _landed(market) == [(int(quick), 8), (int(slow), 7)]
    assert market.shop.offers["SKU-001"]["quantity"] == 7
    assert (book.backwards, book.backwards_seen[0]["sku"], book.backwards_seen[0]["after_import_id"]) == (
        1,
        "SKU-001",
        2,
    )


def test_other_shops_do_not_wait(market: Marketplace) -> None:
    other = Marketplace(market.world, "north", 2002)
    _plan(market, seconds=60)
    _quantity(market, 7)

    number = _quantity(other, 8)
    market.skip(1)

    assert _status(other, number)["status"] == "COMPLETE"


def test_seconds_per_line_make_a_long_file_slow(market: Marketplace) -> None:
    market.operator.import_seconds_per_line = 1.0
    number = _send(market, "offer-sku;quantity\n" + "".join(f"SKU-{at:03d};1\n" for at in range(1, 21)))

    market.skip(15)
    half_way = _status(market, number)["status"]
    market.skip(6)

    assert (half_way, _status(market, number)["status"]) == ("RUNNING", "COMPLETE")


@pytest.mark.parametrize("state", ["WAITING", "RUNNING"])
def test_an_import_stays_until_it_is_let_go_and_holds_up_none(market: Marketplace, state: str) -> None:
    _plan(market, stays=state)
    stuck, following = _quantity(market, 7), _quantity(market, 8)
    market.skip(3600)
    before = [_status(market, number)["status"] for number in (stuck, following)]

    _hand(market, "/imports/release", import_id=stuck)

    assert before == [state, "COMPLETE"]
    assert _status(market, stuck)["status"] == "COMPLETE"
    assert (_landed(market), market.shop.landings.backwards) == ([(2, 8), (1, 7)], 1)


def test_an_import_fails_after_as_many_lines_as_were_planned(market: Marketplace) -> None:
    _plan(market, ends="FAILED", lines=1)
    number = _send(market, "offer-sku;quantity\nSKU-001;7\nSKU-002;8\n")
    market.skip(1)

    body = _status(market, number)
    assert (body["status"], "lines_in_success" in body, body["has_error_report"]) == ("FAILED", False, False)
    assert [market.shop.offers[sku]["quantity"] for sku in ("SKU-001", "SKU-002")] == [7, 5]


def test_an_import_runs_late_and_lands_behind_a_newer_one(market: Marketplace) -> None:
    _plan(market, delay=60)
    late, newer = _quantity(market, 7), _quantity(market, 8)
    market.skip(120)

    assert _landed(market) == [(int(newer), 8), (int(late), 7)]


def test_a_plan_is_for_so_many_imports_of_its_shop_and_can_be_forgotten(market: Marketplace) -> None:
    _plan(market, ends="FAILED", count=2)
    other = Marketplace(market.world, "north", 2002)
    theirs = _quantity(other, 1)
    numbers = [_quantity(market, 1), _quantity(market, 2), _quantity(market, 3)]
    _plan(market, ends="FAILED", count=-1)
    _plan(market, clear=True)
    numbers.append(_quantity(market, 4))
    market.skip(5)

    assert [_status(market, number)["status"] for number in numbers] == ["FAILED", "FAILED", "COMPLETE", "COMPLETE"]
    assert _status(other, theirs)["status"] == "COMPLETE"


def test_an_import_whose_answer_was_lost_runs_all_the_same(market: Marketplace) -> None:
    market.world.faults.arm("mirakl", "STO01", "reset_after")

    with pytest.raises(httpx.ReadError):
        _quantity(market, 7)
    market.skip(1)

    assert _landed(market) == [(1, 7)]


def test_a_file_that_arrives_late_is_older_than_one_that_overtook_it(market: Marketplace) -> None:
    market.world.faults.arm("mirakl", "STO01", "late_commit", seconds=30)

    with pytest.raises(httpx.ReadError):
        _quantity(market, 7)
    market.skip(1)
    _quantity(market, 8)
    for _ in range(3):
        market.skip(20)

    assert _landed(market) == [(1, 8), (2, 7)]
    assert market.shop.landings.backwards == 1


def test_lines_are_refused_by_sku_quantity_and_warehouse_each_with_its_words(market: Marketplace) -> None:
    _hand(market, "/offers", shop_id=2001, refused={"SKU-004": "The offer is locked"}, codes=["LVL"])
    lines = ["SKU-404;1;;", "SKU-001;1.5;;", "SKU-001;-1;;", "SKU-001;2147483648;;", "SKU-004;1;;", "SKU-002;3;MOON;"]
    text = 'offer-sku;quantity;"warehouse-code";update-delete\n' + "".join(
        f"{line}\n" for line in [*lines, "SKU-003;4;LVL;"]
    )

    number = _send(market, text)
    market.skip(1)

    headers = {"Accept": "text/csv"}
    report = market.http.get(f"/api/offers/stock/imports/{number}/error_report", headers=headers).text
    rows = list(csv.reader(io.StringIO(report), delimiter=";"))[1:]
    body = _status(market, number)
    assert [(row[0], row[1]) for row in rows] == [
        ("2", "The offer does not exist"),
        ("3", "The quantity is invalid"),
        ("4", "The quantity is invalid"),
        ("5", "The quantity is invalid"),
        ("6", "The offer is locked"),
        ("7", "Warehouse with code MOON does not exist"),
    ]
    assert (body["status"], body["lines_in_success"], body["lines_in_error"]) == ("COMPLETE", 1, 6)
    assert market.shop.offers["SKU-003"]["warehouses"] == {"LVL": 4}


@pytest.mark.parametrize(
    "text",
    [
        "offer-sku;quantity\nSKU-001;7\n",
        'offer-sku,quantity\r\n"SKU-001","7"\r\n',
        '"offer-sku";"quantity";"warehouse-code";"update-delete"\n"SKU-001";"7";"";"UPDATE"\n',
        "\ufeffquantity,offer-sku\n7,SKU-001",
    ],
)
def test_commas_and_semicolons_quoted_and_bare_are_all_read(market: Marketplace, text: str) -> None:
    _send(market, text)
    market.skip(1)

    assert market.shop.offers["SKU-001"]["quantity"] == 7


def test_a_waiting_import_is_called_queued_where_the_operator_does_so(market: Marketplace) -> None:
    market.operator.queued_status = True
    number = _quantity(market, 7)

    states = []
    for _ in range(3):
        states.append(_status(market, number)["status"])
        market.skip(0.16)

    assert states == ["QUEUED", "RUNNING", "COMPLETE"]


def test_the_hand_lists_imports_with_their_times(market: Marketplace) -> None:
    number = _quantity(market, 7)
    market.skip(1)

    request = Request("GET", "/sandbox/api/imports", (("operator", "north"), ("kind", "stock"), ("shop_id", "2001")))
    (row,) = Request("GET", "/", body=handle_control(market.world, request).body).json()["imports"]

    assert (row["id"], row["status"], row["lines"], row["good"], row["errors"]) == (number, "COMPLETE", 1, 1, 0)
    assert row["sent"] < row["starts_at"] < row["ended_at"]
    assert [entry.key for entry in market.world.ledger if entry.operation == "STO01"] == [number]


@pytest.mark.parametrize("plan", [{"stays": "PENDING"}, {"ends": "COMPLETE"}, {"slow": True}])
def test_a_plan_that_cannot_be_is_refused(market: Marketplace, plan: Json) -> None:
    request = Request("POST", "/sandbox/api/imports/plan", body=json_response({"operator": "north", **plan}).body)

    assert handle_control(market.world, request).status == 400
    assert market.operator.import_plans.waiting == []
