"""Files of numbers told to a shop, their lines, and the history of stock: the last two are partitioned by day."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from integration.models.channel import Channel

OPEN_PUSH = ("planned", "processing")


class StockPush(models.Model):
    """One STO01 file: planned, sent, followed to its end. A shop has one at a time."""

    class State(models.TextChoices):
        """`given_up`: it was sent, nobody knows what became of it, and newer numbers took its place."""

        PLANNED = "planned", "To be sent"
        PROCESSING = "processing", "At the marketplace"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        GIVEN_UP = "given_up", "Given up"

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    created_at = models.DateTimeField()
    # The day its lines are kept under.
    day = models.DateField()
    lines = models.PositiveIntegerField()
    drops = models.PositiveIntegerField(default=0)
    seq_high = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    import_id = models.CharField(max_length=80, blank=True)
    sent_at = models.DateTimeField(null=True)
    # How many times the file left: more than once where nobody knew whether it had arrived.
    sends = models.PositiveSmallIntegerField(default=0)
    polled_at = models.DateTimeField(null=True)
    mirakl_status = models.CharField(max_length=40, blank=True)
    # Since when, and how often in a row, the marketplace has not known the import that it had named.
    missed_since = models.DateTimeField(null=True)
    misses = models.PositiveSmallIntegerField(default=0)
    # When it was first told to be complete, with how many lines; it is finished once the refused ones are known.
    complete_at = models.DateTimeField(null=True)
    told_landed = models.PositiveIntegerField(null=True)
    told_refused = models.PositiveIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    landed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    has_report = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, blank=True)
    # A person asked to go on after a failure without waiting any longer.
    again_at = models.DateTimeField(null=True)
    again_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel"], condition=Q(state__in=OPEN_PUSH), name="stock_push_one_in_flight"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="stock_push_newest"),
            models.Index(fields=["channel", "-created_at", "-id"], name="stock_push_channel"),
            models.Index(fields=["state", "id"], name="stock_push_open", condition=Q(state__in=OPEN_PUSH)),
        ]

    def __str__(self) -> str:
        return f"push {self.id}"


class StockPushLine(models.Model):
    """One quantity as it was told, with the waterfall that led to it. `outcome` is empty until the file's end."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    push_id = models.BigIntegerField()
    channel_id = models.BigIntegerField()
    offer_sku = models.CharField(max_length=200)
    quantity = models.IntegerField()
    places = models.JSONField(null=True)
    seq = models.BigIntegerField()
    before = models.IntegerField(null=True)
    total = models.IntegerField(null=True)
    eligible = models.IntegerField(null=True)
    after_kept = models.IntegerField(null=True)
    free = models.IntegerField(null=True)
    after_buffer = models.IntegerField(null=True)
    after_share = models.IntegerField(null=True)
    after_cap = models.IntegerField(null=True)
    after_pack = models.IntegerField(null=True)
    atp_read_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)
    words = models.CharField(max_length=500, blank=True)

    class Meta:
        managed = False  # partitioned by day, which Django cannot declare: see the migration
        db_table = "integration_stockpushline"

    def __str__(self) -> str:
        return f"{self.offer_sku}: {self.quantity}"


class StockMove(models.Model):
    """The ATP of an item in a facility went from one number to another; `at` is when the reading that told so began."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    at = models.DateTimeField()
    warehouse_id = models.BigIntegerField()
    item_number = models.CharField(max_length=60)
    facility_id = models.BigIntegerField()
    before = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    after = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    reading_id = models.BigIntegerField(null=True)

    class Meta:
        managed = False  # partitioned by day, which Django cannot declare: see the migration
        db_table = "integration_stockmove"

    def __str__(self) -> str:
        return f"{self.item_number}: {self.before} to {self.after}"


class ItemStockHour(models.Model):
    """The ATP of an item over all facilities within an hour that had a move: what charts read."""

    id = models.BigAutoField(primary_key=True)
    warehouse_id = models.BigIntegerField()
    item_number = models.CharField(max_length=60)
    hour = models.DateTimeField()
    lowest = models.DecimalField(max_digits=14, decimal_places=3)
    highest = models.DecimalField(max_digits=14, decimal_places=3)
    last = models.DecimalField(max_digits=14, decimal_places=3)
    moves = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["warehouse_id", "item_number", "hour"], name="item_stock_hour_once")
        ]
        indexes = [models.Index(fields=["hour"], name="item_stock_hour_old")]

    def __str__(self) -> str:
        return f"{self.item_number} {self.hour}"


class OfferStockHour(models.Model):
    """The number an offer was told within an hour that told one: what charts read."""

    id = models.BigAutoField(primary_key=True)
    channel_id = models.BigIntegerField()
    offer_sku = models.CharField(max_length=200)
    hour = models.DateTimeField()
    lowest = models.IntegerField()
    highest = models.IntegerField()
    last = models.IntegerField()
    pushes = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel_id", "offer_sku", "hour"], name="offer_stock_hour_once")
        ]
        indexes = [models.Index(fields=["hour"], name="offer_stock_hour_old")]

    def __str__(self) -> str:
        return f"{self.offer_sku} {self.hour}"
