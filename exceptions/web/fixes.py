"""The fixes a case offers, in place: for each its permission, its form, what it would do, and the one call it makes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms

from core.models import User
from core.permissions import EDIT_SHIPPING_MAPS, EDIT_SKU_MAPS, EDIT_STOCK_RULES, FIX_ORDERS, MANAGE_CONNECTIONS
from exceptions.models import Case
from exceptions.queries.findings import open_findings, push_of
from exceptions.services.accept_findings import accept_findings
from exceptions.web.forms import (
    ConfirmForm,
    CorrectOrderForm,
    MeantForm,
    SettleForm,
    TrackingForm,
)
from integration.domain.components import parse_components
from integration.errors import InvalidInputError
from integration.models import Channel, Hold, Warehouse
from integration.queries.stock.told_wrong import offers_refused, offers_that_differ
from integration.services.check_channel import check_channel
from integration.services.check_warehouse import check_warehouse
from integration.services.correct_order import correct_order
from integration.services.enter_tracking import enter_tracking
from integration.services.map_carrier import map_carrier
from integration.services.map_shipping_method import map_shipping_method
from integration.services.map_sku import map_sku
from integration.services.release_holds import Released
from integration.services.retry_hold import retry_hold
from integration.services.settle_hold import BY_WORD, settle_hold
from integration.services.stock import resolve_finding
from integration.services.stock.push_again import push_again
from integration.web.maps.forms import CarrierTarget, ShippingMethodTarget, SkuTarget


@dataclass(frozen=True)
class Fix:
    """One kind of fix. `apply` makes one call and says what it did; `bulk` says that it frees all of the case."""

    permission: str
    title: str
    button: str
    form: Callable[..., forms.Form]
    apply: Callable[[Case, dict[str, Any], User], str]
    frees_all: bool = True


def _channel(case: Case) -> Channel:
    if case.channel is None:
        raise InvalidInputError({"case": "This case belongs to no channel."})
    return case.channel


def _freed(released: Released) -> str:
    if not released.freed_orders:
        return "Saved. No order waited for it alone."
    noun = "order goes" if released.freed_orders == 1 else "orders go"
    worth = f"{released.currency} {released.freed_value:,.2f}".strip()
    return f"Saved. {released.freed_orders} {noun} on, worth {worth}."


def _map_sku(case: Case, data: dict[str, Any], by: User) -> str:
    components = parse_components(data["components"])
    try:
        return _freed(map_sku(channel=_channel(case), offer_sku=case.cause_key, components=components, by=by))
    except InvalidInputError as error:
        raise InvalidInputError({"components": " ".join(error.problems.values())}) from error


def _map_shipping_method(case: Case, data: dict[str, Any], by: User) -> str:
    return _freed(
        map_shipping_method(
            channel=_channel(case),
            shipping_type_code=case.cause_key,
            ship_via=data["ship_via"],
            ship_vendor=data["ship_vendor"],
            by=by,
        )
    )


def _map_carrier(case: Case, data: dict[str, Any], by: User) -> str:
    return _freed(
        map_carrier(
            channel=_channel(case),
            wms_carrier=case.cause_key,
            carrier_code=data["carrier_code"],
            carrier_name=data["carrier_name"],
            tracking_url=data["tracking_url"],
            by=by,
        )
    )


def _correct_order(case: Case, data: dict[str, Any], by: User) -> str:
    if not data:
        raise InvalidInputError({"case": "This cannot be corrected here: mend it at the marketplace or in a map."})
    correct_order(order=first_hold(case).order, corrections=data, by=by)
    return "Saved for this order. It is checked again, and goes on when all of it is valid."


def _enter_tracking(case: Case, data: dict[str, Any], by: User) -> str:
    hold = first_hold(case)
    if hold.parcel is None:
        raise InvalidInputError({"tracking_number": "This case holds no parcel."})
    enter_tracking(parcel=hold.parcel, tracking_number=data["tracking_number"], wms_carrier=data["wms_carrier"], by=by)
    return "Saved. The marketplace is told within seconds."


def _retry(case: Case, _data: dict[str, Any], by: User) -> str:
    holds = open_holds(case)
    for hold in holds:
        retry_hold(hold=hold, by=by)
    return f"Trying again from the step where it was held: {len(holds)} record(s)."


def _test_connection(case: Case, _data: dict[str, Any], by: User) -> str:
    side, _, code = case.connection.partition(":")
    if side == "mirakl":
        result = check_channel(channel=Channel.objects.get(code=code), by=by)
    else:
        result = check_warehouse(warehouse=Warehouse.objects.get(code=code), by=by)
    if not result.ok:
        raise InvalidInputError({"connection": result.summary})
    return f"The connection works: {result.summary}"


def _settle(case: Case, data: dict[str, Any], by: User) -> str:
    holds = open_holds(case)
    for hold in holds:
        settle_hold(hold=hold, note=data["note"], by=by)
    return "Noted on the order's passport. Nothing waits for it any more."


def _push_again(case: Case, _data: dict[str, Any], by: User) -> str:
    channel = _channel(case)
    if case.kind == "stock.push_failed":
        pushes = [push for finding in open_findings(case) if (push := push_of(finding))]
        count = sum(push_again(channel=channel, push=push, by=by) for push in pushes)
    else:
        wrong = offers_that_differ if case.kind == "stock.discrepancy" else offers_refused
        count = push_again(channel=channel, offer_skus=wrong(channel), by=by)
    noun = "number goes" if count == 1 else "numbers go"
    return f"{count:,} {noun} out with the next file. The case closes when the marketplace shows them."


def _accept(case: Case, data: dict[str, Any], by: User) -> str:
    accept_findings(case=case, reason=data["reason"], by=by)
    return "Noted. It stays closed until the numbers change."


def word_of(case: Case) -> Fix | None:
    """How a person's word ends the case, if one does."""
    if case.kind in resolve_finding.BY_WORD:
        return MEANT
    return SETTLE if case.kind in BY_WORD else None


def open_holds(case: Case) -> list[Hold]:
    """The holds of a case that are open, those of the order received first before the others."""
    rows = Hold.objects.filter(kind=case.kind, released_at=None)
    by_order = case.kind == "order.invalid_data"
    rows = rows.filter(order__order_id=case.cause_key) if by_order else rows.filter(cause_key=case.cause_key)
    if case.channel_id is not None:
        rows = rows.filter(order__channel=case.channel_id)
    return list(rows.select_related("order", "parcel").order_by("order__first_seen_at", "id"))


def first_hold(case: Case) -> Hold:
    """The first open hold. Raises InvalidInputError when nothing is held any more."""
    holds = open_holds(case)
    if not holds:
        raise InvalidInputError({"case": "Nothing is held by this any more: somebody was quicker."})
    return holds[0]


SETTLE: Final = Fix(FIX_ORDERS, "Dealt with outside", "Note and close", SettleForm, _settle)
MEANT: Final = Fix(EDIT_STOCK_RULES, "This is meant", "Mark as meant", MeantForm, _accept)
FIXES: Final[dict[str, Fix]] = {
    "map_sku": Fix(EDIT_SKU_MAPS, "Map the SKU", "Map and release", SkuTarget, _map_sku),
    "map_shipping_method": Fix(
        EDIT_SHIPPING_MAPS, "Map the shipping method", "Map and release", ShippingMethodTarget, _map_shipping_method
    ),
    "map_carrier": Fix(EDIT_SHIPPING_MAPS, "Map the carrier", "Map and release", CarrierTarget, _map_carrier),
    "correct_order": Fix(
        FIX_ORDERS, "Correct the order", "Save and check again", CorrectOrderForm, _correct_order, frees_all=False
    ),
    "enter_tracking": Fix(
        FIX_ORDERS, "Enter the tracking number", "Save and confirm", TrackingForm, _enter_tracking, frees_all=False
    ),
    "retry": Fix(FIX_ORDERS, "Try again", "Try again", ConfirmForm, _retry),
    "connection": Fix(
        MANAGE_CONNECTIONS, "Test the connection", "Test now", ConfirmForm, _test_connection, frees_all=False
    ),
    "push_again": Fix(
        EDIT_STOCK_RULES, "Push our numbers again", "Push again", ConfirmForm, _push_again, frees_all=False
    ),
}
