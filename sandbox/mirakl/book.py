"""Quantities of offers: how one is changed, and the book of every number that landed, in order of landing."""

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sandbox.mirakl.state import Shop

Json = dict[str, Any]
BY_HAND, BY_ORDER = 0, -1
SHOWN_BACKWARDS = 100
LARGEST = 2_147_483_647
# What an offer says of itself where nobody set it.
PLAIN = {"min_quantity_alert": 0, "min_order_quantity": 0, "max_order_quantity": 0, "package_quantity": 1}


class Landing(NamedTuple):
    """A number that landed. The import is 0 where a hand or an offer update set it, -1 where an order took it."""

    at: float
    import_id: int
    place: str
    quantity: int


class Landings:
    """Every quantity that landed in a shop, in arrays: millions cost little, and one offer's are found quickly."""

    def __init__(self) -> None:
        self.skus: dict[str, int] = {}
        self.backwards = 0
        self.backwards_seen: list[Json] = []
        self._at, self._imports, self._quantities = array("d"), array("q"), array("q")
        self._places, self._previous = array("l"), array("q")
        self._last: list[int] = []
        self._place_names: dict[str, int] = {"": 0}
        self._newest: dict[tuple[int, int], tuple[float, int]] = {}

    def __len__(self) -> int:
        return len(self._at)

    def note(self, sku: str, landing: Landing, sent: float = 0.0) -> None:
        """Write a landing down. `sent` is when its file was sent: one that was sent before the last landed is older."""
        at, import_id, place, quantity = landing
        number = self.skus.setdefault(sku, len(self.skus))
        if number == len(self._last):
            self._last.append(-1)
        where = self._place_names.setdefault(place, len(self._place_names))
        self._previous.append(self._last[number])
        self._last[number] = len(self._at)
        self._at.append(at)
        self._imports.append(import_id)
        self._quantities.append(quantity)
        self._places.append(where)
        if import_id > 0:
            self._compare(sku, (number, where), landing, sent)

    def _compare(self, sku: str, key: tuple[int, int], landing: Landing, sent: float) -> None:
        newest = self._newest.get(key)
        if newest is None or sent >= newest[0]:
            self._newest[key] = (sent, landing.import_id)
            return
        self.backwards += 1
        if len(self.backwards_seen) < SHOWN_BACKWARDS:
            self.backwards_seen.append({"sku": sku, **landing._asdict(), "after_import_id": newest[1]})

    def of(self, sku: str) -> list[Landing]:
        """The landings of an offer, oldest first."""
        return list(self._backwards_of(sku))[::-1]

    def last_at(self, sku: str) -> float:
        """When an offer's number landed last; 0 when none did."""
        number = self.skus.get(sku)
        return 0.0 if number is None else self._at[self._last[number]]

    def _backwards_of(self, sku: str) -> Iterator[Landing]:
        names = list(self._place_names)
        position = self._last[self.skus[sku]] if sku in self.skus else -1
        while position >= 0:
            yield Landing(
                self._at[position], self._imports[position], names[self._places[position]], self._quantities[position]
            )
            position = self._previous[position]


def reasons(offer: Json, shop_state: str) -> list[str]:
    """Why an offer is not active; empty when it is."""
    quantity = offer["quantity"]
    found = list(offer.get("reasons", ()))
    if shop_state != "OPEN":
        found.append("SHOP_NOT_OPEN")
    if quantity <= 0:
        found.append("ZERO_QUANTITY")
    elif quantity < offer.get("min_order_quantity", 0):
        found.append("AVAILABLE_QUANTITY_LESS_THAN_MIN_ORDER_QUANTITY")
    elif quantity < offer.get("package_quantity", 1):
        found.append("AVAILABLE_QUANTITY_LESS_THAN_PACKAGE_QUANTITY")
    return found


def put_quantity(shop: "Shop", offer: Json, landing: Landing, sent: float = 0.0) -> None:
    """Let a number land: the whole quantity, or that of one warehouse, which add up."""
    if landing.place:
        offer.setdefault("warehouses", {})[landing.place] = landing.quantity
        _show(offer, sum(offer["warehouses"].values()), landing.at)
    else:
        offer.pop("warehouses", None)
        _show(offer, landing.quantity, landing.at)
    shop.landings.note(offer["sku"], landing, sent)


def drop_place(shop: "Shop", offer: Json, landing: Landing, sent: float = 0.0) -> None:
    """Forget what one warehouse has."""
    offer.setdefault("warehouses", {}).pop(landing.place, None)
    _show(offer, sum(offer["warehouses"].values()), landing.at)
    shop.landings.note(offer["sku"], landing, sent)


def _show(offer: Json, quantity: int, at: float) -> None:
    if quantity != offer["quantity"]:
        offer["quantity"], offer["updated"] = quantity, at


def sell(shop: "Shop", sku: str, units: int, at: float) -> None:
    """Take units that were sold off an offer, as far as it has them: from the whole, or warehouse by warehouse."""
    offer = shop.offers.get(sku)
    if offer is None:
        return
    for place, count in list(offer.get("warehouses", {}).items()) or [("", offer["quantity"])]:
        taken = min(units, count)
        if taken > 0:
            put_quantity(shop, offer, Landing(at, BY_ORDER, place, count - taken))
            units -= taken
