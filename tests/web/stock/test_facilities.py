from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from core.models import AuditEntry
from integration.models import Channel, ChannelFacility, ChannelStock, Facility
from tests.factories.stock import ChannelFacilityFactory, ChannelStockFactory, FacilityFactory
from tests.web.conftest import SignIn
from tests.web.orders.reading import queries_of
from tests.web.stock.shelf import stock_channel, text_of, words_of

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FORM = {
    "is_active": "on",
    "time_zone": "Europe/Paris",
    "cut_off": "14:30",
    "handling_hours": "24",
    "working_days": ["1", "2", "3", "4", "5", "6"],
    "holidays": "2026-12-25\n\n2026-12-26",
}
TERMS = {
    "promise_hours": "48",
    "promise_skips_weekends": "on",
    "time_zone": "Europe/Paris",
    "stale_minutes": "20",
    "push_seconds": "90",
    "file_lines": "1000",
    "delimiter": ",",
}


def _facility(channel: Any, name: str = "Reno", **values: Any) -> Facility:
    row: Facility = FacilityFactory(warehouse=channel.warehouse, name=name, number=name[:3].upper(), **values)
    return row


def _stop_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("facilities", "facilities_channel"):
        monkeypatch.setattr(f"integration.web.stock.{module}.db_now", lambda: WEDNESDAY)


def test_the_list_says_what_a_facility_keeps_who_may_offer_it_and_when_that_changes(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stop_clock(monkeypatch)
    channel = stock_channel(name="Harbour Plaza")
    ChannelStockFactory(channel=channel)
    ChannelStock.objects.filter(channel=channel).update(promise_hours=26)
    row = _facility(channel, cut_off=time(16, 0), handling_hours=12, holidays=[date(2026, 11, 1), date(2026, 12, 25)])
    ChannelFacilityFactory(channel=channel, facility=row, is_eligible=True, words="It leaves in time.")

    words = words_of(sign_in("Auditor"), "/stock/facilities/")

    for expected in (
        "Reno REN In use",
        "16:00 in UTC",
        "12 hours from the beginning until it leaves",
        "Mon to Fri",
        "Holidays Fri 25 Dec 2026",
        "Harbour Plaza It leaves in time.",
        "Offered",
        "26 hours, weekends not counted",
    ):
        assert expected in words
    assert "1 Nov" not in words


def test_what_would_follow_is_shown_before_anything_is_stored(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    _stop_clock(monkeypatch)
    channel = stock_channel(name="Harbour Plaza")
    ChannelStockFactory(channel=channel)
    ChannelStock.objects.filter(channel=channel).update(promise_hours=24)
    row = _facility(channel)

    answer = sign_in("Warehouse").post(f"/stock/facilities/{row.pk}/save/", FORM | {"handling_hours": "72"})
    words = text_of(answer.content.decode())

    assert "1 of 1 would be otherwise at once" in words
    assert "Offered Ordered Wed 25 Nov 12:00, it leaves Wed 25 Nov 12:00" in words
    assert "Not offered Ordered Wed 25 Nov 13:00, it leaves Sat 28 Nov 13:00" in words
    row.refresh_from_db()
    assert (row.handling_hours, row.updated_by) == (0, None)


def test_saving_stores_the_calendar_names_who_did_it_and_asks_for_numbers(sign_in: SignIn) -> None:
    channel = stock_channel()
    row = _facility(channel)
    client = sign_in("Warehouse")

    answer = client.post(f"/stock/facilities/{row.pk}/save/", FORM | {"do": "apply"})

    row.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, "/stock/facilities/")
    assert (row.time_zone, row.cut_off, row.handling_hours) == ("Europe/Paris", time(14, 30), 24)
    assert (row.working_days, row.holidays) == ([1, 2, 3, 4, 5, 6], [date(2026, 12, 25), date(2026, 12, 26)])
    assert ChannelStock.objects.get(channel=channel).recompute_asked_at is not None
    assert AuditEntry.objects.filter(action="facility.capability").count() == 1
    assert f"by {row.updated_by}" in words_of(client, f"/stock/facilities/{row.pk}/")


def test_a_line_that_is_no_date_and_a_zone_that_nobody_knows_are_said_and_nothing_is_stored(sign_in: SignIn) -> None:
    row = _facility(stock_channel())
    wrong = FORM | {"do": "apply", "holidays": "2026-12-25\n25.12.\n2026-02-30", "time_zone": "Paris"}

    answer = sign_in("Ecommerce").post(f"/stock/facilities/{row.pk}/save/", wrong)
    words = text_of(answer.content.decode())

    assert answer.status_code == 422
    assert "Line 2, “25.12.”, is no date" in words
    assert "Line 3, “2026-02-30”, is no date" in words
    assert "Choose a time zone such as Europe/Paris." in words
    row.refresh_from_db()
    assert row.holidays == []


def test_terms_are_previewed_then_stored_even_where_the_channel_has_none_yet(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stop_clock(monkeypatch)
    channel = stock_channel(code="HARBOUR")
    ChannelStock.objects.filter(channel=channel).delete()
    _facility(channel, handling_hours=72)
    client = sign_in("Ecommerce")

    preview = text_of(client.post("/stock/channels/HARBOUR/save/", TERMS).content.decode())
    stored_before = ChannelStock.objects.filter(channel=channel).exists()
    client.post("/stock/channels/HARBOUR/save/", TERMS | {"do": "apply"})

    stock = ChannelStock.objects.get(channel=channel)
    assert "1 of 1 would be otherwise at once" in preview
    assert "Offered The channel promises no time." in preview
    assert not stored_before
    assert (stock.promise_hours, stock.delimiter, stock.file_lines, stock.push_seconds) == (48, ",", 1000, 90)
    assert stock.updated_by is not None


def test_codes_are_stored_and_a_facility_without_one_is_said_to_be_left_out(sign_in: SignIn) -> None:
    channel = stock_channel(code="HARBOUR")
    reno, other = _facility(channel, "Reno"), _facility(channel, "Louisville")
    client = sign_in("Ecommerce")

    client.post("/stock/channels/HARBOUR/codes/", {f"code_{reno.pk}": " US-W ", f"code_{other.pk}": ""})

    assert ChannelFacility.objects.get(channel=channel, facility=reno).warehouse_code == "US-W"
    words = words_of(client, "/stock/channels/HARBOUR/")
    assert "Louisville Not offered Other facilities have a code here" in words
    assert AuditEntry.objects.filter(action="channel.warehouse_code").count() == 1


def test_no_code_is_stored_where_one_of_them_cannot_be_used(sign_in: SignIn) -> None:
    channel = stock_channel(code="HARBOUR")
    first, second = _facility(channel, "Alpha"), _facility(channel, "Beta")

    answer = sign_in("Ecommerce").post(
        "/stock/channels/HARBOUR/codes/", {f"code_{first.pk}": "A", f"code_{second.pk}": "B\x07B"}
    )

    assert answer.status_code == 422
    assert "without line breaks" in answer.content.decode()
    assert not ChannelFacility.objects.exclude(warehouse_code="").exists()


@pytest.mark.parametrize(
    ("role", "facility_status", "terms_status"),
    [("Warehouse", 200, 403), ("Auditor", 403, 403), ("Ecommerce", 200, 200)],
)
def test_the_warehouse_sets_facilities_and_ecommerce_the_terms_too(
    sign_in: SignIn, role: str, facility_status: int, terms_status: int
) -> None:
    channel = stock_channel(code="HARBOUR")
    row = _facility(channel)
    client = sign_in(role)

    answers = (
        client.post(f"/stock/facilities/{row.pk}/save/", FORM),
        client.post("/stock/channels/HARBOUR/save/", TERMS),
    )
    page = client.get(f"/stock/facilities/{row.pk}/").content.decode()

    assert [answer.status_code for answer in answers] == [facility_status, terms_status]
    assert ("See what would follow" in page) == (facility_status == 200)


def test_many_facilities_and_channels_cost_no_more_statements_than_a_few(sign_in: SignIn) -> None:
    client = sign_in("Auditor")
    channel = stock_channel("FIRST")
    few = [_facility(channel, f"{number} few") for number in range(3)]
    for row in few:
        ChannelFacilityFactory(channel=channel, facility=row)
    addresses = ["/stock/facilities/", f"/stock/facilities/{few[0].pk}/", "/stock/channels/FIRST/"]
    before = [queries_of(client, address) for address in addresses]

    for number in range(30):
        row = _facility(channel, f"{number:02d} many")
        ChannelFacilityFactory(channel=channel, facility=row)
        stock_channel(f"MORE-{number}", warehouse=channel.warehouse)
    after = [queries_of(client, address) for address in addresses]

    assert after == before


def test_terms_are_set_before_a_channel_is_told_stock(sign_in: SignIn) -> None:
    channel = stock_channel(code="HARBOUR", name="Harbour Plaza")
    Channel.objects.filter(pk=channel.pk).update(lanes=["acceptance"])
    row = _facility(channel)
    client = sign_in("Ecommerce")

    answer = client.post("/stock/channels/HARBOUR/save/", TERMS | {"do": "apply"})
    listed = words_of(client, "/stock/facilities/")

    assert answer.status_code == 302
    assert ChannelStock.objects.get(channel=channel).promise_hours == 48
    assert "Harbour Plaza 48 hours, weekends not counted Europe/Paris 20 min not told stock yet" in listed
    assert "This channel is not told stock yet" in words_of(client, "/stock/channels/HARBOUR/")
    assert "No channel of this warehouse is told stock." in words_of(client, f"/stock/facilities/{row.pk}/")
