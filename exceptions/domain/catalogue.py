"""Every kind of case there is: its words, its owner, how bad it is, and the fix that a person is offered."""

from dataclasses import dataclass
from typing import Final, Literal

Team = Literal["warehouse", "ecommerce", "finance", "operations"]
Fix = Literal[
    "map_sku",
    "map_shipping_method",
    "map_carrier",
    "correct_order",
    "retry",
    "enter_tracking",
    "connection",
    "push_again",
    "",
]

TEAM_LABELS: Final[dict[str, str]] = {
    "warehouse": "Warehouse",
    "ecommerce": "Ecommerce",
    "finance": "Finance",
    "operations": "Operations",
}
SEVERITY_LABELS: Final = {1: "Critical", 2: "High", 3: "Medium", 4: "Low"}


@dataclass(frozen=True)
class CaseKind:
    """One root cause. `runbook` says in a few sentences what happened and what to do; `fix` names the form shown.

    `noun` is what its records are called where they are not orders.
    """

    kind: str
    title: str
    team: Team
    severity: int
    runbook: str
    fix: Fix = ""
    noun: str = "record"


CATALOGUE: Final[tuple[CaseKind, ...]] = (
    CaseKind(
        "order.sku_unmapped",
        "SKU has no warehouse item",
        "ecommerce",
        2,
        "The marketplace sold an offer SKU that no warehouse item stands for, so the order cannot be imported. "
        "Say which item it is, and how many units one offer holds. Every order that waits for it goes on by itself.",
        "map_sku",
    ),
    CaseKind(
        "order.item_inactive",
        "Mapped item is not usable",
        "ecommerce",
        2,
        "The SKU is mapped to an item that the warehouse does not accept. Map it to an item that is in use.",
        "map_sku",
    ),
    CaseKind(
        "order.invalid_data",
        "Order data the warehouse cannot take",
        "warehouse",
        2,
        "A field of this order is missing or does not fit the warehouse. Correct it here: the value the marketplace "
        "sent stays beside yours, and nothing is sent before the whole order is valid.",
        "correct_order",
    ),
    CaseKind(
        "order.shipping_method_unmapped",
        "Shipping method is not mapped",
        "warehouse",
        2,
        "The buyer chose a shipping method that the channel's map does not name. Say what the warehouse calls it.",
        "map_shipping_method",
    ),
    CaseKind(
        "order.acceptance_failed",
        "Marketplace refused our acceptance",
        "ecommerce",
        1,
        "Mirakl did not take the acceptance, and reading the order back shows it is not accepted. Look at the reason, "
        "then try again, or decide in the marketplace's back office before the acceptance deadline.",
        "retry",
    ),
    CaseKind(
        "order.wms_rejected",
        "Warehouse refused the order",
        "warehouse",
        1,
        "Deposco refused this order with the words above. Fix the reason in Deposco or correct the order, then try again. "
        "Before anything is sent again the number is looked up, so it cannot arrive twice.",
        "retry",
    ),
    CaseKind(
        "order.cancelled_after_release",
        "Cancelled while the warehouse has it",
        "warehouse",
        1,
        "The marketplace cancelled an order that the warehouse already holds. Stop it in Deposco before it is packed; "
        "if it left, recall it. Then say here what was done.",
    ),
    CaseKind(
        "order.changed_after_release",
        "Changed while the warehouse has it",
        "warehouse",
        1,
        "The marketplace changed the order after it was imported: lines were cancelled, the address is another, or somebody "
        "marked it shipped there. Change it in Deposco before it leaves, then say here what was done.",
    ),
    CaseKind(
        "order.shorted",
        "Warehouse will not send all of it",
        "ecommerce",
        1,
        "The warehouse finished the order without some of its units. Cancel or refund them at the marketplace: the order goes "
        "on by itself when the marketplace says so. Or say here what was done.",
    ),
    CaseKind(
        "order.acceptance_at_risk",
        "Not accepted, and time is running out",
        "ecommerce",
        1,
        "The marketplace refuses an order by itself when nobody answers in time, and counts that against the shop. Look why "
        "it waits: is the connection well, is its acceptance lane on, does a policy hold it? The case closes when it is decided.",
    ),
    CaseKind(
        "order.dispatch_late",
        "Past its dispatch deadline",
        "warehouse",
        1,
        "These orders should have left by now and are not confirmed at the marketplace. Ship them first; if they left, "
        "check that their tracking arrived here.",
    ),
    CaseKind(
        "order.oversold",
        "More sold than can be sent",
        "ecommerce",
        1,
        "More units of this item are sold and on their way to the warehouse than it can send. Choose which orders to keep, "
        "the earliest deadline first, and refuse or cancel the others at the marketplace; or have stock moved or received. "
        "The case closes when the units fit. If it comes again, give the item a larger buffer.",
        noun="order",
    ),
    CaseKind(
        "stock.push_failed",
        "File of stock numbers failed",
        "ecommerce",
        1,
        "A file of numbers was not taken by the marketplace, does not end there, or nobody knows what became of it; the shop "
        "may sell by old numbers. Newer numbers go out by themselves. Look at the file's words below; push again when the "
        "reason is mended.",
        "push_again",
        noun="number",
    ),
    CaseKind(
        "stock.line_rejected",
        "Marketplace refuses numbers",
        "ecommerce",
        2,
        "The marketplace took the file but not these offers, for the reason below. Mostly the offer does not exist there or "
        "has another SKU: mend it in the marketplace's back office or in the SKU map, then push again. They are tried again "
        "by themselves after ten minutes, one hour, six hours, then daily.",
        "push_again",
        noun="offer",
    ),
    CaseKind(
        "stock.stale",
        "Stock numbers are too old",
        "ecommerce",
        1,
        "What the warehouse has was not told for longer than the channel allows, or items were listed without their number. "
        "The last numbers stand, and nothing was set to zero. See whether the connection works; where single items are meant, "
        "ask the warehouse why their stock is not told.",
        noun="item",
    ),
    CaseKind(
        "stock.discrepancy",
        "Marketplace shows another number",
        "ecommerce",
        2,
        "These offers were read back twice, well after our number landed, and show another one that no sale explains. Somebody "
        "may have typed it there, or another tool writes stock to this shop: switch that off. Push again puts our number back.",
        "push_again",
        noun="offer",
    ),
    CaseKind(
        "stock.offer_unmapped",
        "Offers without a warehouse item",
        "ecommerce",
        2,
        "The marketplace lists offers that no warehouse item stands for, so no number of ours ever reaches them and what they "
        "sell cannot be imported. Map them, or take them off sale at the marketplace.",
        noun="offer",
    ),
    CaseKind(
        "stock.offer_inactive",
        "Offers with stock that do not sell",
        "ecommerce",
        3,
        "There is stock for these offers and the marketplace does not sell them, for the reason below. It is mended at the "
        "marketplace: the product's data, the price, the shop's settings. Or say that it is meant.",
        noun="offer",
    ),
    CaseKind(
        "stock.double_buffer",
        "Stock is held back twice",
        "ecommerce",
        2,
        "A buffer is kept here, and another system keeps one for the same stock as well, so fewer units are on sale than anybody "
        "decided. Both numbers are below, and where each is switched off. Keep one of them, or say that both are meant.",
    ),
    CaseKind(
        "shipment.carrier_unmapped",
        "Carrier is not mapped",
        "warehouse",
        2,
        "Parcels left with a carrier name that this marketplace does not know, so they are not confirmed yet. "
        "Choose the marketplace's carrier: all waiting parcels are confirmed by themselves.",
        "map_carrier",
    ),
    CaseKind(
        "shipment.tracking_missing",
        "Parcel left without a tracking number",
        "warehouse",
        2,
        "The warehouse shipped this parcel without a label number. It is looked up again every ten minutes; if you have "
        "the number, enter it here.",
        "enter_tracking",
    ),
    CaseKind(
        "shipment.confirmation_failed",
        "Marketplace refused the shipment",
        "warehouse",
        1,
        "Mirakl refused this shipment confirmation, and reading it back shows it is not there. Look at the reason and "
        "try again.",
        "retry",
    ),
    CaseKind(
        "shipment.rolled_back",
        "Confirmed shipment was taken back",
        "warehouse",
        1,
        "The warehouse took back a shipment that the marketplace was already told about. Ship it again soon, or contact "
        "the marketplace. Then say here what was done.",
    ),
    CaseKind(
        "shipment.unmatched",
        "Shipment carries what was not ordered",
        "warehouse",
        2,
        "A shipment of this order holds an item that the order does not have, so the marketplace was not told of it. Find "
        "out what was packed, and mend it in Deposco or at the marketplace. Then say here what was done.",
    ),
    CaseKind(
        "connection.down",
        "Connection does not work",
        "operations",
        1,
        "Calls to this connection fail or its key was refused; its lanes wait and nothing is lost. Test the connection: "
        "when the test is good the lanes go on at once.",
        "connection",
    ),
    CaseKind(
        "job.overdue",
        "Job has stopped running",
        "operations",
        1,
        "A job missed its beat. Check that the workers run (manage.py doctor says what is wrong) and look at its last "
        "error on the Jobs page.",
    ),
    CaseKind(
        "record.unreadable",
        "A record could not be read",
        "operations",
        2,
        "The far side sent a record that does not follow its contract. It is kept whole; the others went on. It is read "
        "again when it changes.",
    ),
    CaseKind(
        "effect.parked",
        "A message could not be delivered",
        "operations",
        1,
        "A message was given up without holding a record. Its last answer is on the order's passport.",
    ),
)
BY_KIND: Final = {entry.kind: entry for entry in CATALOGUE}


def kind_of(kind: str) -> CaseKind:
    """The entry of a kind; one that nobody wrote an entry for is shown by its code and goes to operations."""
    return BY_KIND.get(kind) or CaseKind(kind, kind.replace(".", ": ").replace("_", " "), "operations", 2, "")
