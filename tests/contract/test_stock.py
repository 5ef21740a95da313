"""The stock lane on the wire: our clients against the sandbox, every exchange held to what the vendors published."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from integration.deposco.profile import Inventory, default_v1_profile
from integration.deposco.schemas import ItemFacts, StockPage, StockRow
from integration.deposco.v2.settings import SCOPES, OAuth, V2Settings
from integration.mirakl.export_file import COLUMNS, ExportedOffer
from integration.mirakl.offers import OfferExport, OffersPage, StockImport
from integration.mirakl.stock_file import StockLine, stock_csv
from tests.contract.deposco_run import Run as Warehouse
from tests.contract.mirakl_run import Run as Market
from tests.contract.openapi import Contract
from tests.contract.test_deposco_v2 import PAGING, PARAMETERS
from tests.contract.v2_run import PROFILE, V2Run
from tests.contract.v2_tables import Tables

EXPORTS: Final = ("OF52", "OF53", "OF54")
WITH_KITS: Final = V2Settings(oauth=OAuth(scopes=(*SCOPES, "kits/read")))
SKUS: Final = ("SKU-001", "SKU-002", "SKU-003")


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def house() -> Warehouse:
    return Warehouse()


@pytest.fixture
def second() -> V2Run:
    return V2Run()


def _settled(market: Market, number: str) -> StockImport:
    assert not market.client.stock_import_status(number).is_over
    market.skip(5)
    return market.client.stock_import_status(number)


def _exported(market: Market, tracking_id: str) -> tuple[OfferExport, list[ExportedOffer]]:
    assert not market.client.offer_export_status(tracking_id).is_over
    market.skip(5)
    status = market.client.offer_export_status(tracking_id)
    return status, [offer for url in status.urls for offer in market.client.offer_export_chunk(url)]


def _all_pages(read: Callable[[int], StockPage | None]) -> list[StockPage]:
    pages: list[StockPage] = []
    while True:
        page = read(len(pages) + 1)
        assert page is not None
        assert not page.repeats(pages[-1] if pages else None)
        if page.is_last:
            return pages
        pages.append(page)


def _rows(pages: list[StockPage]) -> dict[tuple[str, str], StockRow]:
    return {(row.item_number, row.facility): row for page in pages for row in page.rows}


# Mirakl


def test_a_file_lands_on_the_offers_and_its_refused_lines_come_back_in_mirakls_words(market: Market) -> None:
    lines = [StockLine("SKU-001", 4), StockLine('NO;SUCH"OFFER', 7, "WH-A"), StockLine("SKU-002", 0)]

    number = market.client.import_stock(stock_csv(lines))
    status = _settled(market, number)

    assert (status.is_complete, status.lines_in_success, status.lines_in_error) == (True, 2, 1)
    assert status.tells_errors
    (refused,) = market.client.stock_import_errors(number)
    assert (refused.offer_sku, refused.quantity, refused.warehouse_code) == ('NO;SUCH"OFFER', "7", "WH-A")
    assert (refused.line_number, refused.reason) == (3, "The offer does not exist")
    (first,), (second,) = (market.client.offers(sku=sku).offers for sku in ("SKU-001", "SKU-002"))
    assert (first.quantity, second.quantity, second.active) == (4, 0, False)
    assert "ZERO_QUANTITY" in second.inactivity_reasons


def test_a_file_without_errors_has_no_report_and_the_same_file_while_it_waits_is_the_same_import(
    market: Market,
) -> None:
    file = stock_csv([StockLine("SKU-001", 4)])

    numbers = {market.client.import_stock(file) for _ in range(2)}
    (number,) = numbers
    status = _settled(market, number)

    assert (status.is_complete, status.tells_errors, status.lines_in_error) == (True, False, 0)
    market.refused(market.client.stock_import_errors, number)


def test_quantities_of_warehouses_are_told_back_with_the_offer(market: Market) -> None:
    lines = [StockLine("SKU-001", 4, "WH-A"), StockLine("SKU-001", 2, "WH-B")]

    _settled(market, market.client.import_stock(stock_csv(lines)))

    (offer,) = market.client.offers(sku="SKU-001").offers
    assert (dict(offer.warehouses), offer.quantity) == ({"WH-A": 4, "WH-B": 2}, 6)


def test_every_offer_is_read_page_by_page_and_by_an_export_alike(market: Market) -> None:
    pages, offset = list[OffersPage](), 0
    while not pages or pages[-1].rows:
        pages.append(market.client.offers(max=7, offset=offset, sort="productTitle", order="asc"))
        offset += pages[-1].rows
    listed = {offer.shop_sku: (offer.quantity, offer.active) for page in pages for offer in page.offers}

    status, rows = _exported(market, market.client.request_offer_export(include_inactive=True))

    assert status.is_complete
    assert {row.shop_sku: (row.quantity, row.active) for row in rows} == listed
    assert len(listed) == pages[0].total_count == len(market.shop.offers)
    assert not any(row.problem or row.deleted for row in rows)


def test_an_export_of_changes_tells_deleted_offers_too_and_comes_in_several_files(market: Market) -> None:
    market.operator.small_chunks = True
    market.skip(100)
    since = market.world.clock.now() - timedelta(seconds=1)
    _settled(market, market.client.import_stock(stock_csv([StockLine(sku, 9) for sku in SKUS])))
    market.operator.delete_offer(market.shop, "SKU-002", market.world.clock.seconds())

    status, rows = _exported(market, market.client.request_offer_export(last_request_date=since, items_per_chunk=2))

    assert len(status.urls) == 2
    assert {row.shop_sku: row.deleted for row in rows} == {"SKU-001": False, "SKU-002": True, "SKU-003": False}
    assert all(row.quantity == 9 for row in rows if not row.deleted)


def test_no_exchange_of_stock_or_of_an_export_departs_from_the_document(
    market: Market, contracts: Path, tables: dict[str, str]
) -> None:
    contract = Contract.read(contracts)
    number = market.client.import_stock(stock_csv([StockLine("SKU-001", 4), StockLine("SKU-404", 1)]))
    _settled(market, number)
    market.client.stock_import_errors(number)
    market.client.offers(max=5, sort="productTitle", order="asc")
    _exported(market, market.client.request_offer_export(columns=()))
    _exported(market, market.client.request_offer_export(last_request_date=market.world.clock.now()))
    market.refused(market.client.offer_export_status, "none")

    found = [words for exchange in market.exchanges for words in contract.violations(exchange)]
    names = [operation.id for one in market.exchanges if (operation := contract.operation_of(one))]

    tables["Mirakl's stock lane"] = "  ".join(f"{name} {names.count(name)}" for name in sorted(set(names)))
    assert found == []
    assert {"OF21", "STO01", "STO02", "STO03", *EXPORTS} <= set(names)


def test_every_column_that_we_ask_for_is_a_published_one(contracts: Path) -> None:
    published = Contract.read(contracts).columns_of("OF54")

    assert set(COLUMNS) - published == set()
    assert "shop-skus" not in published


# Deposco, V1


@pytest.mark.parametrize("full", ["availability", "inventory_full"])
def test_all_stock_is_read_to_its_end_by_either_call(house: Warehouse, full: str) -> None:
    inventory = Inventory.model_validate({"full": full, "page_size": 7})
    house.client._profile = default_v1_profile().model_copy(update={"inventory": inventory})
    house.tenant.set_stock("ITEM-001", "DOC", Decimal(-4))
    house.tenant.hidden_measures = {"LVL": ["atpQty"]}

    rows = _rows(_all_pages(lambda page: house.client.stock_page(page=page)))

    expected = {(item, place): atp for item in house.tenant.stocked() for place, atp in house.tenant.atp(item).items()}
    hidden = {key for key in expected if key[1] == "LVL"} if full == "availability" else set()
    assert {key: row.atp for key, row in rows.items()} == {
        key: None if key in hidden else atp for key, atp in expected.items()
    }
    assert rows["ITEM-001", "DOC"].atp == Decimal(-4)
    assert all(row.on_hand is not None for row in rows.values())


def test_what_moved_is_told_by_the_moment_and_an_absent_measure_is_unknown(house: Warehouse) -> None:
    house.world.clock.advance(100)
    since = house.world.clock.now() - timedelta(seconds=1)
    house.tenant.set_stock("ITEM-001", "DOC", Decimal(7))
    house.tenant.set_stock("ITEM-002", "DOC", Decimal(8))
    house.tenant.absent_measures = {"ITEM-002": {"DOC": ["availableToPromise"]}}

    rows = _rows(_all_pages(lambda page: house.client.stock_moved(since=since, page=page)))

    assert {item for item, _ in rows} == {"ITEM-001", "ITEM-002"}
    assert (rows["ITEM-001", "DOC"].atp, rows["ITEM-002", "DOC"].atp) == (Decimal(7), None)
    assert rows["ITEM-002", "DOC"].unallocated == Decimal(8)


def test_named_items_are_told_alone_and_one_that_is_unknown_is_left_out(house: Warehouse) -> None:
    page = house.client.stock_of(["ITEM-002", "NO-ITEM", "ITEM-001"])

    assert page is not None
    assert set(page.items) == {"ITEM-001", "ITEM-002"}
    assert {row.item_number for row in page.rows} == {"ITEM-001", "ITEM-002"}


@pytest.mark.parametrize("operation", ["availability", "inventory.full"])
def test_a_page_that_the_server_sends_twice_is_seen_to_be_the_one_before(house: Warehouse, operation: str) -> None:
    full = "availability" if operation == "availability" else "inventory_full"
    inventory = Inventory.model_validate({"full": full, "page_size": 7})
    house.client._profile = default_v1_profile().model_copy(update={"inventory": inventory})
    first = house.client.stock_page(page=1)
    house.world.faults.arm("deposco", operation, "repeated_page")

    second, third = house.client.stock_page(page=2), house.client.stock_page(page=2)

    assert (second.repeats(first), third.repeats(first)) == (True, False)


@pytest.mark.parametrize("accept", ["application/json", "application/xml"])
def test_an_item_and_a_kit_are_read_in_both_forms(house: Warehouse, accept: str) -> None:
    parts = {"component": [{"componentItem": "ITEM-009", "quantity": 2}]}
    codes = {"upc": [{"value": "4006381333931"}]}
    house.tenant.describe("KIT-001", {"components": parts, "kitOrderOnly": True, "salesEnabledFlag": False})
    house.tenant.describe(
        "ITEM-008", {"upcs": codes, "customFields": {"customField": [{"name": "Safety", "value": 3}]}}
    )
    house.client._http._client.headers["Accept"] = accept
    house.client._profile = default_v1_profile().model_copy(
        update={"inventory": Inventory(safety_stock="customFields.Safety")}
    )

    kit, item, none = (house.client.item_facts(number) for number in ("KIT-001", "ITEM-008", "NO-ITEM"))

    assert kit is not None
    assert (kit.components, kit.kit_order_only, kit.is_active) == ((("ITEM-009", Decimal(2)),), True, False)
    assert item is not None
    assert (item.upcs, item.components, item.is_active) == (("4006381333931",), (), True)
    assert item.safety_stock == Decimal(3)
    assert none is None


# Deposco, V2


def test_the_list_of_items_over_v2_is_walked_to_its_end_a_call_a_page(second: V2Run) -> None:
    profile = PROFILE.model_copy(update={"v2": V2Settings(item_page=9)})
    run = V2Run(world=second.world, profile=profile)
    parts = {"component": [{"componentItem": "ITEM-009", "quantity": 2}]}
    run.tenant.describe("KIT-001", {"components": parts, "kitOrderOnly": True})
    found: list[ItemFacts] = []
    page = run.client.items_page()
    calls = 1
    while page.next_key:
        found += page.items
        page, calls = run.client.items_page(key=page.next_key), calls + 1
    found += page.items

    assert {item.number for item in found} == set(run.tenant.stock)
    assert len([one for one in run.exchanges if one.path == "/items"]) == calls > 2
    (kit,) = [item for item in found if item.number == "KIT-001"]
    assert (kit.components, kit.kit_order_only) == ((("ITEM-009", Decimal(2)),), True)


def test_items_over_v2_are_told_by_their_change(second: V2Run) -> None:
    second.world.clock.advance(100)
    since = second.world.clock.now() - timedelta(seconds=1)
    second.tenant.describe("ITEM-003", {"upcs": {"upc": [{"value": "4006381333931"}]}})

    page = second.client.items_page(updated_after=since)

    assert [(item.number, item.upcs) for item in page.items] == [("ITEM-003", ("4006381333931",))]


def test_a_kit_too_long_for_its_own_document_is_read_from_the_kit_that_makes_it(second: V2Run, contracts: Path) -> None:
    parts = [{"componentItem": f"ITEM-{number:03d}", "quantity": 2} for number in range(1, 13)]
    second.tenant.describe("KIT-001", {"components": {"component": parts}, "kitOrderOnly": True})

    run = V2Run(world=second.world, profile=PROFILE.model_copy(update={"v2": WITH_KITS}))

    kit, unknown = run.client.item_facts("KIT-001"), second.client.item_facts("KIT-001")

    assert kit is not None
    assert (len(kit.components), kit.components_known) == (12, True)
    assert unknown is not None
    assert not unknown.components_known
    assert [re.sub(r"\d+", "n", one.path) for one in run.exchanges] == [
        "/items",
        "/kitHeaders",
        "/kitHeaders/n/kitDetails",
    ]
    known = Tables(contracts)
    documents = (("ItemDTO", 0), ("KitHeaderDTO", 1), ("KitDetailDTO", 2))
    bodies = [(name, run.exchanges[at].response_body) for name, at in documents]
    assert [words for name, body in bodies for words in known.list_violations(name, json.loads(body))] == []
    assert all(known.has_endpoint(one.method, one.path) for one in run.exchanges)
    assert {name for name, _ in run.exchanges[0].query} <= PARAMETERS["/items"] | PAGING
