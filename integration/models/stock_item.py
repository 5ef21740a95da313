"""What the warehouse has: its items, the stock of each in each facility, and the readings that told so."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from integration.models.warehouse import Facility, Warehouse

BEGINS = ("varchar_pattern_ops",)  # the operator class that serves "begins with", whatever the database's collation


class StockItem(models.Model):
    """An item of the warehouse, as far as it was told. Made when a reading first names it; `read_at` is of its details."""

    id = models.BigAutoField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="items")
    number = models.CharField(max_length=60)
    name = models.CharField(max_length=300, blank=True)
    upcs = ArrayField(models.CharField(max_length=60), default=list)
    # Words of ecommerce's own, by which rules may be scoped.
    tags = ArrayField(models.CharField(max_length=60), default=list)
    # Put together when it is ordered: it has no stock of its own, its components have.
    is_order_kit = models.BooleanField(default=False)
    is_active = models.BooleanField(null=True)
    safety_stock = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    first_seen_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["warehouse", "number"], name="stock_item_once")]
        indexes = [
            models.Index(fields=["number", "id"], name="stock_item_listed"),
            models.Index(fields=["number"], name="stock_item_begins", opclasses=BEGINS),
            # The list: a name by its beginning, whatever its capitals.
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="stock_item_name_begins"),
            GinIndex(fields=["tags"], name="stock_item_tags"),
            GinIndex(fields=["upcs"], name="stock_item_upcs"),
            # Kits are few, and asked for with every number.
            models.Index(fields=["warehouse", "number"], name="stock_item_kits", condition=Q(is_order_kit=True)),
        ]

    def __str__(self) -> str:
        return self.number


class ItemComponent(models.Model):
    """So many of another item are in one of this kit."""

    id = models.BigAutoField(primary_key=True)
    kit = models.ForeignKey(StockItem, on_delete=models.CASCADE, related_name="components")
    component_number = models.CharField(max_length=60)
    quantity = models.DecimalField(max_digits=14, decimal_places=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kit", "component_number"], name="item_component_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="item_component_positive"),
        ]
        indexes = [models.Index(fields=["component_number"], name="item_component_of")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.component_number}"


class StockLevel(models.Model):
    """The stock of an item in a facility as last told.

    `atp` empty: never told. `unknown_since` set: the last reading listed it without the measure, so the number before it
    stands and is stale. `read_at` is when the request that showed it began, on our database's clock: whatever reached the
    warehouse before it is in the number.
    """

    id = models.BigAutoField(primary_key=True)
    # No index of its own: the unique one begins with it, and a reading writes every row.
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="+", db_index=False)
    item_number = models.CharField(max_length=60)
    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="+")
    atp = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    on_hand = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    # What no order holds, before the warehouse's own safety stock: more than ATP by a constant is a second buffer.
    unallocated = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    read_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    unknown_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "item_number", "facility"], name="stock_level_once"),
        ]
        indexes = [
            models.Index(
                fields=["facility", "item_number"], name="stock_level_unknown", condition=Q(unknown_since__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_number} at {self.facility_id}"


class StockReading(models.Model):
    """One reading of stock, page after page. What it read is kept aside and applied when the last page is there."""

    class Kind(models.TextChoices):
        """Everything, what moved, or items that were asked for by number."""

        FULL = "full", "Everything"
        DELTA = "delta", "What moved"
        RECHECK = "recheck", "Single items"

    class State(models.TextChoices):
        """A reading that broke off changes nothing: the numbers before it stand."""

        RUNNING = "running", "Reading"
        APPLIED = "applied", "Applied"
        FAILED = "failed", "Broke off"

    id = models.BigAutoField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    since = models.DateTimeField(null=True)
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # The page to be read next, and the fingerprint of the one before: a far side that repeats itself never ends.
    next_page = models.PositiveIntegerField(default=1)
    last_fingerprint = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["warehouse", "kind"], condition=Q(state="running"), name="stock_reading_one_running"
            ),
        ]
        indexes = [models.Index(fields=["warehouse", "kind", "-began_at"], name="stock_reading_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class StockIntake(models.Model):
    """A row of a reading that is not applied yet."""

    id = models.BigAutoField(primary_key=True)
    reading = models.ForeignKey(StockReading, on_delete=models.CASCADE, related_name="+")
    item_number = models.CharField(max_length=60)
    facility_number = models.CharField(max_length=60)
    atp = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    on_hand = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    unallocated = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.item_number} at {self.facility_number}"


class StockRecheck(models.Model):
    """An item whose stock must be asked for by number, since something happened that no reading of moves need show."""

    id = models.BigAutoField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="+")
    item_number = models.CharField(max_length=60)
    reason = models.CharField(max_length=40)
    asked_at = models.DateTimeField()
    not_before = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["warehouse", "not_before", "id"], name="stock_recheck_due")]

    def __str__(self) -> str:
        return self.item_number


class StockTouch(models.Model):
    """An item, or one offer, whose numbers must be worked out anew. A queue: rows are added freely and taken once.

    Never unique, so that whoever adds one, an acceptance above all, waits for nobody. `is_forced`: the number is told to
    the shop again even if it is the same, because the shop may have changed its own.
    """

    id = models.BigAutoField(primary_key=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="+")
    item_number = models.CharField(max_length=60, blank=True)
    channel_id = models.BigIntegerField(null=True)
    offer_sku = models.CharField(max_length=200, blank=True)
    is_forced = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["warehouse", "id"], name="stock_touch_queue")]

    def __str__(self) -> str:
        return self.item_number or self.offer_sku
