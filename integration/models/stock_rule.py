"""The rules of what is offered: buffers and their like, and what each channel promises and each facility can keep."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from integration.models.channel import Channel
from integration.models.warehouse import Facility


class StockRule(models.Model):
    """One aspect for one scope; an empty scope field means any. For each aspect the most specific rule wins."""

    class Aspect(models.TextChoices):
        """What a rule sets. `buffer` uses units and percent, `facility` uses includes, the others use value."""

        BUFFER = "buffer", "Buffer"
        FLOOR = "floor", "Floor"
        CAP = "cap", "Cap"
        SHARE = "share", "Share"
        PACK = "pack", "Whole packs"
        FACILITY = "facility", "Facility"

    id = models.BigAutoField(primary_key=True)
    aspect = models.CharField(max_length=10, choices=Aspect.choices)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, related_name="stock_rules")
    offer_sku = models.CharField(max_length=200, blank=True)
    item_number = models.CharField(max_length=60, blank=True)
    tag = models.CharField(max_length=60, blank=True)
    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, null=True, related_name="stock_rules")
    units = models.PositiveIntegerField(null=True)
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    # Floor, cap and pack in offer units; share in percent.
    value = models.PositiveIntegerField(null=True)
    includes = models.BooleanField(null=True)
    # The peak calendar: in force from the first to the last date, both included; empty: always.
    first_date = models.DateField(null=True)
    last_date = models.DateField(null=True)
    note = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "aspect",
                    "channel",
                    "offer_sku",
                    "item_number",
                    "tag",
                    "facility",
                    "first_date",
                    "last_date",
                ],
                condition=Q(is_active=True),
                nulls_distinct=False,
                name="stock_rule_scope_once",
            ),
            models.CheckConstraint(
                condition=Q(first_date=None) | Q(last_date=None) | Q(last_date__gte=models.F("first_date")),
                name="stock_rule_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(percent=None) | Q(percent__gte=0, percent__lte=100), name="stock_rule_percent"
            ),
        ]
        indexes = [
            models.Index(fields=["item_number"], name="stock_rule_item", condition=Q(is_active=True)),
            models.Index(fields=["offer_sku"], name="stock_rule_offer", condition=Q(is_active=True)),
            # Rules for more than one item are few among those for one, and asked for with every number.
            models.Index(
                fields=["facility"],
                name="stock_rule_wide",
                condition=Q(is_active=True, offer_sku="", item_number=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.aspect} {self.id}"


class StockRuleChange(models.Model):
    """One change of rules as it was made, one rule or a whole file, so that it can be seen and taken back.

    `before` and `after` are lists of rules as rows of their table, by id; a rule missing from one side is made or gone.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    summary = models.CharField(max_length=300)
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    # What the preview said would move.
    preview = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-at", "-id"], name="stock_rule_change_newest")]

    def __str__(self) -> str:
        return self.summary


class ChannelStock(models.Model):
    """How stock goes to one channel: what it promises, how old a number may be, how files are written."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, primary_key=True, related_name="stock")
    # Hours from the order to the parcel's leaving that the shop promises; empty: not checked.
    promise_hours = models.PositiveIntegerField(null=True)
    promise_skips_weekends = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    stale_minutes = models.PositiveIntegerField(default=30)
    push_seconds = models.PositiveIntegerField(default=60)
    file_lines = models.PositiveIntegerField(default=50_000)
    delimiter = models.CharField(max_length=1, default=";", choices=[(";", "Semicolon"), (",", "Comma")])
    # Set when every number of the channel must be worked out anew: rules, maps or facilities changed.
    recompute_asked_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField(null=True)
    fully_computed_at = models.DateTimeField(null=True)
    # When the offers were last read back, all of them and those that changed.
    proved_at = models.DateTimeField(null=True)
    proved_fully_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"stock of {self.channel_id}"


class ChannelFacility(models.Model):
    """A facility as a channel sees it: its code there, and whether it can meet the channel's dispatch promise now."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="facilities")
    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="channels")
    # The operator's warehouse code; empty: the channel's quantities are not told apart by warehouse.
    warehouse_code = models.CharField(max_length=120, blank=True)
    is_eligible = models.BooleanField(default=True)
    words = models.CharField(max_length=300, blank=True)
    judged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "facility"], name="channel_facility_once")]

    def __str__(self) -> str:
        return f"{self.facility_id} for {self.channel_id}"
