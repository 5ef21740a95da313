"""The sandbox's own page in a real Chromium: nothing wrong for axe, at every width, light and dark, by keyboard alone."""

from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from sandbox.control import handle_control
from sandbox.demo import build_world
from sandbox.wire import Request
from sandbox.world import World
from tests.sandbox.conftest import Marketplace, Warehouse

pytestmark = pytest.mark.browser
NOWHERE = "http://sandbox.example.com"


def _open(browser: Browser, world: World, scheme: str = "light") -> Page:
    """A page whose every call is answered by the world in process."""
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")

    def answer(route: Route) -> None:
        request = route.request
        parts = urlsplit(request.url)
        query = tuple((key, value) for key, values in parse_qs(parts.query).items() for value in values)
        body = (request.post_data or "").encode()
        got = handle_control(world, Request(request.method, parts.path, query, {}, body))
        headers = dict(got.headers)
        route.fulfill(status=got.status, headers=headers, body=got.body)

    page.route(f"{NOWHERE}/**", answer)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_the_page_fits_every_width(browser: Browser, scheme: str) -> None:
    world = build_world(7)
    house, market = Warehouse(world), Marketplace(world)
    house.order("W-1", script="late_tracking")
    house.skip(4)
    house.order("W-2")
    market.shipping()
    market.place()
    world.faults.arm("mirakl", "ST01", "reset_after")
    page = _open(browser, world, scheme)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))

    page.goto(f"{NOWHERE}/sandbox/?said=Done.")
    violations = Axe().run(page).response["violations"]
    widths = []
    for width in (390, 820, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        widths.append(page.evaluate("document.documentElement.scrollWidth") <= width)

    assert [(row["id"], row["nodes"][0]["html"]) for row in violations] == []
    assert (widths, problems) == ([True] * 3, [])


def test_an_order_is_placed_by_keyboard_alone(browser: Browser) -> None:
    world = build_world(7)
    page = _open(browser, world)
    page.goto(f"{NOWHERE}/sandbox/")

    page.get_by_label("Offer SKUs").fill("SKU-NEW-1 1")
    page.get_by_label("Offer SKUs").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Place the order":
            break
    page.keyboard.press("Enter")

    page.get_by_role("status").wait_for()
    (order,) = world.operators["north"].orders.values()
    assert page.get_by_role("status").text_content() == f"Order {order.id} was placed."
    assert page.get_by_role("rowheader", name=order.id).is_visible()
