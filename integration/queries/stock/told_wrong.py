"""Offers of a channel whose number at the marketplace is not the one that was told."""

from django.db.models import F

from integration.models import Channel, OfferStock


def offers_that_differ(channel: Channel) -> list[str]:
    """SKUs of offers that showed another number when they were last read back, and for which no newer number waits."""
    rows = OfferStock.objects.filter(channel=channel, differs_since__isnull=False, wanted_seq__lte=F("pushed_seq"))
    return list(rows.order_by("offer_sku").values_list("offer_sku", flat=True))


def offers_refused(channel: Channel) -> list[str]:
    """SKUs of offers whose last number the marketplace refused."""
    rows = OfferStock.objects.filter(channel=channel, refused_at__isnull=False)
    return list(rows.order_by("offer_sku").values_list("offer_sku", flat=True))
