from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.canonical import canonical_order
from integration.domain.orders import Address, CanonicalLine, CanonicalOrder, Rules, address_of, validate_order

HOME = Address(name="Robin Sample", line1="1 Sample Street", city="Sampletown", country="FRA", phone="0100000000")
WIRE = {
    "firstname": "Robin",
    "lastname": "Sample",
    "street_1": "1 Sample Street",
    "city": "Sampletown",
    "zip_code": "75000",
    "country_iso_code": "FRA",
}


def order(**more: Any) -> CanonicalOrder:
    values: dict[str, Any] = {
        "number": "NORTH-1",
        "marketplace_id": "1",
        "channel_code": "NORTH",
        "currency": "EUR",
        "total": Decimal(10),
        "ordered_at": datetime(2026, 1, 1, tzinfo=UTC),
        "ship_by": None,
        "ship_via": "STD",
        "ship_vendor": "",
        "ship_to": HOME,
        "bill_to": HOME,
        "lines": (CanonicalLine("NORTH-1-1", "L1", "ITEM-1", Decimal(1), Decimal(10)),),
    }
    return CanonicalOrder(**(values | more))


def problems(given_order: CanonicalOrder, rules: Rules | None = None) -> list[tuple[str, str]]:
    return [(problem.field, problem.rule) for problem in validate_order(given_order, rules or Rules())]


def canonical(customer: Mapping[str, Any], corrections: Mapping[str, str] | None = None) -> CanonicalOrder:
    return canonical_order(
        order_number="NORTH-1",
        marketplace_id="1",
        channel_code="NORTH",
        customer=customer,
        corrections=corrections or {},
        currency="EUR",
        total=Decimal(10),
        ordered_at=datetime(2026, 1, 1, tzinfo=UTC),
        ship_by=None,
        ship_via=("STD", ""),
        lines=(),
    )


def test_a_whole_order_has_no_problem() -> None:
    assert problems(order()) == []


@pytest.mark.parametrize("field", ["name", "line1", "city", "country"])
def test_a_part_that_no_parcel_arrives_without_is_asked_for(field: str) -> None:
    there = replace(HOME, **{field: ""})

    assert problems(order(ship_to=there, bill_to=there)) == [(f"ship_to.{field}", "required")]


@given(st.integers(1, 60))
def test_a_name_is_refused_from_the_thirty_first_character_on(length: int) -> None:
    there = replace(HOME, name="x" * length)

    assert bool(problems(order(ship_to=there, bill_to=there))) == (length > 30)


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("email", "no address", "format"),
        ("email", "a" * 50 + "@example.com", "length"),
        ("phone", "call me", "format"),
        ("phone", "0" * 31, "length"),
        ("line4", "x" * 65, "length"),
        ("postal_code", "x" * 21, "length"),
    ],
)
def test_a_value_that_the_warehouse_would_refuse_is_named_with_its_rule(field: str, value: str, rule: str) -> None:
    there = replace(HOME, **{field: value})

    assert (f"ship_to.{field}", rule) in problems(order(ship_to=there, bill_to=there))


def test_both_addresses_are_checked_when_they_differ() -> None:
    assert problems(order(bill_to=replace(HOME, city=""))) == [("bill_to.city", "required")]


def test_what_a_tenant_demands_beyond_the_usual_is_demanded_of_the_ship_to() -> None:
    there = replace(HOME, phone="", email="")

    found = problems(order(ship_to=there, bill_to=there), Rules(require_phone=True, require_email=True))

    assert found == [("ship_to.phone", "required"), ("ship_to.email", "required")]


def test_lines_must_be_there_have_a_quantity_and_stand_once() -> None:
    twice = (
        CanonicalLine("N-1", "L1", "ITEM-1", Decimal(1), Decimal(1)),
        CanonicalLine("N-2", "L1", "ITEM-1", Decimal(0), Decimal(1)),
    )

    assert problems(order(lines=())) == [("lines", "required")]
    assert problems(order(lines=twice)) == [("line.N-2.quantity", "positive"), ("line.L1", "duplicate")]


def test_a_currency_is_three_capital_letters() -> None:
    assert problems(order(currency="")) == [("currency", "format")]
    assert problems(order(currency="euro")) == [("currency", "format")]


def test_what_helps_to_find_the_door_is_never_dropped() -> None:
    raw = WIRE | {"additional_info": "Door code 12", "company": "Sample Works", "company_2": "Dock B"}

    address = address_of(raw)

    assert (address.line1, address.line2, address.line3) == ("1 Sample Street", "Door code 12", "Sample Works Dock B")
    assert address_of(raw | {"street_2": "Stair C"}).line4 == "Sample Works Dock B"


def test_a_company_without_a_person_is_the_name() -> None:
    assert address_of({"company": "Sample Works", "lastname": None}).name == "Sample Works"


def test_line_breaks_and_double_blanks_leave_an_address() -> None:
    assert address_of({"street_1": " 1\n Sample\t Street "}).line1 == "1 Sample Street"


def test_a_country_without_a_code_is_known_by_its_name() -> None:
    assert address_of({"country": "Deutschland", "country_iso_code": None}).country == "DEU"
    assert address_of({"country": "unknown country"}).country == ""


def test_an_address_that_is_null_is_empty_and_not_an_error() -> None:
    assert address_of(None) == Address()


def test_a_bill_to_that_is_the_ship_to_takes_its_corrections() -> None:
    customer = {"shipping_address": WIRE, "billing_address": dict(WIRE)}

    found = canonical(customer, {"ship_to.name": "R. Sample"})

    assert found.ship_to.name == found.bill_to.name == "R. Sample"


def test_a_bill_to_of_its_own_is_corrected_by_itself() -> None:
    customer = {"shipping_address": WIRE, "billing_address": WIRE | {"city": "Elsewhere"}}

    found = canonical(customer, {"ship_to.name": "R. Sample", "bill_to.city": "Othertown", "ship_to.nonsense": "x"})

    assert (found.bill_to.name, found.bill_to.city) == ("Robin Sample", "Othertown")


@pytest.mark.parametrize("billing", [None, {}, {"firstname": "Robin", "lastname": "Sample"}])
def test_a_bill_to_that_is_not_told_is_the_ship_to(billing: dict[str, str] | None) -> None:
    found = canonical({"shipping_address": WIRE, "billing_address": billing, "notification_email": "relay@example.com"})

    assert found.bill_to == found.ship_to
    assert found.ship_to.email == "relay@example.com"
