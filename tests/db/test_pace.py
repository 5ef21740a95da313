import threading
import time

import pytest

from core.limits import block, ensure_bucket, take
from integration.gateways import serving
from integration.pace import NoCallFreeError, Pace

BUCKET = "deposco:PACED:calls"
pytestmark = pytest.mark.django_db


def test_a_call_nobody_paid_for_takes_a_token_and_waits_for_the_next() -> None:
    ensure_bucket(BUCKET, capacity=1, rate_per_second=20)
    pace = Pace(BUCKET, 20)

    began = time.monotonic()
    for _ in range(4):
        pace(100)

    assert time.monotonic() - began >= 0.14


def test_a_call_that_would_wait_too_long_is_not_made() -> None:
    ensure_bucket(BUCKET, capacity=10, rate_per_second=10)
    block(BUCKET, 60)

    with pytest.raises(NoCallFreeError):
        Pace(BUCKET, 10)(100)


def test_what_has_left_may_use_the_call_that_is_kept_for_it() -> None:
    ensure_bucket(BUCKET, capacity=1, rate_per_second=0.001, reserve=1)

    Pace(BUCKET, 4)(0)

    assert take(BUCKET, priority=0) > 0


def test_threads_that_serve_effects_keep_their_distance_without_the_database() -> None:
    pace, began = Pace("nowhere", 40), time.monotonic()
    ends: list[float] = []

    def call() -> None:
        with serving(1):
            pace(100)
        ends.append(time.monotonic() - began)

    threads = [threading.Thread(target=call) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(ends) >= 0.095
