"""Ties a process's life to its parent's: when the parent dies, however it dies, the child is killed by the kernel."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent: int | None = None) -> None:
    """Ask Linux to kill this process when its parent dies; elsewhere nothing happens.

    With `parent`, also leave at once if that process is gone already: the request comes too late for it.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of whatever loses its own below this process, so that it can be found and reaped; Linux only."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def lost_parent(parent: int) -> bool:
    """Whether the process that started this one is gone: what to ask where the kernel does not tell."""
    return os.getppid() != parent
