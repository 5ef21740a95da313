"""Which numbers go into a shop's next file, and when there is one."""

from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction

from core.limits import open_breaker
from core.models import Bucket, Effect
from integration.models import OfferStock, StockPush, StockPushLine
from integration.services.pause_connection import pause_connection
from integration.services.stock.plan_push import plan_push
from integration.services.stock.push_file import digest, push_file
from integration.services.stock.push_pace import may_push, push_bucket
from tests.db.house import ALL_LANES
from tests.db.pushing import SKUS, Pushing


def test_urgent_numbers_go_first_and_among_drops_the_largest_in_proportion(pushing: Pushing) -> None:
    pushing.want(dict.fromkeys(SKUS[:6], 100))
    pushing.tell()
    pushing.want({SKUS[0]: 120}, urgency=3)
    pushing.want({SKUS[6]: 5}, urgency=2)
    pushing.want({SKUS[1]: 90, SKUS[2]: 10, SKUS[3]: 50}, urgency=1)
    pushing.want({SKUS[5]: 0}, urgency=0)
    pushing.settings(file_lines=5)
    pushing.house.skip(61)

    planned = pushing.plan()

    assert planned.lines == 5
    assert [sku for sku, _ in pushing.lines()] == [SKUS[5], SKUS[2], SKUS[3], SKUS[1], SKUS[6]]
    assert pushing.push().drops == 4


def test_what_does_not_fit_into_a_file_goes_with_the_next(pushing: Pushing) -> None:
    pushing.settings(file_lines=4)
    pushing.want({sku: number for number, sku in enumerate(SKUS)})

    pushing.work(330)

    assert pushing.shown(*SKUS) == list(range(10))
    assert [len(job.digest) and job.size for job in pushing.imports()] == [4, 4, 2]


def test_a_number_that_is_not_known_is_never_told(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: None})

    assert pushing.plan().lines == 0
    assert not StockPush.objects.exists()


def test_only_what_waits_is_told_and_an_empty_file_never(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 4, SKUS[1]: 5})
    pushing.tell()
    pushing.want({SKUS[1]: 6})
    pushing.house.skip(61)

    pushing.tell()
    pushing.house.skip(61)

    assert pushing.lines() == [(SKUS[1], 6)]
    assert pushing.plan().lines == 0


def test_the_next_file_is_planned_only_when_the_last_is_over(pushing: Pushing) -> None:
    pushing.next_import(stays="RUNNING")
    pushing.want({SKUS[0]: 4})
    pushing.plan()
    pushing.send()
    pushing.want({SKUS[0]: 9})

    pushing.work(600, step=20)

    assert StockPush.objects.count() == 1
    assert len(pushing.imports()) == 1
    assert pushing.plan().skipped == "the last file is under way"


def test_the_database_itself_keeps_a_second_file_from_being_under_way(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 4})
    pushing.plan()
    push = pushing.push()

    with pytest.raises(IntegrityError), transaction.atomic():
        StockPush.objects.create(
            channel=pushing.channel, state="processing", created_at=push.created_at, day=push.day, lines=1, seq_high=1
        )


def test_files_of_a_shop_arrive_more_than_a_minute_apart_and_looks_a_quarter(pushing: Pushing) -> None:
    for number in range(90):
        pushing.want({SKUS[number % 3]: number})
        pushing.work(10, step=5)

    gaps = [after - before for before, after in pairwise(pushing.arrivals())]
    looks = [after - before for before, after in pairwise(pushing.arrivals("STO02"))]
    assert len(gaps) >= 10
    assert min(gaps) > 60
    assert min(looks) > 15
    assert pushing.refusals() == 0


def test_nothing_is_planned_while_it_could_not_be_sent(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 4})
    open_breaker(f"conn:{pushing.channel.connection}", 600, "down")

    assert pushing.plan().skipped == "no call is free yet"
    assert not Effect.objects.filter(kind="mirakl.push_stock").exists()


def test_numbers_that_moved_before_the_file_left_go_instead_of_the_old(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 40, SKUS[1]: 7})
    pushing.plan()
    old = pushing.push()
    open_breaker(f"conn:{pushing.channel.connection}", 3600, "down")
    pushing.want({SKUS[0]: 0}, urgency=0)

    pushing.work(3700, step=20)

    assert pushing.shown(SKUS[0], SKUS[1]) == [0, 7]
    assert len(pushing.imports()) == 1
    assert not StockPush.objects.filter(pk=old.pk).exists()
    assert not StockPushLine.objects.filter(push_id=old.pk).exists()
    assert Effect.objects.get(business_key=str(old.pk)).state == "cancelled"


@pytest.mark.parametrize("how", ["lane off", "paused"])
def test_a_file_that_was_planned_is_taken_back_when_stock_is_switched_off(pushing: Pushing, how: str) -> None:
    pushing.want({SKUS[0]: 40})
    pushing.plan()

    if how == "paused":
        pause_connection(connection=pushing.channel, paused=True, by=None)
    else:
        pushing.set_lanes(*ALL_LANES)
    pushing.work(200)

    assert pushing.arrivals() == []
    assert not StockPush.objects.exists()
    assert pushing.effect().state == "cancelled"
    assert pushing.offer(SKUS[0]).pushed is None


def test_what_was_sent_is_followed_although_the_lane_went_off(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 40})
    pushing.plan()
    pushing.send()
    pushing.set_lanes(*ALL_LANES)
    pushing.want({SKUS[0]: 41})

    pushing.work(200)

    assert pushing.push().state == "done"
    assert pushing.offer(SKUS[0]).pushed == 40
    assert len(pushing.arrivals()) == 1


def test_an_offer_of_several_warehouse_codes_has_a_line_for_each_and_all_fit_or_none(pushing: Pushing) -> None:
    pushing.settings(file_lines=5)
    pushing.want({SKUS[0]: 5, SKUS[1]: 5, SKUS[2]: 5}, places={"WEST": 2, "EAST": 3})

    pushing.plan()

    assert [sku for sku, _ in pushing.lines()] == [SKUS[0], SKUS[1]]
    text = push_file(pushing.push(), delimiter=";").decode()
    assert text.splitlines()[1:3] == ['"SKU-001";"3";"EAST";""', '"SKU-001";"2";"WEST";""']
    pushing.send()
    pushing.end()
    assert pushing.house.shop.offers[SKUS[0]]["warehouses"] == {"EAST": 3, "WEST": 2}
    assert (pushing.push().state, pushing.push().problem) == ("done", "")


def test_one_offer_larger_than_a_file_may_be_goes_all_the_same(pushing: Pushing) -> None:
    pushing.settings(file_lines=1)
    pushing.want({SKUS[0]: 5}, places={"WEST": 2, "EAST": 3})

    assert pushing.plan().lines == 1


def test_the_lines_of_a_file_stay_what_they_were_whatever_the_offer_becomes(pushing: Pushing) -> None:
    seq = pushing.want({SKUS[0]: 40, SKUS[1]: 1})
    pushing.plan()
    before = digest(push_file(pushing.push(), delimiter=";"))

    pushing.want({SKUS[0]: 3}, urgency=1)
    pushing.send()

    assert digest(push_file(pushing.push(), delimiter=";")) == before == pushing.push().sha256
    assert pushing.push().seq_high == seq


def test_somebody_working_out_the_numbers_is_not_waited_for(pushing: Pushing, monkeypatch: pytest.MonkeyPatch) -> None:
    pushing.want({SKUS[0]: 40})
    monkeypatch.setattr("integration.services.stock.plan_push.try_to_lock_numbers", lambda _channel: False)

    assert plan_push(channel=pushing.channel).skipped == "the numbers are being worked out"
    assert not StockPush.objects.exists()


@pytest.mark.timeout(120)
def test_fifty_thousand_lines_of_many_more_are_planned_in_a_moment(pushing: Pushing) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO integration_offerstock (channel_id, offer_sku, wanted, wanted_seq, urgency, limiting_item,
                                                   is_stale, pushed, pushed_seq, refused_words, refusals)
               SELECT %s, 'OFR-' || n, n %% 90, 10, CASE WHEN n %% 10 = 0 THEN 1 ELSE 3 END, '', false, 100, 5, '', 0
               FROM generate_series(1, 120000) n""",
            [pushing.channel.pk],
        )
        cursor.execute("ANALYZE integration_offerstock")
        cursor.execute("SELECT clock_timestamp()")
        began = cursor.fetchone()[0]

        planned = pushing.plan()

        cursor.execute("SELECT clock_timestamp()")
        took = (cursor.fetchone()[0] - began).total_seconds()
    assert (planned.lines, OfferStock.objects.count()) == (50_000, 120_000)
    assert took < 10


def _lose_block(pushing: Pushing) -> None:
    """The process died before it could say when its call had ended."""
    Bucket.objects.filter(name=push_bucket(pushing.channel)).update(blocked_until=None)


def test_the_minute_and_a_hair_hold_although_the_process_died_in_its_call(
    pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushing.want({SKUS[0]: 4})
    pushing.plan()
    pushing.send()
    StockPush.objects.update(state="done")
    _lose_block(pushing)
    pushing.house.skip(50)
    assert not may_push(pushing.channel)
    pushing.want({SKUS[0]: 5})
    monkeypatch.setattr("integration.services.stock.plan_push.may_push", lambda _channel: True)
    assert pushing.plan().lines == 1

    pushing.send()

    assert (len(pushing.arrivals()), pushing.push().sends, pushing.effect().first_sent_at) == (1, 0, None)
    assert 1 / Bucket.objects.get(name=push_bucket(pushing.channel)).rate > 60
    pushing.house.skip(12)
    assert may_push(pushing.channel)


def test_the_minute_counts_from_the_end_of_a_call_and_not_from_its_beginning(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 4})
    pushing.plan()
    pushing.send()

    Bucket.objects.filter(name=push_bucket(pushing.channel)).update(tokens=1)

    assert not may_push(pushing.channel)
    pushing.house.skip(61)
    assert may_push(pushing.channel)
