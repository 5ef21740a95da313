"""Stores a Deposco tenant: address, codes, credentials, and the profile that says how this tenant speaks."""

from django.db import transaction

from core.audit import record_audit
from core.limits import ensure_bucket
from core.models import User
from integration.errors import InvalidInputError
from integration.gateways import profile_of
from integration.models import Channel, Warehouse
from integration.services.connect_mirakl import address_problems, code_problems, only_warehouse

APIS = ("v1", "v2", "mixed")


def connect_deposco(
    *,
    code: str,
    name: str,
    url: str,
    tenant_code: str,
    business_unit: str,
    username: str,
    password: str,
    api: str,
    by: User | None,
    rate_per_second: float | None = None,
) -> Warehouse:
    """Create the warehouse, or change the one with this code; an empty password keeps the one that is stored.

    `rate_per_second` is the account-wide limit of calls (Deposco publishes none; 2 to 4 are known to be fine).
    Channels that have no warehouse take it when it is the only one. Raises InvalidInputError with a problem per field.
    """
    old = Warehouse.objects.filter(code=code).first()
    problems = {
        **address_problems(url),
        **code_problems(code, Warehouse.objects.exclude(code=code).filter(code__iexact=code).exists()),
    }
    for field, value in (
        ("tenant_code", tenant_code),
        ("business_unit", business_unit),
        ("username", username),
    ):
        if not value.strip():
            problems[field] = "This cannot be empty."
    if not password and old is None:
        problems["password"] = "Enter the password of the API user."  # noqa: S105 -- a sentence, not a secret
    if api not in APIS:
        problems["api"] = f"Choose one of {', '.join(APIS)}."
    elif api == "v2":
        problems["api"] = (
            "V2 alone cannot be used yet: stock and orders are spoken over V1. Choose v1, or mixed where V2 is granted too."
        )
    if rate_per_second is not None and rate_per_second <= 0:
        problems["rate_per_second"] = "Must be more than zero."
    if problems:
        raise InvalidInputError(problems)
    with transaction.atomic():
        values: dict[str, object] = {
            "name": name or (old.name if old else code),
            "url": url.rstrip("/"),
            "tenant_code": tenant_code,
            "business_unit": business_unit,
            "username": username,
            "api": api,
        }
        if password:
            values["password"] = password
        warehouse, created = Warehouse.objects.update_or_create(code=code, defaults=values)
        profile = profile_of(warehouse)
        transport = profile.transport.model_copy(
            update={"api": api, **({"rate_per_second": rate_per_second} if rate_per_second else {})}
        )
        warehouse.profile = profile.model_copy(update={"transport": transport}).model_dump(mode="json")
        warehouse.save(update_fields=["profile"])
        record_audit(
            by=by,
            action="warehouse.connected" if created else "warehouse.changed",
            subject=warehouse,
            before={"url": old.url, "business_unit": old.business_unit} if old else None,
            after={"url": warehouse.url, "business_unit": business_unit, "password_changed": bool(password)},
        )
        rate = transport.rate_per_second
        # One token is always left for reading what has left, which must not wait behind new orders.
        ensure_bucket(f"{warehouse.connection}:calls", capacity=max(2, rate), rate_per_second=rate, reserve=1)
        if only_warehouse() == warehouse:
            Channel.objects.filter(warehouse=None).update(warehouse=warehouse)
    return warehouse
