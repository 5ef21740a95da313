"""What a test or a person may do to the marketplaces: place orders, act as the operator, change its switches."""

import dataclasses
from typing import Any

from sandbox.demo import random_order
from sandbox.mirakl.state import Operator, SandboxOrder, Shop, new_order
from sandbox.wire import Request, Response, json_response
from sandbox.world import World

Json = dict[str, Any]
CHOICES = ("order_id", "lastname", "address", "shipping_type", "payment_workflow", "center", "channel", "tax_rate")
MORE_CHOICES = ("shipping_price", "deadline_seconds")


def place_order(world: World, operator: Operator, shop: Shop, body: Json) -> SandboxOrder:
    """Place one order as described; what is left out is plain."""
    lines = [(str(sku), int(quantity)) for sku, quantity in body["lines"]]
    options = {name: body[name] for name in (*CHOICES, *MORE_CHOICES) if body.get(name) not in (None, "")}
    if str(options.get("order_id", "")) in operator.orders:
        message = f"the order {options['order_id']} is there already"
        raise ValueError(message)
    order = new_order(operator, shop, lines, at=world.clock.seconds(), **options)
    order.debit_refused = bool(body.get("debit_refused"))
    return operator.place(order)


def push_orders(world: World, request: Request) -> Response:
    """Place orders: {operator, shop_id, lines: [[sku, quantity]], count, ...}; without lines, as they come.

    Optional: order_id, lastname, address (parts that differ), shipping_type, payment_workflow, center, channel, tax_rate,
    shipping_price, deadline_seconds, debit_refused.
    """
    body = request.json() or {}
    operator = world.operators[body["operator"]]
    shop = operator.shops[int(body["shop_id"])]
    placed = [
        place_order(world, operator, shop, body) if "lines" in body else random_order(world, world.rng, operator, shop)
        for _ in range(int(body.get("count", 1)))
    ]
    return json_response({"order_ids": [order.id for order in placed]}, 201)


def orders(world: World, request: Request) -> Response:
    """Orders with all that is known inside, of one operator; by ids when given."""
    operator = world.operators[request.one("operator")]
    wanted = request.listed("ids")
    found = [operator.orders[one] for one in wanted if one in operator.orders] if wanted else operator.orders.values()
    return json_response({"orders": [_order(operator, order) for order in found]})


def _order(operator: Operator, order: SandboxOrder) -> Json:
    return {
        "order_id": order.id,
        "shop_id": order.shop_id,
        "state": order.state,
        "created": order.created,
        "updated": order.updated,
        "accept_calls": order.accept_calls,
        "effective_accepts": order.effective_accepts,
        "ships": order.ships,
        "tracking": order.body.get("shipping_tracking"),
        "decided": order.body.get("acceptance_decision_date"),
        "lines": [{"id": line["order_line_id"], "state": line["order_line_state"]} for line in order.lines],
        "shipments": [operator.shipments[one] for one in operator.shipments_by_order.get(order.id, [])],
    }


def cancel_order(world: World, request: Request) -> Response:
    """The marketplace cancels an order: {operator, order_id}."""
    operator, order = _named(world, request)
    operator.cancel(order, world.clock.seconds())
    return json_response({"state": order.state})


def receive_order(world: World, request: Request) -> Response:
    """The customer has the order: {operator, order_id}; its money may be paid out."""
    operator, order = _named(world, request)
    operator.receive(order, world.clock.seconds())
    return json_response({"state": order.state})


def close_order(world: World, request: Request) -> Response:
    """The operator closes an order: {operator, order_id}."""
    operator, order = _named(world, request)
    operator.close(order, world.clock.seconds())
    return json_response({"state": order.state})


def set_incident(world: World, request: Request) -> Response:
    """An incident is opened or closed: {operator, order_id, open}."""
    _, order = _named(world, request)
    order.body["has_incident"] = bool((request.json() or {}).get("open", True))
    order.touch(world.clock.seconds())
    return json_response({"has_incident": order.body["has_incident"]})


def _named(world: World, request: Request) -> tuple[Operator, SandboxOrder]:
    body = request.json() or {}
    operator = world.operators[body["operator"]]
    return operator, operator.orders[body["order_id"]]


def set_operator(world: World, request: Request) -> Response:
    """Change an operator's switches: {operator, multi_shipment, auto_accept, ...}. A name that is none is refused."""
    body = request.json() or {}
    operator = world.operators[body.pop("operator")]
    plain = {
        f.name for f in dataclasses.fields(operator) if isinstance(getattr(operator, f.name), bool | float | int | str)
    }
    unknown = sorted(set(body) - plain)
    if unknown:
        message = f"no such switch: {', '.join(unknown)}"
        raise ValueError(message)
    for name, value in body.items():
        setattr(operator, name, value)
    return json_response({"ok": True})


def add_key(world: World, request: Request) -> Response:
    """A key of a user with several shops: {operator, shop_ids, roles}; the first shop is the default."""
    body = request.json() or {}
    operator = world.operators[body["operator"]]
    roles = frozenset(body.get("roles") or ("ROLE_SHOP_ADMIN", "ROLE_SHOP_ACCOUNTANCY"))
    return json_response({"api_key": operator.add_key([int(one) for one in body["shop_ids"]], roles)}, 201)


def close_cycle(world: World, request: Request) -> Response:
    """End a billing cycle: {operator, shop_id, paid}. Answers the cycle, or none where nothing is payable."""
    body = request.json() or {}
    operator = world.operators[body["operator"]]
    shop = operator.shops[int(body["shop_id"])]
    cycle = operator.log.close_cycle(shop, world.clock.seconds(), paid=bool(body.get("paid")))
    return json_response({"cycle": cycle}, 201)


def manual_document(world: World, request: Request) -> Response:
    """A credit or an invoice by hand: {operator, shop_id, kind: MANUAL_CREDIT or MANUAL_INVOICE, amount, description}."""
    body = request.json() or {}
    operator = world.operators[body["operator"]]
    if body["kind"] not in ("MANUAL_CREDIT", "MANUAL_INVOICE"):
        message = f"no such kind: {body['kind']}"
        raise ValueError(message)
    shop, words = operator.shops[int(body["shop_id"])], str(body.get("description", "Sample document"))
    document = operator.log.manual(shop, body["kind"], float(body["amount"]), words, world.clock.seconds())
    return json_response({"document": document}, 201)
