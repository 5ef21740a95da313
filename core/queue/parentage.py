"""Ties a process's life to its parent's: when the parent dies, however it dies, the child is killed by the kernel."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NAME = 15


def die_with_parent(parent: int | None = None) -> None:
    """Ask Linux to kill this process when its parent dies; elsewhere nothing happens.

    With `parent`, also leave at once if that process is gone already: the request comes too late for it.
    """
    if not sys.platform.startswith("linux"):
        return
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of whatever loses its own below this process, so that it can be found and reaped; Linux only."""
    if sys.platform.startswith("linux"):
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def name_process(name: str) -> None:
    """Show in process lists what this process is (15 characters); Linux only."""
    if sys.platform.startswith("linux"):
        _prctl(_PR_SET_NAME, name.encode()[:15])


def lost_parent(parent: int) -> bool:
    """Whether the process that started this one is gone: what to ask where the kernel does not tell."""
    return os.getppid() != parent


def _prctl(option: int, value: int | bytes) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
