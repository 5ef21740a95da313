from django.db import migrations

# What a listing told, until it is applied; a listing that breaks off is dropped. Unlogged: it can always be read again,
# and after a crash of the database it is found empty and read again.
FORWARD = """
CREATE UNLOGGED TABLE integration_offerintake (
    channel_id bigint NOT NULL, part integer NOT NULL, offer_sku varchar(200) NOT NULL, offer_id varchar(60) NOT NULL,
    title varchar(500), product_sku varchar(200), refs varchar(60)[], quantity integer, is_active boolean,
    reasons varchar(80)[], min_quantity_alert integer, min_order_quantity integer, max_order_quantity integer,
    package_quantity integer, places jsonb, is_deleted boolean NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX offer_intake_part ON integration_offerintake (channel_id, part);
"""


class Migration(migrations.Migration):
    dependencies = [("integration", "0010_pushes_are_followed")]
    operations = [migrations.RunSQL(FORWARD, "DROP TABLE integration_offerintake")]
