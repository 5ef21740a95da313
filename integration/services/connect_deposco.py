"""Stores a Deposco tenant: address, codes, credentials, and the profile that says how this tenant speaks."""

from django.db import transaction

from core.audit import record_audit
from core.limits import ensure_bucket
from core.models import User
from integration.domain.call_budget import call_budget
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
    client_id: str = "",
    client_secret: str = "",
) -> Warehouse:
    """Create the warehouse, or change the one with this code; an empty password keeps the one that is stored.

    For V2 alone, user and password are the client id and its secret. Where both generations are spoken, V2 may have a
    client of its own; what is empty keeps what is stored. Behind a secret, after a blank, may stand a refresh token.

    `rate_per_second` is the account-wide limit of calls (Deposco publishes none; 2 to 4 are known to be fine).
    Channels that have no warehouse take it when it is the only one. Raises InvalidInputError with a problem per field.
    """
    old = Warehouse.objects.filter(code=code).first()
    problems = {
        **address_problems(url),
        **code_problems(code, Warehouse.objects.exclude(code=code).filter(code__iexact=code).exists()),
        **_empty(tenant_code=tenant_code, business_unit=business_unit, username=username),
        **_client_problems(old, client_id, client_secret),
    }
    if not password and old is None:
        problems["password"] = "Enter the password of the API user."  # noqa: S105 -- a sentence, not a secret
    if api not in APIS:
        problems["api"] = f"Choose one of {', '.join(APIS)}."
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
        if client_id.strip():
            values["client_id"] = client_id.strip()
        if client_secret:
            values["client_secret"] = client_secret
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
            after={
                "url": warehouse.url,
                "business_unit": business_unit,
                "api": api,
                "password_changed": bool(password or client_secret),
            },
        )
        # One token is always left for reading what has left, which must not wait behind new orders.
        budget = call_budget(transport.rate_per_second)
        ensure_bucket(
            f"{warehouse.connection}:calls",
            capacity=budget.capacity,
            rate_per_second=budget.refill,
            reserve=budget.reserve,
        )
        if only_warehouse() == warehouse:
            Channel.objects.filter(warehouse=None).update(warehouse=warehouse)
    return warehouse


def _empty(**values: str) -> dict[str, str]:
    return {field: "This cannot be empty." for field, value in values.items() if not value.strip()}


def _client_problems(old: Warehouse | None, client_id: str, client_secret: str) -> dict[str, str]:
    has_id, has_secret = client_id.strip() or (old and old.client_id), client_secret or (old and old.client_secret)
    if bool(has_id) == bool(has_secret):
        return {}
    words = "V2's client id and its secret belong together: enter both."
    return {"client_secret" if has_id else "client_id": words}
