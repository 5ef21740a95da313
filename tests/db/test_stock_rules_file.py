"""Stock rules as a file: a dry run that says what each line does, and all of it or nothing."""

import pytest

from integration.domain.buffers import Aspect
from integration.domain.buffers import StockRule as Rule
from integration.models import StockRule, StockRuleChange
from integration.services.stock.change_rules import RuleSet, change_rules
from integration.services.stock.import_rules import RulesReport, export_rules, import_rules
from tests.factories.lanes import ChannelFactory

FILE = "aspect;channel;units;value\nbuffer;EU;5;\ncap;;;100\n"


def read(text: str, *, replaces_all: bool = False, dry_run: bool = False) -> RulesReport:
    return import_rules(text=text, replaces_all=replaces_all, by=None, dry_run=dry_run)


@pytest.fixture
def channel() -> None:
    ChannelFactory.create(code="EU")


@pytest.mark.django_db
@pytest.mark.usefixtures("channel")
def test_a_dry_run_says_what_each_line_would_do_and_writes_nothing() -> None:
    change_rules(wanted=RuleSet([Rule(None, Aspect.CAP, value=50)]), summary="First", by=None)

    report = read(FILE, dry_run=True)

    assert [(line.line, line.status, line.message) for line in report.lines] == [
        (2, "new", "5 units"),
        (3, "changed", "50 becomes 100"),
    ]
    assert list(StockRule.objects.values_list("aspect", "value")) == [("cap", 50)]


@pytest.mark.django_db
@pytest.mark.usefixtures("channel")
def test_a_file_with_a_bad_line_changes_nothing_and_names_the_line() -> None:
    report = read(FILE + "share;NOWHERE;;80\nfloor;EU;;many\n")

    assert [(line.line, line.status) for line in report.errors] == [(4, "error"), (5, "error")]
    assert "There is no channel NOWHERE" in report.errors[0].message
    assert not StockRule.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("channel")
def test_what_was_written_out_reads_as_no_change() -> None:
    read(FILE)

    report = read(export_rules(), replaces_all=True)

    assert {line.status for line in report.lines} == {"same"}
    assert report.change is None
    assert StockRuleChange.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("channel")
def test_a_file_in_place_of_all_takes_away_what_it_does_not_name() -> None:
    read(FILE)

    kept = read("aspect,value\ncap,100\n")
    gone = read("aspect,value\ncap,100\n", replaces_all=True)

    assert kept.changes == 0
    assert [(line.line, line.status) for line in gone.lines] == [(2, "same"), (0, "removed")]
    assert list(StockRule.objects.values_list("aspect", flat=True)) == ["cap"]
