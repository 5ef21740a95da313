from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from core.clock import db_now
from integration.models import Channel, OfferStock, StockFinding
from integration.services.stock.find_offer_problems import GAPS
from integration.services.stock.find_stock_problems import find_stock_problems
from integration.services.stock.record_findings import Finding, record_findings
from tests.db.stock_shop import Shop
from tests.factories.lanes import ChannelFactory
from tests.factories.people import UserFactory

KINDS = ("stock.discrepancy", "stock.double_buffer")


def record(channel: Channel | None, *found: Finding, kinds: tuple[str, ...] = KINDS, connection: str = "") -> int:
    return record_findings(kinds=kinds, channel=channel, connection=connection, found=found, now=db_now())


def differs(count: int = 3, **detail: object) -> Finding:
    return Finding("stock.discrepancy", "SHOP", f"{count} offers differ", count, detail)


def opened() -> list[tuple[str, str, int]]:
    rows = StockFinding.objects.filter(cleared_at=None).order_by("kind", "cause_key", "id")
    return [(row.kind, row.cause_key, row.count) for row in rows]


@pytest.mark.django_db
def test_what_is_found_is_opened_updated_and_cleared() -> None:
    channel = ChannelFactory()

    first = record(channel, differs(3), Finding("stock.double_buffer", "seen:2", "Two units"))
    since = StockFinding.objects.get(kind="stock.discrepancy").since
    second = record(channel, differs(5))

    assert (first, second) == (2, 1)
    assert opened() == [("stock.discrepancy", "SHOP", 5)]
    assert StockFinding.objects.get(kind="stock.discrepancy").since == since
    assert StockFinding.objects.get(kind="stock.double_buffer").cleared_by is None


@pytest.mark.django_db
def test_other_kinds_channels_and_connections_are_left_alone() -> None:
    one, other = ChannelFactory(), ChannelFactory()
    record(one, differs())
    record(other, differs())
    record(None, Finding("stock.stale", "WMS:feed", "Overdue"), kinds=("stock.stale",), connection="deposco:A")
    record(None, Finding("stock.stale", "WMS:feed", "Overdue"), kinds=("stock.stale",), connection="deposco:B")

    record(one)
    record(one, kinds=("stock.offer_unmapped",))
    record(None, kinds=("stock.stale",), connection="deposco:A")

    still = StockFinding.objects.filter(cleared_at=None).order_by("kind")
    assert [(row.kind, row.channel, row.connection) for row in still] == [
        ("stock.discrepancy", other, ""),
        ("stock.stale", None, "deposco:B"),
    ]


@pytest.mark.django_db
def test_a_cause_that_comes_back_is_a_new_row_and_the_old_one_is_kept() -> None:
    channel = ChannelFactory()
    record(channel, differs(gap=2))
    record(channel)

    record(channel, differs(gap=2))

    assert StockFinding.objects.count() == 2
    assert len(opened()) == 1


@pytest.mark.django_db
def test_the_word_of_a_person_stands_until_the_gap_changes() -> None:
    channel = ChannelFactory()
    record(channel, differs(gap=2))
    StockFinding.objects.update(cleared_at=db_now(), cleared_by=UserFactory())

    while_same = record(channel, differs(gap=2))
    away = record(channel)
    same_again = record(channel, differs(gap=2))
    when_other = record(channel, differs(gap=3))

    assert (while_same, away, same_again, when_other) == (0, 0, 0, 1)


@pytest.mark.django_db
def test_no_word_closes_a_finding_without_a_gap() -> None:
    channel = ChannelFactory()
    record(channel, differs())
    StockFinding.objects.update(cleared_at=db_now(), cleared_by=UserFactory())

    record(channel, differs())

    assert len(opened()) == 1


@pytest.mark.django_db
def test_a_finding_of_a_kind_that_was_not_looked_for_is_refused() -> None:
    channel = ChannelFactory()

    with pytest.raises(ValueError, match=r"stock\.stale"):
        record(channel, Finding("stock.stale", "WMS", "Overdue"))
    with pytest.raises(ValueError, match="stand once"):
        record(channel, differs(1), differs(2))


@pytest.mark.django_db
def test_a_thousand_findings_take_as_many_statements_as_one() -> None:
    channel = ChannelFactory()
    many = [Finding("stock.discrepancy", f"SKU-{number}", "Differs", 1) for number in range(1000)]

    with CaptureQueriesContext(
        database,
    ) as few:
        record(channel, many[0])
    with CaptureQueriesContext(database) as lots:
        record(channel, *many)

    assert len(few) == len(lots)
    assert len(opened()) == 1000


@pytest.mark.django_db(transaction=True)
def test_lookers_at_the_same_time_leave_what_the_last_of_them_found() -> None:
    channel = ChannelFactory()
    findings = [[Finding("stock.discrepancy", f"{one}", "Differs") for one in range(at, at + 20)] for at in range(12)]
    start = db_now()

    def look(at: int) -> int:
        try:
            return record_findings(
                kinds=KINDS,
                channel=channel,
                connection="",
                found=findings[at][:: 1 if at % 2 else -1],
                now=start + timedelta(seconds=at),
            )
        finally:
            database.close()

    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(look, range(12)))

    causes = {int(cause) for _, cause, _ in opened()}
    assert counts == [20] * 12
    assert causes in [set(range(at, at + 20)) for at in range(12)]


@pytest.mark.django_db
def test_every_offer_is_only_looked_at_again_while_one_differs() -> None:
    shop = Shop(A=9, B=9)
    find_stock_problems()

    with CaptureQueriesContext(database) as quiet:
        find_stock_problems()
    OfferStock.objects.filter(offer_sku="OFFER-A").update(differs_since=db_now())
    with CaptureQueriesContext(database) as differing:
        find_stock_problems()

    asked = [sum(GAPS.strip()[:30] in query["sql"] for query in looked) for looked in (quiet, differing)]
    assert shop.offer("A").differs_since is not None
    assert asked == [0, 1]
