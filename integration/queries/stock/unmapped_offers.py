"""Offers that the marketplace has and nobody mapped: no number of ours ever reaches them."""

from django.db.models import Exists, OuterRef, QuerySet

from integration.models import ListedOffer, SkuMapping


def unmapped_offers() -> QuerySet[ListedOffer]:
    """Offers that are still listed and that no item stands behind; ordering is left to the caller."""
    maps = SkuMapping.objects.filter(channel=OuterRef("channel"), offer_sku=OuterRef("offer_sku"))
    rows = ListedOffer.objects.filter(~Exists(maps), gone_at=None)
    return rows.select_related("channel").defer("channel__api_key")
