"""The hand on offers: set and read them, and buyers who buy only what an offer shows."""

from decimal import Decimal
from typing import Any

from sandbox.deposco.state import Tenant
from sandbox.mirakl.book import BY_HAND, Landing, put_quantity
from sandbox.mirakl.order import ENDED
from sandbox.mirakl.state import Operator, Shop, new_order
from sandbox.wire import Request, Response, json_response
from sandbox.world import World

Json = dict[str, Any]
SETTABLE: tuple[str, ...] = ("reasons", "eans", "channels", "price", "title", "description", "min_quantity_alert")
SETTABLE += ("min_order_quantity", "max_order_quantity", "package_quantity")


def _shop(world: World, body: Json) -> tuple[Operator, Shop]:
    operator = world.operators[str(body["operator"])]
    return operator, operator.shops[int(body["shop_id"])]


def set_offers(world: World, request: Request) -> Response:
    """Put offers up or change them: {operator, shop_id, offers: [{sku, quantity, reasons, eans, ...}], codes, refused}.

    Of an offer also price, title, description, channels, min_quantity_alert, min_order_quantity, max_order_quantity,
    package_quantity, and delete: true takes it down. `reasons` are Mirakl's inactivity reasons; with one it is inactive.
    `codes` are the warehouse codes that stock files may name, and `refused` is {sku: words} of those they may not.
    """
    body = request.json() or {}
    operator, shop = _shop(world, body)
    now = world.clock.seconds()
    for row in body.get("offers", []):
        _set_offer(operator, shop, row, now)
    if "codes" in body:
        shop.warehouse_codes = {str(code) for code in body["codes"]}
    if "refused" in body:
        shop.refused_skus = {str(sku): str(words) for sku, words in body["refused"].items()}
    return json_response({"offers": len(shop.offers), "deleted": len(shop.deleted_offers)})


def _set_offer(operator: Operator, shop: Shop, row: Json, now: float) -> None:
    sku = str(row["sku"])
    unknown = sorted(set(row) - {*SETTABLE, "sku", "quantity", "delete"})
    if unknown:
        message = f"no such part of an offer: {', '.join(unknown)}"
        raise ValueError(message)
    if row.get("delete"):
        operator.delete_offer(shop, sku, now)
        return
    if sku not in shop.offers:
        operator.add_offer(shop, sku, float(row.get("price", 9.9)), at=now)
    offer = shop.offers[sku]
    offer |= {name: row[name] for name in SETTABLE if name in row} | {"updated": now}
    if "quantity" in row:
        put_quantity(shop, offer, Landing(now, BY_HAND, "", int(row["quantity"])))


def offers(world: World, request: Request) -> Response:
    """What every offer of a shop shows now, in one answer: {offers: {sku: quantity}, at}; of `operator` and `shop_id`."""
    _, shop = _shop(world, {name: request.one(name) for name in ("operator", "shop_id")})
    shown = {sku: offer["quantity"] for sku, offer in shop.offers.items()}
    return json_response({"offers": shown, "at": world.clock.seconds()})


def landings(world: World, request: Request) -> Response:
    """The numbers that landed in a shop: how many, and those of the `sku`s named, as [time, import, warehouse, units].

    The import is 0 for a hand or an offer update, -1 for an order. `backwards` counts numbers that landed although
    their file was sent before one that had landed on the same offer; `backwards_seen` are the first of them.
    """
    _, shop = _shop(world, {name: request.one(name) for name in ("operator", "shop_id")})
    book = shop.landings
    chosen = {sku: book.of(sku) for sku in request.listed("sku")}
    body = {"landings": len(book), "backwards": book.backwards, "backwards_seen": book.backwards_seen}
    return json_response({**body, "offers": chosen})


def buy(world: World, request: Request) -> Response:
    """Buyers try: {operator, shop_id, tenant, buys: [[sku, units, item]]}; an order is placed only where the offer shows it.

    `item` may be [[item, units of it in one offer], ...], or be left out. Answers per try: bought, order_id, shown,
    shown_since (when that number landed), and of the warehouse at that moment: atp (all facilities, above zero only),
    unseen (units bought so before that the warehouse does not know yet), free (offers that can be made of the rest),
    changed (when its stock last changed) and oversold: bought, though less was free. Counted by shop: GET of this call.
    """
    body = request.json() or {}
    operator, shop = _shop(world, body)
    tenant = world.tenants[body["tenant"]] if body.get("tenant") else None
    return json_response({"tries": [_try(world, operator, shop, tenant, row) for row in body["buys"]]})


def _try(world: World, operator: Operator, shop: Shop, tenant: Tenant | None, row: list[Any]) -> Json:
    sku, units = str(row[0]), int(row[1])
    parts = _parts(row[2] if len(row) > 2 else None)  # noqa: PLR2004 -- the item is the third
    offer, now = shop.offers.get(sku), world.clock.seconds()
    answer: Json = {"sku": sku, "units": units, "shown": offer["quantity"] if offer else 0, "at": now}
    answer["shown_since"] = shop.landings.last_at(sku)
    if tenant is not None and parts:
        answer |= _availability(world, tenant, parts)
    is_sellable = offer is not None and not offer.get("reasons") and answer["shown"] >= units
    answer |= {"bought": is_sellable, "order_id": None}
    if is_sellable:
        order = operator.place(new_order(operator, shop, [(sku, units)], at=now))
        answer["order_id"] = order.id
        for item, each in parts:
            world.unseen.setdefault(item, []).append((operator.name, order.id, units * each))
    answer["oversold"] = is_sellable and "free" in answer and answer["free"] < units
    for name, is_one in (("tries", True), ("bought", is_sellable), ("oversold", answer["oversold"])):
        shop.sales[name] = shop.sales.get(name, 0) + is_one
    could = not is_sellable and answer.get("free", 0) >= units
    shop.sales["withheld"] = shop.sales.get("withheld", 0) + could
    return answer


def _parts(named: Any) -> list[tuple[str, int]]:
    if not named:
        return []
    return [(named, 1)] if isinstance(named, str) else [(str(item), int(each)) for item, each in named]


def _availability(world: World, tenant: Tenant, parts: list[tuple[str, int]]) -> Json:
    atp = {item: sum(max(count, Decimal(0)) for count in tenant.atp(item).values()) for item, _ in parts}
    unseen = {item: _unseen(world, tenant, item) for item, _ in parts}
    free = min(int(atp[item] - unseen[item]) // each for item, each in parts)
    changed = max(tenant.stock_changed.get(item, 0.0) for item, _ in parts)
    numbers = {"atp": {item: int(count) for item, count in atp.items()}, "unseen": unseen}
    return {**numbers, "free": free, "changed": changed}


def _unseen(world: World, tenant: Tenant, item: str) -> int:
    """Units bought that the warehouse does not know yet; those it knows, and those that were given up, are forgotten."""
    rows = [row for row in world.unseen.get(item, ()) if not _is_settled(world, tenant, *row[:2])]
    if rows or item in world.unseen:
        world.unseen[item] = rows
    return sum(units for _, _, units in rows)


def _is_settled(world: World, tenant: Tenant, operator: str, order_id: str) -> bool:
    return order_id in tenant.customer_orders or world.operators[operator].orders[order_id].state in ENDED


def sales(world: World, _request: Request) -> Response:
    """What came of the tries to buy, by shop: tries, bought, oversold, withheld (not shown, though free)."""
    rows = {
        f"{operator.name}/{shop.id}": {"tries": 0, "bought": 0, "oversold": 0, "withheld": 0, **shop.sales}
        for operator in world.operators.values()
        for shop in operator.shops.values()
    }
    return json_response({"shops": rows})


def place_many(world: World, request: Request) -> Response:
    """Place many orders at once, whatever the offers show: {operator, shop_id, orders: [[[sku, units], ...], ...]}."""
    body = request.json() or {}
    operator, shop = _shop(world, body)
    now, ids = world.clock.seconds(), []
    for lines in body["orders"]:
        chosen = [(str(sku), int(units)) for sku, units in lines]
        ids.append(operator.place(new_order(operator, shop, chosen, at=now)).id)
    return json_response({"order_ids": ids}, 201)
