from decimal import Decimal

from integration.models import SkuMapping
from integration.services.map_sku import map_sku
from integration.services.suggest_items import suggest_items
from tests.db.house import House


def test_an_item_of_the_same_number_in_the_warehouse_comes_first_with_its_evidence(north: House) -> None:
    found = suggest_items(channel=north.channel, offer_sku="ITEM-007")

    assert (found[0].item_number, found[0].units_per_offer) == ("ITEM-007", Decimal(1))
    assert "numbered ITEM-007" in found[0].evidence


def test_another_shop_of_the_same_warehouse_is_evidence_but_its_kits_are_not(north: House) -> None:
    other = north.connect_channel("north", 2002, "OTHER")
    map_sku(channel=other, offer_sku="SIX", components=[("ITEM-001", Decimal(6))], by=None)
    map_sku(channel=other, offer_sku="KIT", components=[("ITEM-001", Decimal(1)), ("ITEM-002", Decimal(1))], by=None)

    six, kit = (
        suggest_items(channel=north.channel, offer_sku="SIX"),
        suggest_items(channel=north.channel, offer_sku="KIT"),
    )

    assert [(one.item_number, one.units_per_offer) for one in six] == [("ITEM-001", Decimal(6))]
    assert kit == ()


def test_a_number_that_looks_alike_is_suggested_and_nothing_is_applied(north: House) -> None:
    other = north.connect_channel("north", 2002, "OTHER")
    map_sku(channel=other, offer_sku="X", components=[("LAMP-RED-100", Decimal(1))], by=None)

    found = suggest_items(channel=north.channel, offer_sku="lamp_red/100")

    assert [one.item_number for one in found] == ["LAMP-RED-100"]
    assert not SkuMapping.objects.filter(channel=north.channel).exists()


def test_a_warehouse_that_does_not_answer_costs_only_its_own_suggestion(north: House) -> None:
    north.world.faults.arm("deposco", "items.get", "reset_before")

    assert suggest_items(channel=north.channel, offer_sku="ITEM-007") == ()
