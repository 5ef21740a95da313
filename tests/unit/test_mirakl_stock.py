import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import NotSentError, StatusError, UnknownOutcomeError
from integration.mirakl.client import MiraklClient
from integration.mirakl.export_file import ExportedOffer, exported_offers
from integration.mirakl.offers import Offer, OffersPage

HOST = "https://shop.example.com/market"
CHUNK = "offer-id;shop-sku;quantity;active;deleted;price\n7;SKU-1;4;true;false;9.90\n8;SKU-2;0;false;true;\n"


class Script(httpx.BaseTransport):
    """Answers every call by one function, and keeps what was asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self._answer, self.asked = answer, list[httpx.Request]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        return self._answer(request)


def client(*bodies: Any, status: int = 200) -> tuple[MiraklClient, Script]:
    left = list(bodies)

    def answer(_request: httpx.Request) -> httpx.Response:
        body = left.pop(0)
        return httpx.Response(status, **({"text": body} if isinstance(body, str) else {"json": body}))

    script = Script(answer)
    return MiraklClient(HOST, "the-key", shop_id=2001, transport=script), script


def page(*rows: Any, **more: Any) -> OffersPage:
    made, _ = client({"offers": list(rows), "total_count": len(rows), **more})
    return made.offers()


# Imports of stock


@pytest.mark.parametrize("told", ["12", 12])
def test_an_import_has_its_id_as_text_whatever_it_is_told_as(told: object) -> None:
    made, script = client({"import_id": told}, status=201)

    assert made.import_stock(b'"offer-sku";"quantity"\n') == "12"
    assert b'name="file"' in script.asked[0].content


@pytest.mark.parametrize("body", [{}, {"import_id": None}, {"import_id": ""}, {"import_id": True}, []])
def test_an_import_without_an_id_is_of_unknown_outcome(body: Any) -> None:
    made, _ = client(body, status=201)

    with pytest.raises(UnknownOutcomeError):
        made.import_stock(b"")


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        ("WAITING", (False, False, False)),
        ("RUNNING", (False, False, False)),
        ("COMPLETE", (True, True, False)),
        ("FAILED", (True, False, True)),
        ("SLEEPING_ON_IT", (False, False, False)),
    ],
)
def test_a_status_says_whether_it_is_over_and_an_unknown_one_is_not(status: str, flags: tuple[bool, ...]) -> None:
    made, _ = client({"status": status, "has_error_report": False})

    found = made.stock_import_status("a/b")

    assert (found.status, (found.is_over, found.is_complete, found.is_failed)) == (status, flags)


def test_counts_that_are_not_told_are_unknown_and_a_report_is_told_or_follows_from_them() -> None:
    told = {"status": "COMPLETE", "lines_in_error": 2, "date_created": "2026-11-01T12:00:00Z"}
    made, script = client(told, {**told, "has_error_report": False}, {"status": "RUNNING", "lines_in_error": None})

    first, second, third = (made.stock_import_status("a/b") for _ in range(3))

    assert (first.lines_in_success, first.lines_in_error, first.tells_errors) == (None, 2, True)
    assert first.date_created == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert (second.tells_errors, third.tells_errors) == (False, False)
    assert script.asked[0].url.raw_path.startswith(b"/market/api/offers/stock/imports/a%2Fb/status?")


@pytest.mark.parametrize("body", [{}, {"status": None}, {"status": ""}, [], {"message": "later"}])
def test_an_import_without_a_status_is_no_answer(body: Any) -> None:
    made, _ = client(body)

    with pytest.raises(UnknownOutcomeError):
        made.stock_import_status("1")


def test_a_report_that_was_announced_and_is_not_there_is_a_status_and_not_an_empty_list() -> None:
    made, _ = client({"message": "There is no report", "status": 404}, status=404)

    with pytest.raises(StatusError) as refused:
        made.stock_import_errors("1")

    assert refused.value.status == 404


# Offers


def test_an_offer_is_read_with_its_warehouses_references_and_limits() -> None:
    (offer,) = page(
        {
            "offer_id": 7,
            "shop_sku": "SKU-1",
            "quantity": 5,
            "active": False,
            "inactivity_reasons": ["ZERO_QUANTITY", "A_REASON_OF_TOMORROW"],
            "price": 9.9,
            "min_quantity_alert": 2,
            "package_quantity": 6,
            "warehouses": [{"code": "W1", "quantity": 2}, {"code": "W2", "quantity": "3"}, {"code": "W3"}],
            "product_references": [{"reference": "4006381333931", "reference_type": "EAN"}],
            "fulfillment": {"center": {"code": "DEFAULT"}},
        }
    ).offers

    assert (offer.offer_id, offer.quantity, offer.active, offer.price) == ("7", 5, False, Decimal("9.9"))
    assert offer.inactivity_reasons == ("ZERO_QUANTITY", "A_REASON_OF_TOMORROW")
    assert offer.warehouses == {"W1": 2, "W2": 3}
    assert offer.product_references == (("EAN", "4006381333931"),)
    assert (offer.min_quantity_alert, offer.package_quantity, offer.fulfillment) == (2, 6, "DEFAULT")


@pytest.mark.parametrize(
    ("told", "count"), [(5, 5), ("5", 5), (5.0, 5), (0, 0), (None, None), ("", None), (1.5, None), ("many", None)]
)
def test_a_quantity_that_is_no_whole_number_is_unknown_and_never_zero(told: object, count: int | None) -> None:
    assert Offer.model_validate({"shop_sku": "A", "quantity": told}).quantity == count


junk = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.lists(st.integers(), max_size=2)


@given(
    st.dictionaries(
        st.sampled_from([name for name in Offer.model_fields if name != "shop_sku"]),
        junk | st.dictionaries(st.text(max_size=4), junk, max_size=2),
    )
)
def test_nothing_beside_the_sku_can_make_an_offer_unreadable(row: dict[str, Any]) -> None:
    found = page({**row, "shop_sku": "SKU-1"})

    assert [offer.shop_sku for offer in found.offers] == ["SKU-1"]


@pytest.mark.parametrize("row", [None, "x", [], {"offer_id": 9}, {"offer_id": 9, "shop_sku": None}])
def test_a_row_that_is_no_offer_is_put_aside_and_the_page_goes_on(row: Any) -> None:
    found = page(row, {"shop_sku": "SKU-1"}, total_count=40)

    assert [offer.shop_sku for offer in found.offers] == ["SKU-1"]
    assert [kept.raw for kept in found.unreadable] == [row]
    assert (found.rows, found.total_count) == (2, 40)


def test_an_answer_without_offers_is_no_page() -> None:
    made, _ = client({"total_count": 0})

    with pytest.raises(UnknownOutcomeError):
        made.offers()


# Exports of offers


def test_a_differential_export_never_names_inactive_offers_since_it_would_be_refused() -> None:
    since = datetime(2026, 11, 1, 12, tzinfo=UTC)
    made, script = client({"tracking_id": "t-1"}, {"tracking_id": 2})

    ids = (
        made.request_offer_export(last_request_date=since, include_inactive=True, items_per_chunk=10_000),
        made.request_offer_export(include_inactive=True, columns=()),
    )

    first, second = (json.loads(request.content) for request in script.asked)
    assert ids == ("t-1", "2")
    assert first["last_request_date"] == "2026-11-01T12:00:00.000Z"
    assert (first["items_per_chunk"], "include_inactive_offers" in first) == (10_000, False)
    assert (second["include_inactive_offers"], "include_fields" in second) == (True, False)
    assert {first["export_type"], second["export_type"]} == {"text/csv"}
    assert {"shop-sku", "quantity", "deleted"} <= set(first["include_fields"])


def test_an_export_says_its_files_or_what_went_wrong() -> None:
    made, _ = client(
        {"status": "PENDING", "urls": None},
        {"status": "COMPLETED", "urls": [f"{HOST}/file/0.csv", None]},
        {"status": "FAILED", "error": {"code": "1", "detail": "Internal error"}},
        {"status": "STOPPED"},
    )

    found = [made.offer_export_status("t-1") for _ in range(4)]

    assert [(one.is_over, one.is_complete, one.is_failed) for one in found] == [
        (False, False, False),
        (True, True, False),
        (True, False, True),
        (False, False, False),
    ]
    assert (found[1].urls, found[2].error) == ((f"{HOST}/file/0.csv",), "1: Internal error")


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (f"{HOST}/file/0?part=1", "https://shop.example.com/market/file/0?part=1&shop_id=2001"),
        ("http://shop.example.com/market/file/0", "https://shop.example.com/market/file/0?shop_id=2001"),
        ("https://SHOP.example.com:443/file/0?shop_id=3", "https://shop.example.com/file/0?shop_id=3"),
    ],
    ids=["as told", "without encryption", "own shop"],
)
def test_a_file_on_the_operators_host_is_fetched_with_the_key_and_over_https(url: str, asked: str) -> None:
    made, script = client(CHUNK)

    found = list(made.offer_export_chunk(url))

    assert [offer.shop_sku for offer in found] == ["SKU-1", "SKU-2"]
    assert str(script.asked[0].url) == asked
    assert script.asked[0].headers["authorization"] == "the-key"


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example.net/0.csv?signature=abc",
        "https://shop.example.com.example.net/0.csv",
        "https://shop.example.com:8443/0.csv",
        "https://shop.example.com@files.example.net/0.csv",
    ],
)
def test_a_file_on_any_other_host_is_fetched_without_the_key(url: str) -> None:
    made, script = client(CHUNK)

    found = list(made.offer_export_chunk(url))

    assert len(found) == 2
    (request,) = script.asked
    assert "the-key" not in str(request.headers.raw) + str(request.url)
    assert "shop_id" not in request.url.params


@pytest.mark.parametrize("url", ["http://files.example.net/0.csv", "ftp://files.example.net/0", "/0.csv", ""])
def test_a_file_elsewhere_without_encryption_is_not_fetched(url: str) -> None:
    made, script = client(CHUNK)

    with pytest.raises(NotSentError):
        list(made.offer_export_chunk(url))

    assert script.asked == []


def test_rows_are_read_from_pieces_cut_anywhere_and_deleted_offers_are_marked() -> None:
    text = CHUNK.replace("SKU-1", '"SKU\n1;ü\u2028"').encode()

    found = [list(exported_offers([text[:cut], text[cut:]])) for cut in range(len(text))]

    assert all(rows == found[0] for rows in found)
    first, second = found[0]
    assert (first.shop_sku, first.quantity, first.active, first.deleted) == ("SKU\n1;ü\u2028", 4, True, False)
    assert (first.price, second.price, second.deleted) == (Decimal("9.90"), None, True)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_an_export_is_read_with_any_delimiter_and_quotes_and_a_mark_before_it(delimiter: str) -> None:
    rows = [["last-updated", "shop-sku", "quantity", "custom-field"], ["2026-11-01T12:00:00Z", "SKU-1", "3", "x"]]
    text = "\ufeff" + "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)

    (offer,) = exported_offers([text.encode()])

    assert (offer.shop_sku, offer.quantity, offer.deleted) == ("SKU-1", 3, False)
    assert offer.last_updated == datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_a_row_that_cannot_be_read_says_so_and_costs_no_other() -> None:
    text = CHUNK + "9;SKU-3;too;many;cells;in;it\n\n;;5;true;false;\n10;SKU-4;x;;;\n"

    found = list(exported_offers([text.encode()]))

    assert [bool(offer.problem) for offer in found] == [False, False, True, True, False]
    assert found[2].shop_sku == ""
    assert (found[4].shop_sku, found[4].quantity, found[4].active) == ("SKU-4", None, None)


@pytest.mark.parametrize("text", ["", "<html></html>", '{"message": "later"}', "offer-id;price\n1;2\n"])
def test_what_is_no_list_of_offers_is_never_an_empty_one(text: str) -> None:
    with pytest.raises(UnknownOutcomeError):
        list(exported_offers([text.encode()]))


def test_a_file_of_any_length_is_held_row_by_row() -> None:
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        yield CHUNK.encode()
        while True:
            taken += 1
            yield b"9;SKU-9;1;true;false;1\n" * 100

    found = exported_offers(pieces())
    first = [next(found) for _ in range(250)]

    assert first[-1] == ExportedOffer("9", "SKU-9", quantity=1, active=True, price=Decimal(1))
    assert taken <= 3
