"""How people write what an offer holds: "ITEM-1", "ITEM-1 x 3", and one item a line for a kit."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Final

from integration.errors import InvalidInputError

COMPONENT: Final = re.compile(r"^(?P<item>.+?)(?:\s+[x*\u00d7]\s*(?P<units>[0-9]+(?:[.,][0-9]+)?))?$")
LONGEST_ITEM: Final = 60
MOST_UNITS: Final = 100_000


def parse_components(text: str) -> list[tuple[str, Decimal]]:
    """Item numbers with their units, in the order written. Raises InvalidInputError for `components`."""
    found: list[tuple[str, Decimal]] = []
    problems: list[str] = []
    for line in filter(None, (part.strip() for part in text.splitlines())):
        item, units = _read(line)
        if len(item) > LONGEST_ITEM:
            problems.append(f"{line}: an item number has at most {LONGEST_ITEM} characters.")
        elif units is None or not 0 < units <= MOST_UNITS:
            problems.append(f"{line}: units must be more than 0 and at most {MOST_UNITS:,}.")
        elif item in {known for known, _ in found}:
            problems.append(f"{item} stands twice: write it once, with its units added up.")
        else:
            found.append((item, units))
    if not found and not problems:
        problems.append("Enter the item number.")
    if problems:
        raise InvalidInputError({"components": " ".join(problems)})
    return found


def write_components(components: Iterable[tuple[str, Decimal]]) -> str:
    """The same list as people write it; one unit needs no number."""
    return "\n".join(item if units == 1 else f"{item} x {units_text(units)}" for item, units in components)


def units_text(units: Decimal) -> str:
    """A number of units without the zeros behind it."""
    return f"{units.normalize():f}"


def _read(line: str) -> tuple[str, Decimal | None]:
    match = COMPONENT.match(line)
    assert match is not None  # every line that is not empty matches
    try:
        return match["item"].strip(), Decimal((match["units"] or "1").replace(",", "."))
    except InvalidOperation:
        return match["item"].strip(), None
