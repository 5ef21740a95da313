"""What a channel keeps for its stock, and what it forgets when it is pointed at another shop."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import db_now
from integration.models import Channel, ChannelStock, ListedOffer, OfferStock, StockFinding, StockPush, StockTouch
from integration.services.pause_connection import pause_connection
from integration.services.set_lanes import set_lanes
from integration.services.stock.record_findings import Finding, record_findings
from integration.services.stock.touch_stock import touch_offers
from tests.db.stock_shop import Shop
from tests.db.test_connections import shop, tenant


def told(channel: Channel) -> OfferStock:
    """An offer whose number was told to the shop and seen there."""
    now = db_now()
    ListedOffer.objects.create(channel=channel, offer_sku="SKU-1", quantity=5, read_at=now)
    StockPush.objects.create(
        channel=channel, state="processing", created_at=now, day=now.date(), lines=1, seq_high=4, import_id="77"
    )
    return OfferStock.objects.create(
        channel=channel, offer_sku="SKU-1", wanted=5, wanted_seq=4, pushed=5, pushed_seq=4, pushed_at=now, seen=5
    )


@pytest.mark.django_db
def test_a_connected_channel_says_how_stock_goes_to_it() -> None:
    channel = shop()

    stock = ChannelStock.objects.get(channel=channel)

    assert (stock.push_seconds, stock.delimiter, stock.promise_hours) == (60, ";", None)


@pytest.mark.django_db
def test_a_channel_pointed_at_another_shop_tells_every_number_again() -> None:
    offer = told(shop(shop_id=2001))

    shop(shop_id=2002)

    offer.refresh_from_db()
    assert (offer.wanted, offer.pushed, offer.pushed_seq, offer.seen) == (5, None, 0, None)
    assert not ListedOffer.objects.exists()
    assert StockPush.objects.get().state == "given_up"


@pytest.mark.django_db
def test_who_points_a_channel_at_another_shop_waits_for_its_numbers_before_anything_of_it_is_locked() -> None:
    told(shop(shop_id=2001))

    with CaptureQueriesContext(connection) as asked:
        shop(shop_id=2002)

    locking = [query["sql"] for query in asked if "UPDATE" in query["sql"] or "pg_advisory" in query["sql"]]
    assert "pg_advisory_xact_lock" in locking[0]
    assert any("integration_channel" in sql for sql in locking[1:])


@pytest.mark.django_db
def test_a_new_key_for_the_same_shop_forgets_nothing() -> None:
    offer = told(shop(shop_id=2001))

    shop(shop_id=2001, api_key="another-key")

    offer.refresh_from_db()
    assert (offer.pushed, offer.seen) == (5, 5)
    assert StockPush.objects.get().state == "processing"


@pytest.mark.django_db
def test_numbers_are_worked_out_anew_when_the_lane_is_switched_on() -> None:
    channel = shop(lanes=["acceptance"])
    tenant()
    channel.refresh_from_db()

    set_lanes(channel=channel, lanes=["acceptance", "stock"], by=None)

    assert ChannelStock.objects.get(channel=channel).recompute_asked_at is not None


@pytest.mark.django_db
def test_switching_another_lane_asks_for_no_numbers() -> None:
    channel = shop(lanes=[])

    set_lanes(channel=channel, lanes=["acceptance"], by=None)

    assert ChannelStock.objects.get(channel=channel).recompute_asked_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("paused", ["channel", "warehouse"])
def test_what_moved_while_a_connection_was_paused_is_worked_out_when_it_goes_on(paused: str) -> None:
    own, other = Shop(A=9), Shop(B=9)
    own.open_channel()  # another shop of the warehouse, for which its touches are taken
    of = getattr(own, paused)

    pause_connection(connection=of, paused=True, by=None)
    own.set("A", 2)
    if paused == "channel":
        own.work()
    StockTouch.objects.all().delete()  # as upkeep does for a warehouse that is not read
    pause_connection(connection=of, paused=False, by=None)
    own.work()

    assert own.offer("A").wanted == 2
    assert ChannelStock.objects.get(channel=other.channel).recompute_asked_at is None


@pytest.mark.django_db
def test_a_connection_without_a_stock_lane_asks_for_no_numbers_when_it_goes_on() -> None:
    channel = shop(lanes=["acceptance"])
    pause_connection(connection=channel, paused=True, by=None)

    pause_connection(connection=channel, paused=False, by=None)

    assert ChannelStock.objects.get(channel=channel).recompute_asked_at is None


@pytest.mark.django_db
def test_a_number_that_was_to_be_told_again_while_the_lane_was_off_is_told_when_it_is_on() -> None:
    own = Shop(A=10, B=4)
    own.land()
    set_lanes(channel=own.channel, lanes=[], by=None)

    touch_offers(channel=own.channel, offer_skus=["OFFER-A"], is_forced=True)
    touch_offers(channel=own.channel, offer_skus=["OFFER-B"])
    own.work()
    set_lanes(channel=own.channel, lanes=["stock"], by=None)
    own.work()

    forced, other = own.offer("A"), own.offer("B")
    assert (forced.wanted, forced.wanted_seq > forced.pushed_seq) == (forced.pushed, True)
    assert other.wanted_seq == other.pushed_seq


@pytest.mark.django_db
def test_what_is_wrong_with_stock_is_nobodys_case_once_the_lane_is_off() -> None:
    channel = shop(lanes=["acceptance", "stock"])
    finding = Finding("stock.push_failed", "failed", "A file was not taken")
    record_findings(
        kinds=["stock.push_failed"], channel=channel, connection=channel.connection, found=[finding], now=db_now()
    )

    set_lanes(channel=channel, lanes=["acceptance"], by=None)

    assert not StockFinding.objects.filter(cleared_at=None).exists()
