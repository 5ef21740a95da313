"""Runs the lanes: every queue, the ticker, and the watch over both."""

from typing import Any

from django.core.management.base import BaseCommand

from core.queue.launcher import Launcher


class Command(BaseCommand):
    """Stays until told to stop (SIGTERM or Ctrl-C), then leaves nothing behind. Let a supervisor restart it always."""

    help = "Run the workers of every lane. Stop with Ctrl-C or SIGTERM; run it under a supervisor that restarts it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the launcher."""
        Launcher().run()
