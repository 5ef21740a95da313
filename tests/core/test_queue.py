"""The queue's own pieces: wake-ups, beats, canaries, and what a dead group leaves behind."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django_q.conf import Conf
from django_q.models import OrmQ

from core.clock import db_now
from core.jobs import Job, JobContext, sync_periodics
from core.models import CanaryBeat, Effect, Periodic
from core.queue.broker import PgBroker
from core.queue.release import release
from core.queue.tasks import canary, run_periodic
from core.queue.ticker import queues, send_canaries, tick
from core.queue.watch import silent_queues, ticker_is_silent
from tests.core.conftest import DbClock
from tests.core.far_side import wanted

KEY = "accept"


def _broker() -> PgBroker:
    return PgBroker(list_key=KEY)


def _beat(name: str = "test", *, every: float = 10.0, **values: object) -> Periodic:
    now = db_now()
    row: Periodic = Periodic.objects.create(
        name=name, job=name, queue=KEY, every_seconds=every, **{"next_due": now, **values}
    )
    return row


@pytest.mark.django_db
def test_wake_ups_are_taken_oldest_first_once_and_again_after_the_retry_time(clock: DbClock) -> None:
    broker = _broker()
    for name in ("first", "second"):
        broker.enqueue(name)

    taken = [broker.dequeue() for _ in range(3)]
    clock.advance(Conf.RETRY + 1)
    again = broker.dequeue()

    assert [batch[0][1] for batch in taken if batch] == ["first", "second"]
    assert again is not None
    assert again[0][1] == "first"


@pytest.mark.django_db
def test_an_acknowledgement_that_comes_too_late_leaves_the_one_who_took_it_after_alone(clock: DbClock) -> None:
    broker = _broker()
    broker.enqueue("task")
    early = broker.dequeue()
    clock.advance(Conf.RETRY + 1)
    late = broker.dequeue()
    assert early
    assert late

    broker.acknowledge(early[0][0])
    assert OrmQ.objects.count() == 1
    broker.acknowledge(late[0][0])

    assert OrmQ.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_many_that_take_at_once_each_get_another_wake_up() -> None:
    for number in range(40):
        _broker().enqueue(f"task {number}")
    taken: list[str] = []

    def take() -> None:
        broker = _broker()
        while batch := broker.dequeue():
            taken.extend(payload for _, payload in batch)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(f"task {number}" for number in range(40))


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_is_written_or_lost_with_the_transaction_of_its_cause() -> None:
    with transaction.atomic():
        _broker().enqueue("task")
        transaction.set_rollback(True)

    assert OrmQ.objects.count() == 0


@pytest.mark.django_db
def test_a_beat_is_called_once_until_it_was_worked_on_and_again_when_it_got_lost(clock: DbClock) -> None:
    _beat(every=1)

    assert tick() == 1
    clock.advance(5)
    assert tick() == 0
    clock.advance(26)
    assert tick() == 1


@pytest.mark.django_db
def test_slots_missed_in_an_outage_are_not_made_up_for_and_the_rhythm_is_kept(clock: DbClock) -> None:
    row = _beat(every=60)
    clock.advance(1000)

    assert tick() == 1

    due = Periodic.objects.get(name="test").next_due
    assert (due - row.next_due).total_seconds() == pytest.approx(17 * 60)
    assert due > db_now()


@pytest.mark.django_db(transaction=True)
def test_two_tickers_at_once_call_every_slot_once() -> None:
    for number in range(30):
        _beat(f"test {number}", every=3600)
    called: list[int] = []

    def work() -> None:
        called.append(sum(tick() for _ in range(5)))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(called) == 30
    assert set(Periodic.objects.values_list("epoch", flat=True)) == {1}


@pytest.mark.django_db
def test_a_beat_of_an_older_release_is_switched_off_and_harms_nobody() -> None:
    _beat("gone")
    sync_periodics()
    assert not Periodic.objects.get(name="gone").enabled
    Periodic.objects.filter(name="gone").update(enabled=True)

    run_periodic("gone", 1)

    assert not Periodic.objects.get(name="gone").enabled


@pytest.mark.django_db
def test_a_canary_that_was_worked_on_and_acknowledged_is_followed_by_the_next(clock: DbClock) -> None:
    send_canaries()
    sent = OrmQ.objects.count()
    send_canaries()
    assert OrmQ.objects.count() == sent == len(queues())

    for queue in queues():
        canary(queue)
    OrmQ.objects.all().delete()
    send_canaries()

    assert OrmQ.objects.count() == sent


@pytest.mark.django_db
@pytest.mark.parametrize("is_worked_on", [False, True])
def test_a_canary_that_is_not_acknowledged_in_a_minute_tells_that_its_queue_hangs(
    is_worked_on: bool, clock: DbClock
) -> None:
    send_canaries()
    if is_worked_on:
        canary(KEY)
    clock.advance(59)
    assert KEY not in silent_queues()
    clock.advance(2)

    assert silent_queues()[KEY] == pytest.approx(61, abs=1)


@pytest.mark.django_db
def test_a_queue_that_was_emptied_or_is_busy_with_a_long_job_does_not_count_as_hanging(clock: DbClock) -> None:
    send_canaries()
    clock.advance(61)
    now = db_now()
    _beat(last_started_at=now - timedelta(seconds=30), lease_until=now + timedelta(seconds=10))
    assert KEY not in silent_queues()
    Periodic.objects.all().delete()
    assert KEY in silent_queues()

    OrmQ.objects.all().delete()

    assert silent_queues() == {}


@pytest.mark.django_db
def test_a_lost_canary_is_given_up_and_sent_anew(clock: DbClock) -> None:
    send_canaries()
    first = CanaryBeat.objects.get(queue=KEY).wakeup
    clock.advance(91)

    send_canaries()

    assert CanaryBeat.objects.get(queue=KEY).wakeup != first
    assert KEY not in silent_queues()


@pytest.mark.django_db
def test_a_ticker_is_silent_when_a_beat_has_been_due_for_a_minute(clock: DbClock) -> None:
    _beat(every=3600)
    assert not ticker_is_silent()

    clock.advance(61)

    assert ticker_is_silent()
    tick()
    assert not ticker_is_silent()


@pytest.mark.django_db
def test_what_a_dead_group_held_is_free_at_once_and_what_others_hold_stays(clock: DbClock) -> None:
    later = db_now() + timedelta(seconds=30)
    _beat("dead", lease_until=later, lease_owner="aaaa:host:1", epoch=3, done_epoch=2, ticked_at=db_now())
    _beat("alive", lease_until=later, lease_owner="bbbb:host:1")
    for key, owner in (("A", "aaaa:host:1"), ("B", "bbbb:host:1")):
        Effect.objects.filter(id=wanted(key).id).update(state="in_flight", lease_until=later, lease_owner=owner)

    assert release("aaaa", KEY) == 1

    assert Periodic.objects.get(name="dead").lease_until is None
    assert Periodic.objects.get(name="dead").ticked_at is None
    assert Periodic.objects.get(name="alive").lease_until == later
    assert Effect.objects.filter(business_key="A", lease_until__lt=later).exists()
    assert Effect.objects.filter(business_key="B", lease_until=later).exists()


def test_jobs_are_told_their_owner_by_group_machine_and_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.owner import owner_name

    monkeypatch.setenv("HOLDPOINT_GROUP", "aaaa")

    assert owner_name("a-machine-with-" + "a-long-name-" * 20).startswith("aaaa:a-machine")
    assert len(owner_name("x" * 300)) == 80


def test_a_job_is_a_plain_value() -> None:
    def nothing(_context: JobContext) -> dict[str, int]:
        return {}

    assert Job("a", 1, nothing, "accept") == Job("a", 1, nothing, "accept")
