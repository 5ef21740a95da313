from django.db import migrations

# What a person last said of a cause is looked up for each finding that would be opened, among few rows and not all.
FORWARD = """
CREATE INDEX stock_finding_words ON integration_stockfinding (kind, cause_key, cleared_at)
    WHERE cleared_by_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("integration", "0008_channels_tell_stock")]
    operations = [migrations.RunSQL(FORWARD, "DROP INDEX stock_finding_words")]
