from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import db_now
from core.models import AuditEntry
from exceptions.domain.catalogue import CATALOGUE
from exceptions.models import Case
from exceptions.services.refresh_cases import refresh_cases
from integration.models import Channel, OfferStock, StockFinding
from integration.services.stock.record_findings import Finding, record_findings
from tests.factories.lanes import ChannelFactory, OrderFactory
from tests.factories.stock import OfferStockFactory, StockPushFactory, StockPushLineFactory
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db


def case_of(kind: str, channel: Channel | None, count: int = 1, *, cause: str = "SHOP", **detail: Any) -> Case:
    found = Finding(kind, cause, f"Found of {kind}", count, detail)
    link = "" if channel else "deposco:HOUSE"
    record_findings(kinds=[kind], channel=channel, connection=link, found=[found], now=db_now())
    refresh_cases()
    return Case.objects.get(kind=kind, cause_key=cause)


def test_a_case_counts_the_offers_of_its_finding_in_the_list_and_on_its_page(sign_in: SignIn) -> None:
    case = case_of("stock.discrepancy", ChannelFactory(), 41)
    client = sign_in("Ecommerce")

    desk = client.get("/exceptions/").content.decode()
    page = client.get(f"/exceptions/{case.pk}/").content.decode()
    today = client.get("/?team=ecommerce").content.decode()

    for shown in (desk, page, today):
        assert "41 offers" in shown
    assert case.record_count == 41
    assert case.records.count() == 1


def test_a_million_offers_are_one_record(sign_in: SignIn) -> None:
    case = case_of("stock.offer_unmapped", ChannelFactory(), 1_000_000)

    page = sign_in("Ecommerce").get(f"/exceptions/{case.pk}/").content.decode()

    assert "1,000,000 offers" in page
    assert case.records.count() == 1


def test_the_page_shows_the_numbers_and_rows_of_a_finding_and_leads_on(sign_in: SignIn) -> None:
    channel = ChannelFactory(code="NORTH")
    rows = [{"offer": "SKU-003", "told": 100, "shown": 90}]
    case = case_of("stock.discrepancy", channel, 1, largest_difference=10, gap="hidden-gap", examples=rows)

    page = sign_in("Auditor").get(f"/exceptions/{case.pk}/").content.decode()

    for words in ("Largest difference", ">10<", "SKU-003", ">Told<", ">100<", "?question=differs&amp;channel=NORTH"):
        assert words.replace(">10<", "10").replace(">100<", "100") in page
    assert "hidden-gap" not in page


@pytest.mark.parametrize("kind", [kind.kind for kind in CATALOGUE if kind.kind.startswith("stock.")])
def test_every_kind_of_stock_case_is_shown_with_whatever_stands_in_its_finding(sign_in: SignIn, kind: str) -> None:
    odd: dict[str, Any] = {
        "examples": ["SKU-1", "SKU-2"],
        "items": ["A", "B"],
        "sent_at": "2026-01-02T03:04:05+00:00",
        "x": None,
    }
    case = case_of(kind, ChannelFactory(), 2, **odd)

    page = sign_in("Ecommerce").get(f"/exceptions/{case.pk}/").content.decode()

    assert "SKU-2" in page
    assert "A, B" in page


def test_an_oversold_item_shows_its_orders_their_worth_and_the_earliest_deadline(sign_in: SignIn) -> None:
    order = OrderFactory()
    deadline = order.shipping_deadline_at
    case = case_of(
        "order.oversold",
        None,
        2,
        cause="ITEM-003",
        orders=2,
        value="49.00",
        currency="EUR",
        deadline=deadline.isoformat(),
        examples=[{"order": order.order_id, "order_id": order.pk, "units": 2}],
    )

    page = sign_in("Ecommerce").get(f"/exceptions/{case.pk}/").content.decode()

    assert (case.order_count, case.value, case.currency, case.deadline_at) == (2, Decimal(49), "EUR", deadline)
    assert f'href="/orders/{order.pk}/"' in page
    assert "49.00" in page


def test_push_again_tells_the_numbers_that_differ_and_leaves_the_others(sign_in: SignIn) -> None:
    channel = ChannelFactory()
    OfferStockFactory(channel=channel, wanted_seq=0, offer_sku="WRONG", differs_since=db_now())
    OfferStockFactory(channel=channel, wanted_seq=0, offer_sku="RIGHT")
    case = case_of("stock.discrepancy", channel)

    reply = sign_in("Ecommerce").post(f"/exceptions/{case.pk}/fix/", follow=True)

    waiting = [row.offer_sku for row in OfferStock.objects.all() if row.wanted_seq > row.pushed_seq]
    assert waiting == ["WRONG"]
    assert "1 number goes out with the next file" in reply.content.decode()
    assert AuditEntry.objects.filter(action="stock.pushed_again").exists()


def test_push_again_tells_refused_numbers_and_those_of_a_file_that_failed(sign_in: SignIn) -> None:
    channel = ChannelFactory()
    OfferStockFactory(channel=channel, wanted_seq=0, offer_sku="REFUSED", refused_at=db_now())
    OfferStockFactory(channel=channel, wanted_seq=0, offer_sku="IN-FILE")
    push = StockPushFactory(channel=channel, state="failed")
    StockPushLineFactory(push=push, offer_sku="IN-FILE")
    refused = case_of("stock.line_rejected", channel, cause="reason")
    failed = case_of("stock.push_failed", channel, cause="failed", push=push.pk)
    client = sign_in("Ecommerce")

    client.post(f"/exceptions/{refused.pk}/fix/")
    after_one = {row.offer_sku for row in OfferStock.objects.all() if row.wanted_seq > row.pushed_seq}
    client.post(f"/exceptions/{failed.pk}/fix/")
    after_both = {row.offer_sku for row in OfferStock.objects.all() if row.wanted_seq > row.pushed_seq}

    assert (after_one, after_both) == ({"REFUSED"}, {"REFUSED", "IN-FILE"})


def test_a_persons_word_closes_the_case_with_the_reason_and_is_audited(sign_in: SignIn) -> None:
    channel = ChannelFactory()
    case = case_of("stock.double_buffer", channel, gap=2)

    sign_in("Ecommerce").post(f"/exceptions/{case.pk}/settle/", {"reason": "Two are for the outlet."})
    refresh_cases()

    case.refresh_from_db()
    finding = StockFinding.objects.get()
    assert (case.state, case.resolved_how, case.resolved_by) == ("resolved", "by us", finding.cleared_by)
    assert finding.detail["meant_because"] == "Two are for the outlet."
    assert AuditEntry.objects.get(action="finding.meant").after == {"reason": "Two are for the outlet."}
    assert case.events.filter(kind="meant", summary__contains="outlet").exists()


def test_a_case_that_a_person_closed_once_and_that_closes_by_itself_later_says_so(sign_in: SignIn) -> None:
    channel = ChannelFactory()
    case = case_of("stock.double_buffer", channel, gap=2)
    sign_in("Ecommerce").post(f"/exceptions/{case.pk}/settle/", {"reason": "Meant."})
    refresh_cases()
    case_of("stock.double_buffer", channel, gap=3)
    record_findings(kinds=["stock.double_buffer"], channel=channel, connection="", found=[], now=db_now())

    refresh_cases()

    case.refresh_from_db()
    assert (case.regressions, case.resolved_how, case.resolved_by) == (1, "by itself", None)


def test_a_word_needs_a_reason(sign_in: SignIn) -> None:
    case = case_of("stock.double_buffer", ChannelFactory(), gap=2)

    reply = sign_in("Ecommerce").post(f"/exceptions/{case.pk}/settle/", {"reason": "  "})

    assert reply.status_code == 422
    assert StockFinding.objects.get().cleared_at is None


@pytest.mark.parametrize("kind", ["stock.push_failed", "stock.line_rejected", "stock.stale", "order.oversold"])
def test_no_word_ends_what_only_its_cause_can_end(sign_in: SignIn, kind: str) -> None:
    case = case_of(kind, ChannelFactory())
    client = sign_in("Ecommerce")

    page = client.get(f"/exceptions/{case.pk}/").content.decode()
    client.post(f"/exceptions/{case.pk}/settle/", {"reason": "Meant.", "note": "Meant."})

    assert "Mark as meant" not in page
    assert StockFinding.objects.get().cleared_at is None


@pytest.mark.parametrize("role", ["Warehouse", "Finance preparer", "Auditor"])
def test_who_does_not_set_stock_rules_neither_pushes_again_nor_says_what_is_meant(sign_in: SignIn, role: str) -> None:
    case = case_of("stock.discrepancy", ChannelFactory())
    client = sign_in(role)

    page = client.get(f"/exceptions/{case.pk}/").content.decode()
    fixed = client.post(f"/exceptions/{case.pk}/fix/")
    settled = client.post(f"/exceptions/{case.pk}/settle/", {"reason": "Meant."})

    assert "Mark as meant" not in page
    assert (fixed.status_code, settled.status_code) == (403, 403)
    assert StockFinding.objects.get().cleared_at is None


def test_today_counts_what_is_wrong_with_stock_for_ecommerce(sign_in: SignIn) -> None:
    channel = ChannelFactory()
    case_of("stock.discrepancy", channel, 41)
    case_of("stock.offer_unmapped", channel, 7)
    case_of("stock.push_failed", channel, 900)

    page = sign_in("Ecommerce").get("/?team=ecommerce").content.decode()

    for number, link in (
        ("41", "/stock/?question=differs"),
        ("7", "/stock/offers-without-item/"),
        ("1", "push_failed"),
    ):
        assert f'<span class="check-number">{number}</span>' in page
        assert link in page


def test_a_refresh_takes_as_many_statements_for_two_hundred_findings_as_for_none() -> None:
    channel = ChannelFactory()
    with CaptureQueriesContext(connection) as none:
        refresh_cases()
    found = [Finding("order.oversold", f"ITEM-{number}", "Oversold", 3, {"value": "1.00"}) for number in range(200)]
    record_findings(kinds=["order.oversold"], channel=channel, connection="", found=found, now=db_now())

    with CaptureQueriesContext(connection) as many:
        refresh_cases()

    assert len(none) == len(many)
    assert Case.objects.filter(record_count=3).count() == 200
