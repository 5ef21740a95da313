"""The database's clock as one function, and the queue table as the broker needs it."""

from django.db import migrations

# An offset may be set for a session or a test database; unset, this is the clock itself.
APP_NOW = """
CREATE OR REPLACE FUNCTION app_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT clock_timestamp()
         + make_interval(secs => COALESCE(NULLIF(current_setting('holdpoint.clock_offset', true), ''), '0')::float)
$$
"""

# int32 ids run out in years of one-second beats; the claim reads by key and lock.
QUEUE = """
ALTER TABLE django_q_ormq ALTER COLUMN id TYPE bigint;
CREATE INDEX IF NOT EXISTS ormq_claim ON django_q_ormq (key, lock, id);
"""

# Rows that change many times: leave room on the page, and vacuum early.
HOT = """
ALTER TABLE core_effect SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE core_periodic SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE core_bucket SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE django_q_ormq SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
"""


class Migration(migrations.Migration):
    """Runs after django-q2's own tables are there."""

    dependencies = [
        ("core", "0001_initial"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [
        migrations.RunSQL(APP_NOW, "DROP FUNCTION IF EXISTS app_now()"),
        migrations.RunSQL(
            QUEUE, "DROP INDEX IF EXISTS ormq_claim; ALTER TABLE django_q_ormq ALTER COLUMN id TYPE integer"
        ),
        migrations.RunSQL(HOT, migrations.RunSQL.noop),
    ]
