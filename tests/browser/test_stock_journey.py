"""Stock as ecommerce sees it, over real processes: a buffer is set and the shop follows; a second buffer is found and ended."""

import re
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenAs, opened
from tests.browser.installation import Installation, connect_everything, installed, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(420)]
OPERATOR, SHOP, CODE = "north", 2002, "NORTH-2002"
SKU, ITEM = "SKU-020", "ITEM-020"
FACILITIES = ("LVL", "DOC", "HIL", "BAY")
ON_HAND, SAFETY, BUFFER = 20, 3, 4
# A file may go a minute after the last; then the marketplace works on it.
FOLLOWS_SECONDS = 75


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation of its own: a warehouse that holds some stock back itself, and shops whose stock is told."""
    with installed(tmp_path_factory.mktemp("stock")) as made:
        made.play("tenant", tenant="DEMO", safety_stock=SAFETY)
        for place in FACILITIES:
            made.play("stock", tenant="DEMO", item=ITEM, facility=place, quantity=ON_HAND if place == "LVL" else 0)
        connect_everything(
            made, mapped=[f"SKU-{number:03d}" for number in range(1, 31)], lanes="acceptance,import,stock"
        )
        yield made


@pytest.fixture
def ecommerce(browser: Browser, shop: Installation) -> Iterator[Page]:
    with opened(browser, shop) as open_as:
        yield _signed_in(open_as)


def _signed_in(open_as: OpenAs) -> Page:
    return open_as("ecommerce")


def _serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in found if rule["impact"] in ("serious", "critical")
    ]


def test_a_buffer_is_seen_applied_followed_by_the_shop_and_explained(shop: Installation, ecommerce: Page) -> None:
    page, first = ecommerce, ON_HAND - SAFETY
    until(f"the shop shows {first}", lambda: shop.shown(OPERATOR, SHOP, SKU) == first, seconds=120)

    # Seen before anything changes.
    page.goto(f"/stock/buffers/new/?channel={CODE}&item={ITEM}")
    page.get_by_label("Units").fill(str(BUFFER))
    page.get_by_role("button", name="See what would move").click()
    expect(page.get_by_role("heading", name="1 number would move")).to_be_visible()
    moves = page.get_by_role("row").filter(has_text=SKU)
    expect(moves).to_contain_text(re.compile(rf"{first}\s*{first - BUFFER}"))
    assert _serious(page) == []
    assert shop.shown(OPERATOR, SHOP, SKU) == first

    # Applied, and the marketplace follows.
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("status").first).to_contain_text(f"New: buffer {BUFFER} units")
    until("the shop follows", lambda: shop.shown(OPERATOR, SHOP, SKU) == first - BUFFER, seconds=FOLLOWS_SECONDS)

    # And the waterfall says why.
    page.goto(f"/stock/?words={ITEM}")
    page.get_by_role("link", name=ITEM, exact=True).click()
    offer = page.locator("section.offer").filter(has_text="Northwind Market DE")
    buffer = offer.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Buffer"))
    expect(buffer).to_contain_text(f"{BUFFER}")
    expect(buffer).to_contain_text(f"item {ITEM}")
    expect(offer.locator("dl.figures")).to_contain_text(re.compile(rf"The number\s*{first - BUFFER}"))
    assert _serious(page) == []


def test_stock_that_is_held_back_twice_is_a_case_until_one_of_the_two_is_gone(
    shop: Installation, ecommerce: Page
) -> None:
    page = ecommerce
    if page.goto("/stock/buffers/") and not page.get_by_role("link", name="Buffer", exact=True).count():
        page.goto(f"/stock/buffers/new/?channel={CODE}&item={ITEM}&units={BUFFER}")
        page.get_by_role("button", name="See what would move").click()
        page.get_by_role("button", name="Apply").click()
    # What moves is told with what no order holds, and so with the gap that the warehouse keeps by itself.
    for number in range(1, 21):
        shop.play("stock", tenant="DEMO", item=f"ITEM-{number:03d}", facility="DOC", quantity=100 + number)

    def is_listed() -> bool:
        page.goto("/exceptions/?team=ecommerce")
        return page.get_by_role("row").filter(has_text=re.compile("held back twice|Stock is held back")).count() > 0

    until("the second buffer is a case", is_listed, seconds=150)
    page.get_by_role("row").filter(has_text=re.compile("held back")).first.get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text(str(SAFETY))
    assert _serious(page) == []

    # One of the two is ended: the rule here.
    page.goto("/stock/buffers/")
    page.locator("a.row-link").first.click()
    page.get_by_role("link", name="Remove the rule").click()
    page.get_by_role("button", name="Remove the rule").click()
    expect(page.get_by_role("status").first).to_contain_text("Removed: buffer")

    def is_resolved() -> bool:
        page.goto("/exceptions/?tab=resolved&team=ecommerce")
        return page.get_by_role("row").filter(has_text=re.compile("held back")).count() > 0

    until("the case closed itself", is_resolved, seconds=150)
    until("the shop follows", lambda: shop.shown(OPERATOR, SHOP, "SKU-001") > 0, seconds=FOLLOWS_SECONDS)
    assert httpx.get(f"{shop.web}/readyz", timeout=5).is_success


def test_the_simulator_withholds_in_chart_and_table_alike_and_leads_to_the_rule(
    shop: Installation, ecommerce: Page
) -> None:
    page = ecommerce
    order_id = shop.play("orders", operator=OPERATOR, shop_id=SHOP, lines=[[SKU, 2]])["order_ids"][0]
    until(
        "the order is here",
        lambda: shop.order_at_mirakl(OPERATOR, order_id)["state"] not in ("STAGING", "WAITING_ACCEPTANCE"),
        seconds=30,
    )

    page.goto(f"/stock/simulator/?channel={CODE}")
    page.get_by_label("Items").fill(ITEM)
    page.get_by_label("Units").fill("100")
    page.get_by_label("Days").fill("1")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("heading", name="With the candidate")).to_be_visible()

    # What is drawn is what the table says: the two ordered were withheld, since the buffer keeps more than there is.
    drawn = [title.text_content() or "" for title in page.locator("svg.chart rect title").all()]
    withheld = sum(int(number) for words in drawn for number in re.findall(r"withheld, candidate: (\d+)", words))
    together = page.locator("#days tr.is-sum td").all_text_contents()
    assert drawn, "nothing is drawn"
    assert withheld == int(together[-1]) == 2
    assert _serious(page) == []

    # Applying leads to the form of the rule, filled in, and to its preview.
    page.locator("ul.asked a.has-some").first.click()
    expect(page.get_by_label("Units")).to_have_value("100")
    expect(page.get_by_label("Item (optional)", exact=True)).to_have_value(ITEM)
