from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integration", "0012_stock_is_listed_quickly")]
    operations = [
        migrations.AddIndex(
            model_name="stockitem",
            index=models.Index(
                condition=models.Q(("is_order_kit", True)), fields=["warehouse", "number"], name="stock_item_kits"
            ),
        ),
        migrations.AddIndex(
            model_name="stockrule",
            index=models.Index(
                condition=models.Q(("is_active", True), ("item_number", ""), ("offer_sku", "")),
                fields=["facility"],
                name="stock_rule_wide",
            ),
        ),
    ]
