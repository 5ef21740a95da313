"""Everything there is: marketplaces, warehouses, faults and the ledger of every call."""

import random
import threading
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.deposco.routes import handle_deposco
from sandbox.deposco.state import Tenant
from sandbox.faults import FaultBook
from sandbox.floor import Floor
from sandbox.mirakl.routes import handle_mirakl
from sandbox.mirakl.state import Operator
from sandbox.wire import Request, Response, text_response


@dataclass
class LedgerEntry:
    """One call as it arrived. `effective`: it changed something."""

    at: float
    side: str
    owner: str
    operation: str
    key: str
    status: int
    effective: bool


@dataclass
class World:
    """The sandbox in one value. All state changes happen under one lock."""

    seed: int = 7
    clock: Clock = field(default_factory=Clock)
    strict_rates: bool = False
    latency: float = 0.0
    operators: dict[str, Operator] = field(default_factory=dict)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 -- a repeatable world, no secret
        self.faults = FaultBook(random.Random(self.seed + 1))  # noqa: S311 -- as above
        self.floor = Floor(self.clock, random.Random(self.seed + 2))  # noqa: S311 -- as above
        self.lock = threading.RLock()

    def handle(self, request: Request) -> Response:
        """Answer one call: /mirakl/{operator}/... or /deposco/integration/{code}/..."""
        with self.lock:
            match request.path.split("/", 3):
                case ["", "mirakl", operator, rest]:
                    return handle_mirakl(self, operator, f"/{rest}", request)
                case ["", "deposco", "integration", rest]:
                    code, _, resource = rest.partition("/")
                    return handle_deposco(self, code, f"/{resource}", request)
            return text_response("There is nothing here.", 404)

    def tick(self) -> None:
        """Let the floor and the marketplaces do what is due."""
        with self.lock:
            for tenant in self.tenants.values():
                self.floor.tick(tenant)
            for operator in self.operators.values():
                operator.settle_all(self.clock.seconds())

    def note(self, side: str, owner: str, operation: str, key: str, status: int, *, effective: bool) -> None:
        """Write the call into the ledger."""
        self.ledger.append(LedgerEntry(self.clock.seconds(), side, owner, operation, key, status, effective))
