"""One queue's processes. Started by `workers`, not by hand."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.queue.cluster import run_cluster


class Command(BaseCommand):
    """Run the cluster of the queue in Q_CLUSTER_NAME."""

    help = "Run one queue's processes (started by `workers`)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped."""
        if not os.environ.get("Q_CLUSTER_NAME"):
            message = "Q_CLUSTER_NAME must name the queue: start `manage.py workers` instead."
            raise CommandError(message)
        run_cluster()
