"""Partners are warned once of what threatens a protection; a change knows the extension that it waits for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deals", "0006_reviews")]

    operations = [
        migrations.AlterField(
            "extension",
            "status",
            models.CharField(
                choices=[
                    ("pending", "Waits for a manager"),
                    ("granted", "Granted"),
                    ("refused", "Refused"),
                    ("lapsed", "The deal ended first"),
                ],
                default="pending",
                max_length=8,
            ),
        ),
        migrations.AddField(
            "change",
            "extension",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="deals.extension",
            ),
        ),
        migrations.CreateModel(
            name="LifeWarning",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("nudge", "Nothing happened for a while"),
                            ("at_risk", "Released soon for want of activity"),
                            ("ends", "The protection ends soon"),
                        ],
                        max_length=8,
                    ),
                ),
                ("days", models.PositiveSmallIntegerField()),
                ("counted_from", models.DateTimeField()),
                ("at", models.DateTimeField()),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="warnings", to="deals.registration"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("registration", "kind", "days", "counted_from"), name="warning_once"
                    )
                ]
            },
        ),
    ]
