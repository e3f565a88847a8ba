"""The order in which the score book is read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0003_hierarchy"), ("tiers", "0008_simulations")]

    operations = [
        migrations.AddIndex(
            model_name="scorecredit",
            index=models.Index(fields=["recorded_at", "id"], name="score_order"),
        ),
        migrations.AddIndex(
            model_name="scorecredit",
            index=models.Index(fields=["partner", "recorded_at", "id"], name="score_order_of_partner"),
        ),
        migrations.AddIndex(
            model_name="scorecredit",
            index=models.Index(fields=["metric", "recorded_at", "id"], name="score_order_of_metric"),
        ),
        migrations.AddIndex(
            model_name="scorecredit",
            index=models.Index(
                condition=models.Q(("source_kind__in", ("sale_line", "first_sale")), _negated=True),
                fields=["source_kind", "recorded_at", "id"],
                name="score_order_of_kind",
            ),
        ),
    ]
