"""A file at the marketplace: followed to its end, whatever that is; nothing counts as landed that is not known to have."""

from datetime import timedelta

import httpx
import pytest

from core.clock import db_now
from core.http import StatusError, UnknownOutcomeError
from integration.models import ListedOffer, OfferStock, OfferStockHour, StockPush, StockPushLine
from integration.services.stock.finish_push import Told, finish_push
from integration.services.stock.push_again import push_again
from sandbox.mirakl.imports import run
from tests.db.pushing import SKUS, Pushing

GONE = "SKU-UNKNOWN"


def _send(pushing: Pushing, numbers: dict[str, int | None] | None = None) -> StockPush:
    """A file that the marketplace has."""
    pushing.want(numbers or {SKUS[0]: 4, SKUS[1]: 6})
    assert pushing.plan().lines
    pushing.send()
    return pushing.push()


def test_complete_without_errors_lands_every_line(pushing: Pushing) -> None:
    _send(pushing)

    pushing.end()

    push = pushing.push()
    assert (push.state, push.landed, push.refused, push.told_landed, push.problem) == ("done", 2, 0, 2, "")
    offer = pushing.offer(SKUS[0])
    assert (offer.pushed, offer.pushed_seq, offer.push_id) == (4, offer.wanted_seq, push.pk)
    assert offer.pushed_at is not None
    assert set(StockPushLine.objects.values_list("outcome", flat=True)) == {"landed"}


def test_hours_keep_what_was_told_within_them(pushing: Pushing) -> None:
    for number in (9, 2, 5):
        pushing.want({SKUS[0]: number})
        pushing.tell()
        pushing.house.skip(61)

    told = [(row.lowest, row.highest, row.last, row.pushes) for row in OfferStockHour.objects.order_by("hour")]
    assert told[-1][2] == 5
    assert (min(row[0] for row in told), max(row[1] for row in told), sum(row[3] for row in told)) == (2, 9, 3)


@pytest.mark.parametrize("queued", [True, False])
def test_waiting_and_words_that_nobody_knows_go_on(pushing: Pushing, queued: bool) -> None:
    pushing.house.operator.queued_status = queued
    pushing.next_import(stays="WAITING")
    push = _send(pushing)
    pushing.house.skip(16)
    if not queued:
        body = {"status": "MEDITATING", "has_error_report": False, "import_id": push.import_id}
        pushing.house.gate.before = lambda _request: httpx.Response(200, json=body)

    pushing.follow()

    push.refresh_from_db()
    assert (push.state, push.mirakl_status) == ("processing", "QUEUED" if queued else "MEDITATING")


def test_refused_lines_keep_the_words_and_the_others_land(pushing: Pushing) -> None:
    _send(pushing, {SKUS[0]: 4, GONE: 8})

    pushing.end()

    push = pushing.push()
    assert (push.state, push.landed, push.refused, push.has_report, push.problem) == ("done", 1, 1, True, "")
    offer = pushing.offer(GONE)
    assert (offer.pushed, offer.refused_words, offer.refusals) == (None, "The offer does not exist", 1)
    assert offer.pushed_seq == offer.wanted_seq
    line = StockPushLine.objects.get(offer_sku=GONE)
    assert (line.outcome, line.words) == ("refused", "The offer does not exist")
    assert pushing.offer(SKUS[0]).pushed == 4
    assert pushing.find() == [("stock.line_rejected", "the offer does not exist", 1)]


def test_a_refused_number_is_told_again_after_ten_minutes_an_hour_six_and_then_daily(pushing: Pushing) -> None:
    _send(pushing, {GONE: 8})
    pushing.end()
    waits: list[timedelta] = []

    for _ in range(5):
        offer = pushing.offer(GONE)
        assert offer.retry_at is not None
        assert offer.refused_at is not None
        waits.append(offer.retry_at - offer.refused_at)
        pushing.house.skip((offer.retry_at - db_now()).total_seconds() - 30)
        assert pushing.plan().lines == 0
        pushing.house.skip(60)
        pushing.tell()

    assert [wait / timedelta(minutes=1) for wait in waits] == [10, 60, 360, 1440, 1440]
    assert pushing.offer(GONE).refusals == 6


def test_a_number_that_is_taken_after_all_forgets_the_refusal_and_clears_the_finding(pushing: Pushing) -> None:
    pushing.house.shop.refused_skus = {
        SKUS[0]: f"Offer {SKUS[0]} is locked since 3 days",
        SKUS[1]: f"Offer {SKUS[1]} is locked since 9 days",
    }
    _send(pushing)
    pushing.end()
    assert pushing.find() == [("stock.line_rejected", "offer ... is locked since # days", 2)]
    pushing.house.shop.refused_skus = {}
    pushing.house.skip(601)

    pushing.tell()

    offer = pushing.offer(SKUS[0])
    assert (offer.pushed, offer.refused_at, offer.refused_words, offer.refusals, offer.retry_at) == (
        4,
        None,
        "",
        0,
        None,
    )
    assert pushing.find() == []


def test_a_newer_number_does_not_wait_for_the_retry_of_a_refused_one(pushing: Pushing) -> None:
    _send(pushing, {GONE: 8})
    pushing.end()
    pushing.house.operator.add_offer(pushing.house.shop, GONE, 9.9)
    pushing.want({GONE: 2}, urgency=1)
    pushing.house.skip(61)

    pushing.tell()

    assert pushing.shown(GONE) == [2]


def test_an_offer_that_was_not_there_goes_sooner_when_it_is_listed_again(pushing: Pushing) -> None:
    _send(pushing, {GONE: 8})
    pushing.end()
    pushing.house.skip(61)
    assert pushing.plan().lines == 0
    pushing.house.operator.add_offer(pushing.house.shop, GONE, 9.9)
    ListedOffer.objects.create(channel=pushing.channel, offer_sku=GONE, quantity=0, read_at=db_now())

    pushing.tell()

    assert pushing.shown(GONE) == [8]


def test_an_offer_refused_for_another_reason_does_not_go_sooner_for_being_listed(pushing: Pushing) -> None:
    pushing.house.shop.refused_skus = {SKUS[0]: "Locked by the operator"}
    _send(pushing)
    pushing.end()
    pushing.house.skip(61)
    ListedOffer.objects.create(channel=pushing.channel, offer_sku=SKUS[0], quantity=0, read_at=db_now())

    assert pushing.plan().lines == 0


def test_a_failed_import_lands_nothing_as_far_as_we_know_and_is_told_again(pushing: Pushing) -> None:
    pushing.next_import(ends="FAILED", lines=1)
    push = _send(pushing)
    pushing.end()
    assert pushing.find() == [("stock.push_failed", "failed", 2)]

    pushing.work(150)

    push.refresh_from_db()
    assert (push.state, push.landed) == ("failed", 0)
    assert set(StockPushLine.objects.filter(push_id=push.pk).values_list("outcome", flat=True)) == {"failed"}
    assert pushing.shown(SKUS[0], SKUS[1]) == [4, 6]
    assert pushing.find() == []


def test_without_the_report_of_refused_lines_nothing_counts_as_landed_and_all_is_told_again(pushing: Pushing) -> None:
    pushing.fault("error_500_before", "STO03", count=-1)
    first = _send(pushing, {SKUS[0]: 4, GONE: 8})

    with pytest.raises(StatusError):
        pushing.end()
    assert pushing.offer(SKUS[0]).pushed is None
    pushing.house.skip(1700)
    assert pushing.push().state == "processing"
    pushing.house.skip(200)
    pushing.follow()

    first.refresh_from_db()
    assert (first.state, "1 lines" in first.problem, "told again" in first.problem) == ("given_up", True, True)
    assert pushing.find() == [("stock.push_failed", "given_up", 2)]
    pushing.house.world.faults.clear(None)
    pushing.tell()
    assert (pushing.offer(SKUS[0]).pushed, pushing.offer(GONE).refusals) == (4, 1)


def test_a_report_that_cannot_be_read_is_asked_for_again(pushing: Pushing) -> None:
    pushing.fault("wrong_body", "STO03")
    _send(pushing, {SKUS[0]: 4, GONE: 8})
    with pytest.raises(UnknownOutcomeError):
        pushing.end()

    pushing.end()

    assert (pushing.push().landed, pushing.push().refused) == (1, 1)
    assert pushing.refusals() == 0


def test_an_import_without_an_end_is_a_finding_after_half_an_hour_and_given_up_after_two(pushing: Pushing) -> None:
    pushing.next_import(stays="RUNNING")
    push = _send(pushing)
    pushing.work(1700, step=20)
    assert pushing.find() == []
    pushing.work(200, step=20)
    assert pushing.find() == [("stock.push_failed", "slow", 2)]

    pushing.house.skip(5400)
    pushing.work(100)

    push.refresh_from_db()
    assert push.state == "given_up"
    assert (pushing.shown(SKUS[0], SKUS[1]), pushing.push().state) == ([4, 6], "done")
    assert pushing.find() == []


def test_numbers_that_land_after_they_were_given_up_are_told_over(pushing: Pushing) -> None:
    pushing.next_import(stays="RUNNING")
    old = _send(pushing)
    pushing.house.skip(7300)
    pushing.want({SKUS[0]: 1}, urgency=1)
    pushing.work(200)
    assert (pushing.shown(SKUS[0]), pushing.push().state) == ([1], "done")
    run(pushing.house.operator, pushing.house.operator.imports[old.import_id], pushing.house.world.clock.seconds())
    assert pushing.shown(SKUS[0]) == [4]

    pushing.work(900, step=15)

    assert pushing.shown(SKUS[0], SKUS[1]) == [1, 6]
    assert pushing.offer(SKUS[0]).pushed_seq == pushing.offer(SKUS[0]).wanted_seq
    old.refresh_from_db()
    assert (old.state, old.mirakl_status, old.landed) == ("given_up", "COMPLETE", 0)
    looks = len(pushing.arrivals("STO02"))
    pushing.work(1300, step=20)
    assert len(pushing.arrivals("STO02")) == looks


def test_an_import_that_is_not_known_three_times_over_minutes_is_given_up(pushing: Pushing) -> None:
    push = _send(pushing)
    pushing.house.operator.imports.clear()
    for _ in range(7):
        pushing.house.skip(16)
        pushing.follow()
    push.refresh_from_db()
    assert (push.state, push.misses >= 3) == ("processing", True)

    pushing.house.skip(30)
    pushing.follow()

    push.refresh_from_db()
    assert (push.state, "does not know" in push.problem) == ("given_up", True)
    pushing.tell()
    assert pushing.offer(SKUS[0]).pushed == 4


def test_an_import_that_is_not_known_at_first_is_asked_for_again(pushing: Pushing) -> None:
    push = _send(pushing)
    job = pushing.house.operator.imports.pop(push.import_id)
    pushing.house.skip(16)
    pushing.follow()
    pushing.house.operator.imports[push.import_id] = job
    pushing.house.skip(16)

    pushing.follow()

    push.refresh_from_db()
    assert (push.state, push.misses) == ("done", 0)


def test_counts_that_do_not_add_up_are_kept_and_said(pushing: Pushing) -> None:
    push = _send(pushing)
    told = {"status": "COMPLETE", "has_error_report": False, "lines_in_success": 1, "import_id": push.import_id}
    pushing.house.gate.before = lambda _request: httpx.Response(200, json=told)
    pushing.house.skip(16)

    pushing.follow()

    push.refresh_from_db()
    assert push.problem == "Counts do not add up: the file had 2 lines, and Mirakl tells of 1"
    assert (push.state, push.told_landed) == ("done", 1)


def test_lines_in_error_are_asked_for_although_no_report_is_announced(pushing: Pushing) -> None:
    push = _send(pushing, {SKUS[0]: 4, GONE: 8})
    body = {"status": "COMPLETE", "has_error_report": False, "lines_in_success": 1, "lines_in_error": 1}
    pushing.house.gate.before = lambda request: (
        httpx.Response(200, json=body) if request.url.path.endswith("/status") else None
    )

    pushing.end()

    push.refresh_from_db()
    assert (push.landed, push.refused) == (1, 1)


def test_a_late_end_of_an_older_file_changes_nothing_newer(pushing: Pushing) -> None:
    old = _send(pushing, {SKUS[0]: 4, SKUS[1]: 6})
    newer = pushing.want({SKUS[0]: 1})
    OfferStock.objects.filter(offer_sku=SKUS[0]).update(pushed=1, pushed_seq=newer)

    finish_push(push=old, refused=(), told=Told(2, 0))

    assert (pushing.offer(SKUS[0]).pushed, pushing.offer(SKUS[0]).pushed_seq) == (1, newer)
    assert pushing.offer(SKUS[1]).pushed == 6


def test_a_push_that_is_over_is_not_finished_a_second_time(pushing: Pushing) -> None:
    push = _send(pushing)
    pushing.end()
    OfferStock.objects.update(pushed=None, pushed_seq=0)

    assert finish_push(push=push, refused=(), told=Told()) is False
    assert pushing.offer(SKUS[0]).pushed is None


def test_an_offer_refused_at_one_warehouse_code_is_refused_as_one(pushing: Pushing) -> None:
    pushing.house.shop.warehouse_codes = {"EAST"}
    pushing.want({SKUS[0]: 5, SKUS[1]: 2}, places={"EAST": 3, "WEST": 2})
    OfferStock.objects.filter(offer_sku=SKUS[1]).update(places=None)
    pushing.plan()
    pushing.send()

    pushing.end()

    assert pushing.offer(SKUS[0]).refused_words == "Warehouse with code WEST does not exist"
    assert (pushing.push().landed, pushing.push().refused, pushing.push().problem) == (1, 1, "")


def test_numbers_may_be_told_again_although_they_did_not_change(pushing: Pushing) -> None:
    _send(pushing)
    pushing.end()
    pushing.house.shop.offers[SKUS[0]]["quantity"] = 77
    pushing.house.skip(61)

    assert push_again(channel=pushing.channel, offer_skus=[SKUS[0], "SKU-NOWHERE"], by=None) == 1
    pushing.tell()

    assert pushing.lines() == [(SKUS[0], 4)]
    assert pushing.shown(SKUS[0]) == [4]


def test_following_waits_its_turn_and_asks_nobody_when_nothing_is_under_way(pushing: Pushing) -> None:
    assert pushing.follow().skipped == "no file is under way"
    pushing.next_import(stays="RUNNING")
    _send(pushing)
    pushing.follow()

    assert pushing.follow().skipped == "no call is free yet"
    assert len(pushing.arrivals("STO02")) == 1


def test_a_paused_shop_is_not_asked(pushing: Pushing) -> None:
    _send(pushing)
    pushing.channel.is_active = False
    pushing.channel.save(update_fields=["is_active"])
    pushing.house.skip(16)

    assert pushing.follow().skipped == "the connection is paused"
    assert pushing.arrivals("STO02") == []
