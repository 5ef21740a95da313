from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_user_theme_and_permissions"),
    ]

    operations = [
        migrations.AddField(
            model_name="canarybeat",
            name="wakeup",
            field=models.BigIntegerField(null=True),
        ),
    ]
