import logging
import sys
from typing import Any

import pytest
import structlog

from config.logs import logging_settings


def _fails(secret: str) -> None:
    int(f"not a number, whatever {len(secret)} says")


def _formatted(log_format: str, secret: str) -> str:
    chosen: dict[str, Any] = logging_settings(level="INFO", log_format=log_format)["formatters"]["structured"]
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=chosen["processors"], foreign_pre_chain=chosen["foreign_pre_chain"]
    )
    try:
        _fails(secret)
    except ValueError:
        record = logging.LogRecord("test", logging.ERROR, __file__, 1, "it broke", None, sys.exc_info())
    return formatter.format(record)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_logged_error_shows_where_it_arose_but_no_value_of_a_variable(log_format: str) -> None:
    secret = "key-of-a-shop"

    text = _formatted(log_format, secret)

    assert "_fails" in text
    assert secret not in text
