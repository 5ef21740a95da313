"""Where an order is. The stage is what "held at" means; on top of it an order may be held."""

STAGES = (
    "received",
    "accepted",
    "awaiting_debit",
    "ready",
    "in_wms",
    "picking",
    "shipped",
    "confirmed",
    "delivered",
    "settled",
)
SIDE_EXITS = ("refused", "cancelled", "refunded")

LABELS = {
    "received": "Received",
    "accepted": "Accepted",
    "awaiting_debit": "Awaiting debit",
    "ready": "Ready to import",
    "in_wms": "In the warehouse",
    "picking": "Picking",
    "shipped": "Shipped",
    "confirmed": "Confirmed",
    "delivered": "Delivered",
    "settled": "Settled",
    "refused": "Refused",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
}

_OF_MIRAKL = {
    "STAGING": "received",
    "WAITING_ACCEPTANCE": "received",
    "WAITING_DEBIT": "awaiting_debit",
    "WAITING_DEBIT_PAYMENT": "awaiting_debit",
    "SHIPPING": "ready",
    "SHIPPED": "confirmed",
    "TO_COLLECT": "confirmed",
    "RECEIVED": "delivered",
    "CLOSED": "delivered",
    "REFUSED": "refused",
    "CANCELED": "cancelled",
}


def stage_of_mirakl_state(state: str) -> str:
    """The stage that a Mirakl order state means at least; a state nobody knows changes nothing (received)."""
    return _OF_MIRAKL.get(state, "received")


def stage_told(state: str, *, is_fully_refunded: bool) -> str:
    """The stage that an order's state means; money given back before anything was shipped ends the order."""
    stage = stage_of_mirakl_state(state)
    return "refunded" if is_fully_refunded and stage in ("received", "awaiting_debit", "ready") else stage


def is_forward(present: str, wanted: str) -> bool:
    """Whether an order may move so: only onward, or out by a side exit; never back, and never out of an exit."""
    if present in SIDE_EXITS or present == wanted:
        return False
    if wanted in SIDE_EXITS:
        return True
    return STAGES.index(wanted) > STAGES.index(present)
