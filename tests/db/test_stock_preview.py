"""What a change of rules would move, told before anything is written."""

from decimal import Decimal

import pytest

from integration.models import OfferStock, StockRule
from integration.services.stock import preview_numbers as module
from integration.services.stock.ask_recompute import ask_recompute
from integration.services.stock.preview_numbers import Move, Preview, preview_numbers
from tests.db.stock_shop import Shop, versions
from tests.factories.lanes import SkuMappingFactory
from tests.factories.stock import StockItemFactory, StockRuleFactory


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop(A=10, B=4, C=0)


def test_a_buffer_is_previewed_with_its_moves_and_nothing_is_written(shop: Shop) -> None:
    before = versions()

    seen = preview_numbers(rules=[StockRule(aspect="buffer", units=4)])

    code = shop.channel.code
    assert seen == Preview(
        numbers=3,
        moved=2,
        down=2,
        to_zero=1,
        largest=(
            Move(code, "OFFER-A", 10, 6, "Buffer, 4 units everywhere: 6 left, not 10"),
            Move(code, "OFFER-B", 4, 0, "Buffer, 4 units everywhere: 0 left, not 4"),
        ),
        sample=3,
    )
    assert versions() == before
    assert not StockRule.objects.exists()


def test_taking_a_rule_away_brings_numbers_back_from_zero(shop: Shop) -> None:
    StockRuleFactory(aspect="floor", units=None, value=5)
    ask_recompute(channels=[shop.channel], reason="test")
    shop.work()

    seen = preview_numbers(rules=[])

    assert (seen.moved, seen.up, seen.from_zero, seen.largest[0].why) == (1, 1, 1, "Below the floor: 4 left, not 0")


def test_only_offers_that_a_changed_rule_can_touch_are_looked_at(shop: Shop) -> None:
    StockItemFactory(warehouse=shop.warehouse, number="B", tags=["bulky"])
    kept = StockRuleFactory(aspect="cap", units=None, value=1000)
    by_item = StockRule(aspect="buffer", item_number="A", units=1)
    by_tag = StockRule(aspect="buffer", tag="bulky", units=1)
    by_sku = StockRule(aspect="buffer", offer_sku="OFFER-C", units=1)
    by_other_channel = StockRule(aspect="buffer", channel=shop.open_channel(), units=1)

    numbers = [
        preview_numbers(rules=[kept, *rules]).numbers
        for rules in ([], [by_item], [by_tag], [by_sku], [by_other_channel], [by_item, by_tag, by_sku])
    ]

    assert numbers == [0, 1, 1, 1, 0, 3]


def test_a_change_of_a_kept_rule_is_judged_by_what_it_says_and_not_by_its_note(shop: Shop) -> None:
    rule = StockRuleFactory(aspect="buffer", units=None, percent=Decimal(10))
    ask_recompute(channels=[shop.channel], reason="test")
    shop.work()
    noted = StockRule.objects.get(pk=rule.pk)
    noted.note, noted.percent = "as agreed", Decimal("10.0")
    raised = StockRule.objects.get(pk=rule.pk)
    raised.percent = Decimal(50)

    assert preview_numbers(rules=[noted]) == Preview()
    assert preview_numbers(rules=[raised]).moved == 2


def test_more_offers_than_are_looked_at_are_estimated_by_the_same_sample_each_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_OFFERS", 100)
    for number in range(397):
        shop.level(f"I-{number}", 9)
        SkuMappingFactory(channel=shop.channel, offer_sku=f"O-{number}", item_number=f"I-{number}")
    ask_recompute(channels=[shop.channel], reason="test")
    shop.work()

    first = preview_numbers(rules=[StockRule(aspect="buffer", units=1)])
    again = preview_numbers(rules=[StockRule(aspect="buffer", units=1)])

    assert (first.numbers, first.is_estimate) == (400, True)
    assert 60 <= first.sample <= 140
    assert 240 <= first.moved <= 560
    assert first == again


def test_a_preview_comes_true(shop: Shop) -> None:
    rules = [StockRule(aspect="share", value=50), StockRule(aspect="pack", item_number="A", value=2)]
    seen = preview_numbers(rules=rules)
    StockRuleFactory(aspect="share", units=None, value=50)
    StockRuleFactory(aspect="pack", item_number="A", units=None, value=2)
    ask_recompute(channels=[shop.channel], reason="test")

    shop.work()

    then = dict(OfferStock.objects.values_list("offer_sku", "wanted"))
    assert {move.offer_sku: move.then for move in seen.largest} == {"OFFER-A": 4, "OFFER-B": 2}
    assert then == {"OFFER-A": 4, "OFFER-B": 2, "OFFER-C": 0}
