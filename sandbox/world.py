"""Everything there is: marketplaces, warehouses, faults and the ledger of every call."""

import heapq
import itertools
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.deposco.routes import handle_deposco
from sandbox.deposco.state import Tenant
from sandbox.deposco.v2.routes import handle_token, handle_v2
from sandbox.faults import FaultBook
from sandbox.floor import Floor
from sandbox.ledger import Ledger, LedgerEntry
from sandbox.mirakl.routes import handle_mirakl
from sandbox.mirakl.state import Operator
from sandbox.wire import Request, Response, text_response

__all__ = ["LedgerEntry", "World"]


@dataclass
class World:
    """The sandbox in one value. All state changes happen under one lock.

    `strict_rates` answers 429 above the published frequencies; `strict_daily` also to calls published as once a day.
    """

    seed: int = 7
    clock: Clock = field(default_factory=Clock)
    strict_rates: bool = False
    strict_daily: bool = False
    latency: float = 0.0
    operators: dict[str, Operator] = field(default_factory=dict)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    # What buyers bought by the hand's call `buy`, by item, until the warehouse knows it: operator, order, units.
    unseen: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 -- a repeatable world, no secret
        self.faults = FaultBook(random.Random(self.seed + 1))  # noqa: S311 -- as above
        self.floor = Floor(self.clock, random.Random(self.seed + 2))  # noqa: S311 -- as above
        self.lock = threading.RLock()
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._sequence = itertools.count()

    def handle(self, request: Request) -> Response:
        """Answer one call: /mirakl/{operator}/..., /deposco/integration/{code}/..., or /deposco/latest/... with a token."""
        with self.lock:
            self._catch_up()
            match request.path.split("/", 3):
                case ["", "mirakl", operator, rest]:
                    return handle_mirakl(self, operator, f"/{rest}", request)
                case ["", "deposco", "integration", rest]:
                    code, _, resource = rest.partition("/")
                    return handle_deposco(self, code, f"/{resource}", request)
                case ["", "deposco", "latest", rest]:
                    return handle_v2(self, f"/{rest}", request)
                case ["", "deposco", "oauth2", "token"]:
                    return handle_token(self, request)
            return text_response("There is nothing here.", 404)

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Let something take place after some time."""
        heapq.heappush(self._later, (self.clock.seconds() + seconds, next(self._sequence), act))

    def tick(self) -> None:
        """Let the floor, the marketplaces and what was put off do what is due."""
        with self.lock:
            self._catch_up()
            for tenant in self.tenants.values():
                self.floor.tick(tenant)
            for operator in self.operators.values():
                operator.settle_all(self.clock.seconds())

    def _catch_up(self) -> None:
        while self._later and self._later[0][0] <= self.clock.seconds():
            heapq.heappop(self._later)[2]()

    def note(self, side: str, owner: str, operation: str, key: str, status: int, *, effective: bool) -> None:
        """Write the call into the ledger."""
        self.ledger.note(LedgerEntry(self.clock.seconds(), side, owner, operation, key, status, effective))
