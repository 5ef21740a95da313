"""The redacted record of outward calls."""

from django.db import models


class CallLog(models.Model):
    """One call on the wire, without credentials and personal data."""

    id = models.BigAutoField(primary_key=True)
    connection = models.CharField(max_length=80)
    operation = models.CharField(max_length=40)
    method = models.CharField(max_length=8)
    path = models.TextField()
    status = models.IntegerField(null=True)
    started_at = models.DateTimeField()
    elapsed_ms = models.IntegerField()
    request_excerpt = models.TextField(blank=True)
    response_excerpt = models.TextField(blank=True)
    error = models.TextField(blank=True)
    effect_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["connection", "-started_at"], name="call_log_connection"),
            models.Index(fields=["effect_id"], name="call_log_effect", condition=models.Q(effect_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.status}"
