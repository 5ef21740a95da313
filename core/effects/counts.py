"""What a run of effects did, for the record of its job."""

from dataclasses import dataclass, field


@dataclass
class RunCounts:
    """What a run did with the effects it claimed."""

    by_state: dict[str, int] = field(default_factory=dict)

    def add(self, state: str) -> None:
        """Count one effect that went to `state`."""
        self.by_state[state] = self.by_state.get(state, 0) + 1

    def as_dict(self) -> dict[str, int]:
        """The counts by state."""
        return dict(self.by_state)
