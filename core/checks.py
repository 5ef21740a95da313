"""System checks: settings that are known to lose or double work are refused before anything starts."""

import math
import os
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

MARGIN_SECONDS = 30
BROKER = "core.queue.broker.PgBroker"
# The release whose private process tree core.queue.cluster takes part in.
QUEUE_RELEASE = "1.11.1"


@register()
def queue_settings_are_safe(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's own
    """A wake-up must not be given to a second worker while the first may still be at it, and never be retried blindly."""
    base = settings.Q_CLUSTER
    problems = [*_base_problems(base)]
    for name, changes in {"default": {}, **base.get("ALT_CLUSTERS", {})}.items():
        problems += _cluster_problems(name, {**base, **changes})
    return problems


def _base_problems(base: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if base.get("broker_class") != BROKER:
        hint = f"Set broker_class to {BROKER}: other brokers double or lose wake-ups."
        yield Error("Another queue broker is set.", hint=hint, id="holdpoint.E006")
    if base.get("orm") != "default":
        hint = "Set orm to default: a wake-up must be written in the transaction of its cause."
        yield Error("The queue is not in our own database.", hint=hint, id="holdpoint.E007")
    if base.get("catch_up", True):
        hint = "Set catch_up to False: after an outage every missed slot would be made up for at once."
        yield Error("The queue would catch up.", hint=hint, id="holdpoint.E008")
    if version("django-q2") != QUEUE_RELEASE:
        hint = f"Install django-q2 {QUEUE_RELEASE}: the fail-fast launcher uses its private process tree."
        yield Error(f"django-q2 {version('django-q2')} is installed.", hint=hint, id="holdpoint.E009")


def _cluster_problems(name: str, conf: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if not isinstance(conf["timeout"], int) or conf["timeout"] <= 0:
        hint = "Set timeout to whole seconds: it is the last resort against a job that hangs."
        yield Error(f"Queue {name} has no usable timeout.", hint=hint, id="holdpoint.E010")
        return
    if conf["queue_limit"] < 1:
        hint = "Set queue_limit to 1: without a limit a queue takes more than it can do before it is given away again."
        yield Error(f"Queue {name} takes without a limit.", hint=hint, id="holdpoint.E011")
    rounds = math.ceil((conf["workers"] + conf["queue_limit"] + conf["bulk"]) / conf["workers"])
    least = conf["timeout"] * rounds + MARGIN_SECONDS
    if conf["retry"] < least:
        hint = f"Set retry to at least {least}."
        yield Error(f"Queue {name}: retry {conf['retry']} is too short.", hint=hint, id="holdpoint.E001")
    if not conf.get("ack_failures") or conf.get("max_attempts") != 1:
        hint = "Set ack_failures to True and max_attempts to 1: attempts live in our own rows."
        yield Error(f"Queue {name} would retry by itself.", hint=hint, id="holdpoint.E002")


@register()
def every_queue_exists(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's own
    """A job on a queue that has no cluster would never run."""
    from core.jobs import registry  # noqa: PLC0415 -- the jobs import models, which are there only now

    known = settings.Q_CLUSTER.get("ALT_CLUSTERS", {})
    missing = sorted({job.queue for job in registry().values()} - set(known))
    hint = "Add it to ALT_CLUSTERS in config/settings.py."
    return [Error(f"No cluster serves the queue {name}.", hint=hint, id="holdpoint.E012") for name in missing]


@register()
def database_settings_are_safe(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's own
    """No connection pool (it breaks over a fork), connections that are kept, and commits that are on disk."""
    problems: list[CheckMessage] = []
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    if options.get("pool"):
        problems.append(Error("A psycopg pool is set.", hint="Remove it: workers fork.", id="holdpoint.E003"))
    if not database.get("CONN_MAX_AGE"):
        hint = "Set CONN_MAX_AGE to 60 or more: without it every wake-up opens connections anew."
        problems.append(Error("Database connections are not kept.", hint=hint, id="holdpoint.E004"))
    set_to = re.findall(r"synchronous_commit=(\w+)", str(options.get("options", "")))
    if not set_to or set_to[-1] not in ("on", "remote_apply"):
        hint = "Leave synchronous_commit=on in the options of the database: what was sent must not be forgotten."
        problems.append(Error("A commit may be lost.", hint=hint, id="holdpoint.E013"))
    return problems


@register()
def secret_keys_are_set(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's own
    """Without a key no stored credential can be read."""
    if settings.HOLDPOINT_SECRET_KEYS:
        return []
    hint = "Set HOLDPOINT_SECRET_KEYS to one or more Fernet keys, newest first."
    return [Error("No key for stored credentials is set.", hint=hint, id="holdpoint.E005")]


@register()
def nothing_is_told_to_crash(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 -- Django's own
    """A crash point ends processes on purpose: never in production."""
    if not (settings.IS_PRODUCTION and os.environ.get("HOLDPOINT_CRASHPOINT")):
        return []
    hint = "Unset HOLDPOINT_CRASHPOINT."
    return [Error("A crash point is set in production.", hint=hint, id="holdpoint.E014")]
