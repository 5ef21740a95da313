"""The page to play with: every form does what it says. What a browser makes of it stands in tests/browser."""

from decimal import Decimal
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sandbox.control import handle_control
from sandbox.page_actions import ACTIONS
from sandbox.wire import Request, Response
from sandbox.world import World
from tests.sandbox.conftest import Marketplace, Warehouse


def _post(world: World, path: str, site: str = "same-origin", **form: str) -> tuple[str, bool]:
    """What is said after a form, and whether it failed."""
    headers = {"sec-fetch-site": site}
    answer = handle_control(world, Request("POST", path, headers=headers, body=urlencode(form).encode()))
    if answer.status != 303:
        return answer.body.decode(), True
    query = parse_qs(urlsplit(dict(answer.headers)["location"]).query)
    return query["said"][0], "failed" in query


def _get(world: World, **query: str) -> Response:
    return handle_control(world, Request("GET", "/sandbox/", tuple(query.items())))


def test_an_order_is_placed_with_an_unmapped_offer_and_a_bad_address(world: World) -> None:
    said, failed = _post(
        world,
        "/sandbox/push",
        shop="north/2002",
        lines="SKU-NEW-1 2\n\nSKU-001",
        problem="no_city",
        shipping_type="EXP",
        count="1",
    )

    (order,) = world.operators["north"].orders.values()
    assert (said, failed) == (f"Order {order.id} was placed.", False)
    assert [(line["offer_sku"], line["quantity"]) for line in order.lines] == [("SKU-NEW-1", 2), ("SKU-001", 1)]
    assert (order.shop_id, order.address["city"], order.body["shipping_type_code"]) == (2002, "", "EXP")


@pytest.mark.parametrize(
    "form",
    [
        {"shop": "nobody/1", "lines": "SKU-001"},
        {"shop": "north/2001", "lines": " "},
        {"shop": "north/2001", "lines": "SKU-001 many"},
        {"shop": "north/2001", "lines": "SKU-001", "count": "100000"},
        {"shop": "north/2001", "lines": "SKU-001", "problem": "earthquake"},
    ],
)
def test_a_form_that_does_not_fit_says_so_and_does_nothing(world: World, form: dict[str, str]) -> None:
    said, failed = _post(world, "/sandbox/push", shipping_type="STD", **form)

    assert failed
    assert said.startswith("That did not work: ")
    assert all(not operator.orders for operator in world.operators.values())


def test_orders_come_as_they_come(world: World) -> None:
    said, _ = _post(world, "/sandbox/push/random", count="5")

    assert said == "5 orders were placed, as they come."
    assert sum(len(operator.orders) for operator in world.operators.values()) == 5


def test_the_operator_acts_on_an_order(market: Marketplace) -> None:
    shipped = market.shipping(shipping_type="ECO")
    market.ship(shipped)
    waiting = market.place()

    said = [
        _post(market.world, "/sandbox/order", order=f"north/{order.id}", act=act)[0]
        for order, act in ((shipped, "receive"), (waiting, "incident"), (waiting, "cancel"))
    ]

    assert said[0] == f"Order {shipped.id} is RECEIVED."
    assert said[1].endswith("WAITING_ACCEPTANCE, with an incident open.")
    assert waiting.state == "CANCELED"


def test_stock_floor_faults_and_switches_are_set(world: World) -> None:
    _post(world, "/sandbox/stock", item="ITEM-001", facility="DEMO/DOC", quantity="-3")
    _post(world, "/sandbox/floor", script="two_parcels", step_seconds="2.5", paused="on")
    _post(world, "/sandbox/fault", operation="mirakl/ST01", kind="reset_after", count="2", seconds="0")
    _post(world, "/sandbox/operator", operator="north", auto_accept="on")

    assert world.tenants["DEMO"].stock["ITEM-001"]["DOC"] == Decimal(-3)
    assert (world.floor.default_script, world.floor.step_seconds, world.floor.paused) == ("two_parcels", 2.5, True)
    assert [(fault.operation, fault.kind, fault.count) for fault in world.faults.armed] == [("ST01", "reset_after", 2)]
    assert (world.operators["north"].auto_accept, world.operators["north"].multi_shipment) == (True, False)


def test_faults_are_cleared_one_by_one_or_all(world: World) -> None:
    for kind in ("blank", "truncate", "latency"):
        world.faults.arm("mirakl", "OR11", kind)

    one = _post(world, "/sandbox/faults/clear", id=str(world.faults.armed[0].id))[0]
    everything = _post(world, "/sandbox/faults/clear")[0]

    assert (one, everything) == ("2 faults are still armed.", "No fault is armed any more.")


def test_the_floor_is_worked_order_by_order(house: Warehouse) -> None:
    house.world.floor.paused = True
    house.order("W-1", ("ITEM-001", 3))

    def work(act: str, **more: str) -> str:
        return _post(house.world, "/sandbox/work", order="DEMO/W-1", act=act, **more)[0]

    said = [work("script", script="one_parcel"), work("step"), work("short"), work("ship"), work("roll_back")]

    assert said == [
        "W-1: everything in one parcel.",
        "Order W-1 is Released.",
        "One unit of W-1 is short; 2 are left to ship.",
        "Order W-1 is Complete.",
        "Order W-1 is Packed.",
    ]


def test_a_form_of_another_site_is_not_taken(world: World) -> None:
    said, _ = _post(world, "/sandbox/push/random", site="cross-site", count="5")

    assert said == "Forms are taken from this page only."
    assert all(not operator.orders for operator in world.operators.values())


class _Forms(HTMLParser):
    """Where forms go, and whether anything on the page is inline."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: set[str] = set()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and given.get("method") == "post":
            self.actions.add(given.get("action") or "")
        self.inline += [tag] if tag in ("script", "style") else []
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


def test_every_action_has_a_form_and_nothing_is_inline(house: Warehouse, market: Marketplace) -> None:
    house.order("W-1")
    market.place()
    market.http.post(
        "/api/offers/stock/imports", files={"file": ("s.csv", b"offer-sku;quantity\nSKU-001;7\n", "text/csv")}
    )
    house.world.faults.arm("mirakl", "OR11", "blank")
    forms = _Forms()

    answer = _get(house.world)
    forms.feed(answer.body.decode())

    assert forms.actions == set(ACTIONS)
    assert forms.inline == []
    assert "default-src 'none'" in dict(answer.headers)["content-security-policy"]


def test_what_somebody_wrote_is_shown_as_text(world: World) -> None:
    page = _get(world, said="<b>bold</b>", find='"><i>').body.decode()

    assert "<b>bold</b>" not in page
    assert '"><i>' not in page


def test_stock_is_changed_by_lines_set_or_added(house: Warehouse) -> None:
    said, failed = _post(
        house.world, "/sandbox/stock/lines", tenant="DEMO", lines="ITEM-001 LVL 12\n\nITEM-001 LVL -2\nITEM-050 DOC 3"
    )

    assert (said, failed) == ("Changed: 3.", False)
    assert house.tenant.stock["ITEM-001"]["LVL"] == 10
    assert house.tenant.stock["ITEM-050"] == {"DOC": Decimal(3)}


def test_a_line_of_stock_that_does_not_fit_changes_nothing(house: Warehouse) -> None:
    said, failed = _post(house.world, "/sandbox/stock/lines", tenant="DEMO", lines="ITEM-001 LVL 12\nITEM-001 MOON 1")

    assert failed
    assert "LVL, DOC, HIL, BAY" in said
    assert house.tenant.stock["ITEM-001"]["LVL"] == 100_000


def test_a_stock_import_is_planned_to_stay_shown_and_ended(market: Marketplace) -> None:
    _post(market.world, "/sandbox/import", shop="north/2001", plan="stays")
    file = ("s.csv", b"offer-sku;quantity\nSKU-001;7\n", "text/csv")
    number = market.http.post("/api/offers/stock/imports", files={"file": file}).json()["import_id"]
    market.skip(500)
    shown = _get(market.world).body.decode()

    said, _ = _post(market.world, "/sandbox/import/end", **{"import": f"north/{number}"})

    assert ">RUNNING<" in shown
    assert "End now" in shown
    assert said == f"Import {number} is COMPLETE."
    assert "End now" not in _get(market.world).body.decode()


def test_the_tables_show_what_fits_and_say_when_nothing_does(market: Marketplace) -> None:
    first, second = market.place(("SKU-001", 1)), market.place(("SKU-002", 1))

    found = _get(market.world, find="sku-002").body.decode()
    nothing = _get(market.world, find="nowhere").body.decode()

    assert (f">{first.id}<" in found, f">{second.id}<" in found) == (False, True)
    assert nothing.count("Nothing fits. Show everything, or find something else.") == 5
