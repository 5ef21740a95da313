import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from core.clock import db_now
from core.http import HttpError, UnknownOutcomeError
from integration.models import ChannelStock, FeedCursor, ListedOffer, OfferStock, UnreadableRecord
from integration.services.stock.forget_shop import forget_shop
from integration.services.stock.read_offers import OffersRead, read_offers
from integration.services.stock.stage_offers import count_staged
from sandbox.mirakl.plans import Plan
from tests.db.house import House
from tests.factories.stock import StockPushFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(north: House) -> House:
    """A shop whose 41 offers are few."""
    return north


@pytest.fixture
def many(north: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The same shop where more than ten offers are many, and an export takes five seconds."""
    for module in ("read_offers", "read_offer_pages"):
        monkeypatch.setattr(f"integration.services.stock.{module}.MOST_PAGED", 10)
    north.operator.export_seconds = 5.0
    north.operator.small_chunks = True
    # Long after the offers were put up.
    north.skip(3600)
    return north


def read(house: House) -> OffersRead:
    return read_offers(channel=house.channel)


def read_all(house: House) -> OffersRead:
    """Until what was asked for is there."""
    result = read(house)
    for _ in range(20):
        if not result.is_open:
            break
        house.skip(11)
        result = read(house)
    return result


def memory(house: House) -> dict[str, Any]:
    return dict(FeedCursor.objects.get(connection=house.channel.connection, feed="offers").memory)


def listed(house: House, sku: str = "SKU-001") -> ListedOffer:
    return ListedOffer.objects.get(channel=house.channel, offer_sku=sku)


def test_few_offers_are_read_by_pages_with_all_that_the_shop_tells(few: House) -> None:
    few.shop.offers["SKU-002"] |= {"eans": ["4006381333931"], "min_order_quantity": 3, "quantity": 0}

    result = read(few)

    offer = listed(few, "SKU-002")
    assert (result.read, result.changed, result.skipped) == (41, 41, "")
    assert (offer.quantity, offer.is_active, offer.inactivity_reasons) == (0, False, ["ZERO_QUANTITY"])
    assert (offer.references, offer.min_order_quantity) == (["4006381333931"], 3)
    assert offer.title
    assert offer.product_sku == "P-SKU-002"
    assert ChannelStock.objects.get(channel=few.channel).proved_fully_at is not None


def test_offers_are_read_every_ten_minutes_and_not_sooner(few: House) -> None:
    read(few)

    few.skip(9 * 60)
    early = read(few)
    few.skip(61)
    late = read(few)

    assert early.skipped == "not due"
    assert late.read == 41


def test_offers_are_read_a_minute_after_a_file_of_numbers_ended(few: House) -> None:
    read(few)
    few.skip(90)
    now = db_now()
    StockPushFactory(channel=few.channel, created_at=now - timedelta(seconds=30), finished_at=now)

    few.skip(50)
    early = read(few)
    few.skip(11)
    then = read(few)
    few.skip(90)
    again = read(few)

    assert early.skipped == "not due"
    assert then.read == 41
    assert again.skipped == "not due"


def test_only_offers_that_changed_are_written(few: House) -> None:
    read(few)
    before = dict(ListedOffer.objects.values_list("offer_sku", "read_at"))
    few.shop.offers["SKU-003"]["quantity"] = 99
    few.skip(601)

    result = read(few)

    after = dict(ListedOffer.objects.values_list("offer_sku", "read_at"))
    assert result.changed == 1
    assert [sku for sku in after if after[sku] != before[sku]] == ["SKU-003"]
    assert listed(few, "SKU-003").quantity == 99


def test_an_offer_that_a_whole_list_does_not_name_is_gone_and_may_come_back(few: House) -> None:
    read(few)
    offer = few.shop.offers.pop("SKU-004")
    few.skip(601)

    gone = read(few)
    when_gone = listed(few, "SKU-004").gone_at
    few.shop.offers["SKU-004"] = offer
    few.skip(601)
    back = read(few)

    assert (gone.gone, back.changed) == (1, 1)
    assert when_gone is not None
    assert listed(few, "SKU-004").gone_at is None


def test_a_list_with_a_row_that_cannot_be_read_ends_no_offer(few: House) -> None:
    read(few)
    few.shop.offers.pop("SKU-004")
    few.gate.before = _one_bad_row(few)
    few.skip(601)

    result = read(few)

    assert (result.unreadable, result.gone) == (1, 0)
    assert listed(few, "SKU-004").gone_at is None
    assert UnreadableRecord.objects.filter(feed="offers", cleared_at=None).count() == 1
    few.gate.before = lambda _request: None
    few.skip(601)
    assert read(few).gone == 1
    assert not UnreadableRecord.objects.filter(feed="offers", cleared_at=None).exists()


def _one_bad_row(house: House) -> Any:
    def answer(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/api/offers"):
            return None
        reply = house.gate.behind.handle_request(request)
        body = json.loads(reply.read())
        body["offers"][0] |= {"shop_sku": None}
        return httpx.Response(200, json=body)

    return answer


def test_a_reading_that_breaks_off_changes_nothing(few: House) -> None:
    read(few)
    few.shop.offers["SKU-003"]["quantity"] = 99
    few.gate.before = lambda request: httpx.Response(503) if "/api/offers" in request.url.path else None
    few.skip(601)

    with pytest.raises(HttpError):
        read(few)

    assert listed(few, "SKU-003").quantity == 5
    assert read(few).skipped in ("the connection is paused", "the far side asked to wait")
    few.gate.before = lambda _request: None
    few.skip(901)
    assert read(few).changed == 1


def test_many_offers_are_exported_and_fetched_when_the_export_is_there(many: House) -> None:
    first = read(many)
    soon = read(many)
    result = read_all(many)

    assert (first.is_open, soon.is_open) == (True, True)
    assert (result.read, result.changed) == (41, 41)
    assert "export" not in memory(many)
    assert ChannelStock.objects.get(channel=many.channel).proved_fully_at is not None


def test_after_the_first_export_only_changes_are_asked_for(many: House) -> None:
    read_all(many)
    many.operator.add_offer(many.shop, "SKU-003", 9.0, 77, at=many.world.clock.seconds() + 850)
    many.operator.delete_offer(many.shop, "SKU-004", many.world.clock.seconds() + 850)
    many.skip(901)

    result = read_all(many)

    job = list(many.operator.exports.values())[-1]
    assert "last_request_date" in job.wanted
    assert result.read == 2
    assert (listed(many, "SKU-003").quantity, result.gone) == (77, 1)
    assert listed(many, "SKU-004").gone_at is not None
    assert listed(many, "SKU-005").gone_at is None


def test_what_an_export_does_not_tell_stays_as_it_was_known(many: House) -> None:
    read_all(many)
    ListedOffer.objects.filter(offer_sku="SKU-003").update(title="Kept", references=["123"])
    many.operator.add_offer(many.shop, "SKU-003", 9.0, 77, at=many.world.clock.seconds() + 850)
    many.skip(901)

    read_all(many)

    offer = listed(many, "SKU-003")
    assert (offer.quantity, offer.title, offer.references) == (77, "Kept", ["123"])


def test_every_offer_is_exported_once_a_day_and_no_more(many: House) -> None:
    read_all(many)
    for _ in range(8):
        many.skip(3 * 3600 - 60)
        read_all(many)
    fulls = [job for job in many.operator.exports.values() if "last_request_date" not in job.wanted]
    many.skip(3600)

    read_all(many)

    again = [job for job in many.operator.exports.values() if "last_request_date" not in job.wanted]
    assert (len(fulls), len(again)) == (1, 2)


def test_an_export_whose_file_breaks_off_goes_on_with_that_file(many: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.services.stock.read_offer_export.CHUNK", 20)
    fetched: list[str] = []

    def cut_second(request: httpx.Request) -> httpx.Response | None:
        if "/export/async/file/" not in request.url.path:
            return None
        fetched.append(str(request.url.params["file"]))
        return httpx.Response(500) if len(fetched) == 2 else None

    many.gate.before = cut_second
    read(many)
    many.skip(11)
    with pytest.raises(HttpError):
        read(many)
    half = ListedOffer.objects.count()
    many.skip(601)
    result = read_all(many)

    assert half == 0
    assert result.read == ListedOffer.objects.count() == 41
    assert len(fetched) == len(set(fetched)) + 1


def test_an_export_that_failed_is_forgotten_and_said(many: House) -> None:
    many.operator.export_plans.waiting.append(Plan(ends="FAILED"))
    read(many)
    many.skip(11)

    with pytest.raises(UnknownOutcomeError, match="did not come"):
        read(many)

    assert "export" not in memory(many)
    assert not ListedOffer.objects.exists()


def test_what_was_set_aside_and_lost_is_fetched_again(many: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = {"count": 0}

    def count_once_wrong(**values: Any) -> int:
        lost["count"] += 1
        return 0 if lost["count"] == 1 else count_staged(**values)

    monkeypatch.setattr("integration.services.stock.read_offer_export.count_staged", count_once_wrong)

    result = read_all(many)

    assert result.read == 41
    assert lost["count"] == 2


def test_an_operator_without_exports_is_read_by_pages_however_many_offers_there_are(many: House) -> None:
    many.gate.before = lambda request: (
        httpx.Response(404, json={"message": "off", "status": 404}) if "/export/async" in request.url.path else None
    )

    first = read(many)
    second = read(many)

    assert first.skipped == "the operator offers no export"
    assert second.read == 41


def test_another_centres_offers_are_none_of_ours(few: House) -> None:
    def answer(request: httpx.Request) -> httpx.Response | None:
        reply = few.gate.behind.handle_request(request)
        body = json.loads(reply.read())
        for row in body.get("offers", ())[:1]:
            row["fulfillment"] = {"center": {"code": "OPERATOR"}}
        return httpx.Response(reply.status_code, json=body)

    few.gate.before = answer

    read(few)

    assert ListedOffer.objects.count() == 40


def test_nothing_is_left_set_aside_after_a_reading(many: House) -> None:
    read_all(many)

    assert count_staged(channel=many.channel) == 0


def test_a_channel_that_is_pointed_at_another_shop_reads_it_anew(few: House) -> None:
    read(few)
    FeedCursor.objects.all().delete()
    forget_shop(channel=few.channel)

    result = read(few)

    assert result.changed == 41
    assert OfferStock.objects.count() == 0
