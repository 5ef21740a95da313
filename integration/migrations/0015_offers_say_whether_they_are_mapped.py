from django.db import migrations, models

# Every offer begins as one that is mapped, which rewrites no row; then the few that are not are marked.
MARK = """
SET LOCAL statement_timeout = 0;
UPDATE integration_listedoffer l SET is_mapped = false
WHERE NOT EXISTS (SELECT 1 FROM integration_skumapping m WHERE m.channel_id = l.channel_id AND m.offer_sku = l.offer_sku)
"""


class Migration(migrations.Migration):
    dependencies = [("integration", "0014_no_spare_indexes")]
    operations = [
        migrations.AddField("listedoffer", "is_mapped", models.BooleanField(default=True)),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        migrations.AlterField("listedoffer", "is_mapped", models.BooleanField(default=False)),
        migrations.AddIndex(
            "listedoffer",
            models.Index(
                fields=["channel", "id"],
                name="listed_offer_unmapped",
                condition=models.Q(is_mapped=False, gone_at=None),
            ),
        ),
    ]
