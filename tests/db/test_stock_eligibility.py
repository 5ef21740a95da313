"""Which facilities a channel may sell from, judged by the minute; a flip has the numbers of that channel follow."""

from datetime import UTC, datetime, time, timedelta

import pytest

from core.jobs import run_job
from integration.models import Channel, ChannelFacility, ChannelStock, Facility, OfferStock
from integration.services.stock.compute_numbers import compute_warehouse
from integration.services.stock.judge_facilities import Judged, judge_facilities
from tests.factories.lanes import ChannelFactory, SkuMappingFactory
from tests.factories.stock import FacilityFactory, StockLevelFactory, StockRuleFactory

# A Wednesday.
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def channel(db: None) -> Channel:
    """Promises that parcels leave within six hours; its one facility begins until 14:00 what it hands over in two."""
    made: Channel = ChannelFactory(lanes=["stock"], stock__promise_hours=6, stock__fully_computed_at=NOON)
    facility = FacilityFactory(warehouse=made.warehouse, number="LVL", cut_off=time(14), handling_hours=2)
    StockLevelFactory(warehouse=made.warehouse, facility=facility, item_number="A", atp=9)
    SkuMappingFactory(channel=made, offer_sku="OFFER-A", item_number="A")
    return made


def work(channel: Channel) -> None:
    assert channel.warehouse is not None
    compute_warehouse(warehouse=channel.warehouse)


def asked(channel: Channel) -> bool:
    return ChannelStock.objects.get(channel=channel).recompute_asked_at is not None


def test_a_facility_that_keeps_the_promise_is_eligible_and_asks_for_nothing(channel: Channel) -> None:
    done = judge_facilities(channel=channel, now=NOON)

    row = ChannelFacility.objects.get(channel=channel)
    assert (done, row.is_eligible, row.judged_at) == (Judged(1, 0, False), True, NOON)
    assert row.words == "Ordered Wed 04 Mar 12:00, it leaves Wed 04 Mar 14:00, promised by Wed 04 Mar 18:00."
    assert not asked(channel)


def test_after_the_cut_off_its_stock_is_not_offered_until_the_next_working_day(channel: Channel) -> None:
    judge_facilities(channel=channel, now=NOON)
    other = ChannelFactory(warehouse=channel.warehouse, lanes=["stock"], stock__fully_computed_at=NOON)

    done = judge_facilities(channel=channel, now=NOON + timedelta(hours=3))
    flipped, its_own, others = done.flipped, asked(channel), asked(other)
    work(channel)

    row = OfferStock.objects.get(channel=channel)
    assert (flipped, its_own, others) == (1, True, False)
    assert (row.total, row.eligible, row.wanted) == (9, 0, 0)

    judge_facilities(channel=channel, now=NOON + timedelta(hours=20))
    work(channel)

    row.refresh_from_db()
    assert (row.eligible, row.wanted) == (9, 9)


def test_the_same_answer_a_minute_later_asks_for_nothing(channel: Channel) -> None:
    judge_facilities(channel=channel, now=NOON + timedelta(hours=3))
    ChannelStock.objects.update(recompute_asked_at=None)

    done = judge_facilities(channel=channel, now=NOON + timedelta(hours=3, minutes=1))

    assert done.flipped == 0
    assert not asked(channel)


def test_a_facility_that_is_switched_off_says_so(channel: Channel) -> None:
    Facility.objects.update(is_active=False)

    judge_facilities(channel=channel, now=NOON)

    row = ChannelFacility.objects.get(channel=channel)
    assert (row.is_eligible, row.words) == (False, "The facility is switched off.")


def test_judging_leaves_the_code_that_staff_gave_the_facility(channel: Channel) -> None:
    judge_facilities(channel=channel, now=NOON)
    ChannelFacility.objects.update(warehouse_code="WEST")

    judge_facilities(channel=channel, now=NOON + timedelta(hours=3))

    assert ChannelFacility.objects.get().warehouse_code == "WEST"


@pytest.mark.parametrize(
    ("first", "last", "is_new"),
    [(5, None, True), (None, 4, True), (6, None, False), (3, 9, False), (None, None, False)],
)
def test_the_day_on_which_a_dated_rule_begins_or_ended_has_the_numbers_follow(
    channel: Channel, first: int | None, last: int | None, is_new: bool
) -> None:
    judge_facilities(channel=channel, now=NOON)
    ChannelStock.objects.update(recompute_asked_at=None)
    StockRuleFactory(
        channel=channel,
        first_date=first and NOON.date().replace(day=first),
        last_date=last and NOON.date().replace(day=last),
    )

    done = judge_facilities(channel=channel, now=NOON + timedelta(days=1))

    assert (done.is_new_day, done.flipped, asked(channel)) == (is_new, 0, is_new)


def test_the_job_judges_every_channel_that_tells_stock(channel: Channel) -> None:
    asleep = ChannelFactory(warehouse=channel.warehouse, lanes=[])

    run = run_job("stock.judge")

    assert run is not None
    assert (run.outcome, run.error) == ("ok", "")
    assert list(ChannelFacility.objects.values_list("channel", flat=True)) == [channel.pk]
    assert asleep.pk != channel.pk
