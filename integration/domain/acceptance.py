"""Whether an order is accepted, and whether what Mirakl shows is what was decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

Answer = Literal["accept", "refuse", "hold"]
UNDECIDED = frozenset({"STAGING", "WAITING_ACCEPTANCE"})
OVER = frozenset({"REFUSED", "CANCELED"})


class AcceptancePolicy(BaseModel):
    """A channel's policy. By default everything is accepted at once, since acceptance waits for nobody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unmapped_sku: Answer = "accept"
    short_stock: Answer = "accept"
    below_price: Answer = "accept"
    floor_price: Decimal = Decimal(0)
    partial_acceptance: bool = True

    @property
    def reads_sku_map(self) -> bool:
        """Whether a decision needs to know which SKUs are mapped."""
        return self.unmapped_sku != "accept"

    @property
    def reads_stock(self) -> bool:
        """Whether a decision needs to know what is free to be sold."""
        return self.short_stock != "accept"


@dataclass(frozen=True)
class LineFacts:
    """What a decision may look at. `free`: offers that nobody has bought yet; None: not known, and so not too few."""

    line_id: str
    offer_sku: str
    quantity: int
    unit_price: Decimal
    is_mapped: bool
    free: int | None = None


@dataclass(frozen=True)
class LineDecision:
    """The answer for one line."""

    line_id: str
    accepted: bool


@dataclass(frozen=True)
class Decision:
    """The answer for an order: every line decided, or held for a person. `reasons` are kept with it."""

    lines: tuple[LineDecision, ...]
    is_held: bool
    reasons: tuple[str, ...]


def decide(lines: Sequence[LineFacts], policy: AcceptancePolicy) -> Decision:
    """Decide every line. Where the operator takes no partial acceptance, one refused line refuses the order."""
    answers: dict[str, Answer] = {}
    reasons: list[str] = []
    for line in lines:
        answers[line.line_id], reason = _answer(line, policy)
        if reason:
            reasons.append(reason)
    if "hold" in answers.values():
        return Decision(lines=(), is_held=True, reasons=tuple(reasons))
    refused = {line_id for line_id, answer in answers.items() if answer == "refuse"}
    if refused and not policy.partial_acceptance:
        refused = set(answers)
        reasons.append("the operator takes no partial acceptance")
    return Decision(
        lines=tuple(LineDecision(line_id, line_id not in refused) for line_id in answers),
        is_held=False,
        reasons=tuple(reasons),
    )


def acceptance_matches(
    decision: Mapping[str, bool], order_state: str, line_states: Mapping[str, str]
) -> Literal["applied", "pending", "different"]:
    """Whether Mirakl shows what was decided: still open, as decided, or decided otherwise (a lost race)."""
    if order_state in UNDECIDED:
        return "pending"
    wants_any = any(decision.values())
    if order_state == "REFUSED":
        return "different" if wants_any else "applied"
    if order_state == "CANCELED":
        return "different"
    refused = {line_id for line_id, state in line_states.items() if state == "REFUSED"}
    as_decided = all(
        (line_id in refused) != accepted for line_id, accepted in decision.items() if line_id in line_states
    )
    return "applied" if as_decided else "different"


def _answer(line: LineFacts, policy: AcceptancePolicy) -> tuple[Answer, str]:
    if not line.is_mapped and policy.unmapped_sku != "accept":
        return policy.unmapped_sku, f"SKU {line.offer_sku} has no item"
    if line.free is not None and line.quantity > line.free and policy.short_stock != "accept":
        return policy.short_stock, f"SKU {line.offer_sku} has {line.free} left, and {line.quantity} were ordered"
    if line.unit_price < policy.floor_price and policy.below_price != "accept":
        return policy.below_price, f"SKU {line.offer_sku} is priced below {policy.floor_price}"
    return "accept", ""
