import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integration", "0009_words_on_findings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField("stockpush", "sends", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("stockpush", "missed_since", models.DateTimeField(null=True)),
        migrations.AddField("stockpush", "misses", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("stockpush", "complete_at", models.DateTimeField(null=True)),
        migrations.AddField("stockpush", "told_landed", models.PositiveIntegerField(null=True)),
        migrations.AddField("stockpush", "told_refused", models.PositiveIntegerField(null=True)),
        migrations.AddField("stockpush", "again_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "stockpush",
            "again_by",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
    ]
