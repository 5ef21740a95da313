"""Sets how a channel answers new orders: which lines are accepted at once, held for a person, or refused."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from core.audit import record_audit
from core.models import User
from integration.domain.acceptance import AcceptancePolicy
from integration.errors import InvalidInputError
from integration.models import Channel

MAX_HOURS = 24 * 14


def set_acceptance_policy(
    *, channel: Channel, policy: Mapping[str, Any], acceptance_hours: int | None = None, by: User | None
) -> Channel:
    """Store the policy (fields of AcceptancePolicy), and how many hours the operator gives for an answer.

    Answers that were given stay as they are. Raises InvalidInputError with a problem per field.
    """
    problems: dict[str, str] = {}
    values: dict[str, Any] = {}
    try:
        values = AcceptancePolicy.model_validate(dict(policy)).model_dump(mode="json")
    except ValidationError as error:
        problems = {".".join(str(part) for part in row["loc"]): row["msg"] for row in error.errors()}
    if acceptance_hours is not None and not 1 <= acceptance_hours <= MAX_HOURS:
        problems["acceptance_hours"] = f"Between 1 and {MAX_HOURS} hours."
    if problems:
        raise InvalidInputError(problems)
    with transaction.atomic():
        before = {"policy": channel.acceptance_policy, "hours": channel.acceptance_hours}
        channel.acceptance_policy = values
        channel.acceptance_hours = acceptance_hours or channel.acceptance_hours
        channel.save(update_fields=["acceptance_policy", "acceptance_hours"])
        record_audit(
            by=by,
            action="channel.acceptance_policy",
            subject=channel,
            before=before,
            after={"policy": values, "hours": channel.acceptance_hours},
        )
    return channel
