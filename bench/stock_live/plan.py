"""What is run: sizes, shops, and the rules of each."""

import argparse
from dataclasses import dataclass
from typing import Final

FACILITIES: Final = ("A1", "A2", "A3", "A4")
TENANT: Final = "DEMO"
PREFIX_ITEM, PREFIX_SKU = "STK-", "OFR-"
# Every so-manieth offer of the third shop is two of its item, and every so-manieth a kit of its item and the next.
PACK_EVERY, KIT_EVERY = 5, 11

RULES: Final = """aspect,offer_sku,item,tag,channel,facility,units,percent,value,note
buffer,,,,FIRST,,2,10,,kept back on everything
cap,,,,FIRST,,,,50,
share,,,,SECOND,,,,60,
floor,,,,SECOND,,,,3,
pack,,,,SECOND,,,,2,
cap,,,,THIRD,,,,20,
facility,,,,THIRD,A4,,,exclude,not packed for this shop
buffer,,,,THIRD,A1,3,,,kept for the counter
buffer,,STK-000010,,,,1,,,
buffer,,STK-000011,,,,0,,,
buffer,OFR-000012,,,FIRST,,4,,,
cap,,STK-000013,,,,,,1,
"""


@dataclass(frozen=True)
class Shop:
    """A shop of the sandbox, and what it is called here."""

    code: str
    operator: str
    shop_id: int


SHOPS: Final = (Shop("FIRST", "north", 2001), Shop("SECOND", "north", 2002), Shop("THIRD", "harbour", 3001))


@dataclass(frozen=True)
class Plan:
    """How much, how long."""

    items: int
    minutes: float
    changes_per_second: int
    buys_per_second: float
    raced: int
    drain_minutes: float
    calls_per_second: float
    seed: int
    is_calm: bool

    @property
    def numbers(self) -> range:
        """The numbers of the items and offers."""
        return range(1, self.items + 1)


def read_plan() -> Plan:
    """From the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.stock_live", description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--changes-per-second", type=int, default=200)
    parser.add_argument("--buys-per-second", type=float, default=1.0)
    parser.add_argument("--raced", type=int, default=400, help="scarce items that buyers and changes fight over")
    parser.add_argument("--drain-minutes", type=float, default=8.0, help="how long to wait for the last numbers")
    parser.add_argument("--calls-per-second", type=float, default=10.0, help="what the warehouse allows")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--calm", dest="is_calm", action="store_true", help="no faults: for figures alone")
    return Plan(**vars(parser.parse_args()))


def item(number: int) -> str:
    """The item of a number."""
    return f"{PREFIX_ITEM}{number:06d}"


def sku(number: int) -> str:
    """The offer of a number."""
    return f"{PREFIX_SKU}{number:06d}"


def components(code: str, number: int, items: int) -> tuple[tuple[str, int], ...]:
    """What one offer of a shop stands for."""
    if code == "THIRD" and number % KIT_EVERY == 0 and number < items:
        return ((item(number), 1), (item(number + 1), 1))
    return ((item(number), 2 if code == "THIRD" and number % PACK_EVERY == 0 else 1),)
