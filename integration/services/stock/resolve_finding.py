"""Takes a person's word that something about stock is meant as it is. It stands until the finding's gap is another."""

from typing import Final

from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.models import User
from integration.errors import InvalidInputError
from integration.models import StockFinding

# What may be meant. The others end when their cause does: a file that failed, a feed that is late, units that are missing.
BY_WORD: Final = ("stock.discrepancy", "stock.double_buffer", "stock.offer_inactive", "stock.offer_unmapped")
LONGEST_REASON: Final = 500


def resolve_finding(*, finding: StockFinding, reason: str, by: User) -> StockFinding:
    """Close the finding with the person's reason, kept on it and in the audit.

    Raises InvalidInputError without a reason, for a kind that no word ends, and when somebody was quicker.
    """
    words = " ".join(reason.split())
    if not words:
        raise InvalidInputError({"reason": "Say why this is meant: others read it here and in the audit."})
    if finding.kind not in BY_WORD:
        raise InvalidInputError({"reason": "No word ends this: it closes by itself when its cause is gone."})
    with transaction.atomic():
        row = StockFinding.objects.select_for_update().get(pk=finding.pk)
        if row.cleared_at is not None:
            raise InvalidInputError({"reason": "This is closed already: somebody was quicker, or it is no longer so."})
        row.cleared_at, row.cleared_by = db_now(), by
        row.detail = {**row.detail, "meant_because": words[:LONGEST_REASON]}
        row.save(update_fields=["cleared_at", "cleared_by", "detail"])
        record_audit(
            by=by,
            action="finding.meant",
            subject=row,
            before={"kind": row.kind, "cause": row.cause_key, "count": row.count, "gap": row.detail.get("gap")},
            after={"reason": words[:LONGEST_REASON]},
        )
    return row
