"""Starts and watches the queue processes: one group per queue and one ticker; a group that dies or hangs is replaced.

Fit to be process 1 of a container: it reaps whatever ends below it, and takes orphans of its groups for its own.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections

from core.owner import GROUP_VARIABLE
from core.queue.parentage import adopt_orphans, die_with_parent, name_process
from core.queue.release import new_group, release
from core.queue.ticker import queues
from core.queue.watch import silent_queues, ticker_is_silent

log = structlog.get_logger(__name__)

STEADY_SECONDS = 60.0
TICKER = "ticker"
DATABASE_AWAY = (DatabaseError, InterfaceError)
STOP_SECONDS = 12.0
WATCH_SECONDS = 0.3
CANARY_LOOK_SECONDS = 5.0
MAX_BACKOFF_SECONDS = 10.0


@dataclass
class Group:
    """One child process with its own process group."""

    name: str
    arguments: Sequence[str]
    environment: dict[str, str]
    nice: int = 0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    not_before: float = 0.0
    token: str = ""
    dead: list[tuple[str, int]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Start the child in a session of its own; it dies with this process."""
        parent = os.getpid()
        self.token = new_group()
        self.process = subprocess.Popen(  # noqa: S603 -- our own interpreter and command
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *self.arguments],
            env={**os.environ, **self.environment, GROUP_VARIABLE: self.token},
            start_new_session=True,
            preexec_fn=lambda: _before(parent, self.nice),  # noqa: PLW1509 -- two system calls, no lock is taken
        )
        self.started_at = time.monotonic()
        log.info("group.started", group=self.name, pid=self.process.pid)

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started_at

    def kill(self) -> None:
        """Kill the whole group at once; it is started again as after any death."""
        if self.process is not None:
            _signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Launcher:
    """All groups. `run` returns when told to stop."""

    groups: list[Group] = field(default_factory=list)
    stopping: bool = False

    def run(self) -> None:
        """Start every group, then watch: restart the dead, kill those whose canary is silent."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        adopt_orphans()
        name_process("hp-launcher")
        names = queues()
        clusters = settings.Q_CLUSTER["ALT_CLUSTERS"]
        self.groups = [
            Group(f"queue {name}", ["queue_cluster"], {"Q_CLUSTER_NAME": name}, nice=clusters[name].get("nice", 0))
            for name in names
        ]
        self.groups.append(Group(TICKER, ["ticker"], {}))
        for group in self.groups:
            group.start()
        looked = time.monotonic()
        while not self.stopping:
            for group in self.groups:
                self._revive(group)
            self._reap_orphans()
            self._release_dead()
            if time.monotonic() - looked > CANARY_LOOK_SECONDS:
                looked = time.monotonic()
                self._kill_silent()
            time.sleep(WATCH_SECONDS)
        self._stop_all()

    def _stop(self, _signum: int, _frame: object) -> None:
        self.stopping = True

    def _revive(self, group: Group) -> None:
        process = group.process
        if process is not None and process.poll() is None:
            if group.failures and group.age > STEADY_SECONDS:
                group.failures = 0
            return
        if process is not None:
            # The leader is gone; whatever is left of its group must not go on unguarded.
            _signal_group(process.pid, signal.SIGKILL)
            log.error("group.died", group=group.name, code=process.returncode)
            group.process = None
            group.dead.append((group.token, process.pid))
            group.not_before = time.monotonic() + min(MAX_BACKOFF_SECONDS, 0.5 * 2**group.failures)
            group.failures += 1
        if time.monotonic() >= group.not_before:
            group.start()

    def _kill_silent(self) -> None:
        try:
            silent, ticker = silent_queues(), ticker_is_silent()
        except DATABASE_AWAY as error:
            # Without a database a canary says nothing about the queue.
            log.warning("launcher.database_away", error=str(error))
            close_old_connections()
            return
        for group in self.groups:
            # A canary that was sent before the group began tells of the one before it.
            sent_ago = silent.get(group.environment.get("Q_CLUSTER_NAME", ""), float("inf"))
            hangs = sent_ago < group.age or (group.name == TICKER and ticker and group.age > STEADY_SECONDS)
            if hangs:
                log.error("group.silent", group=group.name)
                group.kill()

    def _release_dead(self) -> None:
        """Give back what dead groups held, once not a single process of theirs is left that could still act."""
        for group in self.groups:
            while group.dead and not _signal_group(group.dead[0][1], signal.SIGKILL):
                group.gone.append(group.dead.pop(0)[0])
            while group.gone:
                try:
                    given_back = release(group.gone[0], group.environment.get("Q_CLUSTER_NAME"))
                except DATABASE_AWAY as error:
                    log.warning("launcher.database_away", error=str(error))
                    close_old_connections()
                    return
                log.info("group.released", group=group.name, effects=given_back)
                group.gone.pop(0)

    def _reap_orphans(self) -> None:
        """Collect what ended below us and is no group of ours: nobody else would."""
        ours = {group.process.pid for group in self.groups if group.process is not None}
        with contextlib.suppress(ChildProcessError):
            while (
                found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            ) is not None and found.si_pid not in ours:
                os.waitpid(found.si_pid, os.WNOHANG)

    def _stop_all(self) -> None:
        for group in reversed(self.groups):
            if group.process is not None:
                group.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for group in self.groups:
            if group.process is None:
                continue
            try:
                group.process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("group.killed", group=group.name)
            _signal_group(group.process.pid, signal.SIGKILL)
            group.process.wait()
            group.dead.append((group.token, group.process.pid))
        self._reap_orphans()
        self._release_dead()


def _before(parent: int, nice: int) -> None:
    die_with_parent(parent)
    os.nice(nice)


def _signal_group(pid: int, signum: signal.Signals) -> bool:
    """Signal every process of the group; False when it has none, not even one that waits to be reaped."""
    try:
        os.killpg(pid, signum)
    except (ProcessLookupError, PermissionError):
        # Somebody else's by now: ours is gone.
        return False
    return True
