"""How often and whether a far side may be called: shared by every process, on the database's clock."""

from django.db import models


class Bucket(models.Model):
    """A token bucket. `reserve` tokens are kept for priority 0."""

    name = models.CharField(max_length=120, primary_key=True)
    capacity = models.FloatField()
    rate = models.FloatField(help_text="tokens a second")
    tokens = models.FloatField()
    updated_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True)
    reserve = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.name


class Breaker(models.Model):
    """Open while a far side is not to be called."""

    name = models.CharField(max_length=120, primary_key=True)
    state = models.CharField(max_length=8, default="closed", choices=[("closed", "Closed"), ("open", "Open")])
    opened_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name
