"""A program may ask for an override, which people decide; a request can be withdrawn by who made it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATUSES = [
    ("requested", "Waits for a second person"),
    ("approved", "Approved"),
    ("declined", "Declined"),
    ("withdrawn", "Withdrawn"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("tiers", "0005_review"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="override", name="override_status_known"),
        migrations.RemoveConstraint(model_name="override", name="override_decided"),
        migrations.AddField(
            model_name="override",
            name="requested_label",
            field=models.CharField(default="", max_length=200),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="override",
            name="requested_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="override",
            name="status",
            field=models.CharField(choices=STATUSES, default="requested", max_length=10),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["requested", "approved", "declined", "withdrawn"])),
                name="override_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("status__in", ["requested", "withdrawn"])),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("status__in", ["approved", "declined"]),
                    ),
                    _connector="OR",
                ),
                name="override_decided",
            ),
        ),
    ]
