from importlib import import_module

from django.db import migrations

# The same view with what is wrong with stock: a finding is one row, however many offers or orders it is about, so the
# view says how many records and orders a row stands for. A finding's worth and deadline are those of the orders it names.
CREATE = """
CREATE VIEW exceptions_held AS
SELECT h.kind, CASE WHEN h.kind = 'order.invalid_data' THEN o.order_id ELSE h.cause_key END AS cause_key, o.channel_id, ''::varchar AS connection, h.summary, h.stage, h.since,
       CASE WHEN o.stage = 'received' THEN o.acceptance_deadline_at ELSE o.shipping_deadline_at END AS deadline_at,
       o.total_price AS value, o.currency, 'hold'::varchar AS record_type, h.id AS record_id, o.id AS order_id,
       1 AS records, NULL::integer AS orders
FROM integration_hold h JOIN integration_order o ON o.id = h.order_id
WHERE h.released_at IS NULL
UNION ALL
SELECT 'order.dispatch_late', c.code, o.channel_id, '', 'Orders of ' || c.name || ' are past their dispatch deadline', o.stage,
       o.shipping_deadline_at, o.shipping_deadline_at, o.total_price, o.currency, 'order', o.id, o.id, 1, NULL
FROM integration_order o JOIN integration_channel c ON c.id = o.channel_id
WHERE o.stage IN ('ready', 'in_wms', 'picking', 'shipped') AND o.shipping_deadline_at < app_now()
UNION ALL
SELECT 'order.acceptance_at_risk', c.code, o.channel_id, '', 'Orders of ' || c.name || ' will be refused unless accepted soon',
       o.stage, o.first_seen_at, coalesce(o.acceptance_deadline_at, o.ordered_at + make_interval(hours => c.acceptance_hours)),
       o.total_price, o.currency, 'order', o.id, o.id, 1, NULL
FROM integration_order o JOIN integration_channel c ON c.id = o.channel_id
WHERE o.stage = 'received' AND o.can_shop_ship AND o.fulfillment_center = 'DEFAULT'
  AND coalesce(o.acceptance_deadline_at, o.ordered_at + make_interval(hours => c.acceptance_hours))
      < app_now() + make_interval(mins => 120)
UNION ALL
SELECT 'connection.down', b.name, NULL, substr(b.name, 6), substr(b.name, 6) || ': ' || left(b.reason, 300), '',
       b.opened_at, NULL, NULL, '', 'breaker', hashtext(b.name), NULL, 1, NULL
FROM core_breaker b WHERE b.state = 'open' AND b.name LIKE 'conn:%'
UNION ALL
SELECT 'job.overdue', p.name, NULL, '', 'Job ' || p.name || ' missed its beat', '',
       coalesce(p.last_ok_at, p.next_due), NULL, NULL, '', 'periodic', hashtext(p.name), NULL, 1, NULL
FROM core_periodic p
WHERE p.enabled AND p.last_ok_at < app_now() - make_interval(secs => greatest(60, p.every_seconds * 3))
UNION ALL
SELECT 'record.unreadable', u.connection || ':' || u.feed, NULL, u.connection,
       u.feed || ' of ' || u.connection || ' sent records that cannot be read', '', u.seen_at, NULL, NULL, '',
       'unreadable', u.id, NULL, 1, NULL
FROM integration_unreadablerecord u WHERE u.cleared_at IS NULL
UNION ALL
SELECT 'effect.parked', e.connection || ':' || e.kind, NULL, e.connection,
       e.kind || ' to ' || e.connection || ' was given up: ' || e.parked_code, '', e.created_at, e.deadline_at, NULL, '',
       'effect', e.id, NULL, 1, NULL
FROM core_effect e
WHERE e.state = 'parked' AND NOT EXISTS (SELECT 1 FROM integration_hold h WHERE h.effect_id = e.id)
UNION ALL
SELECT f.kind, f.cause_key, f.channel_id, f.connection, f.summary, '', f.since,
       CASE WHEN f.kind LIKE 'order.%' THEN (f.detail ->> 'deadline')::timestamptz END,
       CASE WHEN f.kind LIKE 'order.%' THEN (f.detail ->> 'value')::numeric END,
       CASE WHEN f.kind LIKE 'order.%' THEN coalesce(f.detail ->> 'currency', '') ELSE '' END,
       'finding', f.id, NULL, f.count, CASE WHEN f.kind LIKE 'order.%' THEN f.count END
FROM integration_stockfinding f WHERE f.cleared_at IS NULL
"""
BEFORE = import_module("exceptions.migrations.0002_held_view").CREATE


class Migration(migrations.Migration):
    dependencies = [
        ("exceptions", "0002_held_view"),
        ("integration", "0009_words_on_findings"),
        ("core", "0002_clock_and_queue"),
    ]
    operations = [migrations.RunSQL(f"DROP VIEW exceptions_held; {CREATE}", f"DROP VIEW exceptions_held; {BEFORE}")]
