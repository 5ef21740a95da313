"""Offers: what each may show, why it is that number, what was told, and what the marketplace shows."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from integration.models.channel import Channel

BEGINS = ("varchar_pattern_ops",)


class OfferStock(models.Model):
    """Our side of one offer: the number it should show with each step that led to it, and the number last landed.

    `wanted` empty: not known, so nothing is told. A number waits to be told while `wanted_seq > pushed_seq`; both count
    in one sequence, which only grows, so an older number never replaces a newer one.
    """

    id = models.BigAutoField(primary_key=True)
    # No index of its own: the unique one begins with it, and each index is written with every number that changes.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    offer_sku = models.CharField(max_length=200)

    wanted = models.IntegerField(null=True)
    wanted_seq = models.BigIntegerField(default=0)
    wanted_at = models.DateTimeField(null=True)
    # Lower goes first when a file is full: 0 a drop to zero, 1 another drop, 2 first told, 3 a rise.
    urgency = models.SmallIntegerField(default=2)

    # The waterfall, in offer units, as integration.domain.stock defines each step.
    total = models.IntegerField(null=True)
    eligible = models.IntegerField(null=True)
    after_kept = models.IntegerField(null=True)
    free = models.IntegerField(null=True)
    after_buffer = models.IntegerField(null=True)
    after_share = models.IntegerField(null=True)
    after_cap = models.IntegerField(null=True)
    after_pack = models.IntegerField(null=True)
    limiting_item = models.CharField(max_length=60, blank=True)
    # The oldest reading that the number rests on, and whether a measure it rests on was absent from its last reading.
    atp_read_at = models.DateTimeField(null=True)
    is_stale = models.BooleanField(default=False)
    # The rules that won; empty: none matched.
    buffer_rule = models.BigIntegerField(null=True)
    share_rule = models.BigIntegerField(null=True)
    cap_rule = models.BigIntegerField(null=True)
    pack_rule = models.BigIntegerField(null=True)
    floor_rule = models.BigIntegerField(null=True)
    # Units per warehouse code of the operator, where the channel tells them apart.
    places = models.JSONField(null=True)

    pushed = models.IntegerField(null=True)
    pushed_seq = models.BigIntegerField(default=0)
    pushed_at = models.DateTimeField(null=True)
    push_id = models.BigIntegerField(null=True)

    # Mirakl's refusal of the last number; told again at `retry_at`, or when a person asks.
    refused_at = models.DateTimeField(null=True)
    refused_words = models.CharField(max_length=500, blank=True)
    refusals = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)

    # What the marketplace showed when it was last read, and since when that is another number than it should be.
    seen = models.IntegerField(null=True)
    seen_at = models.DateTimeField(null=True)
    differs_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "offer_sku"], name="offer_stock_once")]
        indexes = [
            models.Index(
                fields=["channel", "urgency", "id"],
                name="offer_stock_waiting",
                condition=Q(wanted_seq__gt=F("pushed_seq")),
            ),
            models.Index(
                fields=["channel", "id"], name="offer_stock_differs", condition=Q(differs_since__isnull=False)
            ),
            models.Index(fields=["channel", "id"], name="offer_stock_refused", condition=Q(refused_at__isnull=False)),
            models.Index(fields=["channel", "id"], name="offer_stock_stale", condition=Q(is_stale=True)),
            models.Index(
                fields=["channel", "id"],
                name="offer_stock_held_at_zero",
                condition=Q(wanted=0, free__gt=0),
            ),
            # The last free units with nothing kept back: one sale elsewhere may be one too many.
            models.Index(
                fields=["channel", "id"],
                name="offer_stock_last_units",
                condition=Q(wanted__gt=0, free__lte=2, after_buffer=F("free")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer_sku}: {self.wanted}"


class ListedOffer(models.Model):
    """The marketplace's side of one offer, as last read."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    offer_sku = models.CharField(max_length=200)
    offer_id = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=500, blank=True)
    product_sku = models.CharField(max_length=200, blank=True)
    # EAN, UPC and their like, as the operator names the product.
    references = ArrayField(models.CharField(max_length=60), default=list)
    quantity = models.IntegerField()
    is_active = models.BooleanField(default=True)
    inactivity_reasons = ArrayField(models.CharField(max_length=80), default=list)
    min_quantity_alert = models.IntegerField(null=True)
    min_order_quantity = models.IntegerField(null=True)
    max_order_quantity = models.IntegerField(null=True)
    package_quantity = models.IntegerField(null=True)
    places = models.JSONField(null=True)
    read_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    # Whether an item stands behind it: kept by whoever lists it and whoever maps it, since looking at all takes long.
    is_mapped = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "offer_sku"], name="listed_offer_once")]
        indexes = [
            models.Index(fields=["channel", "id"], name="listed_offer_inactive", condition=Q(is_active=False)),
            models.Index(
                fields=["channel", "id"], name="listed_offer_unmapped", condition=Q(is_mapped=False, gone_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.offer_sku


class StockFinding(models.Model):
    """Something that is wrong with stock, as one fact with its numbers, however many rows it is about.

    One open row per kind, cause and channel; whoever looks writes what it sees, and clears what it sees no more.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=60)
    cause_key = models.CharField(max_length=250)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, related_name="+")
    connection = models.CharField(max_length=80, blank=True)
    summary = models.CharField(max_length=500)
    count = models.PositiveIntegerField(default=1)
    # The numbers of it, and a few of the rows, for the case's page.
    detail = models.JSONField(default=dict)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)
    cleared_by = models.ForeignKey("core.User", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "cause_key", "channel", "connection"],
                condition=Q(cleared_at=None),
                nulls_distinct=False,
                name="stock_finding_open_once",
            ),
        ]

    def __str__(self) -> str:
        return self.summary
