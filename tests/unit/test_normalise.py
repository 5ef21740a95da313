import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import Reply, UnknownOutcomeError
from integration.deposco.normalise import (
    as_decimal,
    as_list,
    as_moment,
    as_text,
    body_of,
    inside,
    offset_of,
    without_nil,
)


def reply(body: str, kind: str = "application/json") -> Reply:
    return Reply(200, {"content-type": kind}, body.encode())


@pytest.mark.parametrize("kind", ["application/json", "application/xml", "text/plain"])
def test_the_first_character_tells_json_from_xml_whatever_the_header_says(kind: str) -> None:
    assert body_of(reply('{"a": "1"}', kind)) == {"a": "1"}
    assert body_of(reply("<root><a>1</a></root>", kind)) == {"root": {"a": "1"}}


@pytest.mark.parametrize("body", ["", "  \n", "OK", '{"a": ', "<root><a>1</root>", "\ufeff"])
def test_a_body_that_is_blank_damaged_or_neither_is_an_unknown_outcome(body: str) -> None:
    with pytest.raises(UnknownOutcomeError):
        body_of(reply(body))


def test_xml_repeats_become_a_list_and_nil_becomes_nothing() -> None:
    text = (
        '<ns2:orders xmlns:ns2="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<order><number>1</number></order><order><number>2</number><notes xsi:nil="true"/></order></ns2:orders>'
    )

    assert inside(body_of(reply(text)), "orders", "order") == [{"number": "1"}, {"number": "2", "notes": None}]


json_values = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=8
)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), json_values, max_size=2), max_size=4))
def test_a_list_reads_the_same_whether_it_was_collapsed_or_not(rows: list[dict[str, Any]]) -> None:
    collapsed: Any = rows[0] if len(rows) == 1 else rows

    assert inside({"orders": {"order": collapsed}}, "orders", "order") == rows


def test_a_nil_object_is_nothing_at_any_depth() -> None:
    assert without_nil({"a": {"@nil": "true"}, "b": [{"c": {"@nil": True}}]}) == {"a": None, "b": [{"c": None}]}


def test_characters_that_no_database_keeps_are_replaced() -> None:
    assert "\x00" not in json.dumps(without_nil({"a": "x\x00y"}), ensure_ascii=False)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("2.0", Decimal(2)),
        (3, Decimal(3)),
        ("", None),
        (None, None),
        ("NaN", None),
        ("two", None),
        (True, None),
        ({}, None),
    ],
)
def test_numbers_come_as_strings_and_what_is_none_is_none(value: Any, number: Decimal | None) -> None:
    assert as_decimal(value) == number


def test_text_is_trimmed_and_empty_text_is_nothing() -> None:
    assert (as_text("  x "), as_text("  "), as_text({"a": 1}), as_text(7)) == ("x", None, None, "7")


def test_one_element_none_and_several_are_lists() -> None:
    assert (as_list(None), as_list(""), as_list("x"), as_list(["x"])) == ([], [], ["x"], ["x"])


def test_a_moment_without_an_offset_is_the_tenants_own_time() -> None:
    there = timezone(timedelta(hours=-6))

    assert as_moment("2026-01-01T06:00:00", there) == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert as_moment("2026-01-01T06:00:00-05:00", there) == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert as_moment("yesterday", there) is None


def test_the_offset_that_a_moment_is_written_with_is_told() -> None:
    assert offset_of("2025-07-30T15:11:40-05:00") == -300
    assert offset_of("2025-07-30T15:11:40Z") == 0
    assert offset_of("2025-07-30T15:11:40") is None
    assert offset_of(None) is None


def test_recorded_answers_of_tenants_are_read(contracts: Path) -> None:
    folder = contracts / "deposco" / "samples"

    several = body_of(reply((folder / "v1_shipment_get.json").read_text(encoding="utf-8")))
    single = body_of(reply((folder / "v1_shipment_get_single_line_collapsed.json").read_text(encoding="utf-8")))

    assert len(inside(several, "shipment", "lines", "line")) == 2
    assert len(inside(single, "shipment", "lines", "line")) == 1
