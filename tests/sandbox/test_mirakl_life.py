"""An order under any sequence of calls and time: it moves along the published edges only, and nothing is shipped twice."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox.demo import build_world
from tests.sandbox.conftest import Marketplace

EDGES = {
    "WAITING_ACCEPTANCE": {"WAITING_DEBIT", "REFUSED"},
    "WAITING_DEBIT": {"WAITING_DEBIT_PAYMENT", "CANCELED"},
    "WAITING_DEBIT_PAYMENT": {"SHIPPING", "CANCELED"},
    "SHIPPING": {"SHIPPED", "CANCELED"},
    "SHIPPED": {"RECEIVED"},
    "RECEIVED": {"CLOSED"},
    "REFUSED": set(),
    "CANCELED": set(),
    "CLOSED": set(),
}
BEFORE_SHIPPING = ("WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "REFUSED")


def _reachable(state: str) -> set[str]:
    found, rest = {state}, [state]
    while rest:
        for one in EDGES[rest.pop()] - found:
            found.add(one)
            rest.append(one)
    return found


class Life(RuleBasedStateMachine):
    """One order of two lines, three units and two."""

    def __init__(self) -> None:
        super().__init__()
        self.market = Marketplace(build_world(7))
        operator = self.market.operator
        operator.late_shipment_seconds, operator.reception_seconds, operator.closing_seconds = 900, 600, 600
        self.order = self.market.place(("SKU-001", 3), ("SKU-002", 2))
        self.seen = ["WAITING_ACCEPTANCE"]

    @initialize(stage=st.sampled_from(["placed", "debited soon", "shipping"]))
    def begin(self, stage: str) -> None:
        """Not every life has to be lived from its start."""
        if stage != "placed":
            self.market.accept(self.order)
            self._look()
        if stage == "shipping":
            self.wait(1)

    def _call(self, status: int, expected: bool) -> None:
        assert (status < 300) == expected
        self._look()

    def _look(self) -> None:
        if self.order.state != self.seen[-1]:
            self.seen.append(self.order.state)

    @rule(refused=st.sets(st.integers(0, 1)))
    def decide(self, refused: set[int]) -> None:
        open_yet = self.order.state == "WAITING_ACCEPTANCE"
        self._call(self.market.accept(self.order, *refused).status_code, open_yet)

    @rule(seconds=st.sampled_from([0.3, 1, 400, 700]))
    def wait(self, seconds: float) -> None:
        self.market.skip(seconds)
        self._look()

    @rule(line=st.integers(0, 1), units=st.integers(1, 4))
    def ship_parcel(self, line: int, units: int) -> None:
        row = {"order_line_id": self.order.lines[line]["order_line_id"], "quantity": units}
        parcel = {"order_id": self.order.id, "shipped": True, "shipment_lines": [row]}
        assert self.market.http.post("/api/shipments", json={"shipments": [parcel]}).status_code == 201
        self._look()

    @rule()
    def ship_everything(self) -> None:
        may = self.order.state == "SHIPPING"
        tracked = self.market.track(self.order).status_code
        assert (tracked == 204) == (self.order.state in ("SHIPPING", "SHIPPED"))
        self._call(self.market.ship(self.order).status_code, may)

    @rule()
    def cancel(self) -> None:
        may = self.order.state in ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING")
        answer = self.market.http.put(f"/api/orders/{self.order.id}/cancel", headers={"Content-Length": "0"})
        self._call(answer.status_code, may)

    @precondition(lambda self: self.order.is_debited)
    @rule(line=st.integers(0, 1), amount=st.floats(0.01, 5, allow_nan=False))
    def refund(self, line: int, amount: float) -> None:
        item: dict[str, Any] = {"order_line_id": self.order.lines[line]["order_line_id"], "reason_code": "15"}
        body = {"refunds": [{**item, "amount": round(amount, 2), "shipping_amount": 0}]}
        assert self.market.http.put("/api/orders/refund", json=body).status_code in (200, 400)
        self._look()

    @invariant()
    def it_moved_along_the_edges(self) -> None:
        # Time may carry it over several edges at once, never back.
        assert all(later in _reachable(earlier) for earlier, later in zip(self.seen, self.seen[1:], strict=False))

    @invariant()
    def its_address_is_told_only_from_shipping_on(self) -> None:
        address = self.market.read(self.order)["customer"]["shipping_address"]
        if self.order.state in BEFORE_SHIPPING:
            assert address is None
        elif self.order.state in ("SHIPPING", "SHIPPED", "RECEIVED", "CLOSED"):
            assert address is not None

    @invariant()
    def nothing_was_decided_or_shipped_twice(self) -> None:
        assert self.order.effective_accepts <= 1
        shipped: dict[str, int] = {}
        for row in self.market.operator.shipments.values():
            for line in row["shipment_lines"]:
                shipped[line["order_line_id"]] = shipped.get(line["order_line_id"], 0) + line["quantity"]
        assert all(shipped.get(line["order_line_id"], 0) <= line["quantity"] for line in self.order.lines)

    @invariant()
    def no_more_was_refunded_than_paid(self) -> None:
        for line in self.order.lines:
            assert sum(row["amount"] for row in line["refunds"]) <= line["price"] + 0.01


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=60, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
