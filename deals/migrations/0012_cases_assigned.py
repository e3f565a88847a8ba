"""Changes and appeals that wait for a person are given to one, and escalated when they are late."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def _assigned_to() -> models.Field:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, django.db.models.deletion.SET_NULL, blank=True, null=True, related_name="+"
    )


class Migration(migrations.Migration):
    dependencies = [("deals", "0011_plans"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField("appeal", "assigned_to", _assigned_to()),
        migrations.AddField("appeal", "escalated_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("change", "assigned_to", _assigned_to()),
        migrations.AddField("change", "escalated_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddIndex(
            "appeal", models.Index(fields=["assigned_to"], name="appeal_of_judge", condition=models.Q(status="open"))
        ),
        migrations.AddIndex(
            "change",
            models.Index(fields=["assigned_to"], name="change_of_reviewer", condition=models.Q(status="pending")),
        ),
    ]
