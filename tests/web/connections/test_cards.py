from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.limits import block, ensure_bucket, open_breaker, refuse
from core.models import CallLog
from tests.factories.lanes import ChannelFactory
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db
LIST = "/connections/"


def _text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def _call(name: str, *, ms: int = 10, status: int | None = 200, error: str = "", minutes: int = 5) -> None:
    CallLog.objects.create(
        connection=name,
        operation="OR11",
        method="GET",
        path="/api/orders",
        status=status,
        started_at=timezone.now() - timedelta(minutes=minutes),
        elapsed_ms=ms,
        error=error,
    )


def test_a_card_tells_calls_errors_throttling_and_latency_of_the_last_hour(sign_in: SignIn) -> None:
    name = ChannelFactory(code="SHOP").connection
    for ms in (10, 20, 900):
        _call(name, ms=ms)
    _call(name, ms=5, status=500, error="StatusError: HTTP 500")
    _call(name, ms=5, status=429, error="ThrottledError: HTTP 429")
    _call(name, ms=70_000, minutes=61)

    page = _text(sign_in("Auditor"), LIST)

    assert "5 calls, half of them within 10&nbsp;ms" in page
    assert page.count("1 (20 %)") == 2


def test_a_stopped_connection_says_why_and_when_it_is_tried_again(sign_in: SignIn) -> None:
    channel = ChannelFactory(code="SHOP")
    refuse(f"conn:{channel.connection}", "The key or password was refused")

    page = _text(sign_in("Auditor"), "/connections/shop/SHOP/")

    assert "No call is made: The key or password was refused." in page
    assert "It is tried again" in page


def test_the_published_frequency_and_what_is_taken_of_it_are_shown(sign_in: SignIn) -> None:
    name = ChannelFactory(code="SHOP").connection
    ensure_bucket(f"{name}:orders", capacity=1, rate_per_second=1 / 60)

    free = _text(sign_in("Auditor"), LIST)
    block(f"{name}:orders", 300)
    blocked = _text(sign_in("Auditor"), LIST)

    assert "one call in 60 s" in free
    assert 'max="1.0"' in free
    assert "the far side asked us to wait" in blocked


def test_thirty_connections_cost_as_many_queries_as_three(sign_in: SignIn) -> None:
    client = sign_in("Auditor")

    def queries(count: int) -> int:
        for _ in range(count):
            channel = ChannelFactory(found={"shop_name": "X"})
            ensure_bucket(f"{channel.connection}:orders", capacity=1, rate_per_second=1)
            open_breaker(f"conn:{channel.connection}", 60, "it failed")
            _call(channel.connection)
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    few = queries(3)
    many = queries(27)

    assert many == few
