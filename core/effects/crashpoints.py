"""Places where a test may kill the process: at each step between claim and record."""

import os

POINTS = (
    "after_claim",
    "before_read_back",
    "after_read_back",
    "before_intent",
    "after_intent",
    "before_send",
    "in_send",
    "after_send",
    "before_result",
    "in_result",
    "after_result",
    # Where a write is followed to its end at the far side.
    "after_status",
    "after_report",
    "in_finish",
)


def crashpoint(name: str, kind: str = "") -> None:
    """Die here at once, as by kill -9, when HOLDPOINT_CRASHPOINT names this point ("point" or "point:kind")."""
    wanted = os.environ.get("HOLDPOINT_CRASHPOINT")
    if wanted and wanted in (name, f"{name}:{kind}"):
        os._exit(9)
