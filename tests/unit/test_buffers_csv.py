from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from integration.domain.buffers import Aspect, StockRule
from integration.domain.buffers_csv import COLUMNS, LineProblem, read_rules, write_rules
from integration.domain.buffers_problems import rule_problems

# Everything that a person may write, the signs of spreadsheets and of the file itself above all.
texts = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("=+-@'\",; A1é")), max_size=8).filter(
    lambda text: text == text.strip() and text.isprintable()
)
days = st.one_of(st.none(), st.dates())


@st.composite
def good_rules(draw: st.DrawFn) -> StockRule:
    aspect = draw(st.sampled_from(Aspect))
    rule = StockRule(
        None,
        aspect,
        channel=draw(texts),
        offer_sku=draw(texts),
        item=draw(texts),
        tag=draw(texts),
        first_date=draw(days),
        last_date=draw(days),
        note=draw(texts),
    )
    match aspect:
        case Aspect.BUFFER:
            units, percent = draw(
                st.sampled_from([(3, None), (None, Decimal("12.5")), (0, Decimal(100)), (1, Decimal("0.05"))])
            )
            rule = replace(rule, units=units, percent=percent, facility=draw(texts))
        case Aspect.FACILITY:
            rule = replace(rule, includes=draw(st.booleans()), facility=draw(texts.filter(bool)))
        case _:
            rule = replace(rule, value=draw(st.integers(1, 100)))
    if rule.first_date and rule.last_date and rule.last_date < rule.first_date:
        rule = replace(rule, first_date=rule.last_date, last_date=rule.first_date)
    return rule


MANY_PROBLEMS = """\
aspect,item,facility,units,percent,value,first_date,last_date,note
buffer,I-1,,many,10%,,2026-11-31,,
bufer,I-1,,4,,,,,
cap,I-1,,,,5,,,"two
lines"
facility,I-1,F1,,,maybe,20261127,,
share,I-1,,,,101,,,
cap,I-2,,,,5,,,
facility,I-1,,,,,,,
buffer,I-3,,,ten,,,,
buffer,I-4,,many,150,,,,
"""


def scope(rule: StockRule) -> tuple[object, ...]:
    return (
        rule.aspect,
        rule.channel,
        rule.offer_sku,
        rule.item,
        rule.tag,
        rule.facility,
        rule.first_date,
        rule.last_date,
    )


def columns_of(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in read_rules(text).problems]


@given(st.lists(good_rules(), max_size=6, unique_by=scope))
def test_a_file_that_was_written_reads_as_the_same_rules(rules: list[StockRule]) -> None:
    read = read_rules(write_rules(rules))

    assert read.problems == ()
    assert [rule for _, rule in read.rules] == rules
    assert write_rules(rule for _, rule in read.rules) == write_rules(rules)


@given(good_rules())
def test_the_rules_of_these_tests_have_no_problem(rule: StockRule) -> None:
    assert rule_problems(rule) == ()


def test_the_file_names_its_columns_and_says_in_or_out_for_a_facility() -> None:
    rules = [
        StockRule(1, Aspect.BUFFER, item="I-1", units=4, percent=Decimal("12.50"), first_date=date(2026, 11, 20)),
        StockRule(2, Aspect.FACILITY, channel="EU", facility="F1", includes=False, note="no scanner, yet"),
    ]

    assert write_rules(rules).split("\r\n") == [
        ",".join(COLUMNS),
        "buffer,,I-1,,,,4,12.50,,2026-11-20,,",
        'facility,,,,EU,F1,,,exclude,,,"no scanner, yet"',
        "",
    ]


def test_what_a_spreadsheet_would_run_is_written_as_text() -> None:
    rule = StockRule(None, Aspect.CAP, value=3, offer_sku="-SKU", note="=1+1")

    text = write_rules([rule])

    assert text.split("\r\n")[1] == "cap,'-SKU,,,,,,,3,,,'=1+1"
    assert read_rules(text).rules == ((2, rule),)


def test_a_file_as_spreadsheets_of_europe_write_it_is_read() -> None:
    read = read_rules("\ufeffAspect; item ;percent;note\r\nBuffer; I-1 ;12,5;\r\n;;;\r\nbuffer;I-2;10;")

    assert read.problems == ()
    assert read.rules == (
        (2, StockRule(None, Aspect.BUFFER, item="I-1", percent=Decimal("12.5"))),
        (4, StockRule(None, Aspect.BUFFER, item="I-2", percent=Decimal(10))),
    )


def test_every_problem_is_told_with_its_line_and_good_lines_are_read_all_the_same() -> None:
    assert columns_of(MANY_PROBLEMS) == [
        (2, "units"),
        (2, "percent"),
        (2, "first_date"),
        (3, "aspect"),
        (4, "note"),
        (6, "value"),
        (6, "first_date"),
        (7, "value"),
        (9, "facility"),
        (9, "value"),
        (10, "percent"),
        (11, "units"),
        (11, "percent"),
    ]
    assert read_rules(MANY_PROBLEMS).rules == ((8, StockRule(None, Aspect.CAP, item="I-2", value=5)),)


def test_the_same_scope_twice_names_both_lines() -> None:
    read = read_rules("aspect,item,value\ncap,I-1,5\ncap,I-2,5\ncap,I-1,6\n")

    assert [line for line, _ in read.rules] == [2, 3]
    assert read.problems == (LineProblem(4, "", "Line 2 sets the same for the same scope and dates: keep one."),)


def test_a_scope_that_is_misspelt_is_refused_rather_than_taken_for_everywhere() -> None:
    read = read_rules("aspect,offersku,value\ncap,SKU-1,5\n")

    assert read.rules == ()
    assert read.problems[0].words.startswith("No such column: offersku. There are aspect, offer_sku,")


def test_a_first_line_without_names_or_with_one_twice_is_refused() -> None:
    assert read_rules("").problems[0].words.startswith("The first line must name the columns")
    assert read_rules("cap,I-1,5").problems[0].words.startswith("The first line must name the columns")
    assert read_rules("aspect,item,item,value\ncap,A,B,5").problems[0].words == "These columns stand twice: item."


def test_a_cell_behind_the_last_column_is_a_problem_and_an_empty_one_is_none() -> None:
    read = read_rules("aspect,item,value\ncap,I-1,5,,\ncap,I-2,5,x\n")

    assert [line for line, _ in read.rules] == [2]
    assert [(problem.line, problem.column) for problem in read.problems] == [(3, "")]


def test_a_file_that_breaks_off_within_a_cell_says_where() -> None:
    read = read_rules('aspect,item,value\ncap,I-1,5\ncap,"I-2,5\ncap,I-3,5\n')

    assert [line for line, _ in read.rules] == [2]
    assert [(problem.line, problem.words[:36]) for problem in read.problems] == [
        (3, "From here on the file cannot be read")
    ]


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_file_can_break_the_reading(text: str) -> None:
    read = read_rules("aspect,item,units,percent,value,first_date\nbuffer," + text)

    assert all(rule_problems(rule) == () for _, rule in read.rules)
    assert all(problem.words and problem.line >= 1 for problem in read.problems)
