"""Asks for the numbers that changed rules concern: a few by item or offer, else those of whole channels."""

from collections.abc import Sequence
from datetime import datetime

from integration.models import Channel, ChannelStock, SkuMapping, StockItem, StockRule
from integration.services.stock.touch_stock import touch_items, touch_offers

# More than so many single items cost more than working out a channel as a whole.
MOST_SINGLE = 20_000


def follow_rules(rules: Sequence[StockRule], now: datetime) -> None:
    """Have worked out anew what these rules, as they were or as they are now, may concern. Caller owns the transaction."""
    wide = [rule for rule in rules if not rule.offer_sku and not rule.item_number and not rule.tag]
    tags = {rule.tag for rule in rules if rule.tag and not rule.offer_sku and not rule.item_number}
    tagged = StockItem.objects.filter(tags__overlap=sorted(tags)) if tags else StockItem.objects.none()
    items = {rule.item_number for rule in rules if rule.item_number and not rule.offer_sku}
    if len(items) > MOST_SINGLE or tagged[: MOST_SINGLE + 1].count() > MOST_SINGLE:
        _ask_all(now, None)
        return
    if wide:
        _ask_all(now, None if any(rule.channel_id is None for rule in wide) else {rule.channel_id for rule in wide})
    by_warehouse: dict[int, set[str]] = {}
    for warehouse_id, number in tagged.values_list("warehouse_id", "number"):
        by_warehouse.setdefault(warehouse_id, set()).add(number)
    for warehouse_id in Channel.objects.exclude(warehouse=None).values_list("warehouse_id", flat=True).distinct():
        numbers = by_warehouse.get(warehouse_id or 0, set()) | items
        if numbers and warehouse_id:
            touch_items(warehouse_id=warehouse_id, item_numbers=numbers)
    skus = {rule.offer_sku for rule in rules if rule.offer_sku}
    if skus:
        for channel in Channel.objects.filter(
            pk__in=SkuMapping.objects.filter(offer_sku__in=skus).values("channel")
        ).defer("api_key"):
            touch_offers(channel=channel, offer_skus=skus)


def _ask_all(now: datetime, channel_ids: set[int | None] | None) -> None:
    rows = ChannelStock.objects.all() if channel_ids is None else ChannelStock.objects.filter(pk__in=channel_ids)
    rows.update(recompute_asked_at=now)
