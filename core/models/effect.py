"""An effect: one outward write to be made true, whatever crashes meanwhile. The row is the queue."""

from django.db import models
from django.db.models import Q

# States in which somebody still has to do something by the clock.
DUE = Q(state__in=("ready", "unknown", "in_flight"))


class Effect(models.Model):
    """One outward write. Unique by what it does, so that asking for it twice is asking once."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    connection = models.CharField(max_length=80)
    business_key = models.CharField(max_length=250)
    subject_id = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)
    payload_hash = models.CharField(max_length=64)
    priority = models.SmallIntegerField(default=100)
    state = models.CharField(
        max_length=12,
        default="ready",
        choices=[
            ("ready", "To do"),
            ("in_flight", "Being sent"),
            ("unknown", "To be read back"),
            ("done", "Done"),
            ("parked", "Needs a person"),
            ("cancelled", "Withdrawn"),
        ],
    )
    attempts = models.IntegerField(default=0)
    crash_attempts = models.IntegerField(default=0)
    failures = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    deadline_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=80, blank=True)
    fence = models.BigIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)
    last_class = models.CharField(max_length=12, blank=True)
    last_code = models.CharField(max_length=60, blank=True)
    last_error = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    parked_code = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "connection", "business_key"], name="effect_once"),
        ]
        indexes = [
            models.Index(fields=["kind", "next_attempt_at"], name="effect_due", condition=DUE),
            models.Index(fields=["kind", "connection"], name="effect_parked", condition=Q(state="parked")),
            models.Index(fields=["kind", "subject_id"], name="effect_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.business_key}"


class EffectAttempt(models.Model):
    """One try of an effect: sending it, or reading back whether an earlier try took."""

    id = models.BigAutoField(primary_key=True)
    effect = models.ForeignKey(Effect, on_delete=models.CASCADE, related_name="tries")
    attempt = models.IntegerField()
    phase = models.CharField(max_length=10, choices=[("send", "Sent"), ("read_back", "Read back")])
    at = models.DateTimeField()
    elapsed_ms = models.IntegerField(default=0)
    outcome_class = models.CharField(max_length=12)
    code = models.CharField(max_length=60, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["effect", "at"], name="effect_attempt_effect")]

    def __str__(self) -> str:
        return f"{self.phase} {self.outcome_class}"
