"""What a team sees first: what is urgent, its daily checks, how the day flows, and whether the connections work."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from core.clock import db_now
from core.models import Breaker, Effect, Periodic
from exceptions.models import Case
from exceptions.queries.desk import WAITING
from integration.models import Order, OrderLine, Parcel, StockFinding, UnreadableRecord

SLOW: Final = timedelta(minutes=10)
STALE_BEAT_ROUNDS: Final = 3


@dataclass(frozen=True)
class Urgent:
    """Orders that will miss a deadline today unless somebody acts."""

    orders: int
    value: Decimal
    currency: str
    next_deadline_at: datetime | None


@dataclass(frozen=True)
class Check:
    """One daily check: its number, where its records are, and what it means when it is not zero."""

    label: str
    number: int
    url_name: str
    query: str
    meaning: str

    @property
    def is_fine(self) -> bool:
        """Whether nothing has to be done."""
        return self.number == 0


@dataclass(frozen=True)
class Flow:
    """How many orders reached each step since midnight of the reader."""

    received: int
    accepted: int
    in_wms: int
    shipped: int
    confirmed: int


def urgent_orders() -> Urgent:
    """Held orders whose dispatch deadline lies before the end of the reader's day."""
    end = timezone.localtime(db_now()).replace(hour=23, minute=59, second=59)
    figures = Order.objects.filter(is_held=True, shipping_deadline_at__lte=end).aggregate(
        n=Count("id"), value=Sum("total_price"), currency=Min("currency"), next=Min("shipping_deadline_at")
    )
    return Urgent(figures["n"], figures["value"] or Decimal(0), figures["currency"] or "", figures["next"])


def todays_flow() -> Flow:
    """Counts by the stamps that each step left."""
    start = timezone.localtime(db_now()).replace(hour=0, minute=0, second=0, microsecond=0)
    steps = {
        "received": "first_seen_at",
        "accepted": "accepted_at",
        "in_wms": "in_wms_at",
        "shipped": "shipped_at",
        "confirmed": "confirmed_at",
    }
    figures = Order.objects.filter(first_seen_at__gte=start - timedelta(days=30)).aggregate(
        **{name: Count("id", filter=Q(**{f"{stamp}__gte": start})) for name, stamp in steps.items()}
    )
    return Flow(**figures)


def checks_of(team: str) -> list[Check]:
    """The daily checks of a team, in the order in which they are done; without a team, those of every team."""
    by_team = {
        "warehouse": _warehouse_checks,
        "ecommerce": _ecommerce_checks,
        "finance": _finance_checks,
        "operations": _operations_checks,
    }
    if team in by_team:
        return by_team[team]()
    return [check for checks in by_team.values() for check in checks()]


def changes_since(moment: datetime) -> dict[str, int]:
    """Cases that opened, came back, closed by us and closed by themselves since a moment."""
    return Case.objects.filter(
        Q(opened_at__gte=moment) | Q(resolved_at__gte=moment) | Q(reopened_at__gte=moment)
    ).aggregate(
        opened=Count("id", filter=Q(opened_at__gte=moment)),
        came_back=Count("id", filter=Q(reopened_at__gte=moment)),
        by_us=Count("id", filter=Q(resolved_at__gte=moment, resolved_how="by us")),
        by_itself=Count("id", filter=Q(resolved_at__gte=moment, resolved_how="by itself")),
    )


def _cases(kinds: tuple[str, ...]) -> int:
    return Case.objects.filter(state__in=WAITING, kind__in=kinds).count()


def _warehouse_checks() -> list[Check]:
    now = db_now()
    late = Order.objects.filter(stage__in=("ready", "in_wms", "picking", "shipped"), shipping_deadline_at__lt=now)
    unconfirmed = Parcel.objects.filter(state__in=("new", "sending"), first_seen_at__lt=now - SLOW)
    return [
        Check(
            "Stalled orders",
            Case.objects.filter(state__in=WAITING, team="warehouse").count(),
            "exceptions",
            "team=warehouse",
            "Root causes that wait for the warehouse",
        ),
        Check("Past the dispatch deadline", late.count(), "orders", "late=true", "Ship these first"),
        Check(
            "Parcels without tracking",
            Parcel.objects.filter(state="waiting", tracking_number="").count(),
            "shipments",
            "state=waiting",
            "The number is looked up again; enter it if you have it",
        ),
        Check(
            "Shipments taken back",
            _cases(("shipment.rolled_back",)),
            "exceptions",
            "kind=shipment.rolled_back",
            "The marketplace was told, and the warehouse took the shipment back",
        ),
        Check(
            "Dispatches not confirmed",
            unconfirmed.count(),
            "shipments",
            "state=new",
            "Left more than ten minutes ago, and the marketplace does not know yet",
        ),
    ]


def _stock_checks() -> list[Check]:
    """What is wrong with stock, as it was last found: one statement, however many offers there are."""
    found = (
        StockFinding.objects.filter(cleared_at=None).order_by().values("kind").annotate(n=Sum("count"), of=Count("id"))
    )
    rows, cases = {}, {}
    for row in found:
        rows[row["kind"]], cases[row["kind"]] = row["n"], row["of"]
    return [
        Check(
            "Stock files that failed",
            cases.get("stock.push_failed", 0),
            "exceptions",
            "kind=stock.push_failed",
            "A shop may sell by old numbers",
        ),
        Check(
            "Offers refused by the marketplace",
            rows.get("stock.line_rejected", 0),
            "stock",
            "question=refused",
            "Their last number did not land, with the marketplace's reason",
        ),
        Check(
            "Offers that show another number",
            rows.get("stock.discrepancy", 0),
            "stock",
            "question=differs",
            "Read back twice, and no sale explains it",
        ),
        Check(
            "Offers without an item",
            rows.get("stock.offer_unmapped", 0),
            "unmapped_offers",
            "",
            "No number of ours reaches them, and what they sell is held",
        ),
        Check(
            "Warehouses and items with old stock",
            rows.get("stock.stale", 0),
            "exceptions",
            "kind=stock.stale",
            "The last numbers stand until the warehouse tells new ones",
        ),
        Check(
            "Items sold beyond their stock",
            cases.get("order.oversold", 0),
            "stock",
            "question=oversell",
            "Choose which orders to keep",
        ),
    ]


def _ecommerce_checks() -> list[Check]:
    unaccepted = Order.objects.filter(stage="received", first_seen_at__lt=db_now() - SLOW)
    return [
        Check(
            "Unmapped SKUs",
            _cases(("order.sku_unmapped", "order.sku_ambiguous", "order.item_inactive")),
            "exceptions",
            "kind=order.sku_unmapped",
            "Each holds every order that sold it",
        ),
        Check(
            "Orders not accepted",
            unaccepted.count(),
            "orders",
            "stage=received",
            "Seen more than ten minutes ago, and the marketplace has no decision",
        ),
        Check(
            "Acceptances refused",
            _cases(("order.acceptance_failed",)),
            "exceptions",
            "kind=order.acceptance_failed",
            "Counts against the shop at the marketplace",
        ),
        *_stock_checks(),
        Check(
            "Everything else for ecommerce",
            Case.objects.filter(state__in=WAITING, team="ecommerce").count(),
            "exceptions",
            "team=ecommerce",
            "All root causes that wait for ecommerce",
        ),
    ]


def _finance_checks() -> list[Check]:
    return [
        Check(
            "Cases for finance",
            Case.objects.filter(state__in=WAITING, team="finance").count(),
            "exceptions",
            "team=finance",
            "Differences that wait for finance",
        ),
        Check(
            "Cancelled, and in the warehouse",
            _cases(("order.cancelled_after_release",)),
            "exceptions",
            "kind=order.cancelled_after_release",
            "Goods that may leave without being paid",
        ),
        Check(
            "Shipped, and not confirmed",
            Order.objects.filter(stage="shipped").count(),
            "orders",
            "stage=shipped",
            "The marketplace pays what it knows to be shipped",
        ),
    ]


def _operations_checks() -> list[Check]:
    now = db_now()
    silent = Q()
    for row in Periodic.objects.filter(enabled=True).values("name", "every_seconds"):
        grace = timedelta(seconds=max(60.0, row["every_seconds"] * STALE_BEAT_ROUNDS))
        silent |= Q(name=row["name"], last_ok_at__lt=now - grace)
    overdue = Periodic.objects.filter(silent).count() if silent else 0
    return [
        Check(
            "Connections that do not answer",
            Breaker.objects.filter(state="open", name__startswith="conn:").count(),
            "connections",
            "",
            "Their lanes wait; nothing is lost",
        ),
        Check("Jobs that missed their beat", overdue, "jobs", "", "Look at the last error of each"),
        Check(
            "Messages given up",
            Effect.objects.filter(state="parked").count(),
            "exceptions",
            "team=operations",
            "Each needs a person's decision",
        ),
        Check(
            "Records that cannot be read",
            UnreadableRecord.objects.filter(cleared_at=None).count(),
            "exceptions",
            "kind=record.unreadable",
            "Kept whole; the others went on",
        ),
    ]


def money_of_open_orders() -> dict[str, dict[str, Decimal]]:
    """Per currency: worth of orders confirmed and not yet settled, and the commission that is expected on them."""
    rows = (
        OrderLine.objects.filter(order__stage__in=("confirmed", "delivered"))
        .order_by()
        .values("order__currency")
        .annotate(sales=Sum("total_price"), commission=Sum("commission"))
    )
    return {row["order__currency"]: {"sales": row["sales"], "commission": row["commission"]} for row in rows}
