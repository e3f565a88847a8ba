"""A back-test keeps the rules that it judged by, how many decisions were older than a rule, and what is at stake."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deals", "0004_guarantees")]

    operations = [
        migrations.RemoveField(model_name="backtest", name="last_decision_id"),
        migrations.AddField(
            model_name="backtest", name="rules", field=models.JSONField(default=list), preserve_default=False
        ),
        migrations.AddField(model_name="backtest", name="older", field=models.JSONField(default=dict)),
        migrations.AddField(
            model_name="backtestchange",
            name="amount",
            field=models.DecimalField(decimal_places=4, default=0, max_digits=19),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="backtest",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gt", models.F("starts_on"))), name="back_test_period"
            ),
        ),
    ]
