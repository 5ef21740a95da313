from django.db import migrations

# A channel that was connected before there was a stock lane gets what every new one gets.
FORWARD = """
INSERT INTO integration_channelstock (channel_id, promise_skips_weekends, time_zone, stale_minutes, push_seconds,
                                      file_lines, delimiter, updated_at)
SELECT id, true, 'UTC', 30, 60, 50000, ';', now() FROM integration_channel
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("integration", "0007_stock_history")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
