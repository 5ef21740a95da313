"""System checks: settings that are known to lose or double work are refused before anything starts."""

import math
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

MARGIN_SECONDS = 30


@register()
def queue_settings_are_safe(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's own
    """A wake-up must not be given to a second worker while the first may still be at it (reliability of django-q2)."""
    problems: list[CheckMessage] = []
    base = settings.Q_CLUSTER
    for name, changes in {"default": {}, **base.get("ALT_CLUSTERS", {})}.items():
        conf = {**base, **changes}
        rounds = math.ceil((conf["workers"] + conf["queue_limit"] + conf["bulk"]) / conf["workers"])
        least = conf["timeout"] * rounds + MARGIN_SECONDS
        if conf["retry"] < least:
            hint = f"Set retry to at least {least}."
            problems.append(Error(f"Queue {name}: retry {conf['retry']} is too short.", hint=hint, id="holdpoint.E001"))
        if not conf.get("ack_failures") or conf.get("max_attempts") != 1:
            hint = "Set ack_failures to True and max_attempts to 1: attempts live in our own rows."
            problems.append(Error(f"Queue {name} would retry by itself.", hint=hint, id="holdpoint.E002"))
    return problems


@register(Tags.database)
def database_settings_are_safe(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's own
    """No connection pool (it breaks over a fork), and connections that are kept."""
    problems: list[CheckMessage] = []
    database = settings.DATABASES["default"]
    if database.get("OPTIONS", {}).get("pool"):
        problems.append(Error("A psycopg pool is set.", hint="Remove it: workers fork.", id="holdpoint.E003"))
    if not database.get("CONN_MAX_AGE"):
        hint = "Set CONN_MAX_AGE to 60 or more: without it every wake-up opens connections anew."
        problems.append(Error("Database connections are not kept.", hint=hint, id="holdpoint.E004"))
    return problems


@register()
def secret_keys_are_set(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's own
    """Without a key no stored credential can be read."""
    if settings.HOLDPOINT_SECRET_KEYS:
        return []
    hint = "Set HOLDPOINT_SECRET_KEYS to one or more Fernet keys, newest first."
    return [Error("No key for stored credentials is set.", hint=hint, id="holdpoint.E005")]
