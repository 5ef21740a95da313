"""One queue's django-q2 cluster that fails fast: a child that dies takes its whole group along, to be started anew.

django-q2 shares locks between its processes; the death of one that holds a lock leaves the others waiting for ever
while they look healthy. Its private process tree is used here, so its version is pinned and a test guards the shape.
"""

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any, cast

import django_q.cluster as q2
from django_q.conf import Conf
from django_q.worker import worker

from core.queue.parentage import die_with_parent, lost_parent, name_process

POLL_SECONDS = 0.2


class FailFastSentinel(q2.Sentinel):  # type: ignore[misc]  # django-q2 ships no types
    """A sentinel whose children die with it, and which dies with a child that was killed."""

    parent = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        die_with_parent(self.parent or None)
        name_process("hp-sentinel")
        super().__init__(*args, **kwargs)

    def spawn_process(self, target: Callable[..., object], *args: Any) -> BaseProcess:
        """Start a child that dies with this process."""
        process: Any = q2.get_mp_context().Process(target=_tied, args=(os.getpid(), target, *args))
        process.daemon = Conf.DAEMONIZE_WORKERS if target is worker else True
        if target is worker:
            process.timer = args[2]
            self.pool.append(process)
        process.start()
        return cast("BaseProcess", process)

    def reincarnate(self, process: BaseProcess) -> None:
        """Replace a child that ended by itself or ran out of time; after any other death, kill the group."""
        timer = getattr(process, "timer", None)
        timed_out = timer is not None and timer.value == 0
        if process.exitcode is not None and process.exitcode < 0 and not timed_out:
            os.killpg(os.getpgid(0), signal.SIGKILL)
        super().reincarnate(process)


def _tied(parent: int, target: Callable[..., object], *args: Any) -> None:
    die_with_parent(parent)
    name_process(f"hp-{target.__name__}")
    target(*args)


def run_cluster() -> None:
    """Run the cluster of the queue that Q_CLUSTER_NAME names, until it is told to stop; never outlive its sentinel."""
    FailFastSentinel.parent = os.getpid()
    q2.Sentinel = FailFastSentinel
    launcher = os.getppid()
    name_process("hp-queue")
    cluster = q2.Cluster()
    told: list[int] = []

    def stop(signum: int, _frame: object) -> None:
        told.append(signum)

    cluster.start()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while cluster.sentinel.is_alive():
        if lost_parent(launcher):
            break
        if told:
            cluster.stop()
            return
        time.sleep(POLL_SECONDS)
    if not told:
        os.killpg(os.getpgid(0), signal.SIGKILL)
