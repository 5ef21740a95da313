import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import UnknownOutcomeError
from integration.mirakl.stock_file import RefusedLine, StockLine, refused_lines, stock_csv

LINES = [StockLine("SKU-1", 4), StockLine("SKU-2", 0, "WH-A")]
PLAIN = "offer-sku;quantity;warehouse-code;update-delete"
QUOTED = '"offer-sku";"quantity";"warehouse-code";"update-delete"'
REFUSED = RefusedLine(3, "The offer does not exist", "SKU-2", "0", "WH-A")


def rows_of(file: bytes, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode(), newline=""), delimiter=delimiter))


def test_the_file_has_the_documented_head_and_everything_is_quoted() -> None:
    file = stock_csv(LINES)

    assert file == (
        b'"offer-sku";"quantity";"warehouse-code";"update-delete"\n"SKU-1";"4";"";""\n"SKU-2";"0";"WH-A";""\n'
    )


def test_lines_of_one_offer_stand_together_in_the_order_the_offers_came() -> None:
    mixed = [StockLine("A", 1, "W1"), StockLine("B", 2, "W1"), StockLine("A", 3, "W2"), StockLine("B", 0, "W2")]

    rows = rows_of(stock_csv(mixed))[1:]

    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("A", "1", "W1"),
        ("A", "3", "W2"),
        ("B", "2", "W1"),
        ("B", "0", "W2"),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [StockLine("A", -1)],
        [StockLine("", 1)],
        [StockLine("A", 1), StockLine("A", 2)],
        [StockLine("A", 1, "W1"), StockLine("A", 1, "W1")],
    ],
    ids=["below zero", "no offer", "twice", "twice in one warehouse"],
)
def test_what_must_not_be_told_makes_no_file(lines: list[StockLine]) -> None:
    with pytest.raises(ValueError, match=r"cannot be told|twice"):
        stock_csv(lines)


@given(
    st.dictionaries(
        st.tuples(st.text(min_size=1).filter(lambda text: text.isprintable() or "\n" in text), st.text(max_size=4)),
        st.integers(0, 10**9),
    ),
    st.sampled_from(";,\t"),
)
def test_whatever_stands_in_an_sku_is_read_back_as_it_was(told: dict[tuple[str, str], int], delimiter: str) -> None:
    safe = {(sku, place): count for (sku, place), count in told.items() if "\x00" not in sku + place}

    file = stock_csv((StockLine(sku, count, place) for (sku, place), count in safe.items()), delimiter=delimiter)

    read = {(row[0], row[2]): int(row[1]) for row in rows_of(file, delimiter)[1:]}
    assert read == safe


def test_delimiters_quotes_newlines_and_letters_of_any_script_survive() -> None:
    skus = ['a;b"c', "line\nbreak", "Größe-Ø", "漢字"]

    rows = rows_of(stock_csv(StockLine(sku, 1) for sku in skus))

    assert [row[0] for row in rows[1:]] == skus


def test_a_hundred_thousand_lines_are_written_in_well_under_a_second() -> None:
    lines = [StockLine(f"SKU-{number:06}", number % 90) for number in range(100_000)]
    began = time.process_time()

    file = stock_csv(lines)

    assert file.count(b"\n") == 100_001
    assert time.process_time() - began < 0.8


@pytest.mark.parametrize(
    "report",
    [
        f"l;r;{PLAIN}\n3;The offer does not exist;SKU-2;0;WH-A;\n",
        f'\ufeff"line";"reason";{QUOTED}\r\n"3";"The offer does not exist";"SKU-2";"0";"WH-A";""\r\n\r\n',
        "Line,Reason,warehouse-code,update-delete,quantity,offer-sku\n3,The offer does not exist,WH-A,,0,SKU-2\n",
        "a\tb\toffer_sku\tquantity\twarehouse_code\n3\tThe offer does not exist\tSKU-2\t0\tWH-A\n",
        "x|y|Shop SKU|Quantity|Warehouse Code|new-column\n3|The offer does not exist|SKU-2|0|WH-A|?\n",
        '\ufeff"3";"The offer does not exist";"SKU-2";"0";"WH-A";""\n',
    ],
    ids=["plain", "quoted with a mark", "other order", "tabs", "bars", "no head but a mark"],
)
def test_a_refused_line_is_read_whatever_the_report_is_written_like(report: str) -> None:
    assert refused_lines(report.encode()) == [REFUSED]


def test_a_reason_that_holds_the_delimiter_unquoted_stays_whole() -> None:
    report = "l,r,offer-sku,quantity,warehouse-code,update-delete\n3,No such offer, or deleted,SKU-2,0,,\n"

    (line,) = refused_lines(report.encode())

    assert (line.reason, line.offer_sku, line.quantity) == ("No such offer, or deleted", "SKU-2", "0")


def test_a_line_that_is_short_or_has_no_number_is_read_as_far_as_it_goes() -> None:
    report = "l;r;offer-sku;quantity;warehouse-code\n;Refused;SKU-2\nx;Refused;SKU-3;7\n"

    first, second = refused_lines(report.encode())

    assert (first.line_number, first.offer_sku, first.quantity) == (None, "SKU-2", "")
    assert (second.line_number, second.offer_sku, second.quantity) == (None, "SKU-3", "7")


def test_a_line_of_a_warehouse_with_line_breaks_inside_is_one_line() -> None:
    report = 'l;r;offer-sku;quantity\n2;"Two\nlines";"S\n1";1\n'

    (line,) = refused_lines(report.encode())

    assert (line.reason, line.offer_sku) == ("Two\nlines", "S\n1")


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"   \n",
        b"<html><body>Back soon; in a moment, or so</body></html>",
        b'{"message": "try later", "status": 500}',
        b"error-line;error-message;offer-sku;quantity\n",
        b"sku;price;state;title;description\nSKU-1;3;11;Lamp;Red\n",
        b"\xff\xfe\x00;\x00",
        b'l;r;offer-sku;quantity\n2;"' + b"x" * 200_000 + b'";S;1\n',
    ],
    ids=["empty", "blank", "a page", "an error", "a head alone", "another report", "bytes", "damaged"],
)
def test_what_is_no_report_of_refused_lines_is_never_an_empty_one(report: bytes) -> None:
    with pytest.raises(UnknownOutcomeError):
        refused_lines(report)
