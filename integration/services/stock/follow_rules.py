"""Asks for the numbers that changed rules concern: a few by item or offer, else those of whole channels."""

from collections.abc import Sequence

from integration.models import Channel, SkuMapping, StockItem, StockRule
from integration.services.stock.ask_recompute import ask_recompute
from integration.services.stock.touch_stock import touch_items, touch_offers

# More than so many single items cost more than working out a channel as a whole.
MOST_SINGLE = 20_000


def follow_rules(rules: Sequence[StockRule]) -> None:
    """Have worked out anew what these rules, as they were or as they are now, may concern. Caller owns the transaction."""
    wide = [rule for rule in rules if not rule.offer_sku and not rule.item_number and not rule.tag]
    tags = {rule.tag for rule in rules if rule.tag and not rule.offer_sku and not rule.item_number}
    tagged = StockItem.objects.filter(tags__overlap=sorted(tags)) if tags else StockItem.objects.none()
    items = {rule.item_number for rule in rules if rule.item_number and not rule.offer_sku}
    if len(items) > MOST_SINGLE or tagged[: MOST_SINGLE + 1].count() > MOST_SINGLE:
        ask_recompute(channels=Channel.objects.defer("api_key"), reason="many rules changed")
        return
    if wide:
        ids = [rule.channel_id for rule in wide]
        channels = Channel.objects.defer("api_key")
        if None not in ids:
            channels = channels.filter(pk__in=[pk for pk in ids if pk])
        ask_recompute(channels=channels, reason="a rule changed")
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
