"""Offers that the marketplace has and nobody mapped: no number of ours ever reaches them."""

from django.db.models import QuerySet

from integration.models import ListedOffer


def unmapped_offers() -> QuerySet[ListedOffer]:
    """Offers that are still listed and that no item stands behind; ordering is left to the caller."""
    rows = ListedOffer.objects.filter(is_mapped=False, gone_at=None)
    return rows.select_related("channel").defer("channel__api_key")
