"""The main job, as the three teams see it, over real processes: an unmapped SKU is held, mapped, freed and shipped."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.installation import Installation, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
SKU, ITEM = "SKU-NEW-1", "ITEM-041"


def _place(made: Installation, operator: str, shop: int, sku: str, script: str) -> str:
    made.play("floor", default_script=script, weights={}, step_seconds=0.5)
    order_ids: list[str] = made.play("orders", operator=operator, shop_id=shop, lines=[[sku, 2]])["order_ids"]
    return order_ids[0]


def _wms_orders(made: Installation, order_id: str) -> list[dict[str, Any]]:
    return [row for row in made.warehouse()["orders"] if row["customer"] == order_id]


def _wait_for_case(page: Page, address: str) -> None:
    def is_listed() -> bool:
        page.goto(address)
        return page.get_by_role("link", name=f"SKU {SKU} has no item").count() > 0

    until("the case is on the desk", is_listed, seconds=40)


def test_an_order_with_an_unmapped_sku_is_held_mapped_freed_shipped_and_confirmed(
    installation: Installation, open_as: OpenAs
) -> None:
    order_id = _place(installation, "north", 2001, SKU, "two_parcels")

    # It is accepted within one poll, before anybody did anything.
    until(
        "the marketplace has our acceptance",
        lambda: installation.order_at_mirakl("north", order_id)["state"] not in ("STAGING", "WAITING_ACCEPTANCE"),
        seconds=20,
    )

    # It is held, and the desk shows it with its owner and its clock.
    page = open_as("ecommerce")
    _wait_for_case(page, "/exceptions/?team=ecommerce&channel=NORTH-2001")
    row = page.get_by_role("row").filter(has_text=f"SKU {SKU} has no item")
    expect(row).to_contain_text("Ecommerce")
    expect(row.locator("time.left")).to_contain_text(re.compile(r"in \d+ (d|h)"))
    assert not _wms_orders(installation, order_id)

    # Ecommerce maps it, and sees first what that frees.
    row.get_by_role("link", name=f"SKU {SKU} has no item").click()
    expect(page.locator("#radius")).to_contain_text("Frees 1 order")
    expect(page.get_by_role("link", name=order_id)).to_be_visible()
    page.get_by_label("Warehouse item").fill(ITEM)
    page.get_by_role("button", name="Map and release").click()
    expect(page.get_by_role("status").first).to_contain_text("1 order goes on")

    # It reaches the warehouse once, leaves in two parcels, and the marketplace has both numbers.
    until("the warehouse has the order", lambda: bool(_wms_orders(installation, order_id)), seconds=40)
    until(
        "the marketplace shows it shipped",
        lambda: installation.order_at_mirakl("north", order_id)["state"] in ("SHIPPED", "RECEIVED"),
        seconds=60,
    )
    assert len(_wms_orders(installation, order_id)) == 1
    numbers = _tracking_at_mirakl(installation, order_id)
    assert len(numbers) == 2

    # The case closed itself, and the passport tells the whole story to the warehouse.
    page.goto("/exceptions/?tab=resolved&channel=NORTH-2001")
    expect(page.get_by_role("row").filter(has_text=f"SKU {SKU} has no item")).to_contain_text("Resolved by us")
    lead = open_as("warehouse")
    lead.goto(f"/search/?q={order_id}")
    expect(lead.get_by_role("heading", level=1)).to_contain_text(order_id)
    for number in numbers:
        expect(lead.get_by_text(number).first).to_be_visible()


def _tracking_at_mirakl(made: Installation, order_id: str) -> list[str]:
    order = made.order_at_mirakl("north", order_id)
    found = [row["tracking"].get("tracking_number") for row in order.get("shipments", [])]
    return sorted(str(number) for number in set(found) if number)
