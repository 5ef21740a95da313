"""Buckets and breakers as many processes use them at once: over real connections, on the database's clock."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from core.limits import allows, block, close_breaker, ensure_bucket, record_failure, refuse, take
from core.limits.breakers import FAILURES_TO_OPEN
from core.models import Breaker
from tests.core.conftest import DbClock


def _at_once(count: int, work: Callable[[], None]) -> None:
    """Run it in that many threads, each with a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_however_many_take_at_once_no_more_than_the_capacity_is_granted() -> None:
    ensure_bucket("calls", capacity=10, rate_per_second=0.0001)
    granted: list[bool] = []

    _at_once(8, lambda: granted.extend(take("calls") == 0 for _ in range(5)))

    assert len(granted) == 40
    assert sum(granted) == 10


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_a_half_open_breaker_at_once_one_may_try() -> None:
    refuse("conn:X", "The key was refused")
    Breaker.objects.update(opened_until="2000-01-01T00:00:00Z")
    answers: list[bool] = []

    _at_once(8, lambda: answers.append(allows("conn:X")))

    assert sorted(answers) == [False] * 7 + [True]


@pytest.mark.django_db(transaction=True)
def test_failures_counted_at_once_are_all_counted() -> None:
    _at_once(FAILURES_TO_OPEN - 1, lambda: record_failure("conn:X"))
    assert allows("conn:X")

    record_failure("conn:X")

    assert not allows("conn:X")


@pytest.mark.django_db(transaction=True)
def test_a_token_may_not_be_taken_inside_a_transaction() -> None:
    ensure_bucket("calls", capacity=1, rate_per_second=1)

    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        take("calls")


@pytest.mark.django_db
def test_a_bucket_fills_with_time_and_never_above_its_capacity(clock: DbClock) -> None:
    ensure_bucket("calls", capacity=2, rate_per_second=0.5)
    assert [take("calls") for _ in range(2)] == [0.0, 0.0]

    assert take("calls") == pytest.approx(2.0, abs=0.5)
    clock.advance(2.1)
    assert take("calls") == 0.0
    clock.advance(3600)

    assert [take("calls") == 0.0 for _ in range(3)] == [True, True, False]


@pytest.mark.django_db
def test_a_minimum_interval_grants_one_call_a_period_whatever_was_saved_up(clock: DbClock) -> None:
    ensure_bucket("orders", capacity=1, rate_per_second=1 / 60)
    granted = []

    for _ in range(30):
        granted.append(take("orders") == 0)
        clock.advance(10)

    assert sum(granted) == 5


@pytest.mark.django_db
def test_what_is_reserved_is_for_acceptance(clock: DbClock) -> None:
    ensure_bucket("calls", capacity=5, rate_per_second=0.001, reserve=2)

    assert sum(take("calls", priority=100) == 0 for _ in range(5)) == 3
    assert sum(take("calls", priority=0) == 0 for _ in range(5)) == 2


@pytest.mark.django_db
def test_a_block_holds_for_all_its_time_and_is_never_shortened(clock: DbClock) -> None:
    ensure_bucket("calls", capacity=5, rate_per_second=5)
    block("calls", 60)
    block("calls", 1)

    assert take("calls", priority=0) == pytest.approx(60, abs=1)
    clock.advance(61)
    assert take("calls") == 0.0


@pytest.mark.django_db
def test_a_block_lasts_between_a_second_and_a_quarter_of_an_hour(clock: DbClock) -> None:
    block("short", -5)
    block("long", 1e9)

    assert take("short") == pytest.approx(1, abs=0.5)
    assert take("long") == pytest.approx(900, abs=1)


@pytest.mark.django_db
def test_what_has_no_limit_can_be_blocked_all_the_same(clock: DbClock) -> None:
    assert take("free") == 0.0
    block("free", 30)

    assert take("free") > 29
    clock.advance(31)
    assert [take("free") for _ in range(100)] == [0.0] * 100


@pytest.mark.django_db
def test_a_key_that_stays_refused_is_tried_ever_more_seldom_and_a_batch_counts_once(clock: DbClock) -> None:
    pauses = []
    for _ in range(6):
        for _ in range(16):
            refuse("conn:X", "The key was refused")
        waited = 0
        while not allows("conn:X"):
            clock.advance(5)
            waited += 5
        pauses.append(waited)
        clock.advance(1)

    assert pauses == sorted(pauses)
    assert 60 <= pauses[0] <= 65
    assert 900 <= pauses[-1] <= 905


@pytest.mark.django_db
def test_a_failed_try_of_a_half_open_breaker_opens_it_again_and_a_good_one_closes_it(clock: DbClock) -> None:
    for _ in range(FAILURES_TO_OPEN):
        record_failure("conn:X")
    clock.advance(31)
    assert allows("conn:X")
    record_failure("conn:X")
    assert not allows("conn:X")

    clock.advance(31)
    assert allows("conn:X")
    close_breaker("conn:X")

    assert allows("conn:X")
    assert allows("conn:X")


@pytest.mark.django_db
def test_a_failure_that_arrives_late_does_not_shorten_the_pause_after_a_refused_key(clock: DbClock) -> None:
    refuse("conn:X", "The key was refused")

    for _ in range(FAILURES_TO_OPEN):
        record_failure("conn:X")
    clock.advance(45)

    assert not allows("conn:X")
    assert Breaker.objects.get().reason == "The key was refused"
