"""The project's own processes as the system shows them: found by a mark in their environment, whoever their parent is."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """One process. `name` is what the project calls it (hp-worker, hp-monitor ...)."""

    pid: int
    parent: int
    name: str
    queue: str


def marked(mark: str) -> list[Seen]:
    """Every living process whose environment holds the mark."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):
            environment = (folder / "environ").read_bytes()
            if mark.encode() not in environment:
                continue
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
            state, parent, *_ = rest.split()
            if state == "Z":
                continue
            values = dict(part.split(b"=", 1) for part in environment.split(b"\0") if b"=" in part)
            found.append(Seen(int(folder.name), int(parent), name, values.get(b"Q_CLUSTER_NAME", b"").decode()))
    return found


def unreaped(parent: int) -> int:
    """How many children of the process ended and were not collected."""
    count = 0
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            state, above, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
            count += state == "Z" and int(above) == parent
    return count


def strangers(processes: list[Seen], launcher: int) -> list[Seen]:
    """Those that do not descend from the launcher: orphans that nobody guards."""
    parents = {process.pid: process.parent for process in processes}

    def descends(pid: int) -> bool:
        while pid in parents:
            if pid == launcher:
                return True
            pid = parents[pid]
        return False

    return [process for process in processes if not descends(process.pid)]


def kill(processes: list[Seen]) -> None:
    """Kill them at once, as the system does when memory runs out."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
