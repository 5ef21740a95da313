"""Numbers are worked out while others touch, take and write: nobody waits who must not, and no two write at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connection as database
from django.db import connections, transaction

from integration.models import StockTouch
from integration.services.stock.compute_numbers import Computed, compute_touched
from integration.services.stock.lock_numbers import NUMBERS, lock_numbers
from integration.services.stock.touch_stock import touch_items
from tests.db.stock_shop import Shop

# Others at the same time, on connections of their own


@contextmanager
def elsewhere(work: Callable[[], object]) -> Iterator[threading.Thread]:
    """Run it in a thread with a connection of its own, which is closed at the end."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(30)


def somebody_waits_for_numbers() -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with database.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE classid = %s AND NOT granted", [NUMBERS])
            if cursor.fetchone()[0]:
                return True
        time.sleep(0.02)
    return False


@pytest.mark.django_db(transaction=True)
def test_whoever_touches_an_item_waits_for_no_computation() -> None:
    shop = Shop(A=10)
    with transaction.atomic():
        shop.set("A", 5)
        compute_touched(warehouse=shop.warehouse)  # its touches and its lock are held until this block ends

        with elsewhere(lambda: touch_items(warehouse_id=shop.warehouse.pk, item_numbers=["A"])) as other:
            other.join(10)
            waited = other.is_alive()

    assert not waited
    assert StockTouch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_computation_passes_over_touches_that_another_one_has() -> None:
    shop = Shop(A=10, B=5)
    done: list[Computed] = []
    shop.set("A", 5)
    with transaction.atomic():
        StockTouch.objects.select_for_update().get()

        with elsewhere(lambda: done.append(compute_touched(warehouse=shop.warehouse))) as other:
            other.join(10)

    assert done == [Computed()]
    assert StockTouch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_numbers_of_a_channel_are_written_by_one_at_a_time() -> None:
    shop = Shop(A=10)
    shop.set("A", 5)
    with ExitStack() as until, transaction.atomic():
        lock_numbers(shop.channel)
        until.enter_context(elsewhere(lambda: compute_touched(warehouse=shop.warehouse)))
        waits = somebody_waits_for_numbers()
        untouched = shop.offer("A").wanted

    assert (waits, untouched) == (True, 10)
    assert shop.offer("A").wanted == 5
