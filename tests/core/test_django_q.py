"""The private shape of django-q2 that our launcher and broker take part in, so that a new release fails here first."""

import inspect
from importlib.metadata import version

import django_q.cluster as q2
from django_q.brokers.orm import ORM
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.worker import worker

from core.checks import QUEUE_RELEASE
from core.queue.broker import PgBroker
from core.queue.cluster import FailFastSentinel


def _parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_release_is_the_one_that_was_read() -> None:
    assert version("django-q2") == QUEUE_RELEASE


def test_the_sentinel_still_starts_and_replaces_its_children_through_the_methods_we_change() -> None:
    assert _parameters(q2.Sentinel.spawn_process) == ["self", "target", "args"]
    assert _parameters(q2.Sentinel.reincarnate) == ["self", "process"]
    for name in ("spawn_pusher", "spawn_worker", "spawn_monitor"):
        assert "self.spawn_process(" in inspect.getsource(getattr(q2.Sentinel, name))
    assert inspect.getsource(q2.Sentinel.guard).count("self.reincarnate(") == 3
    assert "target=Sentinel" in inspect.getsource(q2.Cluster.start)
    assert issubclass(FailFastSentinel, q2.Sentinel)


def test_the_children_still_take_what_we_pass_on() -> None:
    assert _parameters(worker) == ["task_queue", "result_queue", "timer", "timeout"]
    assert _parameters(monitor) == ["result_queue", "broker"]
    assert _parameters(pusher) == ["task_queue", "event", "broker"]
    assert "worker, self.task_queue, self.result_queue, Value(" in inspect.getsource(q2.Sentinel.spawn_worker)


def test_the_broker_still_has_the_methods_we_replace() -> None:
    for name in ("enqueue", "dequeue", "delete", "info"):
        assert _parameters(getattr(ORM, name)) == [
            parameter if parameter != "task_id" else "task_id" for parameter in _parameters(getattr(PgBroker, name))
        ]
    assert "self.delete(task_id)" in inspect.getsource(ORM.acknowledge)
    assert "self.delete(task_id)" in inspect.getsource(ORM.fail)


def test_a_worker_that_ran_out_of_time_still_says_so_by_its_timer() -> None:
    assert "timer.value = 0" in inspect.getsource(worker)
    assert "p.timer.value == 0" in inspect.getsource(q2.Sentinel.guard)
