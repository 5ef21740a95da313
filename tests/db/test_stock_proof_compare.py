from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import db_now
from integration.domain.stock_proof import Verdict, constant_gap, judge
from integration.models import Channel, ListedOffer, OfferStock
from integration.services.stock.constant_gaps import constant_gap_of
from integration.services.stock.prove_offers import SETTLE, Proved, prove_offers
from integration.services.stock.stage_offers import StagedOffer, drop_staged, stage_offers
from tests.factories.lanes import ChannelFactory, OrderFactory, OrderLineFactory
from tests.factories.stock import ListedOfferFactory, OfferStockFactory, StockPushFactory

pytestmark = pytest.mark.django_db


def told(
    channel: Channel, sku: str, quantity: int | None, *, minutes_ago: float = 10, pending: bool = False
) -> OfferStock:
    """An offer whose number landed so long ago."""
    landed = None if quantity is None else db_now() - timedelta(minutes=minutes_ago)
    made: OfferStock = OfferStockFactory(
        channel=channel,
        offer_sku=sku,
        wanted=quantity,
        wanted_seq=11 if pending else 10,
        pushed=quantity,
        pushed_seq=10,
        pushed_at=landed,
    )
    return made


def shown(channel: Channel, sku: str, quantity: int) -> None:
    ListedOfferFactory(channel=channel, offer_sku=sku, quantity=quantity)
    stage_offers(channel=channel, part=0, offers=[staged(sku, quantity)])


def staged(sku: str, quantity: int | None) -> StagedOffer:
    return StagedOffer(sku, "1", "", "", [], quantity, True, [], None, None, None, None, None)


def sold(channel: Channel, sku: str, units: int, *, minutes_ago: float = 5) -> None:
    at = db_now() - timedelta(minutes=minutes_ago)
    OrderLineFactory(order=OrderFactory(channel=channel, ordered_at=at), offer_sku=sku, quantity=units)


def prove(channel: Channel, *, began: datetime | None = None, unnamed_too: bool = False) -> Proved:
    now = db_now()
    return prove_offers(channel=channel, began=began or now, now=now, is_full=True, unnamed_too=unnamed_too)


def offer(sku: str = "SKU-1") -> OfferStock:
    return OfferStock.objects.get(offer_sku=sku)


@pytest.mark.parametrize(
    ("pushed", "seen", "differs"), [(7, 7, False), (7, 5, True), (7, 9, True), (0, 1, True), (None, 5, False)]
)
def test_a_number_that_settled_is_compared_with_what_was_told(pushed: int | None, seen: int, differs: bool) -> None:
    channel = ChannelFactory()
    told(channel, "SKU-1", pushed)
    shown(channel, "SKU-1", seen)

    result = prove(channel)

    assert offer().seen == seen
    assert (offer().differs_since is not None, result.different) == (differs, int(differs))


def test_a_number_is_not_judged_within_a_minute_of_its_landing_nor_while_a_newer_one_waits() -> None:
    channel = ChannelFactory()
    told(channel, "SKU-1", 7, minutes_ago=0.9)
    told(channel, "SKU-2", 7, pending=True)
    for sku in ("SKU-1", "SKU-2"):
        shown(channel, sku, 5)

    result = prove(channel)

    assert result.different == 0
    assert offer("SKU-1").seen == offer("SKU-2").seen == 5


def test_what_was_sold_since_explains_a_lower_number_and_no_higher_one() -> None:
    channel = ChannelFactory()
    for sku, number in (("SKU-1", 5), ("SKU-2", 4), ("SKU-3", 8)):
        told(channel, sku, 7)
        shown(channel, sku, number)
        sold(channel, sku, 2)

    prove(channel)

    assert [row.differs_since is not None for row in map(offer, ("SKU-1", "SKU-2", "SKU-3"))] == [False, True, True]


def test_a_sale_before_the_file_was_sent_or_on_another_channel_explains_nothing() -> None:
    channel, other = ChannelFactory(), ChannelFactory()
    told(channel, "SKU-1", 7)
    told(channel, "SKU-2", 7)
    for sku in ("SKU-1", "SKU-2"):
        shown(channel, sku, 5)
    sold(channel, "SKU-1", 2, minutes_ago=11)
    sold(other, "SKU-2", 2)

    result = prove(channel)

    assert result.different == 2


def test_a_sale_between_the_sending_of_a_file_and_its_end_explains_the_number() -> None:
    channel = ChannelFactory()
    row = told(channel, "SKU-1", 7)
    push = StockPushFactory(channel=channel, created_at=db_now() - timedelta(minutes=15))
    OfferStock.objects.filter(pk=row.pk).update(push_id=push.pk)
    shown(channel, "SKU-1", 5)
    sold(channel, "SKU-1", 2, minutes_ago=12)

    result = prove(channel)

    assert result.different == 0


def test_a_difference_keeps_its_beginning_and_ends_when_the_number_is_right() -> None:
    channel = ChannelFactory()
    told(channel, "SKU-1", 7)
    shown(channel, "SKU-1", 5)

    first = prove(channel)
    since = offer().differs_since
    again = prove(channel)
    kept = offer().differs_since
    OfferStock.objects.update(pushed=5)
    prove(channel)

    assert (first.newly, again.newly) == (1, 0)
    assert since == kept
    assert offer().differs_since is None


def test_a_difference_seen_twice_outlasts_a_newer_number_on_its_way_and_one_seen_once_does_not() -> None:
    channel = ChannelFactory()
    for sku in ("ONCE", "TWICE"):
        told(channel, sku, 7)
        shown(channel, sku, 5)
    prove(channel)
    OfferStock.objects.filter(offer_sku="ONCE").update(wanted_seq=11)
    prove(channel)
    OfferStock.objects.filter(offer_sku="TWICE").update(wanted_seq=11)

    prove(channel)

    assert (offer("ONCE").differs_since, offer("TWICE").differs_since is None) == (None, False)


def test_only_rows_that_say_something_new_are_written() -> None:
    channel = ChannelFactory()
    for number in range(30):
        told(channel, f"SKU-{number}", 7)
        shown(channel, f"SKU-{number}", 7)
    told(channel, "SOLD", 7)
    shown(channel, "SOLD", 6)
    sold(channel, "SOLD", 1)
    first = prove(channel)

    again = prove(channel)
    OfferStock.objects.filter(offer_sku="SKU-3").update(pushed_at=db_now())
    later = prove(channel, began=db_now() + timedelta(minutes=2))

    assert (first.written, again.written, later.written) == (31, 0, 1)


def test_batches_judge_every_offer_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.services.stock.prove_offers.BATCH", 3)
    channel = ChannelFactory()
    for number in range(8):
        told(channel, f"SKU-{number}", 7)
        shown(channel, f"SKU-{number}", 5)

    result = prove(channel)

    assert (result.written, result.different, result.newly) == (8, 8, 8)


def test_an_older_reading_does_not_undo_a_newer_one() -> None:
    channel = ChannelFactory()
    told(channel, "SKU-1", 7)
    shown(channel, "SKU-1", 7)
    prove(channel)
    ListedOffer.objects.update(quantity=3)

    result = prove(channel, began=db_now() - timedelta(minutes=5))

    assert (result.written, offer().seen) == (0, 7)


def test_an_offer_that_a_listing_does_not_name_is_judged_only_by_a_list_of_changes() -> None:
    channel = ChannelFactory()
    told(channel, "SKU-1", 7)
    ListedOfferFactory(channel=channel, offer_sku="SKU-1", quantity=5)

    of_all = prove(channel)
    of_changes = prove(channel, unnamed_too=True)

    assert (of_all.different, of_changes.different) == (0, 1)


def test_an_offer_whose_quantity_was_not_told_is_not_judged_by_the_one_before() -> None:
    channel = ChannelFactory()
    told(channel, "SKU-1", 7)
    ListedOfferFactory(channel=channel, offer_sku="SKU-1", quantity=5)
    stage_offers(channel=channel, part=0, offers=[staged("SKU-1", None)])

    result = prove(channel, unnamed_too=True)

    assert result.written == 0


def test_an_offer_that_is_gone_is_not_judged() -> None:
    channel = ChannelFactory()
    told(channel, "SKU-1", 7)
    ListedOfferFactory(channel=channel, offer_sku="SKU-1", quantity=5, gone_at=db_now())

    result = prove(channel, unnamed_too=True)

    assert result.written == 0


numbers = st.integers(0, 8)
cases = st.lists(
    st.fixed_dictionaries(
        {
            "pushed": numbers,
            "landed": st.one_of(st.none(), st.integers(0, 200)),
            "seen": numbers,
            "sold": st.lists(st.tuples(st.integers(1, 4), st.integers(0, 300)), max_size=3),
            "pending": st.booleans(),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=cases)
def test_the_statement_judges_as_the_domain_does(rows: list[dict[str, object]]) -> None:
    OfferStock.objects.all().delete()
    channel, now = ChannelFactory(), db_now()
    expected = {}
    for number, row in enumerate(rows):
        sku = f"SKU-{number}"
        landed = None if row["landed"] is None else now - timedelta(seconds=row["landed"])  # type: ignore[arg-type]
        OfferStockFactory(
            channel=channel,
            offer_sku=sku,
            wanted_seq=11 if row["pending"] else 10,
            pushed=row["pushed"],
            pushed_seq=10,
            pushed_at=landed,
        )
        shown(channel, sku, row["seen"])  # type: ignore[arg-type]
        units = 0
        for quantity, seconds_ago in row["sold"]:  # type: ignore[attr-defined]
            at = now - timedelta(seconds=seconds_ago)
            OrderLineFactory(order=OrderFactory(channel=channel, ordered_at=at), offer_sku=sku, quantity=quantity)
            units += quantity if landed is not None and at >= landed else 0
        expected[sku] = judge(
            pushed=row["pushed"],  # type: ignore[arg-type]
            landed_at=landed,
            seen=row["seen"],  # type: ignore[arg-type]
            read_began_at=now,
            settle=SETTLE,
            sold_since=units,
            has_newer_pending=bool(row["pending"]),
        ).verdict

    result = prove_offers(channel=channel, began=now, now=now, is_full=True, unnamed_too=False)

    differing = {row.offer_sku for row in OfferStock.objects.filter(channel=channel, differs_since__isnull=False)}
    assert differing == {sku for sku, verdict in expected.items() if verdict is Verdict.DIFFERENT}
    assert result.written == len(rows)
    drop_staged(channel=channel)


@given(pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30), gap=st.integers(-2, 4))
def test_a_gap_counted_by_the_database_is_the_gap_of_the_domain(pairs: list[tuple[int, int]], gap: int) -> None:
    pairs = pairs + [(ours, ours - gap) for ours in range(5, 25)]
    counts: dict[int, int] = {}
    for ours, theirs in pairs:
        if ours > 0 and theirs > 0:
            counts[ours - theirs] = counts.get(ours - theirs, 0) + 1

    found = constant_gap_of(counts.items())

    assert found == constant_gap(pairs)
