"""A Mirakl shop on one operator: where orders come from and where stock and dispatches go."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.secrets import EncryptedTextField
from integration.models.warehouse import Warehouse

# Two calls sent just one period apart may arrive closer together than that.
LONGEST_MARGIN, MARGIN = 0.5, 0.02
LANES = ("acceptance", "import", "dispatch", "stock", "money")


class Channel(models.Model):
    """One shop of one operator. Each lane is a switch of its own; `found` is what the last test saw."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    url = models.URLField(max_length=300)
    api_key = EncryptedTextField()
    shop_id = models.BigIntegerField(null=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, null=True, related_name="channels")
    lanes = ArrayField(models.CharField(max_length=16), default=list)
    poll_seconds = models.PositiveIntegerField(default=60)
    overlap_seconds = models.PositiveIntegerField(default=120)
    currency = models.CharField(max_length=3, blank=True)
    auto_accepted = models.BooleanField(default=False)
    multi_shipment = models.BooleanField(default=False)
    free_carriers = models.BooleanField(default=True)
    acceptance_policy = models.JSONField(default=dict)
    acceptance_hours = models.PositiveIntegerField(default=24)
    found = models.JSONField(default=dict)
    tested_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["url", "shop_id"], name="channel_shop_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def connection(self) -> str:
        """The name under which effects, buckets, breakers and calls of this shop are kept."""
        return f"mirakl:{self.code}"

    @property
    def reading_period(self) -> float:
        """Seconds between two readings of the orders: `poll_seconds`, and what keeps them apart where they arrive."""
        return self.poll_seconds + min(LONGEST_MARGIN, self.poll_seconds * MARGIN)

    def has_lane(self, lane: str) -> bool:
        """Whether the lane is switched on for an active channel."""
        return self.is_active and lane in self.lanes
