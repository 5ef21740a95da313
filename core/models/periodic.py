"""The clock's rows: what is due when, who is at it, and how each run went."""

from django.db import models


class Periodic(models.Model):
    """A job's beat. `epoch` counts the slots that were called; a run that finds its epoch done does nothing."""

    name = models.CharField(max_length=120, primary_key=True)
    job = models.CharField(max_length=60)
    scope = models.CharField(max_length=60, blank=True)
    queue = models.CharField(max_length=20)
    every_seconds = models.FloatField()
    next_due = models.DateTimeField()
    epoch = models.BigIntegerField(default=0)
    done_epoch = models.BigIntegerField(default=0)
    ticked_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=80, blank=True)
    fence = models.BigIntegerField(default=0)
    last_started_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    last_counts = models.JSONField(default=dict)
    last_error = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["next_due"], name="periodic_due", condition=models.Q(enabled=True))]

    def __str__(self) -> str:
        return self.name


class JobRun(models.Model):
    """One run of a job that did something, failed, or was asked for by a person."""

    id = models.BigAutoField(primary_key=True)
    job = models.CharField(max_length=60)
    scope = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=10,
        default="running",
        choices=[("running", "Running"), ("ok", "Done"), ("failed", "Failed"), ("skipped", "Skipped")],
    )
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["job", "scope", "-started_at"], name="job_run_latest")]

    def __str__(self) -> str:
        return f"{self.job} {self.outcome}"


class CanaryBeat(models.Model):
    """The last canary sent through one queue: ticked, queued (as `wakeup`), worked on, and acknowledged (`wakeup` gone)."""

    queue = models.CharField(max_length=20, primary_key=True)
    sent_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    wakeup = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.queue
