"""The world's clock: real time, plus what was asked to be skipped."""

import time
from datetime import UTC, datetime


class Clock:
    """Seconds and moments of the sandbox. `advance` moves them on for everybody."""

    def __init__(self) -> None:
        self.offset = 0.0

    def seconds(self) -> float:
        """Now, in seconds since 1970."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """Now, aware."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def advance(self, seconds: float) -> None:
        """Skip some time."""
        self.offset += seconds


def iso(moment: datetime | float | None, *, timespec: str = "milliseconds") -> str | None:
    """Mirakl's form of a moment: UTC with Z, with or without milliseconds."""
    if moment is None:
        return None
    value = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    return value.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def seconds_of(text: str) -> float:
    """A moment in any ISO form, in seconds since 1970; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
