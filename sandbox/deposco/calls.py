"""What every warehouse call shares."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.deposco.state import Tenant
from sandbox.wire import Request

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass
class Context:
    """One call of a tenant. `late`: seconds until what it writes can be seen."""

    world: "World"
    tenant: Tenant
    request: Request
    parts: dict[str, str]
    late: float = 0.0
    effective: bool = False

    @property
    def now(self) -> float:
        """The world's time in seconds."""
        return self.world.clock.seconds()

    def wants_xml(self) -> bool:
        """Whether the caller asked for XML."""
        return "xml" in self.request.headers.get("accept", "")
