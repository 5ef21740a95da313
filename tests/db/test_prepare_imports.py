from decimal import Decimal
from typing import Any

import pytest

from core.models import Effect
from integration.errors import InvalidInputError
from integration.models import Order, OrderLineItem, SkuMapping, Warehouse
from integration.queries.blast_radius import blast_radius
from integration.services.correct_order import correct_order
from integration.services.map_shipping_method import map_shipping_method
from integration.services.map_sku import map_sku
from integration.services.prepare_imports import prepare_imports
from integration.services.preview_order import preview_order
from integration.services.set_lanes import set_lanes
from integration.services.undo_sku_map import undo_sku_map
from integration.services.unmap_sku import unmap_sku
from tests.db.house import House

CREATE = "deposco.create_order"


def sent(house: House) -> dict[str, Any]:
    house.create()
    (there,) = house.tenant.orders.values()
    return there.document


def test_an_order_goes_out_as_the_tenant_writes_it(north: House) -> None:
    north.map("SKU-001")
    placed, order = north.ready(("SKU-001", 2), shipping_type="EXP")

    north.prepare()
    document = sent(north)

    assert document["number"] == order.wms_number
    assert document["customerOrderNumber"] == placed.id
    assert document["shipVia"] == "EXP"
    assert document["currencyCode"] == "EUR"
    assert document["shipToAddress"]["countryCode"] == "FR"
    (line,) = document["orderLines"]["orderLine"]
    assert (line["itemNumber"], line["orderPackQuantity"], line["pack"]["quantity"]) == ("ITEM-001", "2", "1")


def test_several_offers_of_one_item_packs_and_kits_become_items_at_their_price(north: House) -> None:
    north.map("SKU-001", ("ITEM-001", 1))
    north.map("SKU-002", ("ITEM-001", 6))
    north.map("SKU-003", ("ITEM-002", 1), ("ITEM-003", 3))
    placed, order = north.ready(("SKU-001", 1), ("SKU-002", 2), ("SKU-003", 1))

    north.prepare()
    lines = sent(north)["orderLines"]["orderLine"]

    assert [(line["itemNumber"], line["orderPackQuantity"]) for line in lines] == [
        ("ITEM-001", "1"),
        ("ITEM-001", "12"),
        ("ITEM-002", "1"),
        ("ITEM-003", "3"),
    ]
    assert len({line["lineNumber"] for line in lines}) == 4
    paid = sum(Decimal(line["orderPackQuantity"]) * Decimal(line["unitPrice"]) for line in lines)
    assert abs(paid - order.total_price) < Decimal("0.01")
    assert OrderLineItem.objects.filter(line__order=order).count() == 4
    assert placed.state == "SHIPPING"


def test_every_cause_that_holds_an_order_is_told_at_once_and_nothing_is_sent(north: House) -> None:
    map_shipping_method(channel=north.channel, shipping_type_code="EXP", ship_via="AIR", by=None)
    placed, order = north.ready(("SKU-NEW-1", 1), lastname="Sample-Longname of the Very Long Example")

    result = north.prepare()

    assert (result.prepared, result.held) == (0, 1)
    assert north.holds(order) == [
        ("order.invalid_data", f"{placed.id}:ship_to.name"),
        ("order.shipping_method_unmapped", "STD"),
        ("order.sku_unmapped", "SKU-NEW-1"),
    ]
    assert north.effects(CREATE) == []


def test_an_order_that_is_held_does_not_hold_the_others(north: House) -> None:
    north.map("SKU-001")
    bad, good = north.place(("SKU-NEW-1", 1)), north.place(("SKU-001", 1))
    north.poll()
    north.accept()
    north.skip(5)
    north.poll()

    result = north.prepare()

    assert (result.prepared, result.held) == (1, 1)
    assert Effect.objects.get(kind=CREATE).subject_id == north.order(good).pk
    assert north.order(bad).is_held


def test_the_earliest_deadline_goes_first(north: House) -> None:
    north.map("SKU-001")
    late, soon = north.place(deadline_seconds=9 * 86_400), north.place(deadline_seconds=86_400)
    north.poll()
    north.accept()
    north.skip(5)
    north.poll()

    prepare_imports(channel=north.channel, limit=1)

    assert Effect.objects.get(kind=CREATE).subject_id == north.order(soon).pk
    assert north.order(late).import_prepared_at is None


def test_mapping_a_sku_shows_what_it_frees_frees_it_once_and_the_order_flows_on(north: House) -> None:
    placed, order = north.ready(("SKU-NEW-1", 2))
    north.prepare()
    radius = blast_radius(channel=north.channel, kind="order.sku_unmapped", cause_key="SKU-NEW-1")

    first = map_sku(channel=north.channel, offer_sku="SKU-NEW-1", components=[("ITEM-041", Decimal(1))], by=None)
    again = map_sku(channel=north.channel, offer_sku="SKU-NEW-1", components=[("ITEM-041", Decimal(1))], by=None)
    north.prepare()
    north.prepare()
    document = sent(north)

    assert (radius.orders, radius.value) == (1, order.total_price)
    assert (first.freed_orders, first.freed_value, first.currency) == (1, order.total_price, "EUR")
    assert again.freed_orders == 0
    assert document["orderLines"]["orderLine"][0]["itemNumber"] == "ITEM-041"
    assert north.order(placed).stage == "in_wms"


def test_an_order_that_waits_for_two_skus_is_freed_by_the_second(north: House) -> None:
    _, order = north.ready(("SKU-NEW-1", 1), ("SKU-NEW-2", 1))
    north.prepare()

    first = map_sku(channel=north.channel, offer_sku="SKU-NEW-1", components=[("ITEM-001", Decimal(1))], by=None)
    second = map_sku(channel=north.channel, offer_sku="SKU-NEW-2", components=[("ITEM-002", Decimal(1))], by=None)

    assert (first.freed_orders, second.freed_orders) == (0, 1)
    assert not Order.objects.get(pk=order.pk).is_held


def test_a_change_of_a_mapping_can_be_undone_and_undone_again(north: House) -> None:
    map_sku(channel=north.channel, offer_sku="SKU-1", components=[("ITEM-001", Decimal(1))], by=None)
    map_sku(channel=north.channel, offer_sku="SKU-1", components=[("ITEM-002", Decimal(6))], by=None)

    undo_sku_map(channel=north.channel, offer_sku="SKU-1", by=None)
    once = list(SkuMapping.objects.values_list("item_number", "units_per_offer"))
    undo_sku_map(channel=north.channel, offer_sku="SKU-1", by=None)
    twice = list(SkuMapping.objects.values_list("item_number", "units_per_offer"))
    unmap_sku(channel=north.channel, offer_sku="SKU-1", by=None)
    undo_sku_map(channel=north.channel, offer_sku="SKU-1", by=None)

    assert once == [("ITEM-001", Decimal(1))]
    assert twice == [("ITEM-002", Decimal(6))]
    assert SkuMapping.objects.count() == 1
    with pytest.raises(InvalidInputError):
        undo_sku_map(channel=north.channel, offer_sku="SKU-9", by=None)


def test_a_correction_frees_the_order_goes_to_the_warehouse_and_keeps_what_was_told(north: House) -> None:
    north.map("SKU-001")
    _, order = north.ready(lastname="Sample-Longname of the Very Long Example")
    north.prepare()

    correct_order(order=order, corrections={"ship_to.name": " Robin  Sample "}, by=None)
    north.prepare()
    document = sent(north)

    assert document["shipToAddress"]["name"] == document["billToAddress"]["name"] == "Robin Sample"
    kept = Order.objects.get(pk=order.pk)
    assert kept.customer["shipping_address"]["lastname"].startswith("Sample-Longname")
    assert north.holds() == []


def test_a_correction_that_is_still_wrong_holds_the_order_again(north: House) -> None:
    north.map("SKU-001")
    _, order = north.ready(lastname="Sample-Longname of the Very Long Example")
    north.prepare()

    correct_order(order=order, corrections={"ship_to.name": "x" * 31}, by=None)
    freed = north.holds()
    north.prepare()

    assert freed == []
    assert [kind for kind, _ in north.holds()] == ["order.invalid_data"]


@pytest.mark.parametrize(
    ("field", "value"), [("ship_to.name", "  "), ("currency", "EUR"), ("ship_to.nose", "x"), ("ship_to.country", "ZZ")]
)
def test_a_correction_that_makes_no_sense_is_refused_with_its_field(north: House, field: str, value: str) -> None:
    _, order = north.ready(("SKU-NEW-1", 1))

    with pytest.raises(InvalidInputError) as caught:
        correct_order(order=order, corrections={field: value}, by=None)

    assert set(caught.value.problems) == {field}


def test_a_country_may_be_corrected_in_two_letters(north: House) -> None:
    north.map("SKU-001")
    _, order = north.ready(address={"country_iso_code": None, "country": "unknown country"})
    north.prepare()

    correct_order(order=order, corrections={"ship_to.country": "fr"}, by=None)
    north.prepare()

    assert sent(north)["shipToAddress"]["countryCode"] == "FR"


def test_an_order_that_the_warehouse_has_is_no_longer_corrected(north: House) -> None:
    _, order = north.in_warehouse()

    with pytest.raises(InvalidInputError):
        correct_order(order=order, corrections={"ship_to.name": "Robin"}, by=None)


def test_a_shipping_type_is_mapped_frees_what_waited_and_goes_out(north: House) -> None:
    north.map("SKU-001")
    map_shipping_method(channel=north.channel, shipping_type_code="EXP", ship_via="AIR", by=None)
    north.ready()
    north.prepare()
    assert north.holds() == [("order.shipping_method_unmapped", "STD")]

    released = map_shipping_method(
        channel=north.channel, shipping_type_code="STD", ship_via="GROUND", ship_vendor="DHL", by=None
    )
    north.prepare()
    document = sent(north)

    assert released.freed_orders == 1
    assert (document["shipVia"], document["shipVendor"]) == ("GROUND", "DHL")


def test_without_a_warehouse_or_with_the_lane_off_nothing_is_prepared_and_nothing_lost(north: House) -> None:
    north.map("SKU-001")
    north.ready()
    set_lanes(channel=north.channel, lanes=["acceptance"], by=None)
    off = north.prepare()
    set_lanes(channel=north.channel, lanes=["acceptance", "import"], by=None)

    on = north.prepare()

    assert (off.prepared, on.prepared) == (0, 1)


def test_an_order_that_breaks_the_profile_is_held_and_its_batch_goes_on(north: House) -> None:
    profile = dict(north.warehouse.profile)
    profile["line_number"] = "{order}-{unknown}"
    Warehouse.objects.filter(pk=north.warehouse.pk).update(profile=profile)
    north.channel.refresh_from_db()
    north.map("SKU-001")
    north.ready()

    result = north.prepare()

    assert (result.prepared, result.held) == (0, 1)
    assert [key.rsplit(":", 1)[1] for _, key in north.holds()] == ["profile"]


def test_a_preview_shows_the_document_under_a_map_that_is_only_proposed_and_writes_nothing(north: House) -> None:
    _, order = north.ready(("SKU-NEW-1", 2))
    north.prepare()

    preview = preview_order(order=order, offer_sku="SKU-NEW-1", components=[("ITEM-041", Decimal(2))])
    open_preview = preview_order(
        order=order, offer_sku="SKU-NEW-1", components=[("ITEM-041", Decimal(2))], shows_buyer=True
    )

    assert preview.now.payload is None
    assert preview.now.problems == ("SKU SKU-NEW-1 has no item",)
    assert preview.proposed.payload is not None
    assert preview.proposed.payload["orderLines"]["orderLine"][0]["orderPackQuantity"] == "4"
    assert "Robin" not in str(preview.proposed.payload)
    assert "Robin" in str(open_preview.proposed.payload)
    assert not SkuMapping.objects.exists()
