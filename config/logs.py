"""Structured logs: one JSON object a line, or coloured lines for a person."""

from typing import Any

import structlog

SHARED: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
# Without the values of local variables: they hold keys, passwords and buyers' addresses.
TRACEBACKS: Any = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def logging_settings(*, level: str, log_format: str) -> dict[str, Any]:
    """Return Django's LOGGING; `log_format` is "json" or "console"."""
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if log_format == "console"
        else structlog.processors.JSONRenderer()
    )
    tail = [] if log_format == "console" else [TRACEBACKS]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail, renderer],
                "foreign_pre_chain": list(SHARED),
            }
        },
        "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stream"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stream"], "level": level, "propagate": False},
            # One line for every request we make is in the call log already, redacted; here it would carry addresses.
            "httpx": {"level": "WARNING"},
            # Two lines for every beat of every job would bury what matters; the runs are rows of their own.
            "django-q": {"level": "WARNING"},
        },
    }


def configure_structlog() -> None:
    """Send structlog's loggers through the standard library, so that one configuration holds for all."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
