"""The clock process. Started by `workers`, not by hand."""

import os
import signal
from typing import Any

from django.core.management.base import BaseCommand

from core.queue.parentage import lost_parent, name_process
from core.queue.ticker import run_ticker


class Command(BaseCommand):
    """Tick until stopped."""

    help = "Run the clock that wakes the jobs (started by `workers`)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or Ctrl-C."""
        told: list[int] = []
        signal.signal(signal.SIGTERM, lambda signum, _: told.append(signum))
        signal.signal(signal.SIGINT, lambda signum, _: told.append(signum))
        launcher = os.getppid()
        name_process("hp-ticker")
        run_ticker(lambda: bool(told) or lost_parent(launcher))
