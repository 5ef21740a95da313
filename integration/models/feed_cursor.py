"""How far a feed was read. Moves only after every page was stored."""

from django.db import models


class FeedCursor(models.Model):
    """The watermark of one feed of one connection, in the far side's own time."""

    connection = models.CharField(max_length=80)
    feed = models.CharField(max_length=40)
    watermark = models.DateTimeField(null=True)
    wide_read_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)
    last_count = models.PositiveIntegerField(default=0)
    # What a reading that broke off needs to go on, and what was learned of the far side, such as its clock's offset.
    memory = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "feed"], name="feed_cursor_once")]

    def __str__(self) -> str:
        return f"{self.connection} {self.feed}"
