"""What left the warehouse: shipments, their parcels, and which units of which line lay in each."""

from django.db import models
from django.db.models import Q

from integration.models.order import BEGINS, Order, OrderLine
from integration.models.warehouse import Warehouse


class Shipment(models.Model):
    """A shipment as Deposco tells it. A shipment taken back keeps its row and says when."""

    id = models.BigAutoField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="shipments")
    number = models.CharField(max_length=80)
    status = models.CharField(max_length=40)
    facility = models.CharField(max_length=120, blank=True)
    shipped_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    last_read_at = models.DateTimeField()
    rolled_back_at = models.DateTimeField(null=True)
    payload_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["warehouse", "number"], name="shipment_once")]
        indexes = [
            models.Index(fields=["-shipped_at", "-id"], name="shipment_newest"),
            models.Index(fields=["number"], name="shipment_number_begins", opclasses=BEGINS),
        ]

    def __str__(self) -> str:
        return self.number


class Parcel(models.Model):
    """One parcel of one order: the unit that Mirakl confirms. Its state is where its confirmation stands."""

    id = models.BigAutoField(primary_key=True)
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="parcels")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="parcels")
    key = models.CharField(max_length=120)
    wms_carrier = models.CharField(max_length=120, blank=True)
    wms_service = models.CharField(max_length=120, blank=True)
    tracking_number = models.CharField(max_length=120, blank=True)
    tracking_url = models.CharField(max_length=500, blank=True)
    carrier_code = models.CharField(max_length=120, blank=True)
    carrier_name = models.CharField(max_length=120, blank=True)
    shipped_at = models.DateTimeField()
    first_seen_at = models.DateTimeField()
    state = models.CharField(
        max_length=16,
        default="new",
        choices=[
            ("new", "To confirm"),
            ("waiting", "Waiting for tracking"),
            ("sending", "Being confirmed"),
            ("confirmed", "Confirmed"),
            ("held", "Held"),
            ("withdrawn", "Taken back"),
        ],
    )
    mirakl_shipment_id = models.CharField(max_length=80, blank=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shipment", "order", "key"], name="parcel_once")]
        indexes = [
            models.Index(fields=["state", "first_seen_at"], name="parcel_open", condition=~Q(state="confirmed")),
            models.Index(fields=["-shipped_at", "-id"], name="parcel_newest"),
            models.Index(fields=["tracking_number"], name="parcel_tracking_begins", opclasses=BEGINS),
        ]

    def __str__(self) -> str:
        return self.tracking_number or self.key


class ParcelLine(models.Model):
    """Units of one order line in one parcel, counted in offer units (what Mirakl sold), not in warehouse items."""

    id = models.BigAutoField(primary_key=True)
    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="parcel_lines")
    quantity = models.PositiveIntegerField()
    item_quantities = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["parcel", "line"], name="parcel_line_once")]

    def __str__(self) -> str:
        return f"{self.line_id} x {self.quantity}"
