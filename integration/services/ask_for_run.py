"""Makes a job due now, so that the clock runs it: a page never does a job's work itself."""

from django.db import connection, transaction

from core.audit import record_audit
from core.models import Periodic, User
from integration.errors import InvalidInputError


def ask_for_run(*, beat: str, by: User | None) -> Periodic:
    """Bring the next run of this beat forward to now. Raises InvalidInputError for an unknown or switched-off beat."""
    with transaction.atomic():
        row = Periodic.objects.select_for_update().filter(name=beat, enabled=True).first()
        if row is None:
            raise InvalidInputError({"beat": f"There is no job {beat} on the clock. Is its connection paused?"})
        with connection.cursor() as cursor:
            cursor.execute("UPDATE core_periodic SET next_due = LEAST(next_due, app_now()) WHERE name = %s", [row.name])
        record_audit(by=by, action="job.asked", subject=f"job:{row.name}", before=None, after=None)
    return row
