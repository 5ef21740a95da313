"""Makes the secret of the address by which the warehouse may prompt a reading. Kept as a hash, told once."""

import hashlib
import hmac
import secrets

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.models import Warehouse


def rotate_webhook_token(*, warehouse: Warehouse, by: User | None) -> str:
    """A new token; the one before no longer opens anything."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        had_one = bool(warehouse.webhook_token_hash)
        warehouse.webhook_token_hash = _digest(token)
        warehouse.save(update_fields=["webhook_token_hash"])
        record_audit(
            by=by, action="warehouse.webhook", subject=warehouse, before={"had_token": had_one}, after={"made": True}
        )
    return token


def opens_webhook(warehouse: Warehouse | None, token: str) -> bool:
    """Whether the token is the warehouse's; takes as long for one that is wrong, or for no warehouse at all."""
    kept = warehouse.webhook_token_hash if warehouse is not None else ""
    is_same = hmac.compare_digest(_digest(token), kept or _digest(secrets.token_urlsafe(8)))
    return is_same and bool(kept)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
