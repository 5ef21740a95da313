"""A marketplace order and its lines, as Mirakl told them and as far as we have brought them."""

from django.db import models
from django.db.models import F, Q

from integration.models.channel import Channel

# States in which nobody waits for a line any more.
DEAD_LINE_STATES = frozenset({"REFUSED", "CANCELED", "REFUNDED", "WAITING_REFUND", "WAITING_REFUND_PAYMENT"})
IMPORTABLE = Q(stage="ready", is_held=False, import_prepared_at=None)
# Orders for which somebody, or a lane, still has something to do.
OPEN_ORDER = Q(stage__in=("received", "accepted", "awaiting_debit", "ready", "in_wms", "picking", "shipped")) | Q(
    is_held=True
)
BEGINS = ("varchar_pattern_ops",)  # the operator class that serves "begins with", whatever the database's collation


class Order(models.Model):
    """One marketplace order. Keyed by channel and order id, since order ids repeat between operators."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="orders")
    order_id = models.CharField(max_length=120)
    commercial_id = models.CharField(max_length=120)
    wms_number = models.CharField(max_length=50)
    mirakl_state = models.CharField(max_length=40)
    stage = models.CharField(max_length=20)
    is_held = models.BooleanField(default=False)
    shipping_type_code = models.CharField(max_length=120, blank=True)
    fulfillment_center = models.CharField(max_length=60, default="DEFAULT")
    can_shop_ship = models.BooleanField(default=True)
    currency = models.CharField(max_length=3)
    total_price = models.DecimalField(max_digits=18, decimal_places=4)
    customer = models.JSONField(default=dict)
    corrections = models.JSONField(default=dict)
    ordered_at = models.DateTimeField()
    mirakl_updated_at = models.DateTimeField()
    first_seen_at = models.DateTimeField()
    acceptance_deadline_at = models.DateTimeField(null=True)
    shipping_deadline_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    import_prepared_at = models.DateTimeField(null=True)
    in_wms_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    stage_since = models.DateTimeField()
    payload_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "order_id"], name="order_once_per_channel"),
            models.UniqueConstraint(fields=["wms_number"], name="order_wms_number_once"),
        ]
        indexes = [
            models.Index(fields=["-ordered_at", "-id"], name="order_newest"),
            models.Index(fields=["stage", "-ordered_at"], name="order_stage"),
            models.Index(fields=["shipping_deadline_at", "id"], name="order_held", condition=Q(is_held=True)),
            models.Index(
                fields=["channel", "shipping_deadline_at", "id"], name="order_importable", condition=IMPORTABLE
            ),
            # The list: its sorts, its switcher, and what is looked up by its beginning.
            models.Index(fields=["channel", "-ordered_at", "-id"], name="order_channel_newest"),
            models.Index(fields=["shipping_deadline_at", "id"], name="order_deadline"),
            models.Index(F("shipping_deadline_at").desc(nulls_last=True), F("id").desc(), name="order_deadline_last"),
            models.Index(fields=["shipping_deadline_at", "id"], name="order_open_deadline", condition=OPEN_ORDER),
            models.Index(fields=["total_price", "id"], name="order_value"),
            models.Index(fields=["stage_since", "id"], name="order_stage_since"),
            models.Index(fields=["order_id"], name="order_id_begins", opclasses=BEGINS),
            models.Index(fields=["commercial_id"], name="order_commercial_begins", opclasses=BEGINS),
            models.Index(fields=["wms_number"], name="order_wms_begins", opclasses=BEGINS),
        ]

    def __str__(self) -> str:
        return self.order_id


class OrderLine(models.Model):
    """One line of an order. Keyed by Mirakl's line id: the same offer SKU may stand on two lines."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    line_id = models.CharField(max_length=120)
    position = models.PositiveIntegerField()
    offer_sku = models.CharField(max_length=200)
    title = models.CharField(max_length=500, blank=True)
    mirakl_state = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()
    quantity_accepted = models.PositiveIntegerField(null=True)
    quantity_cancelled = models.PositiveIntegerField(default=0)
    unit_price = models.DecimalField(max_digits=18, decimal_places=4)
    total_price = models.DecimalField(max_digits=18, decimal_places=4)
    commission = models.DecimalField(max_digits=18, decimal_places=4)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "line_id"], name="order_line_once")]
        indexes = [models.Index(fields=["offer_sku"], name="order_line_sku")]

    def __str__(self) -> str:
        return self.line_id

    @property
    def quantity_live(self) -> int:
        """Units the buyer still waits for: sold, not refused, not cancelled."""
        if self.mirakl_state in DEAD_LINE_STATES:
            return 0
        sold = self.quantity if self.quantity_accepted is None else self.quantity_accepted
        return max(0, sold - self.quantity_cancelled)


class OrderLineItem(models.Model):
    """What a line became in the warehouse: one row per item, so a kit has several. Number is the WMS line number."""

    id = models.BigAutoField(primary_key=True)
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="items")
    wms_line_number = models.CharField(max_length=60)
    item_number = models.CharField(max_length=60)
    quantity = models.DecimalField(max_digits=14, decimal_places=3)
    units_per_offer = models.DecimalField(max_digits=14, decimal_places=3)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "item_number"], name="order_line_item_once")]

    def __str__(self) -> str:
        return self.wms_line_number
