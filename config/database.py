"""Turns a PostgreSQL address into Django's DATABASES entry, with the timeouts every process needs."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

CONNECT_SECONDS = 5
# A statement, a wait for a lock and an idle transaction each have an end: none of them may stop a lane for ever. A commit
# that was reported is on disk, whatever the server's own default: what was sent must not be forgotten.
SERVER_OPTIONS = (
    "-c statement_timeout=60s -c lock_timeout=10s -c idle_in_transaction_session_timeout=120s -c synchronous_commit=on"
)


def database_settings(url: str) -> dict[str, Any]:
    """Return Django's settings for a postgresql:// address; `?host=` may name a folder with a socket."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "holdpoint",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        # No pool: it would be shared over the workers' fork. A connection is kept and checked instead.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": CONNECT_SECONDS,
            "keepalives": 1,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            "application_name": "holdpoint",
            "options": SERVER_OPTIONS,
            **query,
        },
    }
