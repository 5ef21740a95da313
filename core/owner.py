"""Who holds a lease: the start of a group of processes, the machine, the process."""

import os

# Set by the launcher for each start of a group, so that all leases of a dead group can be ended at once.
GROUP_VARIABLE = "HOLDPOINT_GROUP"


def owner_name(host: str) -> str:
    """The name under which this process takes leases."""
    return f"{os.environ.get(GROUP_VARIABLE, '-')}:{host}:{os.getpid()}"[:80]
