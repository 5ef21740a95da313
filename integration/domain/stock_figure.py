"""Figures of stock as they can be kept: to the thousandth, and within what a column holds."""

from decimal import ROUND_FLOOR, Decimal
from typing import Final

# What numeric(14,3) holds.
MOST: Final = Decimal(10) ** 11 - 1
THOUSANDTH: Final = Decimal("0.001")


def stock_figure(value: Decimal | None) -> Decimal | None:
    """The figure, never above what was told; None, which is unknown, for what is no number of units."""
    if value is None or not value.is_finite() or abs(value) > MOST:
        return None
    return value.quantize(THOUSANDTH, rounding=ROUND_FLOOR)
