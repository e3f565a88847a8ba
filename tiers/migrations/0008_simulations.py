"""A simulation can fail, and says until when its nights knew; a partner's row has its real moves and its revenue."""

import django.core.serializers.json
from django.db import migrations, models

STATUSES = [("running", "Running"), ("done", "Done"), ("failed", "Failed"), ("cancelled", "Cancelled")]


class Migration(migrations.Migration):
    dependencies = [("tiers", "0007_drafts")]

    operations = [
        migrations.RemoveConstraint(model_name="simulation", name="simulation_status_known"),
        migrations.AddField(model_name="simulation", name="knows_today", field=models.BooleanField(default=False)),
        migrations.AddField(
            model_name="simulatedpartner",
            name="actual_moves",
            field=models.JSONField(default=list, encoder=django.core.serializers.json.DjangoJSONEncoder),
        ),
        migrations.AddField(
            model_name="simulatedpartner",
            name="revenue",
            field=models.DecimalField(decimal_places=4, default=0, max_digits=18),
        ),
        migrations.AlterField(
            model_name="simulation",
            name="status",
            field=models.CharField(choices=STATUSES, default="running", max_length=10),
        ),
        migrations.AddConstraint(
            model_name="simulation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["running", "done", "failed", "cancelled"])),
                name="simulation_status_known",
            ),
        ),
    ]
