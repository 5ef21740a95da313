from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integration.deposco.fingerprint import order_fingerprint
from integration.deposco.profile import FieldRule, Profile
from integration.deposco.reading import wms_order
from integration.deposco.translate import Translation, translate

HEADER = {
    "number": "N-1",
    "country": "FRA",
    "ordered_at": datetime(2026, 1, 1, 12, tzinfo=UTC),
    "total": Decimal("100.00"),
    "ship_to": {"name": "Robin Sample", "line2": ""},
    "ship_via": "STD",
}


def sent(*rules: FieldRule, **more: Any) -> Translation:
    profile = Profile(order_map=rules, **more)
    return translate(profile, header=HEADER, lines=[], alpha2={"FRA": "FR"})


def value(*rules: FieldRule, **more: Any) -> Any:
    found = sent(*rules, **more)
    assert found.payload is not None, found.problems
    return {key: part for key, part in found.payload.items() if key != "orderLines"}


def test_a_field_comes_from_a_path_a_constant_or_a_template() -> None:
    assert value(
        FieldRule(target="shipTo.name", source="ship_to.name"),
        FieldRule(target="priority", constant="10"),
        FieldRule(target="note", template="{number} for {ship_to.name}, {nothing}."),
    ) == {"shipTo": {"name": "Robin Sample"}, "priority": "10", "note": "N-1 for Robin Sample, ."}


def test_functions_say_how_a_value_is_written() -> None:
    assert value(
        FieldRule(target="country", source="country", function="iso2"),
        FieldRule(target="via", source="ship_via", function="upper"),
        FieldRule(target="total", source="total", function="number"),
        FieldRule(target="placed", source="ordered_at", function="date"),
        time_zone="America/Chicago",
    ) == {"country": "FR", "via": "STD", "total": "100", "placed": "2026-01-01T06:00:00-06:00"}


def test_a_table_translates_and_a_value_that_is_not_in_it_is_a_problem() -> None:
    table = {"vias": {"STD": "GROUND"}}
    rule = FieldRule(target="via", source="ship_via", table="vias")

    assert value(rule, tables=table) == {"via": "GROUND"}
    assert [problem.message for problem in sent(rule, tables={"vias": {}}).problems] == ["STD is not in the table vias"]
    assert value(rule.model_copy(update={"table_default": "same"}), tables={"vias": {}}) == {"via": "STD"}


def test_an_empty_value_is_left_out_unless_it_is_asked_for() -> None:
    rule = FieldRule(target="line2", source="ship_to.line2")

    assert value(rule) == {}
    assert [problem.field for problem in sent(rule.model_copy(update={"required": True})).problems] == ["ship_to.line2"]


def test_a_value_that_is_too_long_is_cut_where_the_profile_says_so_and_else_a_problem() -> None:
    rule = FieldRule(target="name", source="ship_to.name", max_length=5)

    assert sent(rule).payload is None
    assert value(rule.model_copy(update={"truncate": True})) == {"name": "Robin"}


def test_a_profile_with_a_word_that_it_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        Profile.model_validate({"version": 1, "orderMap": []})
    with pytest.raises(ValueError, match="version"):
        Profile.model_validate({"version": 2})


def test_an_order_that_is_read_back_is_the_same_whatever_the_form_and_order_of_its_lines() -> None:
    payload = {
        "number": "N-1",
        "orderLines": {
            "orderLine": [
                {"itemNumber": "A", "orderPackQuantity": "2"},
                {"itemNumber": "B", "orderPackQuantity": "1.50"},
            ]
        },
    }
    there = {
        "number": "N-1",
        "orderLines": {
            "orderLine": [
                {"itemNumber": "B", "orderPackQuantity": "1.5"},
                {"itemNumber": "A", "orderPackQuantity": "2.0"},
            ]
        },
    }

    assert order_fingerprint(wms_order(there)) == order_fingerprint(payload)


@pytest.mark.parametrize(
    "line", [{"itemNumber": "A", "orderPackQuantity": "1"}, {"itemNumber": "Z", "orderPackQuantity": "2"}, {}]
)
def test_another_item_quantity_or_number_is_another_order(line: dict[str, str]) -> None:
    payload = {"number": "N-1", "orderLines": {"orderLine": {"itemNumber": "A", "orderPackQuantity": "2"}}}
    there = {"number": "N-1", "orderLines": {"orderLine": line}}

    assert order_fingerprint(wms_order(there)) != order_fingerprint(payload)
    assert order_fingerprint(wms_order({**payload, "number": "N-2"})) != order_fingerprint(payload)
