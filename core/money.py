"""Money: a decimal with its currency, never a float. Exponents are ISO 4217's."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

DEFAULT_EXPONENT = 2
# ISO 4217 currencies whose minor unit is not a hundredth.
EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def exponent(currency: str) -> int:
    """Decimals of the currency's minor unit."""
    return EXPONENTS.get(currency, DEFAULT_EXPONENT)


@dataclass(frozen=True)
class Money:
    """An amount in one currency. Adding two currencies raises ValueError."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            message = f"{self.currency} and {other.currency} cannot be added"
            raise ValueError(message)
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {self.quantized().amount:,}"

    def quantized(self) -> "Money":
        """The amount in whole minor units of its currency, banker's rounding."""
        step = Decimal(1).scaleb(-exponent(self.currency))
        return Money(self.amount.quantize(step, rounding=ROUND_HALF_EVEN), self.currency)
