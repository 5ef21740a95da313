"""What an order would be in the warehouse as the maps stand: the document, or every cause that stands in its way."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from integration.deposco.profile import Profile
from integration.deposco.translate import translate
from integration.domain.canonical import canonical_order
from integration.domain.countries import ALPHA2
from integration.domain.orders import CanonicalLine, CanonicalOrder, Problem, Rules, validate_order
from integration.domain.sku_map import Component, Inactive, Resolved, resolve_line
from integration.domain.sku_map import Mapping as SkuRow
from integration.gateways import profile_of
from integration.models import Channel, Order, OrderLine, OrderLineItem, ShippingMethodMapping, SkuMapping

CENT_OF_CENT = Decimal("0.0001")
# A line in one of these has gone, or is not to go: the warehouse must not be asked for it.
NOT_TO_SHIP = frozenset({"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"})


@dataclass(frozen=True)
class ImportMaps:
    """What a batch of one channel needs to know, read once."""

    skus: Mapping[str, Sequence[SkuRow]]
    ship_via: Mapping[str, tuple[str, str]]
    profile: Profile
    business_unit: str

    def with_sku(self, offer_sku: str, components: Sequence[tuple[str, Decimal]]) -> "ImportMaps":
        """The same maps as if the SKU were mapped so."""
        rows = [SkuRow(item_number=item, units_per_offer=units) for item, units in components]
        return replace(self, skus={**self.skus, offer_sku: rows})

    def with_ship_via(self, shipping_type_code: str, ship_via: str, ship_vendor: str = "") -> "ImportMaps":
        """The same maps as if the shipping type were mapped so."""
        return replace(self, ship_via={**self.ship_via, shipping_type_code: (ship_via, ship_vendor)})


@dataclass(frozen=True)
class Cause:
    """One thing that holds the order: what kind, by which key equal causes are known, and words for staff."""

    kind: str
    key: str
    summary: str
    detail: Mapping[str, Any]
    line: OrderLine | None = None


@dataclass(frozen=True)
class ImportDraft:
    """The tenant's document with the items behind it, or every cause against it. Nothing is stored."""

    payload: dict[str, Any] | None
    items: tuple[OrderLineItem, ...]
    causes: tuple[Cause, ...]


def read_import_maps(channel: Channel, offer_skus: Iterable[str]) -> ImportMaps:
    """The maps for these SKUs, in two statements. The channel must have a warehouse."""
    assert channel.warehouse is not None
    skus: dict[str, list[SkuRow]] = defaultdict(list)
    for row in SkuMapping.objects.filter(channel=channel, offer_sku__in=set(offer_skus)).order_by("offer_sku", "id"):
        skus[row.offer_sku].append(SkuRow(item_number=row.item_number, units_per_offer=row.units_per_offer))
    ship_via = {
        row.shipping_type_code: (row.ship_via, row.ship_vendor)
        for row in ShippingMethodMapping.objects.filter(channel=channel)
    }
    return ImportMaps(
        skus=skus,
        ship_via=ship_via,
        profile=profile_of(channel.warehouse),
        business_unit=channel.warehouse.business_unit,
    )


def import_draft(*, channel: Channel, order: Order, lines: Sequence[OrderLine], maps: ImportMaps) -> ImportDraft:
    """Validate, map and translate one order. All problems are found at once, so that a person sees them at once."""
    live = [line for line in lines if line.quantity_live > 0 and line.mirakl_state not in NOT_TO_SHIP]
    resolved, causes = _resolve(live, maps)
    ship_via, method_cause = _ship_via(order, maps)
    causes += method_cause
    items = _items(order, resolved, maps.profile)
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
        ship_via=ship_via,
        lines=_canonical_lines(items),
    )
    problems = validate_order(canonical, Rules(**maps.profile.limits.model_dump(exclude={"order_number"})))
    if causes and live:
        # Lines that could not be resolved are told by their own causes, not as an order without lines.
        problems = [problem for problem in problems if problem.field != "lines"]
    causes += [_invalid(order, problem) for problem in problems]
    payload, more = (None, []) if causes else _translate(order, canonical, maps)
    causes += more
    return ImportDraft(payload=None if causes else payload, items=tuple(items), causes=tuple(causes))


def _resolve(
    lines: Sequence[OrderLine], maps: ImportMaps
) -> tuple[list[tuple[OrderLine, tuple[Component, ...]]], list[Cause]]:
    resolved: list[tuple[OrderLine, tuple[Component, ...]]] = []
    causes: list[Cause] = []
    for line in lines:
        answer = resolve_line(line.offer_sku, line.quantity_live, maps.skus.get(line.offer_sku, ()))
        if isinstance(answer, Resolved):
            resolved.append((line, answer.components))
            continue
        is_asleep = isinstance(answer, Inactive)
        words = "is an item the warehouse does not ship" if is_asleep else "has no item"
        causes.append(
            Cause(
                kind="order.item_inactive" if is_asleep else "order.sku_unmapped",
                key=line.offer_sku,
                summary=f"SKU {line.offer_sku} {words}",
                detail={"offer_sku": line.offer_sku, "title": line.title, "quantity": line.quantity_live},
                line=line,
            )
        )
    return resolved, causes


def _ship_via(order: Order, maps: ImportMaps) -> tuple[tuple[str, str], list[Cause]]:
    code = order.shipping_type_code
    if code in maps.ship_via:
        return maps.ship_via[code], []
    if not maps.ship_via:
        # Nobody has begun this map: the operator's own word goes through, and Deposco answers it with a warning at most.
        return (code, ""), []
    cause = Cause(
        kind="order.shipping_method_unmapped",
        key=code,
        summary=f"Shipping type {code or '(none)'} has no ship-via",
        detail={"shipping_type_code": code},
    )
    return ("", ""), [cause]


def _items(
    order: Order, resolved: Sequence[tuple[OrderLine, Sequence[Component]]], profile: Profile
) -> list[OrderLineItem]:
    pairs = [(line, part) for line, parts in resolved for part in parts]
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


def _canonical_lines(items: Sequence[OrderLineItem]) -> list[CanonicalLine]:
    """A pack's or kit's price is spread over its items, so that quantities times prices stay what was paid."""
    units: dict[str, Decimal] = defaultdict(Decimal)
    for item in items:
        units[item.line.line_id] += item.units_per_offer
    return [
        CanonicalLine(
            line_number=item.wms_line_number,
            order_line_id=item.line.line_id,
            item_number=item.item_number,
            quantity=item.quantity,
            unit_price=(item.line.unit_price / units[item.line.line_id]).quantize(CENT_OF_CENT),
        )
        for item in items
    ]


def _translate(order: Order, canonical: CanonicalOrder, maps: ImportMaps) -> tuple[dict[str, Any] | None, list[Cause]]:
    header = {
        **asdict(canonical),
        "business_unit": maps.business_unit,
        "order_type": maps.profile.order_type,
        "initial_status": maps.profile.initial_status,
    }
    lines = [{**asdict(line), "business_unit": maps.business_unit} for line in canonical.lines]
    result = translate(maps.profile, header=header, lines=lines, alpha2=ALPHA2)
    return result.payload, [_invalid(order, Problem(p.field, p.rule, p.value, p.message)) for p in result.problems]


def _invalid(order: Order, problem: Problem) -> Cause:
    return Cause(
        kind="order.invalid_data",
        key=f"{order.order_id}:{problem.field}",
        summary=f"Order {order.order_id}: {problem.message}",
        detail={"field": problem.field, "rule": problem.rule, "value": problem.value, "message": problem.message},
    )
