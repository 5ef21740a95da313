"""A case: one root cause, with the records it holds."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from integration.models import Channel


class Case(models.Model):
    """One root cause on one channel. At most one is open; a recurrence reopens it as regressed."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=60)
    cause_key = models.CharField(max_length=250)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, related_name="cases")
    connection = models.CharField(max_length=80, blank=True)
    state = models.CharField(
        max_length=16,
        default="open",
        choices=[
            ("open", "Open"),
            ("acknowledged", "Acknowledged"),
            ("snoozed", "Snoozed"),
            ("resolved", "Resolved"),
        ],
    )
    summary = models.CharField(max_length=500)
    team = models.CharField(max_length=20)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="cases")
    severity = models.PositiveSmallIntegerField(default=2)
    opened_at = models.DateTimeField()
    reopened_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    snoozed_until = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    resolved_how = models.CharField(max_length=20, blank=True)
    regressions = models.PositiveIntegerField(default=0)
    record_count = models.PositiveIntegerField(default=0)
    order_count = models.PositiveIntegerField(default=0)
    value = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    currency = models.CharField(max_length=3, blank=True)
    stage = models.CharField(max_length=20, blank=True)
    deadline_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "cause_key", "channel", "connection"],
                name="case_once_per_cause",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["team", "deadline_at", "id"], name="case_open", condition=~Q(state="resolved")),
            models.Index(fields=["-resolved_at"], name="case_resolved", condition=Q(state="resolved")),
        ]

    def __str__(self) -> str:
        return self.summary


class CaseRecord(models.Model):
    """A record that a case holds, from the moment it was attached until it was free."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="records")
    record_type = models.CharField(max_length=20)
    record_id = models.BigIntegerField()
    order_id = models.BigIntegerField(null=True)
    stage = models.CharField(max_length=20, blank=True)
    value = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    deadline_at = models.DateTimeField(null=True)
    attached_at = models.DateTimeField()
    freed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "record_type", "record_id"],
                condition=Q(freed_at=None),
                name="case_record_once",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "deadline_at", "id"], name="case_record_held", condition=Q(freed_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.record_type} {self.record_id}"


class CaseEvent(models.Model):
    """What happened to a case: facts, people, fixes."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    summary = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["case", "at", "id"], name="case_event_timeline")]

    def __str__(self) -> str:
        return self.summary
