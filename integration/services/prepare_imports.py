"""Makes fulfilment-ready orders into warehouse orders: validate, map, translate; an effect for each, or a hold."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from core.clock import db_now
from core.effects import NewEffect, ensure_effects, rearm
from core.models import Effect
from integration.deposco.profile import Profile
from integration.deposco.translate import translate
from integration.domain.canonical import canonical_order
from integration.domain.countries import ALPHA2
from integration.domain.orders import CanonicalLine, Problem, Rules, validate_order
from integration.domain.sku_map import Component, Inactive, Resolved, resolve_line
from integration.domain.sku_map import Mapping as SkuRow
from integration.gateways import profile_of
from integration.models import Channel, Order, OrderLine, OrderLineItem, ShippingMethodMapping, SkuMapping
from integration.models.order import IMPORTABLE
from integration.services.hold_record import hold_record

KIND = "deposco.create_order"
PRIORITY = 50
BATCH = 200


@dataclass(frozen=True)
class Prepared:
    """What one batch became: orders on their way to the warehouse, and orders held with a cause."""

    prepared: int
    held: int


@dataclass(frozen=True)
class _Maps:
    """What a batch of one channel needs to know, read once."""

    skus: Mapping[str, Sequence[SkuRow]]
    ship_via: Mapping[str, tuple[str, str]]
    profile: Profile


def prepare_imports(*, channel: Channel, limit: int = BATCH) -> Prepared:
    """Take the ready orders of the channel, the earliest dispatch deadline first, and prepare each.

    An order with any problem is held with all its problems, so that a person sees them at once; nothing of it is sent.
    """
    if not channel.has_lane("import") or channel.warehouse is None:
        return Prepared(0, 0)
    with transaction.atomic():
        orders = list(
            Order.objects.select_for_update(skip_locked=True)
            .filter(IMPORTABLE, channel=channel, can_shop_ship=True, fulfillment_center="DEFAULT")
            .order_by(F("shipping_deadline_at").asc(nulls_last=True), "id")[:limit]
        )
        if not orders:
            return Prepared(0, 0)
        lines: dict[int, list[OrderLine]] = defaultdict(list)
        for line in OrderLine.objects.filter(order__in=orders).order_by("order_id", "position"):
            lines[line.order_id].append(line)
        maps = _read_maps(channel, lines)
        now = db_now()
        effects: list[NewEffect] = []
        for order in orders:
            payload = _prepare(channel, order, lines[order.id], maps)
            if payload is not None:
                effects.append(_effect(channel, order, payload))
        _write_effects(effects)
        prepared = [effect.subject_id for effect in effects if effect.subject_id is not None]
        Order.objects.filter(id__in=prepared).update(import_prepared_at=now)
    return Prepared(prepared=len(effects), held=len(orders) - len(effects))


def _read_maps(channel: Channel, lines: Mapping[int, Sequence[OrderLine]]) -> _Maps:
    wanted = {line.offer_sku for order_lines in lines.values() for line in order_lines}
    skus: dict[str, list[SkuRow]] = defaultdict(list)
    for row in SkuMapping.objects.filter(channel=channel, offer_sku__in=wanted).order_by("offer_sku", "id"):
        skus[row.offer_sku].append(SkuRow(item_number=row.item_number, units_per_offer=row.units_per_offer))
    ship_via = {
        row.shipping_type_code: (row.ship_via, row.ship_vendor)
        for row in ShippingMethodMapping.objects.filter(channel=channel)
    }
    assert channel.warehouse is not None
    return _Maps(skus=skus, ship_via=ship_via, profile=profile_of(channel.warehouse))


def _prepare(channel: Channel, order: Order, lines: Sequence[OrderLine], maps: _Maps) -> dict[str, Any] | None:
    live = [line for line in lines if line.mirakl_state not in ("REFUSED", "CANCELED") and line.quantity > 0]
    components = _resolve_lines(order, live, maps)
    ship_via = _ship_via(order, maps)
    items = _items(order, components or (), maps.profile)
    canonical = canonical_order(
        order_number=order.wms_number,
        marketplace_id=order.order_id,
        channel_code=channel.code,
        customer=order.customer,
        corrections=order.corrections,
        currency=order.currency,
        total=order.total_price,
        ordered_at=order.ordered_at,
        ship_by=order.shipping_deadline_at,
        ship_via=ship_via or ("", ""),
        lines=[_canonical_line(item) for item in items],
    )
    problems = validate_order(canonical, Rules(**_lengths(maps.profile)))
    if components is None:
        # Lines that nobody could resolve are told by their own holds, not as an order without lines.
        problems = [problem for problem in problems if problem.field != "lines"]
    _hold_problems(order, problems)
    if components is None or ship_via is None or problems:
        return None
    assert channel.warehouse is not None
    header = {
        **asdict(canonical),
        "business_unit": channel.warehouse.business_unit,
        "order_type": maps.profile.order_type,
        "initial_status": maps.profile.initial_status,
    }
    line_values = [{**asdict(line), "business_unit": channel.warehouse.business_unit} for line in canonical.lines]
    result = translate(maps.profile, header=header, lines=line_values, alpha2=ALPHA2)
    _hold_problems(order, [Problem(p.field, p.rule, p.value, p.message) for p in result.problems])
    if result.payload is not None:
        OrderLineItem.objects.filter(line__in=[line for line, _ in components]).delete()
        OrderLineItem.objects.bulk_create(items)
    return result.payload


def _resolve_lines(
    order: Order, lines: Sequence[OrderLine], maps: _Maps
) -> list[tuple[OrderLine, tuple[Component, ...]]] | None:
    """The items of every line; None when a line has none, each such line held."""
    resolved: list[tuple[OrderLine, tuple[Component, ...]]] = []
    for line in lines:
        answer = resolve_line(
            line.offer_sku, line.quantity - line.quantity_cancelled, maps.skus.get(line.offer_sku, ())
        )
        if isinstance(answer, Resolved):
            resolved.append((line, answer.components))
            continue
        asleep = isinstance(answer, Inactive)
        hold_record(
            order=order,
            line=line,
            kind="order.item_inactive" if asleep else "order.sku_unmapped",
            cause_key=line.offer_sku,
            summary=f"SKU {line.offer_sku} {'is an item the warehouse does not ship' if asleep else 'has no item'}",
            lane="import",
            detail={"offer_sku": line.offer_sku, "title": line.title, "quantity": line.quantity},
        )
    return resolved if len(resolved) == len(lines) else None


def _items(
    order: Order, components: Sequence[tuple[OrderLine, Sequence[Component]]], profile: Profile
) -> list[OrderLineItem]:
    pairs = [(line, part) for line, parts in components for part in parts]
    return [
        OrderLineItem(
            line=line,
            wms_line_number=profile.line_number.format(order=order.wms_number, n=number),
            item_number=part.item_number,
            quantity=part.quantity,
            units_per_offer=part.units_per_offer,
        )
        for number, (line, part) in enumerate(pairs, start=1)
    ]


def _canonical_line(item: OrderLineItem) -> CanonicalLine:
    return CanonicalLine(
        line_number=item.wms_line_number,
        order_line_id=item.line.line_id,
        item_number=item.item_number,
        quantity=item.quantity,
        unit_price=item.line.unit_price,
    )


def _lengths(profile: Profile) -> dict[str, Any]:
    return profile.limits.model_dump(exclude={"order_number"})


def _ship_via(order: Order, maps: _Maps) -> tuple[str, str] | None:
    if order.shipping_type_code in maps.ship_via:
        return maps.ship_via[order.shipping_type_code]
    if not maps.ship_via:
        # Nobody has begun this map: the operator's own word goes through, and Deposco answers it with a warning at most.
        return order.shipping_type_code, ""
    hold_record(
        order=order,
        kind="order.shipping_method_unmapped",
        cause_key=order.shipping_type_code,
        summary=f"Shipping type {order.shipping_type_code or '(none)'} has no ship-via",
        lane="import",
        detail={"shipping_type_code": order.shipping_type_code},
    )
    return None


def _hold_problems(order: Order, problems: Sequence[Problem]) -> None:
    for problem in problems:
        hold_record(
            order=order,
            kind="order.invalid_data",
            cause_key=f"{order.order_id}:{problem.field}",
            summary=f"Order {order.order_id}: {problem.message}",
            lane="import",
            detail={
                "field": problem.field,
                "rule": problem.rule,
                "value": problem.value,
                "message": problem.message,
            },
        )


def _effect(channel: Channel, order: Order, payload: dict[str, Any]) -> NewEffect:
    assert channel.warehouse is not None
    return NewEffect(
        kind=KIND,
        connection=channel.warehouse.connection,
        business_key=order.wms_number,
        subject_id=order.id,
        priority=PRIORITY,
        deadline_at=order.shipping_deadline_at,
        payload=payload,
    )


def _write_effects(effects: Sequence[NewEffect]) -> None:
    """Write new effects; a parked one of the same order takes the corrected payload and is armed again."""
    parked = {
        effect.business_key: effect
        for effect in Effect.objects.select_for_update().filter(
            kind=KIND, state="parked", business_key__in=[effect.business_key for effect in effects]
        )
    }
    for effect in effects:
        old = parked.get(effect.business_key)
        if old is not None:
            old.payload = effect.payload
            old.save(update_fields=["payload"])
    if parked:
        rearm(effect_ids=[effect.id for effect in parked.values()], by=None, note="prepared again after a fix")
    ensure_effects(effects)
