from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from integration.models import OfferStock, SkuMapping, StockItem, StockLevel
from integration.queries.stock import stock_matrix
from integration.queries.stock.stock_matrix import STALE, items_asked, items_matching
from tests.factories.lanes import ChannelFactory, SkuMappingFactory
from tests.factories.stock import OfferStockFactory, StockItemFactory, StockLevelFactory
from tests.web.conftest import SignIn
from tests.web.orders.reading import csv_rows, queries_of
from tests.web.stock.shelf import item_on, items_in, level_of, offer_of, stock_channel, words_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ["Warehouse", "Ecommerce", "Finance preparer", "Finance approver", "Admin", "Auditor"])
@pytest.mark.parametrize("address", ["/stock/", "/stock/pushes/", "/stock/offers-without-item/"])
def test_every_role_sees_the_lists_also_while_they_are_empty(sign_in: SignIn, role: str, address: str) -> None:
    answer = sign_in(role).get(address)

    assert answer.status_code == 200
    assert b'class="empty"' in answer.content


def test_without_a_channel_that_is_told_stock_the_page_says_what_to_do(sign_in: SignIn) -> None:
    ChannelFactory()

    page = words_of(sign_in("Ecommerce"), "/stock/")

    assert "No channel is told stock yet" in page


def test_a_row_has_the_stock_of_all_facilities_and_a_number_for_each_channel(sign_in: SignIn) -> None:
    harbour = stock_channel("HARBOUR")
    north = stock_channel("NORTH", warehouse=harbour.warehouse)
    ChannelFactory(code="ORDERSONLY", name="Orders only", warehouse=harbour.warehouse)
    item = item_on(harbour, "ITEM-1", name="Blue jar")
    level_of(item, 12, "Reno", read_at=timezone.now() - timedelta(minutes=40))
    level_of(item, -3, "Louisville")
    offer_of(item, harbour, "SKU-1", pushed=7)
    offer_of(item, north, "SKU-N", pushed=5)

    page = sign_in("Ecommerce").get("/stock/").content.decode()
    words = words_of(sign_in("Ecommerce"), "/stock/")

    assert ">Orders only</th>" not in page.replace("\n", "").replace("  ", "")
    assert "ITEM-1 Blue jar 12 7 5 40 min ago" in words


def test_of_several_offers_the_smallest_number_stands_first_with_the_marks_of_all(sign_in: SignIn) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1")
    offer_of(item, channel, "SKU-9", pushed=9, wanted=9)
    offer_of(item, channel, "SKU-2", pushed=2, wanted=2)
    offer_of(item, channel, "SKU-5", pushed=5, wanted=5, is_stale=True)

    words = words_of(sign_in("Ecommerce"), "/stock/")

    assert "2 +2 further offers: SKU-5 5, SKU-9 9" in words
    assert "stale It rests on a number that is too old" in words


@pytest.mark.parametrize(
    ("values", "short"),
    [
        ({"differs_since": timezone.now(), "seen": 9}, "shows 9"),
        ({"refused_at": timezone.now(), "refused_words": "No such offer"}, "refused"),
        ({"is_stale": True}, "stale"),
        ({"wanted": 3, "wanted_seq": 11}, "3 waits"),
        ({"wanted": None, "total": None}, "not known"),
        ({}, ""),
    ],
)
def test_a_mark_says_what_is_wrong_with_a_number(sign_in: SignIn, values: dict[str, Any], short: str) -> None:
    channel = stock_channel()
    offer_of(item_on(channel, "ITEM-1"), channel, "SKU-1", **({"pushed": 7, "pushed_seq": 10} | values))

    page = sign_in("Ecommerce").get("/stock/").content.decode()

    if short:
        assert f'<span aria-hidden="true">{short}</span>' in page
    else:
        assert 'class="marks"' not in page


def test_another_warehouse_with_the_same_item_number_keeps_its_own_numbers(sign_in: SignIn) -> None:
    here, there = stock_channel("HERE"), stock_channel("THERE")
    first, second = item_on(here, "ITEM-1"), item_on(there, "ITEM-1")
    level_of(first, 12, "Reno")
    level_of(second, 80, "Newark")
    offer_of(first, here, "SKU-1", pushed=4)
    offer_of(second, there, "SKU-1", pushed=66)

    words = words_of(sign_in("Ecommerce"), "/stock/")

    assert f"ITEM-1 {first.name} 12 4 -" in words
    assert f"ITEM-1 {second.name} 80 - 66" in words


@pytest.mark.parametrize("few", [0, 10_000])
def test_a_question_is_not_answered_by_the_same_item_number_of_another_warehouse(
    sign_in: SignIn, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock_matrix, "FEW", few)
    here, there = stock_channel("HERE"), stock_channel("THERE")
    offer_of(item_on(here, "ITEM-1", name="Ours"), here, "SKU-1", is_stale=True)
    item_on(there, "ITEM-1", name="Theirs")

    words = words_of(sign_in("Ecommerce"), "/stock/?question=stale")

    assert ("Ours" in words, "Theirs" in words) == (True, False)


def test_a_chosen_channel_has_the_only_column_and_its_items_alone_also_as_csv(sign_in: SignIn) -> None:
    harbour = stock_channel("HARBOUR")
    north = stock_channel("NORTH", warehouse=harbour.warehouse)
    both, one = item_on(harbour, "ITEM-1", name="=Blue"), item_on(harbour, "ITEM-2")
    for channel in (harbour, north):
        offer_of(both, channel, f"SKU-1-{channel.code}", pushed=6, is_stale=channel is north)
    offer_of(one, harbour, "SKU-2")
    client = sign_in("Ecommerce")

    shown = items_in(client, "/stock/?channel=NORTH")
    rows = csv_rows(client, "/stock/?channel=NORTH&format=csv")

    assert shown == ["ITEM-1"]
    assert rows == [{"Item": "ITEM-1", "Name": "'=Blue", "ATP": "", "North": "6 (stale)", "Oldest reading": ""}]


QUESTIONS: dict[str, dict[str, Any]] = {
    "zero_by_buffer": {"wanted": 0, "pushed": 0, "free": 3, "after_buffer": 0},
    "differs": {"differs_since": timezone.now(), "seen": 3},
    "stale": {"is_stale": True},
    "refused": {"refused_at": timezone.now(), "refused_words": "No such offer"},
    "waiting": {"wanted": 9, "pushed": 7, "wanted_seq": 11, "urgency": 3},
}


@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_finds_the_items_of_which_it_is_true_whether_few_or_many(
    sign_in: SignIn, question: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock_matrix, "FEW", few)
    channel = stock_channel()
    for name, values in QUESTIONS.items():
        offer_of(item_on(channel, f"ITEM-{name}"), channel, f"SKU-{name}", **({"pushed_seq": 10} | values))
    offer_of(item_on(channel, "ITEM-WELL"), channel, "SKU-WELL")
    client = sign_in("Ecommerce")

    shown = items_in(client, f"/stock/?question={question}")
    counted = words_of(client, "/stock/")

    assert shown == [f"ITEM-{question}"]
    assert "1 Marketplace shows another number" in counted


@pytest.mark.parametrize(
    ("values", "is_in_danger"),
    [
        ({"wanted": 3, "pushed": 7, "wanted_seq": 11, "pushed_seq": 10, "urgency": 1}, True),
        ({"wanted": 9, "pushed": 7, "wanted_seq": 11, "pushed_seq": 10, "urgency": 3}, False),
        ({"wanted": 3, "pushed": 7, "refused_at": timezone.now()}, True),
        ({"wanted": 9, "pushed": 7, "refused_at": timezone.now()}, False),
        ({"differs_since": timezone.now(), "seen": 8}, True),
        ({"differs_since": timezone.now(), "seen": 2}, False),
        ({"wanted": 2, "free": 2, "after_buffer": 2}, True),
        ({"wanted": 2, "free": 5, "after_buffer": 2}, False),
        ({"wanted": 0, "free": 0, "after_buffer": 0}, False),
    ],
)
def test_in_danger_of_overselling_is_what_shows_more_than_is_left_or_all_of_the_last_units(
    sign_in: SignIn, values: dict[str, Any], is_in_danger: bool
) -> None:
    channel = stock_channel()
    offer_of(item_on(channel, "ITEM-1"), channel, "SKU-1", **values)

    shown = items_in(sign_in("Ecommerce"), "/stock/?question=oversell")

    assert bool(shown) is is_in_danger


@pytest.mark.parametrize("few", [0, 10_000])
def test_a_question_with_a_channel_asks_about_that_channel_alone(
    sign_in: SignIn, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock_matrix, "FEW", few)
    harbour = stock_channel("HARBOUR")
    north = stock_channel("NORTH", warehouse=harbour.warehouse)
    for number, stale_on in (("ITEM-1", harbour), ("ITEM-2", north)):
        item = item_on(harbour, number)
        for channel in (harbour, north):
            offer_of(item, channel, f"{number}-{channel.code}", is_stale=channel is stale_on)

    shown = items_in(sign_in("Ecommerce"), "/stock/?question=stale&channel=NORTH")

    assert shown == ["ITEM-2"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ITEM-1", ["ITEM-1"]),
        ("item-1", ["ITEM-1"]),
        ("blue J", ["ITEM-1"]),
        ("jar", []),
        ("0400000000001", ["ITEM-1"]),
        ("04000000", []),
        ("SKU-BL", ["ITEM-1"]),
        ("sku-bl", ["ITEM-1"]),
        ("%", []),
        ("_", []),
    ],
)
def test_words_are_a_beginning_of_a_number_a_name_or_an_offer_sku_or_a_whole_upc(
    sign_in: SignIn, words: str, expected: list[str]
) -> None:
    channel = stock_channel()
    offer_of(item_on(channel, "ITEM-1", name="Blue jar", upcs=["0400000000001"]), channel, "SKU-BLUE")
    offer_of(item_on(channel, "THING-2", name="Oak board", upcs=["0400000000002"]), channel, "SKU-OAK")

    shown = items_in(sign_in("Ecommerce"), f"/stock/?words={words}")

    assert shown == expected


def test_tag_and_facility_narrow_together(sign_in: SignIn) -> None:
    channel = stock_channel()
    tagged, plain = item_on(channel, "ITEM-1", tags=["peak", "fragile"]), item_on(channel, "ITEM-2")
    reno = level_of(tagged, 3, "Reno").facility
    StockLevelFactory(warehouse=channel.warehouse, item_number=plain.number, facility=reno, atp=4)
    empty = item_on(channel, "ITEM-3", tags=["peak"])
    StockLevelFactory(warehouse=channel.warehouse, item_number=empty.number, facility=reno, atp=0)
    client = sign_in("Ecommerce")

    shown = {
        query: items_in(client, f"/stock/?{query}")
        for query in (f"facility={reno.pk}", "tag=peak", "tag=pea", f"facility={reno.pk}&tag=peak")
    }

    assert shown == {
        f"facility={reno.pk}": ["ITEM-1", "ITEM-2"],
        "tag=peak": ["ITEM-1", "ITEM-3"],
        "tag=pea": [],
        f"facility={reno.pk}&tag=peak": ["ITEM-1"],
    }


@pytest.mark.parametrize("query", ["", "?question=stale&words=ITEM", "?channel=HARBOUR"])
def test_thirty_items_cost_as_many_queries_as_three(sign_in: SignIn, query: str) -> None:
    client, channel = sign_in("Ecommerce"), stock_channel()
    _fill(channel, 0, 3)
    few = queries_of(client, f"/stock/{query}")
    _fill(channel, 3, 30)

    many = queries_of(client, f"/stock/{query}")

    assert many == few
    assert len(items_in(client, f"/stock/{query}")) == 30


def _fill(channel: Any, first: int, end: int) -> None:
    for number in range(first, end):
        item = item_on(channel, f"ITEM-{number:03d}")
        level_of(item, number, f"F{number:02d}")
        for part in (1, 2):
            offer_of(item, channel, f"SKU-{number:03d}-{part}", is_stale=True)


def test_the_list_goes_on_by_key_and_htmx_gets_the_table_alone(sign_in: SignIn) -> None:
    client, channel = sign_in("Ecommerce"), stock_channel()
    for number in range(55):
        item_on(channel, f"ITEM-{number:03d}")

    first, rest = items_in(client, "/stock/"), items_in(client, f"/stock/?after==ITEM-049~{_pk('ITEM-049')}")
    part = client.get("/stock/", headers={"HX-Request": "true", "HX-Target": "listing"}).content.decode()

    assert (len(first), rest) == (50, [f"ITEM-{number:03d}" for number in range(50, 55)])
    assert part.lstrip().startswith("<section")


def _pk(number: str) -> int:
    return StockItem.objects.get(number=number).pk


def test_the_switcher_stays_on_the_lists_and_the_rail_knows_them(client: Client, sign_in: SignIn) -> None:
    stock_channel()

    pages = {
        address: sign_in("Ecommerce").get(address).content.decode()
        for address in ("/stock/", "/stock/pushes/", "/stock/offers-without-item/")
    }

    for address, page in pages.items():
        assert f'action="{address}"' in page
        assert page.count('href="/stock/" aria-current="page"') >= 1


def _many(number: int) -> Any:
    channel = stock_channel()
    items = [StockItemFactory.build(warehouse=channel.warehouse, number=f"N-{n:05d}") for n in range(number)]
    StockItem.objects.bulk_create(items)
    SkuMapping.objects.bulk_create(
        SkuMappingFactory.build(channel=channel, offer_sku=f"S-{n:05d}", item_number=f"N-{n:05d}")
        for n in range(number)
    )
    OfferStock.objects.bulk_create(
        OfferStockFactory.build(channel=channel, offer_sku=f"S-{n:05d}", is_stale=n == 7) for n in range(number)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE integration_stockitem, integration_skumapping, integration_offerstock")
    return channel


def test_few_answers_are_found_by_their_own_index_among_many_items() -> None:
    _many(4_000)
    rows = StockItem.objects.only("id")

    stale = OfferStock.objects.filter(STALE).explain()
    answer = items_asked(rows, "stale")
    words = items_matching(rows, "N-0012").explain()

    assert "offer_stock_stale" in stale
    assert (answer.is_dense, answer.rows.count()) == (False, 1)
    for index in ("stock_item_begins", "stock_item_name_begins", "stock_item_upcs", "sku_mapping_begins"):
        assert index in words
    for plan in (stale, words):
        assert "Seq Scan" not in plan


def test_what_is_not_known_counts_as_unknown_and_not_as_zero(sign_in: SignIn) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1")
    level_of(item, 5, "Reno", unknown_since=timezone.now())
    never = item_on(channel, "ITEM-2")
    level_of(never, None, "Louisville")
    assert StockLevel.objects.count() == 2

    words = words_of(sign_in("Ecommerce"), "/stock/")

    assert "1 facility unknown" in words
    assert f"ITEM-2 {never.name} - -" in words
