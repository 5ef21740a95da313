"""OR11: the list of orders with its filters."""

from collections.abc import Callable
from operator import attrgetter

from sandbox.mirakl.calls import Context, offset_page
from sandbox.mirakl.state import Json, SandboxOrder
from sandbox.wire import Response

Filter = Callable[[SandboxOrder], bool]
MILLISECOND = 0.001


def list_orders(call: Context) -> Response:
    """OR11. Unknown parameters are ignored; the update filter is widened by a delta, as Mirakl does."""
    filters = [*_named(call), *_dated(call), *_flagged(call)]
    ids = call.listed("order_ids")
    rows = _named_orders(call, ids) if ids else call.operator.orders_by_shop[call.shop.id]
    if call.operator.staging_seconds:
        filters.append(lambda order: order.state != "STAGING")
    rows = [order for order in rows if all(fits(order) for fits in filters)] if filters else list(rows)
    rows.sort(key=attrgetter("place"), reverse=call.request.one("order") == "desc")
    return offset_page(call, rows, "orders", lambda order: _shown(call, order))


def _named_orders(call: Context, ids: set[str]) -> list[SandboxOrder]:
    return [order for one in ids if (order := call.find(one)) is not None]


def _shown(call: Context, order: SandboxOrder) -> Json:
    if not call.operator.unknown_fields:
        return order.body
    return {**order.body, "a_field_of_a_later_version": {"value": 1}, "payment_type": "A_LATER_PAYMENT_TYPE"}


def _named(call: Context) -> list[Filter]:
    found: list[Filter] = []
    states = call.listed("order_state_codes")
    if states:
        found.append(lambda order: order.state in states)
    channels = call.listed("channel_codes")
    if call.flag("only_null_channel"):
        found.append(lambda order: not order.body.get("channel"))
    elif channels:
        found.append(lambda order: (order.body.get("channel") or {}).get("code") in channels)
    centers = call.many("fulfillment_center_code")
    if centers:
        found.append(lambda order: order.body["fulfillment"]["center"]["code"] in centers)
    workflow = call.request.one("payment_workflow")
    if workflow:
        found.append(lambda order: order.body["payment_workflow"] == workflow)
    return [*found, *_referenced(call, "customer"), *_referenced(call, "seller")]


def _referenced(call: Context, side: str) -> list[Filter]:
    wanted = call.listed(f"order_references_for_{side}")
    return [lambda order: order.body["references"][f"order_reference_for_{side}"] in wanted] if wanted else []


def _dated(call: Context) -> list[Filter]:
    found: list[Filter] = []
    start, end = call.moment("start_date"), call.moment("end_date")
    since, until = call.moment("start_update_date"), call.moment("end_update_date")
    if start is not None:
        found.append(lambda order: order.created >= start)
    if end is not None:
        found.append(lambda order: order.created < end + MILLISECOND)
    if since is not None:
        widened = since - call.operator.update_delta_seconds
        found.append(lambda order: order.updated >= widened)
    if until is not None:
        found.append(lambda order: order.updated < until + MILLISECOND)
    return found


def _flagged(call: Context) -> list[Filter]:
    found: list[Filter] = []
    debited, incident = call.flag("customer_debited"), call.flag("has_incident")
    if debited is not None:
        found.append(lambda order: order.is_debited == debited)
    if incident is not None:
        found.append(lambda order: order.body["has_incident"] == incident)
    return found
