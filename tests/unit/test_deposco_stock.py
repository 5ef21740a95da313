import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest

from core.http import UnknownOutcomeError
from integration.deposco.client import DeposcoClient
from integration.deposco.errors import UnsupportedTransportError
from integration.deposco.profile import Inventory, Profile, Transport, default_v1_profile
from integration.deposco.schemas import StockPage, StockRow
from integration.deposco.stock import MOST_ITEMS
from integration.deposco.tenant import TenantClient

SINCE = datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=-6)))
Asked = list[httpx.URL]


@contextmanager
def client(*answers: Any, **inventory: Any) -> Iterator[tuple[DeposcoClient, Asked]]:
    left, asked = list(answers), Asked()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        body = left.pop(0)
        text = body if isinstance(body, str) else json.dumps(body)
        return httpx.Response(200, text=text, headers={"content-type": "application/xml"})

    profile = default_v1_profile().model_copy(update={"inventory": Inventory(**inventory)})
    made = DeposcoClient(
        "https://wms.example.com", "ACME", "MAIN", "u", "p", profile=profile, transport=httpx.MockTransport(answer)
    )
    yield made, asked
    made.close()


def all_of(body: Any, **inventory: Any) -> StockPage:
    with client(body, **inventory) as (made, _):
        return made.stock_page(page=1)


def moved(body: Any, **inventory: Any) -> StockPage:
    with client(body, **inventory) as (made, _):
        page = made.stock_moved(since=SINCE, page=1)
    assert page is not None
    return page


def of(items: list[str], body: Any) -> StockPage:
    with client(body) as (made, _):
        page = made.stock_of(items)
    assert page is not None
    return page


def available(number: str, *places: Any, **more: Any) -> Any:
    return {"itemNumber": number, "facilities": list(places), **more}


def held(number: str, places: Any, **more: Any) -> Any:
    return {"itemNumber": number, "facilityInventory": places, **more}


def figures(**more: Any) -> Any:
    return {"facility": "F1", "inventory": more}


# What is asked


def test_all_stock_is_asked_for_by_the_measures_and_the_page_size_of_the_profile() -> None:
    with client({}, sellable="totalAtp", on_hand="onHand", page_size=700) as (made, asked):
        made.stock_page(page=3)

    assert asked[0].path == "/integration/ACME/enterpriseinventory/MAIN/availability"
    assert dict(asked[0].params) == {"measures": "totalAtp,onHand", "pageNumber": "3", "pageSize": "700"}


def test_all_stock_is_read_from_the_full_inventory_where_the_profile_says_so() -> None:
    with client({}, full="inventory_full") as (made, asked):
        made.stock_page(page=2)

    assert (asked[0].path, dict(asked[0].params)) == ("/integration/ACME/inventory/full", {"pageNo": "2"})


def test_what_moved_is_asked_for_in_utc_whatever_zone_the_moment_is_told_in() -> None:
    with client({}) as (made, asked):
        made.stock_moved(since=SINCE, page=1)

    assert dict(asked[0].params) == {"pageNo": "1", "startActivityTime": "2026-11-01T18:00:00Z"}


def test_a_tenant_that_has_no_such_reading_is_not_asked() -> None:
    with client(delta="none", recheck="none") as (made, asked):
        assert made.stock_moved(since=SINCE, page=1) is None
        assert made.stock_of(["A"]) is None

    assert asked == []


def test_named_items_are_asked_for_in_one_page_and_never_more_than_an_address_holds() -> None:
    with client([{"enterpriseInventory": []}], page_size=10) as (made, asked):
        made.stock_of([f"I{number}" for number in range(MOST_ITEMS)])

        for wrong in ([], ["I"] * (MOST_ITEMS + 1)):
            with pytest.raises(ValueError, match="in one call"):
                made.stock_of(wrong)

    assert (asked[0].params["pageSize"], len(asked)) == (str(MOST_ITEMS), 1)


def test_a_tenant_spoken_to_over_v2_alone_has_no_stock_to_read() -> None:
    tenant = TenantClient(Profile(transport=Transport(api="v2")), v1=None, v2=None)

    with pytest.raises(UnsupportedTransportError):
        tenant.stock_page(page=1)
    with pytest.raises(UnsupportedTransportError):
        tenant.stock_of(["A"])


# How availability is read


def test_every_listed_facility_is_a_row_and_an_absent_measure_is_unknown_and_not_zero() -> None:
    places = ({"facility": "MS", "atpQty": 167, "totalOnHandQty": 200}, {"facility": "TN", "totalOnHandQty": 3})

    page = all_of({"enterpriseInventory": [available("A", *places, atpQty=167), available("B")]})

    assert page.rows == (StockRow("A", "MS", Decimal(167), Decimal(200)), StockRow("A", "TN", None, Decimal(3)))
    assert (page.items, page.is_last) == (("A", "B"), False)


@pytest.mark.parametrize(
    ("told", "atp"),
    [
        (-38, Decimal(-38)),
        ("-38.0", Decimal("-38.0")),
        (" 12 ", Decimal(12)),
        (0, Decimal(0)),
        (2.5, Decimal("2.5")),
        ("", None),
        (None, None),
        ({"@nil": "true"}, None),
        ("many", None),
        ("NaN", None),
        (True, None),
    ],
)
def test_a_figure_is_read_as_a_number_or_a_text_below_zero_too_and_nonsense_is_unknown(
    told: object, atp: Decimal | None
) -> None:
    by_availability = all_of({"enterpriseInventory": [available("A", {"facility": "F1", "atpQty": told})]})
    by_inventory = moved({"itemInventory": [held("A", [figures(availableToPromise=told)])]})

    assert [row.atp for row in (*by_availability.rows, *by_inventory.rows)] == [atp, atp]


WHOLE = {"enterpriseInventory": [{"itemNumber": "A", "facilities": [{"facility": "F1", "atpQty": 4}]}]}
COLLAPSED = {"enterpriseInventory": {"itemNumber": "A", "facilities": {"facility": "F1", "atpQty": "4"}}}
NESTED = {"enterpriseInventory": {"itemNumber": "A", "facilities": {"facility": {"facility": "F1", "atpQty": "4"}}}}
XML = (
    "<x:all xmlns:x='u'><enterpriseInventory><itemNumber>A</itemNumber><facilities><facility><facility>F1</facility>"
    "<atpQty>4</atpQty></facility></facilities></enterpriseInventory></x:all>"
)


@pytest.mark.parametrize("body", [WHOLE, [WHOLE], COLLAPSED, [COLLAPSED], NESTED, XML, "\ufeff" + json.dumps(WHOLE)])
def test_availability_is_read_wrapped_collapsed_and_whatever_its_header_says(body: Any) -> None:
    assert all_of(body).rows == (StockRow("A", "F1", Decimal(4)),)


def test_rows_of_another_unit_and_items_that_were_not_asked_for_fall_out() -> None:
    place = {"facility": "F1", "atpQty": 1}
    rows = [
        available("A", place, {**place, "facility": "F2", "businessUnit": "OTHER"}, businessUnit="MAIN"),
        available("B", place),
        available("C", place, businessUnit="OTHER"),
    ]

    asked, everything = of(["A", "C"], [{"enterpriseInventory": rows}]), all_of({"enterpriseInventory": rows})

    assert [(row.item_number, row.facility) for row in asked.rows] == [("A", "F1")]
    assert (asked.items, everything.items) == (("A",), ("A", "B"))


def test_an_item_that_was_asked_for_and_not_told_is_not_among_the_items() -> None:
    page = of(["A", "B"], [{"enterpriseInventory": [available("A")]}])

    assert (page.rows, page.items) == ((), ("A",))


def test_a_place_that_is_told_twice_has_the_lower_figure_and_a_place_without_a_name_is_none() -> None:
    places = [("F1", 5), ("F1", 3), ("F1", None), ("", 9), (None, 9)]
    rows = [available("A", *({"facility": name, "atpQty": count} for name, count in places))]

    page = all_of({"enterpriseInventory": [*rows, available("A", {"facility": "F1", "atpQty": 4})]})

    assert page.rows == (StockRow("A", "F1", Decimal(3)),)


# How the full inventory is read


INVENTORY = figures(total="248", availableToPromise="240.0", unallocated="247.5", allocated="0.5")
FULL = (
    "<fullInventory><itemInventory><itemNumber>A</itemNumber><facilityInventory><facility>F1</facility><inventory>"
    "<total>248</total><availableToPromise>240.0</availableToPromise><unallocated>247.5</unallocated></inventory>"
    "</facilityInventory></itemInventory></fullInventory>"
)


@pytest.mark.parametrize(
    "body",
    [
        {"itemInventory": [held("A", [INVENTORY])]},
        {"itemInventory": held("A", INVENTORY)},
        {"fullInventory": {"itemInventory": held("A", {**INVENTORY, "inventory": [INVENTORY["inventory"]]})}},
        {"itemInventory": held("A", {"facility": "F1", **INVENTORY["inventory"]})},
        [{"itemInventory": [held("A", [INVENTORY])]}],
        FULL,
        FULL.replace("fullInventory", "anything"),
    ],
    ids=["lists", "collapsed", "wrapped", "flat", "in a list", "xml", "xml by another name"],
)
def test_the_full_inventory_is_read_in_every_form(body: Any) -> None:
    assert moved(body).rows == (StockRow("A", "F1", Decimal(240), Decimal(248), Decimal("247.5")),)


def test_the_measures_of_the_full_inventory_are_the_profiles() -> None:
    body = {"itemInventory": held("A", INVENTORY)}

    page = moved(body, full_sellable="unallocated", full_on_hand="none", full_unallocated="allocated")

    assert page.rows == (StockRow("A", "F1", Decimal("247.5"), None, Decimal("0.5")),)


def test_a_listed_facility_without_figures_is_unknown() -> None:
    page = moved({"itemInventory": held("A", [{"facility": "F1"}, {"facility": "F2", "inventory": {"@nil": "true"}}])})

    assert page.rows == (StockRow("A", "F1", None), StockRow("A", "F2", None))


# Where a reading ends


@pytest.mark.parametrize("body", [{}, [], {"itemInventory": []}, {"itemInventory": ""}, {"itemInventory": None}])
def test_a_page_without_items_is_the_last(body: Any) -> None:
    page = moved(body)

    assert (page.is_last, page.rows, page.items) == (True, (), ())


@pytest.mark.parametrize("body", ["<fullInventory/>", "<a:inventories xmlns:a='u'></a:inventories>"])
def test_an_empty_document_about_inventory_is_the_last_page_too(body: str) -> None:
    assert moved(body).is_last


@pytest.mark.parametrize(
    "body",
    [
        "<html><head><title>Maintenance</title></head><body>Back soon</body></html>",
        "<status>ok</status>",
        {"message": "try later"},
        {"errors": []},
        ["busy"],
        {"itemInventory": "busy"},
        {"itemInventory": ["busy"]},
        {"order": [{"number": "1"}]},
        "",
        "  ",
        '{"itemInventory": [',
        "try again",
    ],
)
def test_what_is_no_stock_never_passes_for_the_end_of_it(body: Any) -> None:
    for inventory in ({"full": "inventory_full"}, {}):
        with pytest.raises(UnknownOutcomeError):
            all_of(body, **inventory)


def test_a_page_of_which_nothing_can_be_used_is_not_the_last() -> None:
    rows = [{"facilityInventory": [INVENTORY]}, held("C", [INVENTORY], businessUnit="OTHER")]

    page = moved({"itemInventory": rows})

    assert (page.rows, page.items, page.is_last) == ((), (), False)


def test_a_page_that_comes_again_is_known_by_its_items_though_figures_moved_meanwhile() -> None:
    first = moved({"itemInventory": [held("A", [figures(total=1)]), held("B", [figures(total=2)])]})
    again = moved({"itemInventory": [held("B", [figures(total=9)]), held("A", [figures(total=1)])]})
    other, end = moved({"itemInventory": [held("C", [INVENTORY])]}), moved({})

    assert (again.repeats(first), other.repeats(first), first.repeats(None)) == (True, False, False)
    assert not end.repeats(moved({}))


def test_a_profile_that_was_stored_before_the_stock_lane_is_read_and_has_it() -> None:
    stored = default_v1_profile().model_dump(mode="json")
    stored["inventory"] = {"measures": ["atpQty"], "sellable": "atpQty"}

    read = Profile.model_validate(stored)

    assert read.inventory == Inventory(measures=("atpQty",))
    assert (read.inventory.overlap_seconds, read.inventory.settle_seconds, read.inventory.page_size) == (60, 5, 500)


def test_the_moment_is_written_in_utc_from_utc_as_well() -> None:
    with client({}) as (made, asked):
        made.stock_moved(since=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), page=1)

    assert asked[0].params["startActivityTime"] == "2026-01-02T03:04:05Z"
