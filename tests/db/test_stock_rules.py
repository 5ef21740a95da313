"""Stock rules as people change them: as a whole or not at all, kept, taken back, and followed by the numbers."""

from dataclasses import replace
from decimal import Decimal

import pytest

from core.models import AuditEntry
from integration.domain.buffers import Aspect
from integration.domain.buffers import StockRule as Rule
from integration.errors import InvalidInputError
from integration.models import Channel, ChannelStock, Facility, StockRule, StockRuleChange, StockTouch
from integration.services.stock.change_rules import RuleSet, change_rules, draft_rules, undo_rule_change
from integration.services.stock.rule_rows import rules_of
from tests.factories.lanes import ChannelFactory, SkuMappingFactory

BUFFER = Rule(None, Aspect.BUFFER, units=5)


def change(*rules: Rule, removals: tuple[int, ...] = ()) -> StockRuleChange | None:
    return change_rules(wanted=RuleSet(rules, removals), summary="A change", by=None)


def standing() -> list[tuple[str, int | None]]:
    return list(StockRule.objects.order_by("id").values_list("offer_sku", "units"))


@pytest.mark.django_db
def test_a_rule_is_kept_with_its_scope_and_can_be_read_as_it_was_written() -> None:
    channel = ChannelFactory.create(code="EU")
    Facility.objects.create(warehouse=channel.warehouse, number="LVL", name="Level Street")
    wanted = Rule(
        None, Aspect.BUFFER, channel="EU", item="A-1", facility="LVL", units=2, percent=Decimal("2.50"), note="peak"
    )

    change(wanted)

    (read,) = rules_of(StockRule.objects.all())
    assert replace(read, id=None) == wanted


@pytest.mark.django_db
def test_a_second_rule_for_one_scope_replaces_the_values_of_the_first() -> None:
    change(BUFFER)

    change(replace(BUFFER, units=7))

    assert standing() == [("", 7)]


@pytest.mark.django_db
def test_what_stands_already_is_no_change() -> None:
    change(BUFFER)

    assert change(BUFFER) is None
    assert StockRuleChange.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (replace(BUFFER, units=None), "units"),
        (replace(BUFFER, channel="NOWHERE"), "channel"),
        (replace(BUFFER, facility="XXX"), "facility"),
        (Rule(None, Aspect.SHARE, value=0), "value"),
    ],
)
def test_a_bad_rule_changes_nothing_and_says_which_field(rule: Rule, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        change(BUFFER, rule)

    assert field in refused.value.problems
    assert standing() == []


@pytest.mark.django_db
def test_one_scope_twice_in_a_change_is_refused() -> None:
    draft = draft_rules(RuleSet([BUFFER, replace(BUFFER, units=9)]))

    assert draft.problems == {1: {"": "This scope stands twice: keep one."}}


@pytest.mark.django_db
def test_a_rule_cannot_take_the_scope_of_another() -> None:
    change(BUFFER, replace(BUFFER, offer_sku="SKU-1"))
    first, second = StockRule.objects.order_by("id")

    draft = draft_rules(RuleSet([replace(BUFFER, id=second.pk)]))

    assert f"Rule {first.pk} stands" in draft.problems[0][""]


@pytest.mark.django_db
def test_a_change_can_be_undone_and_the_undoing_too() -> None:
    change(BUFFER)
    second = change(replace(BUFFER, units=7), replace(BUFFER, offer_sku="SKU-1", units=1))
    assert second is not None

    undo = undo_rule_change(change_id=second.pk, by=None)
    once = standing()
    undo_rule_change(change_id=undo.pk, by=None)

    assert once == [("", 5)]
    assert standing() == [("", 7), ("SKU-1", 1)]
    assert AuditEntry.objects.filter(action="stock_rules.changed").count() == 4


@pytest.mark.django_db
def test_a_removed_rule_comes_back_as_the_same_rule() -> None:
    change(BUFFER)
    rule = StockRule.objects.get()
    removal = change(removals=(rule.pk,))
    assert removal is not None
    assert standing() == []

    undo_rule_change(change_id=removal.pk, by=None)

    assert list(StockRule.objects.values_list("id", "units")) == [(rule.pk, 5)]


@pytest.mark.django_db
def test_a_change_whose_rules_were_changed_since_is_not_undone() -> None:
    first = change(BUFFER)
    assert first is not None
    change(replace(BUFFER, units=7))

    with pytest.raises(InvalidInputError, match="undo the newer change first"):
        undo_rule_change(change_id=first.pk, by=None)

    assert standing() == [("", 7)]


@pytest.mark.django_db
def test_a_removal_is_not_undone_over_a_rule_that_took_its_place() -> None:
    change(BUFFER)
    removal = change(removals=(StockRule.objects.get().pk,))
    assert removal is not None
    change(replace(BUFFER, units=9))

    with pytest.raises(InvalidInputError, match="undo the newer change first"):
        undo_rule_change(change_id=removal.pk, by=None)

    assert standing() == [("", 9)]


@pytest.mark.django_db
def test_a_change_is_undone_once() -> None:
    first = change(BUFFER)
    assert first is not None
    undo_rule_change(change_id=first.pk, by=None)

    with pytest.raises(InvalidInputError, match="undone already"):
        undo_rule_change(change_id=first.pk, by=None)


def asked() -> set[str]:
    rows = ChannelStock.objects.exclude(recompute_asked_at=None).values_list("channel__code", flat=True)
    return set(rows)


@pytest.mark.django_db
def test_a_rule_of_one_channel_has_that_channel_worked_out_anew() -> None:
    ChannelFactory.create(code="EU")
    ChannelFactory.create(code="US")

    change(replace(BUFFER, channel="EU"))

    assert asked() == {"EU"}


@pytest.mark.django_db
def test_a_rule_for_everywhere_has_all_channels_worked_out_anew() -> None:
    ChannelFactory.create(code="EU")
    ChannelFactory.create(code="US")

    change(BUFFER)

    assert asked() == {"EU", "US"}


@pytest.mark.django_db
def test_a_rule_of_one_item_or_offer_touches_only_what_it_concerns() -> None:
    channel: Channel = ChannelFactory.create(code="EU")
    SkuMappingFactory.create(channel=channel, offer_sku="SKU-1", item_number="A-1")

    change(replace(BUFFER, item="A-1"), replace(BUFFER, offer_sku="SKU-1"))

    touched = set(StockTouch.objects.values_list("item_number", "offer_sku"))
    assert touched == {("A-1", ""), ("", "SKU-1")}
    assert asked() == set()
