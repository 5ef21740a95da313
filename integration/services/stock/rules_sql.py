"""Which rules count for a channel, and which of them win: the first half of the statement of numbers, constants only.

The same choice as integration.domain.buffers makes. It goes by the tables `mapped` and `part`, and ends with `chosen`
(per offer), `site` (per facility) and `special` (per item of an offer, where a facility has rules of its own for it).
"""

from enum import StrEnum


class Rules(StrEnum):
    """Whose rules: those that are kept, or those of %(rules)s, which nobody kept yet."""

    # Looked up by their indexes, wherever few offers are asked for.
    KEPT = """rule AS NOT MATERIALIZED (SELECT r.* FROM integration_stockrule r WHERE r.is_active"""
    GIVEN = """rule AS MATERIALIZED (
    SELECT r.* FROM jsonb_to_recordset(%(rules)s::jsonb) AS r(
        id bigint, aspect text, channel_id bigint, offer_sku text, item_number text, tag text, facility_id bigint,
        units integer, percent numeric, value integer, includes boolean, first_date date, last_date date
    ) WHERE true"""


# A rule's key is its weight, then its number: the greatest wins. The number is what is left of it without the weight.
RULES_IN_FORCE = """
    AND (r.channel_id IS NULL OR r.channel_id = %(channel)s)
    AND (r.first_date IS NULL OR r.first_date <= %(day)s) AND (r.last_date IS NULL OR r.last_date >= %(day)s)
),
keyed AS NOT MATERIALIZED (
    SELECT r.*, (
        (CASE WHEN r.offer_sku <> '' THEN 16 ELSE 0 END + CASE WHEN r.item_number <> '' THEN 8 ELSE 0 END
         + CASE WHEN r.tag <> '' THEN 4 ELSE 0 END + CASE WHEN r.channel_id IS NOT NULL THEN 2 ELSE 0 END
         + CASE WHEN r.first_date IS NOT NULL OR r.last_date IS NOT NULL THEN 1 ELSE 0 END)::bigint << 48
    ) | r.id AS key
    FROM rule r
),
"""
# Which rules fit which offers, by SKU, by item, by tag. Item and tag fit an offer that is one item and no other, which
# is looked up where a rule fits, and not for every offer: `r.key > 0`, which always holds, puts the look after the join.
FITTING = """
fitting AS (
    SELECT m.offer_sku, r.aspect, r.key FROM mapped m JOIN keyed r ON r.offer_sku = m.offer_sku
    LEFT JOIN integration_stockitem i
        ON r.tag <> '' AND i.warehouse_id = %(warehouse)s AND i.number = m.item_number
    WHERE r.offer_sku <> '' AND r.facility_id IS NULL
        AND (r.item_number = '' OR r.item_number = m.item_number) AND (r.tag = '' OR r.tag = ANY(i.tags))
        AND ((r.item_number = '' AND r.tag = '') OR NOT EXISTS (
            SELECT 1 FROM integration_skumapping x
            WHERE r.key > 0 AND x.channel_id = %(channel)s AND x.offer_sku = m.offer_sku AND x.item_number <> m.item_number))
    UNION ALL
    SELECT m.offer_sku, r.aspect, r.key FROM mapped m JOIN keyed r ON r.item_number = m.item_number
    LEFT JOIN integration_stockitem i
        ON r.tag <> '' AND i.warehouse_id = %(warehouse)s AND i.number = m.item_number
    WHERE r.offer_sku = '' AND r.item_number <> '' AND r.facility_id IS NULL AND (r.tag = '' OR r.tag = ANY(i.tags))
        AND NOT EXISTS (
            SELECT 1 FROM integration_skumapping x
            WHERE r.key > 0 AND x.channel_id = %(channel)s AND x.offer_sku = m.offer_sku AND x.item_number <> m.item_number)
    UNION ALL
    SELECT m.offer_sku, r.aspect, r.key
    FROM keyed r JOIN integration_stockitem i ON i.warehouse_id = %(warehouse)s AND i.tags @> ARRAY[r.tag]::varchar[]
    JOIN mapped m ON m.item_number = i.number
    WHERE r.tag <> '' AND r.offer_sku = '' AND r.item_number = '' AND r.facility_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM integration_skumapping x
            WHERE r.key > 0 AND x.channel_id = %(channel)s AND x.offer_sku = m.offer_sku AND x.item_number <> m.item_number)
),
widest AS MATERIALIZED (
    SELECT max(key) FILTER (WHERE aspect = 'buffer') AS buffer, max(key) FILTER (WHERE aspect = 'floor') AS floor,
        max(key) FILTER (WHERE aspect = 'cap') AS cap, max(key) FILTER (WHERE aspect = 'share') AS share,
        max(key) FILTER (WHERE aspect = 'pack') AS pack
    FROM keyed WHERE offer_sku = '' AND item_number = '' AND tag = '' AND facility_id IS NULL
),
"""
# Per offer that any special rule fits, and once (SKU null) for all others: the numbers of the winners and their values.
CHOSEN = """
winning AS (
    SELECT f.offer_sku, COALESCE(max(f.key) FILTER (WHERE f.aspect = 'buffer'), w.buffer) AS buffer,
        COALESCE(max(f.key) FILTER (WHERE f.aspect = 'floor'), w.floor) AS floor,
        COALESCE(max(f.key) FILTER (WHERE f.aspect = 'cap'), w.cap) AS cap,
        COALESCE(max(f.key) FILTER (WHERE f.aspect = 'share'), w.share) AS share,
        COALESCE(max(f.key) FILTER (WHERE f.aspect = 'pack'), w.pack) AS pack
    FROM fitting f CROSS JOIN widest w GROUP BY f.offer_sku, w.buffer, w.floor, w.cap, w.share, w.pack
    UNION ALL SELECT NULL, buffer, floor, cap, share, pack FROM widest
),
chosen AS MATERIALIZED (
    SELECT w.offer_sku, b.id AS buffer_rule, f.id AS floor_rule, c.id AS cap_rule, s.id AS share_rule, p.id AS pack_rule,
        COALESCE(b.units, 0)::bigint AS buffer_units, (COALESCE(b.percent, 0) * 100)::bigint AS buffer_percent,
        COALESCE(f.value, 0) AS floor, c.value AS cap, COALESCE(s.value, 100)::bigint AS share,
        GREATEST(COALESCE(p.value, 1), 1) AS pack
    FROM winning w LEFT JOIN rule b ON b.id = w.buffer & 281474976710655
    LEFT JOIN rule f ON f.id = w.floor & 281474976710655 LEFT JOIN rule c ON c.id = w.cap & 281474976710655
    LEFT JOIN rule s ON s.id = w.share & 281474976710655 LEFT JOIN rule p ON p.id = w.pack & 281474976710655
),
"""
# Each facility as the channel sees it, with the rules that hold there for every item. Where a channel has codes of
# the operator, what stands in a facility without one cannot be told, and so cannot be offered.
SITES = """
site_widest AS (
    SELECT facility_id, max(key) FILTER (WHERE aspect = 'facility') AS include,
        max(key) FILTER (WHERE aspect = 'buffer') AS hold
    FROM keyed WHERE facility_id IS NOT NULL AND offer_sku = '' AND item_number = '' AND tag = '' GROUP BY facility_id
),
site AS MATERIALIZED (
    SELECT f.id, COALESCE(cf.warehouse_code, '') AS code, w.include, w.hold, COALESCE(i.includes, true) AS is_included,
        f.is_active AND COALESCE(cf.is_eligible, true)
            AND (COALESCE(cf.warehouse_code, '') <> '' OR NOT %(has_codes)s) AS is_eligible,
        h.id IS NOT NULL AS has_hold, COALESCE(h.units, 0)::numeric AS units, COALESCE(h.percent, 0)::numeric AS percent
    FROM integration_facility f
    LEFT JOIN integration_channelfacility cf ON cf.facility_id = f.id AND cf.channel_id = %(channel)s
    LEFT JOIN site_widest w ON w.facility_id = f.id
    LEFT JOIN rule i ON i.id = w.include & 281474976710655 LEFT JOIN rule h ON h.id = w.hold & 281474976710655
    WHERE f.warehouse_id = %(warehouse)s
),
"""
# The same three ways for rules of facilities, item by item of each offer.
SITE_CHOSEN = """
site_fitting AS (
    SELECT p.offer_sku, p.item_number, r.facility_id, r.aspect, r.key
    FROM part p JOIN keyed r ON r.offer_sku = p.offer_sku
    LEFT JOIN integration_stockitem i
        ON r.tag <> '' AND i.warehouse_id = %(warehouse)s AND i.number = p.item_number
    WHERE r.offer_sku <> '' AND r.facility_id IS NOT NULL
        AND (r.item_number = '' OR r.item_number = p.item_number) AND (r.tag = '' OR r.tag = ANY(i.tags))
    UNION ALL
    SELECT p.offer_sku, p.item_number, r.facility_id, r.aspect, r.key
    FROM part p JOIN keyed r ON r.item_number = p.item_number
    LEFT JOIN integration_stockitem i
        ON r.tag <> '' AND i.warehouse_id = %(warehouse)s AND i.number = p.item_number
    WHERE r.offer_sku = '' AND r.item_number <> '' AND r.facility_id IS NOT NULL
        AND (r.tag = '' OR r.tag = ANY(i.tags))
    UNION ALL
    SELECT p.offer_sku, p.item_number, r.facility_id, r.aspect, r.key
    FROM keyed r JOIN integration_stockitem i ON i.warehouse_id = %(warehouse)s AND i.tags @> ARRAY[r.tag]::varchar[]
    JOIN part p ON p.item_number = i.number
    WHERE r.tag <> '' AND r.offer_sku = '' AND r.item_number = '' AND r.facility_id IS NOT NULL
),
site_winning AS (
    SELECT f.offer_sku, f.item_number, f.facility_id,
        COALESCE(max(f.key) FILTER (WHERE f.aspect = 'facility'), s.include) AS include,
        COALESCE(max(f.key) FILTER (WHERE f.aspect = 'buffer'), s.hold) AS hold
    FROM site_fitting f JOIN site s ON s.id = f.facility_id GROUP BY 1, 2, 3, s.include, s.hold
),
special AS MATERIALIZED (
    SELECT w.offer_sku, w.item_number, array_agg(w.facility_id) AS facilities,
        array_agg(COALESCE(i.includes, true)) AS included, array_agg(h.id IS NOT NULL) AS holds,
        array_agg(COALESCE(h.units, 0)::numeric) AS units, array_agg(COALESCE(h.percent, 0)::numeric) AS percents
    FROM site_winning w LEFT JOIN rule i ON i.id = w.include & 281474976710655
    LEFT JOIN rule h ON h.id = w.hold & 281474976710655 GROUP BY w.offer_sku, w.item_number
),
"""
