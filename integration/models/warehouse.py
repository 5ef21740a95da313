"""A Deposco tenant as we use it, and its facilities."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.secrets import EncryptedTextField

WORKING_DAYS = (1, 2, 3, 4, 5)


def default_working_days() -> list[int]:
    """Monday to Friday, as ISO weekdays."""
    return list(WORKING_DAYS)


class Warehouse(models.Model):
    """One connection to one Deposco tenant and business unit. The profile is data: routes, field map, tables."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    url = models.URLField(max_length=300)
    tenant_code = models.CharField(max_length=60)
    business_unit = models.CharField(max_length=60)
    username = models.CharField(max_length=120)
    password = EncryptedTextField()
    # V2's own client where both generations are spoken; empty: user and password are it.
    client_id = models.CharField(max_length=120, blank=True)
    client_secret = EncryptedTextField(blank=True)
    api = models.CharField(max_length=8, default="v1", choices=[("v1", "V1"), ("v2", "V2"), ("mixed", "Mixed")])
    profile = models.JSONField(default=dict)
    found = models.JSONField(default=dict)
    tested_at = models.DateTimeField(null=True)
    # SHA-256 of the token in the address that Deposco may call; empty: no such address.
    webhook_token_hash = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def connection(self) -> str:
        """The name under which effects, buckets, breakers and calls of this tenant are kept."""
        return f"deposco:{self.code}"


class Facility(models.Model):
    """A building of the warehouse. Orders use its number; shipments may answer with its name.

    What it is capable of, set by staff: an order before `cut_off` on a working day is begun that day, later ones on the
    next; it leaves `handling_hours` after it was begun. No cut-off: the whole day counts.
    """

    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="facilities")
    number = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    cut_off = models.TimeField(null=True)
    handling_hours = models.PositiveIntegerField(default=0)
    working_days = ArrayField(models.PositiveSmallIntegerField(), default=default_working_days)
    holidays = ArrayField(models.DateField(), default=list)
    updated_at = models.DateTimeField(null=True)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["warehouse", "number"], name="facility_number_once")]

    def __str__(self) -> str:
        return self.name
