"""Distributors register deals for resellers who agreed to it."""

import functools

import django.db.models.deletion
from django.db import migrations, models

import common.ids


class Migration(migrations.Migration):
    dependencies = [("partners", "0002_notices_and_views")]

    operations = [
        migrations.CreateModel(
            name="Distribution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(default=functools.partial(common.ids.public_id, *("dst",), **{}), editable=False, max_length=24, unique=True)),
                ("requested_at", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=200)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("ends_on", models.DateField(blank=True, null=True)),
                ("distributor", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner")),
                ("reseller", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("distributor", models.F("reseller")), _negated=True), name="distribution_of_another"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ends_on", None), ("starts_on", None)),
                            models.Q(("answered_at__isnull", False), models.Q(("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR")),
                            _connector="OR",
                        ),
                        name="distribution_period",
                    ),
                    models.UniqueConstraint(condition=models.Q(("answered_at", None)), fields=("distributor", "reseller"), name="distribution_one_request"),
                    models.UniqueConstraint(condition=models.Q(("ends_on", None), ("starts_on__isnull", False)), fields=("distributor", "reseller"), name="distribution_one_open"),
                ],
            },
        ),
    ]
