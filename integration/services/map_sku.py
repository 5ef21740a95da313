"""Says what an offer SKU is in the warehouse, and frees everything that waited for it."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.errors import InvalidInputError
from integration.models import Channel, Hold, SkuMapping
from integration.services.release_holds import Released, release_holds
from integration.services.stock.mark_mapped import mark_mapped
from integration.services.stock.touch_stock import touch_maps

SKU_HOLDS = ("order.sku_unmapped", "order.sku_ambiguous", "order.item_inactive")


def map_sku(
    *, channel: Channel, offer_sku: str, components: Sequence[tuple[str, Decimal]], by: User | None
) -> Released:
    """Replace the mapping of one offer SKU. Several components make a kit.

    Raises InvalidInputError when a component has no item or no positive number of units, or names an item twice.
    """
    _refuse_bad_components(offer_sku, components)
    with transaction.atomic():
        before = _as_dict(channel, offer_sku)
        SkuMapping.objects.filter(channel=channel, offer_sku=offer_sku).exclude(
            item_number__in=[item for item, _ in components]
        ).delete()
        for item, units in components:
            SkuMapping.objects.update_or_create(
                channel=channel,
                offer_sku=offer_sku,
                item_number=item,
                defaults={"units_per_offer": units, "updated_by": by},
            )
        record_audit(
            by=by,
            action="sku_map.set",
            subject=f"channel:{channel.code} sku:{offer_sku}",
            before=before,
            after={item: str(units) for item, units in components},
        )
        touch_maps(channel=channel, offer_skus=[offer_sku], item_numbers=[*before, *(item for item, _ in components)])
        mark_mapped(channel=channel, offer_skus=[offer_sku])
        return release_holds(hold_ids=sku_holds(channel, [offer_sku]), by=by, how=f"SKU {offer_sku} mapped")


def sku_holds(channel: Channel, offer_skus: Collection[str]) -> list[int]:
    """Open holds that a mapping of these SKUs answers: of their lines, and of orders that acceptance held for them."""
    rows = Hold.objects.filter(order__channel=channel, released_at=None)
    mine = set(
        rows.filter(kind__in=SKU_HOLDS, cause_key__in={sku[:250] for sku in offer_skus}).values_list("id", flat=True)
    )
    undecided = rows.filter(kind="order.acceptance_failed", detail__waits_for="decision")
    wanted = set(offer_skus)
    mine |= {pk for pk, detail in undecided.values_list("id", "detail") if wanted.intersection(detail.get("skus", ()))}
    return sorted(mine)


def _refuse_bad_components(offer_sku: str, components: Sequence[tuple[str, Decimal]]) -> None:
    problems: dict[str, str] = {}
    if not offer_sku.strip():
        problems["offer_sku"] = "Enter the offer SKU."
    items = [item for item, _ in components]
    if not items or any(not item.strip() for item in items):
        problems["item_number"] = "Enter the item number."
    elif len(set(items)) != len(items):
        problems["item_number"] = "Each item may stand once: add up its units."
    if any(units <= 0 for _, units in components):
        problems["units_per_offer"] = "Units per offer must be more than zero."
    if problems:
        raise InvalidInputError(problems)


def _as_dict(channel: Channel, offer_sku: str) -> dict[str, str]:
    rows = SkuMapping.objects.filter(channel=channel, offer_sku=offer_sku)
    return {row.item_number: str(row.units_per_offer) for row in rows}
