"""A hold: the fact that an order, a line or a parcel cannot go on, and the one cause it waits for."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from integration.models.order import Order, OrderLine
from integration.models.shipment import Parcel


class Hold(models.Model):
    """One cause that keeps one record where it is. Holds with equal kind, cause and channel are one case."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="holds")
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, null=True, related_name="holds")
    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, null=True, related_name="holds")
    kind = models.CharField(max_length=60)
    cause_key = models.CharField(max_length=250)
    stage = models.CharField(max_length=20)
    summary = models.CharField(max_length=500)
    detail = models.JSONField(default=dict)
    since = models.DateTimeField()
    effect_id = models.BigIntegerField(null=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    released_how = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "line", "parcel", "kind", "cause_key"],
                condition=Q(released_at=None),
                name="hold_open_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "cause_key"], name="hold_open_cause", condition=Q(released_at=None)),
            models.Index(fields=["order"], name="hold_open_order", condition=Q(released_at=None)),
        ]

    def __str__(self) -> str:
        return self.summary
