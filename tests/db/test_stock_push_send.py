"""What becomes of a file that was sent: lost answers, refusals, keys, limits; and never two imports of different numbers."""

from datetime import timedelta
from itertools import pairwise

import httpx
import pytest

from core.models import AuditEntry, Breaker, Effect
from integration.models import ChannelStock, StockPush
from integration.services.stock.push_again import push_again
from tests.db.house import ALL_LANES
from tests.db.pushing import SKUS, Pushing


def test_a_good_answer_gives_the_import_to_follow(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 4})
    pushing.plan()

    pushing.send()

    push = pushing.push()
    assert (push.state, push.import_id, push.sends) == ("processing", pushing.imports()[0].id, 1)
    assert (pushing.effect().state, pushing.effect().result) == ("done", {"import_id": push.import_id})
    assert pushing.offer(SKUS[0]).pushed is None


@pytest.mark.parametrize(
    "fault", ["reset_after", "timeout_after", "truncate", "wrong_body", "blank", "error_500_after"]
)
def test_a_lost_answer_is_asked_for_by_the_same_file_which_is_the_same_import_while_it_waits(
    pushing: Pushing, fault: str
) -> None:
    pushing.next_import(seconds=300)
    pushing.fault(fault)
    pushing.want({SKUS[0]: 4})

    pushing.work(700)

    assert len(pushing.imports()) == 1
    assert (pushing.push().state, pushing.push().sends) == ("done", 2)
    assert pushing.arrivals()[1] - pushing.arrivals()[0] >= 60
    assert pushing.offer(SKUS[0]).pushed == 4


@pytest.mark.parametrize("fault", ["reset_before", "timeout_before", "error_500_before", "late_commit"])
def test_a_lost_file_goes_again_after_the_settle_and_lands(pushing: Pushing, fault: str) -> None:
    pushing.fault(fault, seconds=40)
    pushing.want({SKUS[0]: 4})
    pushing.plan()
    pushing.send()
    pushing.want({SKUS[0]: 9})

    pushing.work(400)

    assert pushing.shown(SKUS[0]) == [9]
    assert pushing.house.shop.landings.backwards == 0
    # A file that came late counts when it came: the repeat may be too early for the marketplace, and is told so.
    assert pushing.refusals() == (1 if fault == "late_commit" else 0)


def test_three_sends_without_an_answer_are_enough_and_newer_numbers_take_their_place(pushing: Pushing) -> None:
    pushing.fault("reset_before", count=3)
    pushing.want({SKUS[0]: 4, SKUS[1]: 8})
    pushing.plan()
    first = pushing.push().pk
    pushing.send()
    pushing.want({SKUS[0]: 2}, urgency=1)

    pushing.work(300)

    old = StockPush.objects.get(pk=first)
    assert (old.state, old.sends) == ("given_up", 3)
    assert "never answered" in old.problem
    pushing.work(100)
    assert pushing.shown(SKUS[0], SKUS[1]) == [2, 8]
    effect = Effect.objects.get(business_key=str(first))
    assert (effect.state, effect.parked_code) == ("cancelled", "")


def test_old_numbers_are_not_repeated_after_a_long_silence(pushing: Pushing) -> None:
    pushing.fault("reset_before")
    pushing.want({SKUS[0]: 40})
    pushing.plan()
    first = pushing.push().pk
    pushing.send()
    pushing.want({SKUS[0]: 1}, urgency=1)
    pushing.house.skip(1200)

    pushing.work(200)

    assert StockPush.objects.get(pk=first).state == "given_up"
    assert [landing.quantity for landing in pushing.house.shop.landings.of(SKUS[0])][-1:] == [1]
    assert len(pushing.imports()) == 1


def test_a_file_of_unknown_fate_is_not_repeated_once_the_lane_is_off(pushing: Pushing) -> None:
    pushing.fault("reset_before")
    pushing.want({SKUS[0]: 40})
    pushing.plan()
    pushing.send()
    pushing.set_lanes(*ALL_LANES)

    pushing.work(300)

    assert pushing.push().state == "given_up"
    assert len(pushing.arrivals()) == 1


def test_what_died_before_it_left_is_taken_back_at_once_and_planned_anew(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 40})
    pushing.plan()
    effect = pushing.effect()
    Effect.objects.filter(pk=effect.pk).update(
        state="unknown", first_sent_at=effect.created_at, last_sent_at=effect.created_at
    )
    pushing.want({SKUS[0]: 3}, urgency=1)

    pushing.send()
    pushing.tell()

    assert pushing.shown(SKUS[0]) == [3]
    assert len(pushing.imports()) == 1
    effect.refresh_from_db()
    assert effect.state == "cancelled"


@pytest.mark.parametrize("status", [400, 404, 413, 415, 422])
def test_a_file_that_is_refused_for_good_fails_with_the_words_and_is_nobodys_case(
    pushing: Pushing, status: int
) -> None:
    pushing.house.gate.before = lambda request: (
        httpx.Response(status, json={"message": "Bad file", "status": status}) if request.method == "POST" else None
    )
    pushing.want({SKUS[0]: 40})
    pushing.plan()

    pushing.send()

    push = pushing.push()
    assert (push.state, f"http.{status}" in push.problem, "Bad file" in push.problem) == ("failed", True, True)
    assert (pushing.effect().state, pushing.effect().parked_code) == ("cancelled", "")
    assert pushing.offer(SKUS[0]).pushed_seq == 0
    assert pushing.find() == [("stock.push_failed", "failed", 1)]


def test_the_next_file_waits_longer_after_each_that_was_refused(pushing: Pushing) -> None:
    pushing.house.gate.before = lambda request: httpx.Response(400, json={}) if request.method == "POST" else None
    pushing.want({SKUS[0]: 40})

    pushing.work(3600, step=20)

    pushes = StockPush.objects.filter(state="failed").order_by("id")
    gaps = [after.created_at - (before.finished_at or before.created_at) for before, after in pairwise(pushes)]
    assert [round(gap / timedelta(minutes=1)) for gap in gaps][:4] == [1, 5, 15, 15]


def test_after_a_refusal_the_numbers_of_then_go_and_a_good_file_clears_the_finding(pushing: Pushing) -> None:
    pushing.house.gate.before = lambda request: httpx.Response(400, json={}) if request.method == "POST" else None
    pushing.want({SKUS[0]: 40})
    pushing.plan()
    pushing.send()
    pushing.house.gate.before = lambda _request: None
    assert pushing.find() == [("stock.push_failed", "failed", 1)]
    pushing.want({SKUS[0]: 7}, urgency=1)

    pushing.work(200)

    assert pushing.shown(SKUS[0]) == [7]
    assert pushing.find() == []


def test_a_person_who_asks_for_it_again_need_not_wait(pushing: Pushing) -> None:
    pushing.house.gate.before = lambda request: httpx.Response(400, json={}) if request.method == "POST" else None
    pushing.want({SKUS[0]: 40, SKUS[1]: 3})
    for _ in range(3):
        pushing.work(960, step=20)
    failed = pushing.push()
    pushing.house.gate.before = lambda _request: None
    pushing.house.skip(61)
    assert pushing.plan().skipped == "the last file failed"

    count = push_again(channel=pushing.channel, push=failed, by=None)

    assert (count, pushing.plan().lines) == (2, 2)
    told = AuditEntry.objects.get(action="stock.pushed_again").after
    assert told is not None
    assert told["offers"] == 2


def test_a_file_too_large_makes_the_next_ones_shorter(pushing: Pushing) -> None:
    pushing.house.gate.before = lambda request: (
        httpx.Response(413, text="Too large")
        if request.method == "POST" and request.read().count(b"SKU-") > 3
        else None
    )
    pushing.want(dict.fromkeys(SKUS, 6))

    pushing.work(1500, step=15)

    assert pushing.shown(*SKUS) == [6] * 10
    assert ChannelStock.objects.get(channel=pushing.channel).file_lines == 2
    assert AuditEntry.objects.filter(action="stock.files_made_shorter").count() == 2


def test_a_refused_key_rests_the_connection_and_costs_no_send(pushing: Pushing) -> None:
    pushing.house.gate.before = lambda request: httpx.Response(401, json={}) if request.method == "POST" else None
    pushing.want({SKUS[0]: 40})

    pushing.plan()
    pushing.send()

    assert Breaker.objects.get(name=f"conn:{pushing.channel.connection}").state == "open"
    assert (pushing.push().sends, pushing.push().sent_at) == (0, None)
    pushing.house.gate.before = lambda _request: None
    pushing.work(300)
    assert pushing.shown(SKUS[0]) == [40]


def test_being_told_to_wait_blocks_files_and_not_the_acceptance(pushing: Pushing) -> None:
    pushing.fault("throttle", seconds=200)
    pushing.want({SKUS[0]: 40})
    pushing.plan()
    pushing.send()

    placed = pushing.house.place()
    pushing.house.skip(60)
    pushing.house.poll()
    pushing.house.accept()

    assert placed.effective_accepts == 1
    pushing.work(300)
    first, second = pushing.arrivals()[:2]
    assert second - first >= 200
    assert pushing.shown(SKUS[0]) == [40]


def test_a_file_that_cannot_leave_is_no_send(pushing: Pushing) -> None:
    def refuse(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            message = "refused"
            raise httpx.ConnectError(message)
        return None

    pushing.house.gate.before = refuse
    pushing.want({SKUS[0]: 40})
    pushing.plan()

    pushing.send()

    assert (pushing.push().sends, pushing.effect().first_sent_at) == (0, None)


def test_a_file_that_would_not_be_the_same_again_does_not_go_again(pushing: Pushing) -> None:
    pushing.fault("reset_before")
    pushing.want({SKUS[0]: 40})
    pushing.plan()
    first = pushing.push().pk
    pushing.send()
    StockPush.objects.filter(pk=first).update(sha256="0" * 64)

    pushing.work(200)

    assert StockPush.objects.get(pk=first).state == "given_up"
    assert pushing.shown(SKUS[0]) == [40]


def test_an_effect_that_somebody_arms_again_after_its_push_is_over_sends_nothing(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 40})
    pushing.tell()
    pushing.house.skip(61)
    Effect.objects.filter(pk=pushing.effect().pk).update(state="ready", first_sent_at=None, last_sent_at=None)

    pushing.send()

    assert len(pushing.arrivals()) == 1
    assert pushing.effect().state == "cancelled"


def test_a_looked_for_answer_that_nobody_was_asked_for_closes_no_breaker(pushing: Pushing) -> None:
    pushing.fault("reset_before", count=3)
    pushing.want({SKUS[0]: 40})
    pushing.plan()

    for _ in range(44):
        pushing.send()
        pushing.house.skip(5)

    assert Breaker.objects.get(name=f"conn:{pushing.channel.connection}").failures == 3


def test_a_push_whose_effect_fell_to_a_bug_of_ours_ends_too(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 40})
    pushing.plan()
    Effect.objects.filter(pk=pushing.effect().pk).update(state="parked", last_error="ValueError")

    pushing.plan()

    assert (pushing.push().state, StockPush.objects.count()) == ("planned", 2)
    assert StockPush.objects.earliest("id").state == "given_up"
