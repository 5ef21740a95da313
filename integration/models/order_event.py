"""The passport: one row for everything that happened to an order, with who did it and the redacted message."""

from django.conf import settings
from django.db import models

from integration.models.order import Order


class OrderEvent(models.Model):
    """Something that happened to an order. `lane` groups the timeline; `by` is empty when the machine acted."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    lane = models.CharField(max_length=16)
    kind = models.CharField(max_length=60)
    stage = models.CharField(max_length=20)
    summary = models.CharField(max_length=500)
    detail = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    effect_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["order", "at", "id"], name="order_event_timeline")]

    def __str__(self) -> str:
        return self.summary


class OrderMessage(models.Model):
    """The raw order as Mirakl sent it, compressed, once per distinct content, for the passport and for replay."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="messages")
    received_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "sha256"], name="order_message_once")]

    def __str__(self) -> str:
        return self.sha256


class UnreadableRecord(models.Model):
    """A record the far side sent that could not be read: kept whole, so that the feed goes on and nothing is lost."""

    id = models.BigAutoField(primary_key=True)
    connection = models.CharField(max_length=80)
    feed = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64)
    problem = models.TextField()
    body = models.JSONField()
    seen_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "feed", "sha256"], name="unreadable_once")]

    def __str__(self) -> str:
        return f"{self.feed} {self.external_id}"
