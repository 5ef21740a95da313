"""axe on every page a person can open, in both themes and on a tablet, and the keyboard alone on the desk."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from core.web.addresses import addresses
from tests.browser.conftest import OpenAs
from tests.browser.installation import Installation, until
from tests.browser.stocked import put_stock

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
SERIOUS = {"serious", "critical"}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"width": 1440, "height": 900, "scheme": "light", "rules": True},
    "dark": {"width": 1440, "height": 900, "scheme": "dark", "rules": True},
    "tablet": {"width": 820, "height": 1100, "scheme": "light", "rules": True},
    # The same markup and colours as before: here only whether everything has room.
    "phone": {"width": 390, "height": 800, "scheme": "light", "rules": False},
    "zoomed": {"width": 720, "height": 450, "scheme": "light", "rules": False},  # 1440 wide at 200 %
}
# Pages that a link of another page leads to: found on the page named, so that each has something to show.
LINKED = {
    "/exceptions/?tab=all": r"/exceptions/\d+/$",
    "/orders/": r"/orders/\d+/$",
    "/stock/": r"/stock/items/\d+/$",
    "/stock/pushes/?refusals=true": r"/stock/pushes/\d+/$",
    "/stock/facilities/": r"/stock/facilities/\d+/$",
    "/stock/facilities/#channels-title": r"/stock/channels/[\w-]+/$",
}


def _plain_pages() -> list[str]:
    return [
        f"/{address.route}"
        for address in addresses()
        if not address.is_library and "<" not in address.route and not re.search(r"healthz|readyz|hooks", address.route)
    ]


def _problems(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {rule['id']} ({rule['impact']}): {rule['nodes'][0]['html'][:160]}"
        for rule in found
        if rule["impact"] in SERIOUS
    ]


@pytest.fixture
def busy(installation: Installation) -> Installation:
    """An installation where orders have arrived, one of them held, so that pages have rows."""
    installation.play("floor", default_script="one_parcel", weights={}, step_seconds=0.5)
    installation.play("orders", operator="harbour", shop_id=3001, lines=[["SKU-001", 1]], count=3)
    installation.play("orders", operator="harbour", shop_id=3001, lines=[["SKU-NEW-1", 1]])
    if "stocked" not in installation.marks:
        put_stock(installation)
        installation.marks.add("stocked")
    until("something is held", lambda: '"orders_held": 0' not in installation.manage("status", "--json"), seconds=60)
    return installation


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_serious_on_any_page(busy: Installation, open_as: OpenAs, look: str) -> None:
    page = open_as("admin")
    setting = LOOKS[look]
    page.emulate_media(color_scheme=setting["scheme"])
    page.set_viewport_size({"width": setting["width"], "height": setting["height"]})
    problems: list[str] = []
    seen = 0

    for address in _plain_pages():
        if _is_page(page, address):
            page.goto(address)
            seen += 1
            problems += (_problems(page) if setting["rules"] else []) + _sideways(page)
    for start, pattern in LINKED.items():
        page.goto(start)
        links = [link.get_attribute("href") or "" for link in page.locator("a.row-link").all()]
        page.goto(next(link for link in links if re.search(pattern, link)))
        seen += 1
        problems += (_problems(page) if setting["rules"] else []) + _sideways(page)

    assert seen >= 10
    assert not problems, "\n".join(problems)


def _is_page(page: Page, address: str) -> bool:
    """Whether a plain GET gives a page: not what takes a form alone, nor a file."""
    answer = page.context.request.get(address)
    return answer.ok and "text/html" in answer.headers.get("content-type", "") and "<h1" in answer.text()


def _sideways(page: Page) -> list[str]:
    wide, shown = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return [f"{page.url}: the page scrolls sideways ({wide} in {shown})"] if wide > shown + 1 else []


def test_the_sign_in_page_is_right_and_a_wrong_password_is_said(installation: Installation, browser: Browser) -> None:
    context = browser.new_context(base_url=installation.web)
    page = context.new_page()
    page.goto("/accounts/login/")
    before = _problems(page)

    page.get_by_role("textbox").first.fill("warehouse")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()

    expect(page.locator("main")).to_contain_text("not correct")
    assert before + _problems(page) == []
    context.close()


def test_a_case_is_reached_and_taken_by_the_keyboard_alone(busy: Installation, open_as: OpenAs) -> None:
    page = open_as("ecommerce")
    page.goto("/exceptions/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")

    page.keyboard.press("j")
    first = page.locator("#listing tbody a.row-link").first
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/exceptions/\d+/"))
    button = page.get_by_role("button", name="I am on it")
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("You are on it")


def test_every_page_works_without_a_script(busy: Installation, browser: Browser) -> None:
    context = browser.new_context(base_url=busy.web, java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/login/?next=/exceptions/")
    page.get_by_role("textbox").first.fill("ecommerce")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_label("Team").select_option("ecommerce")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("row").filter(has_text="SKU SKU-NEW-1").get_by_role("link").first.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("SKU-NEW-1")
    context.close()
