"""What is done with the numbers of a channel: written where they are others than before."""

from typing import Final

# The rows beside their new numbers. A row without a number is an offer that nobody maps any more: nobody can ship it,
# so it shows 0. Read with the same bounds as the offers that were asked for.
PRESENT_ALL: Final = """,
present AS (SELECT o.* FROM integration_offerstock o WHERE o.channel_id = %(channel)s),
"""
PRESENT_NAMED: Final = """,
present AS (
    SELECT o.* FROM unnest(%(skus)s::text[]) AS asked(offer_sku)
    JOIN integration_offerstock o ON o.channel_id = %(channel)s AND o.offer_sku = asked.offer_sku
),
"""
# `is_news`: the shop is to be told. A number that is not known is told to nobody, so nothing waits then. Only differences
# are written, and the age of the ATP is none: a reading that found everything as it was must not write a million rows.
# New rows are made in the order of their SKUs, as their indexes are.
# Urgency goes by the highest number that the shop may show: the one that landed, or one that is on its way.
WRITE: Final = """
compared AS (
    SELECT o.id, COALESCE(n.offer_sku, o.offer_sku) AS offer_sku, n.offer_sku IS NOT NULL AS is_mapped,
        o.pushed, o.pushed_seq, o.wanted_seq AS old_seq,
        GREATEST(o.pushed, CASE WHEN o.wanted_seq > o.pushed_seq THEN o.wanted END) AS shown,
        CASE WHEN n.offer_sku IS NULL THEN 0 ELSE n.wanted END AS wanted, n.places,
        COALESCE(n.total, 0) AS total, COALESCE(n.eligible, 0) AS eligible, COALESCE(n.after_kept, 0) AS after_kept,
        COALESCE(n.free, 0) AS free, COALESCE(n.after_buffer, 0) AS after_buffer,
        COALESCE(n.after_share, 0) AS after_share, COALESCE(n.after_cap, 0) AS after_cap,
        COALESCE(n.after_pack, 0) AS after_pack, COALESCE(n.limiting_item, '') AS limiting_item, n.atp_read_at,
        COALESCE(n.is_stale, false) AS is_stale, n.buffer_rule, n.share_rule, n.cap_rule, n.pack_rule, n.floor_rule,
        o.id IS NOT NULL AND (o.total, o.eligible, o.after_kept, o.free, o.after_buffer, o.after_share, o.after_cap,
            o.after_pack, o.limiting_item, o.is_stale, o.buffer_rule, o.share_rule, o.cap_rule, o.pack_rule,
            o.floor_rule) IS NOT DISTINCT FROM (COALESCE(n.total, 0), COALESCE(n.eligible, 0),
            COALESCE(n.after_kept, 0), COALESCE(n.free, 0), COALESCE(n.after_buffer, 0), COALESCE(n.after_share, 0),
            COALESCE(n.after_cap, 0), COALESCE(n.after_pack, 0), COALESCE(n.limiting_item, ''),
            COALESCE(n.is_stale, false), n.buffer_rule, n.share_rule, n.cap_rule, n.pack_rule, n.floor_rule)
            AS is_same,
        o.wanted IS DISTINCT FROM CASE WHEN n.offer_sku IS NULL THEN 0 ELSE n.wanted END
            OR o.places IS DISTINCT FROM n.places OR f.offer_sku IS NOT NULL AS is_news
    FROM number n FULL JOIN present o ON o.offer_sku = n.offer_sku
    LEFT JOIN unnest(%(forced)s::text[]) AS f(offer_sku) ON f.offer_sku = COALESCE(n.offer_sku, o.offer_sku)
),
turn AS MATERIALIZED (SELECT nextval('integration_stock_seq') AS seq),
moved AS MATERIALIZED (
    SELECT c.*, CASE WHEN NOT is_news THEN COALESCE(old_seq, 0) WHEN wanted IS NULL THEN COALESCE(pushed_seq, 0) ELSE turn.seq END
            AS wanted_seq,
        CASE WHEN shown IS NULL THEN CASE WHEN is_mapped THEN 2 ELSE 0 END
            WHEN wanted = 0 THEN 0 WHEN wanted <= shown THEN 1 ELSE 3 END AS urgency
    FROM compared c CROSS JOIN turn WHERE is_news OR NOT is_same
),
changed AS (
    UPDATE integration_offerstock o SET
        wanted = m.wanted, places = m.places, total = m.total, eligible = m.eligible, after_kept = m.after_kept,
        free = m.free, after_buffer = m.after_buffer, after_share = m.after_share, after_cap = m.after_cap,
        after_pack = m.after_pack, limiting_item = m.limiting_item, atp_read_at = m.atp_read_at, is_stale = m.is_stale,
        buffer_rule = m.buffer_rule, share_rule = m.share_rule, cap_rule = m.cap_rule, pack_rule = m.pack_rule,
        floor_rule = m.floor_rule, wanted_seq = m.wanted_seq,
        wanted_at = CASE WHEN m.is_news THEN app_now() ELSE o.wanted_at END,
        urgency = CASE WHEN m.is_news THEN m.urgency ELSE o.urgency END,
        retry_at = CASE WHEN m.is_news THEN NULL ELSE o.retry_at END
    FROM moved m WHERE o.id = m.id RETURNING m.is_news
),
made AS (
    INSERT INTO integration_offerstock (
        channel_id, offer_sku, wanted, wanted_seq, wanted_at, urgency, places, total, eligible, after_kept, free,
        after_buffer, after_share, after_cap, after_pack, limiting_item, atp_read_at, is_stale, buffer_rule, share_rule,
        cap_rule, pack_rule, floor_rule, pushed_seq, refused_words, refusals
    )
    SELECT %(channel)s, offer_sku, wanted, wanted_seq, CASE WHEN wanted IS NOT NULL THEN app_now() END, urgency,
        places, total, eligible, after_kept, free, after_buffer, after_share, after_cap, after_pack, limiting_item,
        atp_read_at, is_stale, buffer_rule, share_rule, cap_rule, pack_rule, floor_rule, 0, '', 0
    FROM moved WHERE id IS NULL ORDER BY offer_sku RETURNING wanted IS NOT NULL AS is_news
)
SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM made),
    (SELECT count(*) FROM changed WHERE is_news) + (SELECT count(*) FROM made WHERE is_news)
"""
