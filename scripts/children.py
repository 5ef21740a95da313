"""The processes of `make run`: started in sessions of their own, tied to the supervisor's life, restarted when they die."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.queue.parentage import die_with_parent

STOP_SECONDS = 15.0
RESTART_WAIT_SECONDS = 1.0
MAX_DEATHS, DEATHS_WITHIN_SECONDS = 4, 60.0
LOG_END_LINES = 15


class GivenUpError(Exception):
    """A child keeps dying; the message has the end of its log."""


@dataclass
class Child:
    """One process of the demo."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    not_before: float = 0.0

    def start(self) -> None:
        """Start it: Ctrl-C does not reach it, and the kernel kills it when the supervisor dies."""
        parent = os.getpid()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 -- one system call, no lock is taken
            )

    def revive(self) -> bool:
        """Start it again if it died; returns whether it had. Raises GivenUpError when it died too often."""
        if self.process is not None:
            if self.process.poll() is None:
                return False
            now = time.monotonic()
            self.deaths = [*(death for death in self.deaths if now - death < DEATHS_WITHIN_SECONDS), now]
            self.signal(signal.SIGKILL)  # whatever is left of its group must not go on unguarded
            if len(self.deaths) >= MAX_DEATHS:
                message = (
                    f"{self.name} died {MAX_DEATHS} times within a minute. The end of {self.log}:\n{self.log_end()}"
                )
                raise GivenUpError(message)
            self.process, self.not_before = None, now + RESTART_WAIT_SECONDS
            return True
        if time.monotonic() >= self.not_before:
            self.start()
        return False

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal to the child and to all it started in its session."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signum)

    def log_end(self) -> str:
        """The last lines it wrote."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"  {line}" for line in lines[-LOG_END_LINES:])


def stop_all(children: Sequence[Child]) -> None:
    """Ask each to end, the last started first, then kill what is left."""
    running = [child for child in reversed(children) if child.process is not None]
    for child in running:
        if child.process is not None:
            child.process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for child in running:
        if child.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0.1, until - time.monotonic()))
            child.signal(signal.SIGKILL)
            child.process.wait()
            child.process = None


def manage(*arguments: str) -> list[str]:
    """The command that runs a management command."""
    return [sys.executable, "manage.py", *arguments]
