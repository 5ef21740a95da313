import pytest

from core.limits import allows, ensure_bucket, record_failure, record_success, take
from core.limits.breakers import FAILURES_TO_OPEN

pytestmark = pytest.mark.django_db


def test_a_breaker_opens_at_the_eighth_failure_in_a_row_and_a_good_answer_closes_it() -> None:
    for _ in range(FAILURES_TO_OPEN - 1):
        record_failure("conn:X")
    assert allows("conn:X")
    record_failure("conn:X")
    assert not allows("conn:X")
    record_success("conn:X")
    assert allows("conn:X")


def test_an_empty_bucket_says_how_long_to_wait() -> None:
    ensure_bucket("calls", capacity=1, rate_per_second=0.1)
    assert take("calls") == 0
    assert 0 < take("calls") <= 10
