"""The statement that works out the numbers of a channel: the arithmetic of integration.domain.stock, set by set.

Put together of constants only; values are parameters: channel, warehouse, day, has_codes, flight_items, flight_units,
and with their pieces skus, rules or every. Its last table is `number`: a row for each offer that the map names.
"""

from enum import StrEnum
from typing import Final

from integration.services.stock.rules_sql import CHOSEN, FITTING, RULES_IN_FORCE, SITE_CHOSEN, SITES, Rules


class Offers(StrEnum):
    """Which offers of the channel: all, those of %(skus)s, or those of a fixed sample, one of %(every)s."""

    ALL = """SELECT m.offer_sku, m.item_number, m.units_per_offer FROM integration_skumapping m
    WHERE m.channel_id = %(channel)s"""
    NAMED = """SELECT m.offer_sku, m.item_number, m.units_per_offer
    FROM unnest(%(skus)s::text[]) AS asked(offer_sku)
    JOIN integration_skumapping m ON m.channel_id = %(channel)s AND m.offer_sku = asked.offer_sku"""
    SAMPLE = """SELECT m.offer_sku, m.item_number, m.units_per_offer FROM integration_skumapping m
    WHERE m.channel_id = %(channel)s AND hashtextextended(m.offer_sku, 0) %% %(every)s = 0"""


# The items of each offer; a kit of the warehouse stands for its components, and one item told twice adds up.
_PARTS = """
opened AS MATERIALIZED (
    SELECT m.offer_sku FROM mapped m JOIN integration_stockitem k
        ON k.warehouse_id = %(warehouse)s AND k.number = m.item_number AND k.is_order_kit
    GROUP BY m.offer_sku
),
part AS MATERIALIZED (
    SELECT m.offer_sku, m.item_number, m.units_per_offer AS units FROM mapped m
    WHERE NOT EXISTS (SELECT 1 FROM opened o WHERE o.offer_sku = m.offer_sku)
    UNION ALL
    SELECT m.offer_sku, COALESCE(c.component_number, m.item_number) AS item_number,
        sum(m.units_per_offer * COALESCE(c.quantity, 1)) AS units
    FROM opened o JOIN mapped m ON m.offer_sku = o.offer_sku
    LEFT JOIN integration_stockitem k
        ON k.warehouse_id = %(warehouse)s AND k.number = m.item_number AND k.is_order_kit
    LEFT JOIN integration_itemcomponent c ON c.kit_id = k.id
    GROUP BY 1, 2
),
"""
# What each facility gives of one item of an offer, looked up item by item: that takes no memory, however many there are.
# Percentages are multiplied, not divided: that is exact.
_HELD = """
    SELECT s.code, GREATEST(l.atp, 0) AS atp, l.atp IS NOT NULL AS is_known,
        l.atp IS NULL OR l.unknown_since IS NOT NULL AS is_stale, l.read_at,
        s.is_eligible AND COALESCE(p.included[a.at], s.is_included) AS is_eligible,
        CASE WHEN COALESCE(p.holds[a.at], s.has_hold) THEN GREATEST(0, GREATEST(l.atp, 0) - GREATEST(
            COALESCE(p.held_units[a.at], s.units),
            ceil(GREATEST(l.atp, 0) * COALESCE(p.percents[a.at], s.percent) * 0.01)
        )) ELSE GREATEST(l.atp, 0) END AS kept
    FROM integration_stocklevel l JOIN site s ON s.id = l.facility_id
    CROSS JOIN LATERAL (SELECT array_position(p.facilities, l.facility_id) AS at) a
    WHERE l.warehouse_id = %(warehouse)s AND l.item_number = p.item_number
"""
_WITH_SPECIAL = """(
        SELECT p.*, x.facilities, x.included, x.holds, x.units AS held_units, x.percents
        FROM part p LEFT JOIN special x ON x.offer_sku = p.offer_sku AND x.item_number = p.item_number
    ) p"""
# Per item what there is, then per offer by the scarcest item: the first of its name where two are as scarce, which
# is found as the least of the figure, in ten digits, and the name. `div` is exact where a quotient would be rounded.
_FIGURES = (
    """
flight AS MATERIALIZED (
    SELECT * FROM unnest(%(flight_items)s::text[], %(flight_units)s::numeric[]) AS sold(item_number, units)
),
counted AS (
    SELECT p.offer_sku, p.item_number, h.is_known, h.is_stale, h.read_at,
        LEAST(div(COALESCE(h.total, 0), p.units), 2147483647)::integer AS total,
        LEAST(div(COALESCE(h.eligible, 0), p.units), 2147483647)::integer AS eligible,
        LEAST(div(COALESCE(h.kept, 0), p.units), 2147483647)::integer AS kept,
        LEAST(div(GREATEST(COALESCE(h.kept, 0) - COALESCE(f.units, 0), 0), p.units), 2147483647)::integer AS free
    FROM """,
    _WITH_SPECIAL,
    """
    CROSS JOIN LATERAL (SELECT sum(atp) AS total, sum(atp) FILTER (WHERE is_eligible) AS eligible,
        sum(kept) FILTER (WHERE is_eligible) AS kept, COALESCE(bool_or(is_known), false) AS is_known,
        COALESCE(bool_or(is_stale), false) AS is_stale, min(read_at) AS read_at FROM (""",
    _HELD,
    """) held) h
    LEFT JOIN flight f ON f.item_number = p.item_number
),
figure AS (
    SELECT offer_sku, bool_and(is_known) AS is_known, bool_or(is_stale) AS is_stale, min(read_at) AS read_at,
        min(total) AS total, min(eligible) AS eligible, min(kept) AS kept, min(free) AS free,
        substr(min(lpad(free::text, 10, '0') || item_number COLLATE "C"), 11) AS limiting_item
    FROM counted GROUP BY offer_sku
),
""",
)
# Buffer, share, cap and packs as the rules say; whole numbers, so percentages are of ten thousand and rounded up.
_SHAPED = """
rest AS MATERIALIZED (SELECT * FROM chosen WHERE offer_sku IS NULL),
shaped AS (
    SELECT f.*, r.buffer_rule, r.floor_rule, r.cap_rule, r.share_rule, r.pack_rule, r.floor,
        b.after_buffer, s.after_share, c.after_cap, c.after_cap - c.after_cap %% r.pack AS after_pack, r.pack
    FROM figure f CROSS JOIN rest w
    LEFT JOIN chosen o ON o.offer_sku = f.offer_sku
    CROSS JOIN LATERAL (SELECT
        CASE WHEN o.offer_sku IS NULL THEN w.buffer_rule ELSE o.buffer_rule END AS buffer_rule,
        CASE WHEN o.offer_sku IS NULL THEN w.floor_rule ELSE o.floor_rule END AS floor_rule,
        CASE WHEN o.offer_sku IS NULL THEN w.cap_rule ELSE o.cap_rule END AS cap_rule,
        CASE WHEN o.offer_sku IS NULL THEN w.share_rule ELSE o.share_rule END AS share_rule,
        CASE WHEN o.offer_sku IS NULL THEN w.pack_rule ELSE o.pack_rule END AS pack_rule,
        COALESCE(o.buffer_units, w.buffer_units) AS buffer_units,
        COALESCE(o.buffer_percent, w.buffer_percent) AS buffer_percent,
        COALESCE(o.floor, w.floor) AS floor, CASE WHEN o.offer_sku IS NULL THEN w.cap ELSE o.cap END AS cap,
        COALESCE(o.share, w.share) AS share, COALESCE(o.pack, w.pack) AS pack) r
    CROSS JOIN LATERAL (SELECT GREATEST(0, f.free - GREATEST(
        r.buffer_units, (f.kept * r.buffer_percent + 9999) / 10000)) AS after_buffer) b
    CROSS JOIN LATERAL (SELECT LEAST(b.after_buffer * r.share / 100, 2147483647) AS after_share) s
    CROSS JOIN LATERAL (SELECT LEAST(s.after_share, r.cap) AS after_cap) c
),
"""
_NUMBER = """
number AS (
    SELECT offer_sku, CASE WHEN is_known THEN CASE WHEN after_pack < floor THEN 0 ELSE after_pack END::integer END
            AS wanted, NULL::jsonb AS places,
        total, eligible, kept AS after_kept, free, after_buffer::integer, after_share::integer, after_cap::integer,
        after_pack::integer, limiting_item, read_at AS atp_read_at, COALESCE(is_stale, false) AS is_stale,
        buffer_rule, share_rule, cap_rule, pack_rule, floor_rule
    FROM shaped
)
"""
# With codes of the operator: whole offers that each code holds by itself; the fullest gives first, then by name. Where
# codes hold less between them than the number (their halves of a kit make no offer), it is what they hold, in packs.
_NUMBER_BY_CODE = (
    """
code AS MATERIALIZED (SELECT DISTINCT code FROM site WHERE code <> ''),
code_had AS (
    SELECT p.offer_sku, p.units, c.code, COALESCE(h.kept, 0) AS kept
    FROM """,
    _WITH_SPECIAL,
    """
    CROSS JOIN code c CROSS JOIN LATERAL (
        SELECT sum(kept) FILTER (WHERE is_eligible AND held.code = c.code) AS kept FROM (""",
    _HELD,
    """) held) h
),
code_holds AS (
    SELECT offer_sku, code, LEAST(min(div(kept, units)), 2147483647)::bigint AS offers
    FROM code_had GROUP BY offer_sku, code
),
code_turn AS (
    SELECT offer_sku, code, offers, sum(offers) OVER (PARTITION BY offer_sku) AS together,
        sum(offers) OVER (PARTITION BY offer_sku ORDER BY offers DESC, code COLLATE "C" ROWS UNBOUNDED PRECEDING) - offers
            AS before
    FROM code_holds
),
code_packed AS (
    SELECT s.*, LEAST(s.after_pack, t.together - t.together %% s.pack) AS packed
    FROM shaped s JOIN (SELECT DISTINCT offer_sku, together FROM code_turn) t ON t.offer_sku = s.offer_sku
),
code_told AS (
    SELECT p.*, CASE WHEN packed < floor THEN 0 ELSE packed END AS told FROM code_packed p
),
split AS (
    SELECT t.offer_sku, jsonb_object_agg(t.code, GREATEST(0, LEAST(t.offers, n.told - t.before))) AS places
    FROM code_turn t JOIN code_told n ON n.offer_sku = t.offer_sku GROUP BY t.offer_sku
),
number AS (
    SELECT n.offer_sku, CASE WHEN is_known THEN told::integer END AS wanted, CASE WHEN is_known THEN s.places END AS places,
        total, eligible, kept AS after_kept, free, after_buffer::integer, after_share::integer, after_cap::integer,
        packed::integer AS after_pack, limiting_item, read_at AS atp_read_at, COALESCE(is_stale, false) AS is_stale,
        buffer_rule, share_rule, cap_rule, pack_rule, floor_rule
    FROM code_told n JOIN split s ON s.offer_sku = n.offer_sku
)
""",
)
STEPS: Final = (_PARTS, FITTING, CHOSEN, SITES, SITE_CHOSEN, *_FIGURES, _SHAPED)


def numbers_sql(*, offers: Offers, rules: Rules, has_codes: bool) -> str:
    """A WITH clause that ends with `number`: one row per offer with its number, each step to it and the rules that won.

    `has_codes`: the channel tells quantities apart by warehouse code, and `places` is filled.
    """
    number = _NUMBER_BY_CODE if has_codes else (_NUMBER,)
    return "".join(("WITH ", rules, RULES_IN_FORCE, "mapped AS MATERIALIZED (", offers, "),", *STEPS, *number))
