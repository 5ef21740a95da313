"""Whether an item stands behind an offer is marked on the offer, by whoever lists it and by whoever maps it."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction

from integration.models import Channel, ListedOffer, SkuMapping
from integration.queries.stock.unmapped_offers import unmapped_offers
from integration.services.import_sku_map import import_sku_map
from integration.services.map_sku import map_sku
from integration.services.stock.find_offer_problems import unmapped_offers as find_unmapped
from integration.services.stock.read_offers import read_offers
from integration.services.unmap_sku import unmap_sku
from tests.db.house import House
from tests.factories.lanes import ChannelFactory, SkuMappingFactory
from tests.factories.stock import ListedOfferFactory

ONE = [("ITEM-1", Decimal(1))]


def without_item(channel: Channel) -> list[str]:
    rows = unmapped_offers().filter(channel=channel)
    return sorted(rows.values_list("offer_sku", flat=True))


def counted(channel: Channel) -> int:
    return sum(found.count for found in find_unmapped(channel=channel))


@pytest.mark.django_db
def test_a_listing_marks_the_offers_that_an_item_stands_behind(north: House) -> None:
    SkuMappingFactory(channel=north.channel, offer_sku="SKU-001")
    SkuMappingFactory(offer_sku="SKU-002")  # the same word at another shop is another offer
    mapped = set(SkuMapping.objects.filter(channel=north.channel).values_list("offer_sku", flat=True))

    read_offers(channel=north.channel)

    assert without_item(north.channel) == sorted(set(north.shop.offers) - mapped) != []
    assert counted(north.channel) == len(north.shop.offers) - len(mapped & set(north.shop.offers))


@pytest.mark.django_db
def test_a_map_by_hand_by_file_or_taken_away_marks_its_offers() -> None:
    channel = ChannelFactory()
    for sku in ("SKU-1", "SKU-2", "SKU-3"):
        ListedOfferFactory(channel=channel, offer_sku=sku)
    ListedOfferFactory(offer_sku="SKU-1")  # the same word at another shop is another offer
    everywhere = unmapped_offers().count()

    map_sku(channel=channel, offer_sku="SKU-1", components=ONE, by=None)
    by_hand = without_item(channel)
    text = "offer_sku,item_number\nSKU-2,ITEM-2\nSKU-9,ITEM-9\n"
    import_sku_map(channel=channel, text=text, by=None, dry_run=False)
    by_file = without_item(channel)
    unmap_sku(channel=channel, offer_sku="SKU-1", by=None)

    assert (by_hand, by_file) == (["SKU-2", "SKU-3"], ["SKU-3"])
    assert without_item(channel) == ["SKU-1", "SKU-3"]
    assert counted(channel) == 2
    assert unmapped_offers().count() == everywhere - 1


@pytest.mark.django_db
def test_an_offer_that_changed_nothing_is_marked_right_by_the_next_listing(north: House) -> None:
    SkuMappingFactory(channel=north.channel, offer_sku="SKU-001")
    read_offers(channel=north.channel)
    right = without_item(north.channel)
    ListedOffer.objects.filter(channel=north.channel, offer_sku="SKU-001").update(is_mapped=False)
    ListedOffer.objects.filter(channel=north.channel, offer_sku="SKU-002").update(is_mapped=True)

    north.skip(3600)
    result = read_offers(channel=north.channel)

    assert (result.read, result.changed) == (41, 0)
    assert "SKU-002" in right
    assert without_item(north.channel) == right


@pytest.mark.django_db(transaction=True)
def test_who_maps_an_offer_does_not_wait_for_a_listing_that_writes_it() -> None:
    channel = ChannelFactory()
    ListedOfferFactory(channel=channel, offer_sku="SKU-1")

    def by_hand() -> list[str]:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
            map_sku(channel=channel, offer_sku="SKU-1", components=ONE, by=None)
            return without_item(channel)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        ListedOffer.objects.update(quantity=3)
        meanwhile = pool.submit(by_hand).result(timeout=20)

    assert meanwhile == ["SKU-1"]
    assert SkuMapping.objects.filter(channel=channel, offer_sku="SKU-1").exists()
