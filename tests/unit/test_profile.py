import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from integration.deposco.profile import CAPABILITIES, Capability, Profile, Transport, default_v1_profile
from integration.deposco.translate import Translation, translate
from integration.domain.countries import ALPHA2

ADDRESS = {"name": "Robin Sample", "line1": "1 Sample Street", "city": "Sampletown", "country": "FRA"}
HEADER: dict[str, Any] = {
    "business_unit": "MAIN",
    "number": "N-1",
    "initial_status": "New",
    "order_type": "Sales Order",
    "marketplace_id": "M-1",
    "channel_code": "NORTH",
    "ship_to": ADDRESS,
    "bill_to": ADDRESS,
    "currency": "EUR",
    "total": Decimal("19.80"),
    "ordered_at": datetime(2026, 11, 1, 12, tzinfo=UTC),
}
LINE = {
    "line_number": "N-1-1",
    "item_number": "I-1",
    "quantity": Decimal("2.5"),
    "unit_price": Decimal("9.9000"),
    "business_unit": "MAIN",
    "order_line_id": "M-1-1",
}


def spoken(api: Any, **capabilities: Any) -> dict[Capability, str | None]:
    profile = Profile(transport=Transport(api=api, capabilities=capabilities))
    return {name: profile.speaks(name) for name in CAPABILITIES}


def test_each_capability_has_its_generation_and_v2_has_no_stock() -> None:
    v1, v2, mixed = spoken("v1"), spoken("v2"), spoken("mixed")

    assert v1 == {"orders": "v1", "shipments": "v1", "items": "v1", "facilities": None, "stock": "v1"}
    assert v2 == {"orders": "v2", "shipments": "v2", "items": "v2", "facilities": "v2", "stock": None}
    assert mixed == {**v2, "stock": "v1"}


def test_a_profile_overrides_one_capability_and_leaves_the_others() -> None:
    assert spoken("mixed", shipments="v1") == {**spoken("mixed"), "shipments": "v1"}
    with pytest.raises(ValidationError):
        spoken("mixed", parcels="v1")


def test_a_profile_that_was_stored_before_v2_is_read_and_has_it() -> None:
    stored = default_v1_profile().model_dump(mode="json")
    del stored["v2"], stored["transport"]["capabilities"]

    read = Profile.model_validate(stored)

    assert read == default_v1_profile()
    assert Profile.model_validate(json.loads(json.dumps(read.model_dump(mode="json")))) == read


def over_v2(**more: Any) -> Translation:
    profile = default_v1_profile().model_copy(update={"transport": Transport(api="v2")})
    return translate(profile, header={**HEADER, **more}, lines=[LINE], alpha2=ALPHA2)


def test_numbers_are_numbers_references_are_keys_and_lines_stand_under_data() -> None:
    payload = over_v2().payload

    assert payload is not None
    (line,) = payload["orderLines"]["data"]
    assert (line["orderPackQuantity"], line["unitPrice"], payload["orderTotal"]) == (2.5, 9.9, 19.8)
    assert line["item"] == {"businessKey": {"number": "I-1", "businessUnit.code": "MAIN"}}
    assert payload["shipToAddress"]["country"] == "FR"
    assert payload["orderStatus"] == "New"
    assert json.loads(json.dumps(payload)) == payload


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("Robin Sample", "Robin", "Sample"), ("Robin van Sample", "Robin van", "Sample"), ("Sample", None, "Sample")],
)
def test_a_name_is_parted_before_its_last_word(name: str, first: str | None, last: str) -> None:
    payload = over_v2(ship_to={**ADDRESS, "name": name}).payload

    assert payload is not None
    assert (payload["shipToContact"].get("firstName"), payload["shipToContact"]["lastName"]) == (first, last)


@given(st.lists(st.from_regex(r"[A-Za-z]{1,9}", fullmatch=True), min_size=1, max_size=3))
def test_the_parts_of_a_name_are_the_name_again(words: list[str]) -> None:
    payload = over_v2(ship_to={**ADDRESS, "name": " ".join(words)}).payload

    assert payload is not None
    contact = payload["shipToContact"]
    assert " ".join(filter(None, (contact.get("firstName"), contact["lastName"]))) == " ".join(words)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("marketplace_id", "M" * 51),
        ("marketplace_id", ""),
        ("ship_to", {**ADDRESS, "line1": "S" * 65}),
        ("ship_to", {**ADDRESS, "city": "C" * 31}),
        ("ship_to", {**ADDRESS, "country": ""}),
        ("ship_to", {**ADDRESS, "name": "N" * 31}),
    ],
)
def test_what_v2_would_refuse_is_a_problem_before_it_is_sent(field: str, value: Any) -> None:
    result = over_v2(**{field: value})

    assert result.payload is None
    assert len(result.problems) == 1
