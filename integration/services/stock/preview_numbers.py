"""What other rules would do: the numbers of the offers that they can touch, worked out and told, and never written."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

from integration.domain.buffers import StockRule as DomainRule
from integration.domain.stock import STEPS
from integration.models import Channel, SkuMapping, StockRule
from integration.services.stock.compute_numbers import FULL_MEMORY, number_values
from integration.services.stock.in_flight import in_flight
from integration.services.stock.numbers_sql import Offers, numbers_sql
from integration.services.stock.rule_rows import kept, rules_of
from integration.services.stock.rules_sql import Rules

# More offers than so many are judged by a sample: the same offers each time, whichever rules are tried.
MOST_OFFERS: Final = 200_000
LARGEST: Final = 20
TIMEOUT: Final = "50s"
# Rules that nobody kept yet are the newest.
NEW_RULE: Final = 1 << 47
# Which rule stands behind a step of the waterfall.
RULE_OF_STEP: Final = {
    "after_buffer": "buffer_rule",
    "after_share": "share_rule",
    "after_cap": "cap_rule",
    "after_pack": "pack_rule",
    "quantity": "floor_rule",
}
# The offers that rules for single offers, items and tags can touch, also through the components of kits.
_CONCERNED: Final = """
WITH item AS (
    SELECT unnest(%(items)s::text[]) AS number
    UNION SELECT i.number FROM integration_stockitem i WHERE i.warehouse_id = %(warehouse)s
        AND i.tags && %(tags)s::varchar[]
),
inside AS (
    SELECT number FROM item
    UNION SELECT k.number FROM item i JOIN integration_itemcomponent c ON c.component_number = i.number
    JOIN integration_stockitem k ON k.id = c.kit_id AND k.warehouse_id = %(warehouse)s AND k.is_order_kit
)
SELECT DISTINCT m.offer_sku FROM inside i JOIN integration_skumapping m
    ON m.channel_id = %(channel)s AND m.item_number = i.number
UNION SELECT m.offer_sku FROM integration_skumapping m
WHERE m.channel_id = %(channel)s AND m.offer_sku = ANY(%(skus)s::text[])
"""
# Beside the numbers as they are now; an offer that has none, or would have none, does not move.
_COMPARE: Final = """,
beside AS MATERIALIZED (
    SELECT o.offer_sku, o.wanted AS before, n.wanted AS after,
        jsonb_build_object('eligible', o.eligible, 'after_kept', o.after_kept, 'free', o.free, 'after_buffer',
            o.after_buffer, 'after_share', o.after_share, 'after_cap', o.after_cap, 'after_pack', o.after_pack,
            'quantity', o.wanted) AS old_steps,
        jsonb_build_object('eligible', n.eligible, 'after_kept', n.after_kept, 'free', n.free, 'after_buffer',
            n.after_buffer, 'after_share', n.after_share, 'after_cap', n.after_cap, 'after_pack', n.after_pack,
            'quantity', n.wanted, 'buffer_rule', n.buffer_rule, 'share_rule', n.share_rule, 'cap_rule', n.cap_rule,
            'pack_rule', n.pack_rule, 'floor_rule', n.floor_rule) AS new_steps
    FROM number n JOIN integration_offerstock o ON o.channel_id = %(channel)s AND o.offer_sku = n.offer_sku
    WHERE o.wanted IS NOT NULL AND n.wanted IS NOT NULL AND n.wanted <> o.wanted
)
SELECT (SELECT count(*) FROM number), count(*), count(*) FILTER (WHERE after > before),
    count(*) FILTER (WHERE after < before), count(*) FILTER (WHERE after = 0), count(*) FILTER (WHERE before = 0),
    (SELECT jsonb_agg(to_jsonb(m)) FROM (
        SELECT * FROM beside ORDER BY abs(after::bigint - before) DESC, offer_sku LIMIT %(largest)s) m)
FROM beside
"""


@dataclass(frozen=True)
class Move:
    """One number as it is and as it would be. `channel` is a code; `why` names the first step that differs, and its rule."""

    channel: str
    offer_sku: str
    now: int
    then: int
    why: str


@dataclass(frozen=True)
class Preview:
    """What would move. `numbers` are those that the change can touch; an estimate counts for all by `sample` of them."""

    numbers: int = 0
    moved: int = 0
    up: int = 0
    down: int = 0
    to_zero: int = 0
    from_zero: int = 0
    largest: tuple[Move, ...] = ()
    is_estimate: bool = False
    sample: int = 0


@dataclass(frozen=True)
class _Concerned:
    """Offers of one channel that a change can touch: `skus` None is all."""

    channel: Channel
    skus: Sequence[str] | None
    count: int


def preview_numbers(*, rules: Sequence[StockRule], channels: Iterable[Channel] | None = None) -> Preview:
    """What would move if `rules`, rows that may not be saved, were all the rules there are. Writes nothing.

    Looks at the channels given, or else at every one that tells stock, and there only at offers that a rule can touch
    which is not the same in `rules` as among those kept. Largest moves first.
    """
    wanted = [rule for rule in rules if rule.is_active]
    changed = _changed(wanted)
    if not changed:
        return Preview()
    if channels is None:
        channels = Channel.objects.filter(is_active=True, lanes__contains=["stock"]).defer("api_key").order_by("pk")
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('work_mem', %s, true), set_config('statement_timeout', %s, true)",
                [FULL_MEMORY, TIMEOUT],
            )
        found = [_concerned(channel, changed) for channel in channels if channel.warehouse_id is not None]
        every = max(1, -(-sum(each.count for each in found) // MOST_OFFERS))
        names = {rule.id: rule for rule in rules_of(_numbered(wanted)) if rule.id is not None}
        text = json.dumps([_as_json(rule) for rule in _numbered(wanted)])
        seen = [_look(each, every, text, names) for each in found if each.count]
    return _together(seen, every, sum(each.count for each in found))


def _changed(wanted: Sequence[StockRule]) -> list[StockRule]:
    """Rules that are there on one side only, or are not the same on both: as they were and as they would be."""
    before = {rule.pk: rule for rule in StockRule.objects.filter(is_active=True)}
    after = {rule.pk: rule for rule in wanted if rule.pk}
    new = [rule for rule in wanted if not rule.pk]
    moved = {pk for pk in before.keys() | after.keys() if _worth(before.get(pk)) != _worth(after.get(pk))}
    return new + [side[pk] for side in (before, after) for pk in sorted(moved & side.keys())]


def _worth(rule: StockRule | None) -> dict[str, Any] | None:
    """What a rule says, without what people noted beside it; 5 % is 5.00 %."""
    if rule is None:
        return None
    values = kept(rule) | {"note": ""}
    return values | {"percent": None if rule.percent is None else float(rule.percent)}


def _concerned(channel: Channel, changed: Sequence[StockRule]) -> _Concerned:
    mine = [rule for rule in changed if rule.channel_id in (None, channel.pk)]
    if any(not rule.offer_sku and not rule.item_number and not rule.tag for rule in mine):
        return _Concerned(channel, None, SkuMapping.objects.filter(channel=channel).count())
    if not mine:
        return _Concerned(channel, (), 0)
    values: dict[str, Any] = {
        "channel": channel.pk,
        "warehouse": channel.warehouse_id,
        "skus": sorted({rule.offer_sku for rule in mine if rule.offer_sku}),
        "items": sorted({rule.item_number for rule in mine if rule.item_number and not rule.offer_sku}),
        "tags": sorted({rule.tag for rule in mine if not rule.item_number and not rule.offer_sku}),
    }
    with database.cursor() as cursor:
        cursor.execute(_CONCERNED, values)
        skus = sorted(row[0] for row in cursor.fetchall())
    return _Concerned(channel, skus, len(skus))


def _numbered(rules: Sequence[StockRule]) -> list[StockRule]:
    """Each with a number of its own: those that nobody kept yet are newer than any that somebody did."""
    numbered = []
    for at, rule in enumerate(rules):
        copy = StockRule(**{field.attname: getattr(rule, field.attname) for field in StockRule._meta.concrete_fields})
        copy.pk = rule.pk or NEW_RULE + at
        numbered.append(copy)
    return numbered


def _as_json(rule: StockRule) -> Mapping[str, Any]:
    return {**kept(rule), "percent": None if rule.percent is None else str(rule.percent)}


def _look(concerned: _Concerned, every: int, rules: str, names: Mapping[int, DomainRule]) -> Preview:
    channel = concerned.channel
    assert channel.warehouse_id is not None
    values = number_values(channel, in_flight(warehouse_id=channel.warehouse_id))
    values |= {"rules": rules, "every": every, "largest": LARGEST, "skus": None}
    offers = Offers.ALL if every == 1 else Offers.SAMPLE
    if concerned.skus is not None:
        offers, values["skus"] = Offers.NAMED, list(concerned.skus[::every])
    numbers = numbers_sql(offers=offers, rules=Rules.GIVEN, has_codes=values["has_codes"])
    with database.cursor() as cursor:
        cursor.execute(numbers + _COMPARE, values)
        count, moved, up, down, to_zero, from_zero, rows = cursor.fetchone()
    largest = tuple(
        Move(channel.code, row["offer_sku"], row["before"], row["after"], _why(row, names))
        for row in json.loads(rows or "[]")
    )
    return Preview(count, moved, up, down, to_zero, from_zero, largest, every > 1, count)


def _why(row: Mapping[str, Any], names: Mapping[int, DomainRule]) -> str:
    """The first step at which the way to the number parts from the one before, and the rule that it then follows."""
    old, new = row["old_steps"], row["new_steps"]
    figure, words = next(((figure, words) for figure, _, words in STEPS if old[figure] != new[figure]), ("", ""))
    if not figure:
        return ""
    rule = names.get(new.get(RULE_OF_STEP.get(figure, ""), None))
    named = f", {rule.value_words} {rule.scope_words}" if rule is not None else ""
    return f"{words[:1].upper()}{words[1:]}{named}: {new[figure]} left, not {old[figure]}"


def _together(seen: Sequence[Preview], every: int, numbers: int) -> Preview:
    moves = sorted((move for each in seen for move in each.largest), key=lambda move: -abs(move.then - move.now))
    return Preview(
        numbers=numbers,
        moved=sum(each.moved for each in seen) * every,
        up=sum(each.up for each in seen) * every,
        down=sum(each.down for each in seen) * every,
        to_zero=sum(each.to_zero for each in seen) * every,
        from_zero=sum(each.from_zero for each in seen) * every,
        largest=tuple(moves[:LARGEST]),
        is_estimate=every > 1,
        sample=sum(each.sample for each in seen),
    )
