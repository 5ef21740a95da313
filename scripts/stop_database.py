"""Waits until the process at the other end of a pipe is gone, then stops the embedded database if nobody uses it."""

import os
import signal
import sys
import time

PATIENCE_SECONDS = 15.0
LOOK_SECONDS = 0.2


def main() -> None:
    """Read the pipe to its end; connections of killed processes need a moment to vanish."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    while os.read(int(sys.argv[1]), 1):
        pass
    from config.env import load_env  # noqa: PLC0415 -- read late: the wait costs no memory and fails on nothing
    from config.postgres import is_running, stop_if_idle  # noqa: PLC0415 -- as above

    if load_env().database_url:
        return
    until = time.monotonic() + PATIENCE_SECONDS
    while is_running() and not stop_if_idle() and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
