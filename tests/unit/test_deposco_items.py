import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from core.http import StatusError, UnknownOutcomeError
from integration.deposco.client import DeposcoClient
from integration.deposco.items import at_path
from integration.deposco.profile import Inventory, Profile, Transport, default_v1_profile
from integration.deposco.schemas import ItemFacts
from integration.deposco.tenant import TenantClient
from tests.unit.v2_script import PROFILE, client, page

ITEM = {"number": "I1", "name": "Lamp"}


def told(body: Any, *, status: int = 200, number: str = "I1", safety_stock: str = "") -> ItemFacts | None:
    """One item over V1."""
    text = body if isinstance(body, str) else json.dumps(body)
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=text))
    profile = default_v1_profile().model_copy(update={"inventory": Inventory(safety_stock=safety_stock)})
    made = DeposcoClient("https://wms.example.com", "A", "MAIN", "u", "p", profile=profile, transport=transport)
    try:
        return made.item_facts(number)
    finally:
        made.close()


def facts(row: Any, **more: Any) -> ItemFacts:
    found = told({"item": row}, **more)
    assert found is not None
    return found


XML = (
    "<ns2:items xmlns:ns2='http://example.com/item'><item><number>I1</number><name>Lamp</name>"
    "<upcs><upc>111</upc><upc>222</upc></upcs><components><component><componentItem>P1</componentItem>"
    "<quantity>2</quantity></component></components><kitOrderOnly>true</kitOrderOnly></item></ns2:items>"
)


# V1


@pytest.mark.parametrize(
    "body",
    [
        {"item": ITEM},
        {"item": [ITEM]},
        {"items": {"item": ITEM}},
        [{"item": ITEM}],
        ITEM,
        "<items><item><number>I1</number><name>Lamp</name></item></items>",
    ],
)
def test_an_item_is_found_whatever_it_is_wrapped_in(body: Any) -> None:
    assert told(body) == ItemFacts("I1", "Lamp")


def test_an_item_in_xml_tells_its_codes_and_parts_as_one_in_json_does() -> None:
    row: dict[str, Any] = {**ITEM, "upcs": [{"upc": ["111", "222"]}], "kitOrderOnly": "true"}
    row["components"] = {"component": {"componentItem": "P1", "quantity": "2"}}

    in_xml, in_json = told(XML), facts(row)

    assert in_xml == in_json
    assert (in_json.upcs, in_json.components) == (("111", "222"), (("P1", Decimal(2)),))
    assert (in_json.kit_order_only, in_json.kit_stock_only, in_json.components_known) == (True, None, True)


@pytest.mark.parametrize(
    ("upcs", "codes"),
    [
        ({"upc": "111", "source": "api"}, ("111",)),
        ({"upc": ["111", "222", "111"]}, ("111", "222")),
        ([{"upc": ["111"]}, {"upc": {"value": "222"}}], ("111", "222")),
        ({"upc": [{"upc": "111"}, {"value": 222}]}, ("111", "222")),
        ({"@nil": "true"}, ()),
        (None, ()),
        ("", ()),
    ],
)
def test_barcodes_are_read_in_every_form(upcs: Any, codes: tuple[str, ...]) -> None:
    assert facts({**ITEM, "upcs": upcs}).upcs == codes


def test_the_barcode_of_a_pack_of_one_is_the_items_and_that_of_a_case_is_not() -> None:
    packs = [{"quantity": "1", "upcs": {"upc": "111"}}, {"quantity": "12", "upcs": {"upc": "999"}}]

    assert facts({**ITEM, "packs": {"pack": packs}}).upcs == ("111",)


def test_a_kit_whose_parts_are_not_told_or_not_readable_is_not_counted_by_its_list() -> None:
    good, bad = {"componentItem": "P1", "quantity": "2"}, {"componentItem": "P2", "quantity": "some"}

    plain, silent, broken = (
        facts({**ITEM, **more})
        for more in (
            {"kitOrderOnly": "false"},
            {"kitStockOnly": "true", "components": {"@nil": "true"}},
            {"components": {"component": [good, bad]}},
        )
    )

    assert (plain.components_known, silent.components_known, broken.components_known) == (True, False, False)


def test_a_part_that_is_told_twice_is_needed_twice() -> None:
    part = {"componentItem": "P1", "quantity": 1}

    assert facts({**ITEM, "components": {"component": [part, part]}}).components == (("P1", Decimal(2)),)


@pytest.mark.parametrize(
    ("flags", "is_active"),
    [
        ({}, None),
        ({"active": None, "shippable": ""}, None),
        ({"shippable": "true"}, True),
        ({"active": True, "salesEnabledFlag": "false"}, False),
        ({"salesEnabled": "true", "shippable": False}, False),
    ],
)
def test_an_item_is_active_as_far_as_it_tells(flags: Any, is_active: bool | None) -> None:
    assert facts({**ITEM, **flags}).is_active is is_active


FIELDS = {"customField": [{"name": "Other", "value": "1"}, {"name": "Safety.Stock", "value": "7"}]}


@pytest.mark.parametrize(
    ("path", "row", "units"),
    [
        ("customFields.[Safety.Stock]", {"customFields": FIELDS}, 7),
        ("customFields.Safety", {"customFields": {"customField": {"name": "Safety", "value": "3"}}}, 3),
        ("customFields.Safety", {"customFields": [{"name": "Safety", "value": 4}]}, 4),
        ("customAttribute2", {"customAttribute2": "5.0"}, 5),
        ("plan.minimum", {"plan": {"minimum": 6}}, 6),
        ("customFields.Nothing", {"customFields": FIELDS}, None),
        ("customAttribute2", {"customAttribute2": "some"}, None),
        ("plan.minimum.more", {"plan": {"minimum": 6}}, None),
        ("", {"customAttribute2": "5"}, None),
    ],
)
def test_safety_stock_is_read_where_the_profile_says(path: str, row: Any, units: int | None) -> None:
    assert facts({**ITEM, **row}, safety_stock=path).safety_stock == (None if units is None else Decimal(units))


def test_an_item_that_is_not_there_or_of_another_unit_is_none() -> None:
    assert told("Item not found", status=404) is None
    assert told({}) is None
    assert told({"item": {**ITEM, "businessUnit": "OTHER"}}) is None
    assert told({"item": ITEM}, number="I2") is None


def test_an_item_may_be_found_by_its_barcode_and_tells_its_own_number() -> None:
    found = told({"item": {**ITEM, "upcs": {"upc": "111"}}}, number="111")

    assert found is not None
    assert found.number == "I1"


@pytest.mark.parametrize("body", ['{"message": "later"}', '["busy"]', "<html><body>x</body></html>", "", '{"a": 1}'])
def test_an_answer_that_is_no_item_does_not_pass_for_none(body: str) -> None:
    with pytest.raises(UnknownOutcomeError):
        told(body)


def test_v1_has_no_list_of_items() -> None:
    v1 = DeposcoClient(
        "https://wms.example.com",
        "A",
        "MAIN",
        "u",
        "p",
        profile=default_v1_profile(),
        transport=httpx.MockTransport(lambda _: httpx.Response(500)),
    )

    assert TenantClient(default_v1_profile(), v1=v1, v2=None).items_page() is None


def test_a_path_leads_nowhere_in_anything_that_is_no_document() -> None:
    assert [at_path(value, "a.b") for value in (None, 3, "x", [], [1])] == [None] * 5


# V2


def v2_item(number: str, **more: Any) -> dict[str, Any]:
    unit = {"businessKey": {"code": "MAIN"}}
    return {"self": {"id": 5}, "number": number, "businessUnit": unit, **more}


def part(number: str, units: float) -> dict[str, Any]:
    return {"subComponent": {"businessKey": {"number": number}}, "quantity": units}


def detail(kind: str, number: str, units: float) -> dict[str, Any]:
    return {"type": kind, "item": {"businessKey": {"number": number}}, "quantity": units}


def kit(*details: Any, **more: Any) -> dict[str, Any]:
    return {"self": {"id": 8}, "name": "K1", "kitDetails": page(*details), **more}


def test_an_item_over_v2_tells_the_same_facts_in_its_own_words() -> None:
    packs = [{"quantity": 1, "upcs": page({"value": "222"})}, {"quantity": 6, "upcs": page({"value": "999"})}]
    row = v2_item("I1", name="Lamp", upcs=page({"value": "111"}), packs=packs, active=True, kitOrderOnly=False)
    made, script = client(page(row), page(row))

    found, other = made.item_facts("I1"), made.item_facts("I2")

    assert found == ItemFacts("I1", "Lamp", upcs=("111", "222"), is_active=True, kit_order_only=False)
    assert other is None
    assert dict(script.asked[0].params) == {"businessUnit": "MAIN", "number": "I1"}


def test_a_kit_that_tells_its_parts_is_not_looked_up() -> None:
    made, script = client(page(v2_item("K1", kitOrderOnly=True, components=[part("P1", 2), part("P2", 1.0)])))

    found = made.item_facts("K1")

    assert found is not None
    assert found.components == (("P1", Decimal(2)), ("P2", Decimal(1)))
    assert (found.components_known, len(script.asked)) == (True, 1)


@pytest.mark.parametrize(
    "components",
    [None, [], [part("P9", 1)] * 10, {"data": [part("P9", 1)], "complete": False}],
    ids=["absent", "empty", "cut at ten", "said to be cut"],
)
def test_a_kit_that_does_not_tell_all_its_parts_has_them_from_the_kit_that_makes_it(components: Any) -> None:
    other = kit(detail("Output", "X1", 1), detail("Input", "P7", 1))
    mine = kit(detail("Input", "P1", 4), detail("Output", "K1", 2), detail("Input", "P2", 2))
    made, script = client(page(v2_item("K1", kitOrderOnly=True, components=components)), page(other, mine))

    found = made.item_facts("K1")

    assert found is not None
    assert (found.components, found.components_known) == ((("P1", Decimal(2)), ("P2", Decimal(1))), True)
    assert (script.asked[1].path, script.asked[1].params["name"]) == ("/latest/kitHeaders", "K1")


def test_details_of_a_kit_that_may_have_been_cut_come_from_their_own_list() -> None:
    details = [detail("Output", "K1", 1), *(detail("Input", f"P{number}", 1) for number in range(11))]
    made, script = client(
        page(v2_item("K1", kitStockOnly=True)),
        page(kit(*details[:10])),
        page(*details[:7], key="K"),
        page(*details[7:]),
    )

    found = made.item_facts("K1")

    assert found is not None
    assert len(found.components) == 11
    assert script.asked[2].path == "/latest/kitHeaders/8/kitDetails"


@pytest.mark.parametrize(
    "kits",
    [
        page(),
        page(kit(detail("Output", "X1", 1), detail("Input", "P1", 1))),
        page(kit(detail("Output", "K1", 0), detail("Input", "P1", 1))),
        page(kit(detail("Output", "K1", 1))),
        page(kit(detail("Output", "K1", 1), detail("Input", "P1", 1), {"type": "Input", "item": None, "quantity": 1})),
        page(kit(detail("Output", "K1", 1), detail("Input", "P1", 1), businessUnit={"businessKey": {"code": "X"}})),
    ],
    ids=["none", "another's", "makes none", "of nothing", "item is gone", "another unit's"],
)
def test_a_kit_whose_parts_are_nowhere_sure_is_known_to_be_unknown(kits: Any) -> None:
    made, _ = client(page(v2_item("K1", kitOrderOnly=True)), kits)

    found = made.item_facts("K1")

    assert found is not None
    assert (found.components, found.components_known) == ((), False)


@pytest.mark.parametrize("status", [403, 404])
def test_kits_that_may_not_be_read_cost_no_item(status: int) -> None:
    made, _ = client(page(v2_item("K1", kitOrderOnly=True)), httpx.Response(status))

    found = made.item_facts("K1")

    assert found is not None
    assert not found.components_known


def test_an_error_of_the_server_is_no_answer_about_a_kit() -> None:
    made, _ = client(page(v2_item("K1", kitOrderOnly=True)), httpx.Response(500))

    with pytest.raises(StatusError):
        made.item_facts("K1")


def test_a_page_of_items_is_one_call_and_says_how_to_go_on() -> None:
    since = datetime(2026, 11, 1, 12, tzinfo=UTC)
    other = v2_item("I9", businessUnit={"businessKey": {"code": "OTHER"}})
    made, script = client(page(v2_item("I1", kitOrderOnly=True), other, {}, key="K1"), page(v2_item("I2")))

    first = made.items_page(updated_after=since)
    second = made.items_page(updated_after=since, key=first.next_key)

    assert [(item.number, item.components_known) for item in first.items] == [("I1", False)]
    assert ([item.number for item in second.items], first.next_key, second.next_key) == (["I2"], "K1", "")
    assert dict(script.asked[0].params) == {
        "businessUnit": "MAIN",
        "pageSize": "50",
        "updatedAfter": "2026-11-01T12:00:00Z",
    }
    assert dict(script.asked[1].params) == {"searchId": "K1"}


def test_a_list_of_items_that_leads_back_to_itself_is_an_error_and_no_list_is_none() -> None:
    made, _ = client(page(v2_item("I1"), key="K1"), {"message": "later"})

    with pytest.raises(UnknownOutcomeError, match="leads back"):
        made.items_page(key="K1")
    with pytest.raises(UnknownOutcomeError, match="no list"):
        made.items_page()


def test_safety_stock_over_v2_is_read_from_its_own_form_of_custom_fields() -> None:
    profile = PROFILE.model_copy(update={"inventory": Inventory(safety_stock="customFields.Safety")})
    made, _ = client(page(v2_item("I1", customFields=[{"name": "Safety", "value": "3"}])), profile=profile)

    found = made.item_facts("I1")

    assert found is not None
    assert found.safety_stock == Decimal(3)
    assert Profile(transport=Transport(api="v2")).inventory.safety_stock == ""
