"""Leads from the vendor and their offers to partners."""

import common.ids
import django.db.models.deletion
import django.db.models.functions.comparison
import functools
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0004_segment"),
        ("deals", "0009_merges"),
        ("partners", "0003_hierarchy"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(common.ids.public_id, *("led",), **{}),
                        editable=False,
                        max_length=24,
                        unique=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Not offered yet"),
                            ("offered", "Offered"),
                            ("accepted", "Accepted"),
                            ("unplaced", "Nobody left to ask"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("customer_name", models.CharField(max_length=300)),
                ("customer_country", models.CharField(max_length=2)),
                ("customer_domain", models.CharField(blank=True, max_length=253)),
                ("customer_segment", models.CharField(blank=True, max_length=60)),
                ("contact_name", models.CharField(max_length=80)),
                ("contact_email", models.CharField(blank=True, max_length=80)),
                ("contact_phone", models.CharField(blank=True, max_length=30)),
                ("words", models.TextField()),
                ("value", models.DecimalField(decimal_places=4, max_digits=19)),
                ("ranking", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=200)),
                (
                    "family",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="crm.productfamily"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LeadOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(common.ids.public_id, *("lof",), **{}),
                        editable=False,
                        max_length=24,
                        unique=True,
                    ),
                ),
                ("score", models.PositiveSmallIntegerField()),
                ("steps", models.JSONField()),
                ("offered_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for an answer"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("expired", "Not answered in time"),
                            ("withdrawn", "Taken back"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("answered_by", models.CharField(blank=True, max_length=200)),
                ("words", models.TextField(blank=True)),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="offers", to="deals.lead"
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="deals.registration",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["-created_at", "-id"], name="lead_by_age"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["created_at", "public_id"], name="lead_by_creation"),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "offered", "accepted", "unplaced", "closed"])),
                name="lead_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "value",
                            django.db.models.functions.comparison.Cast(
                                models.Value("NaN"), models.DecimalField(decimal_places=4, max_digits=19)
                            ),
                        ),
                        _negated=True,
                    ),
                    ("value__gt", 0),
                ),
                name="lead_value",
            ),
        ),
        migrations.AddIndex(
            model_name="leadoffer",
            index=models.Index(fields=["partner", "-offered_at"], name="lead_offer_of_partner"),
        ),
        migrations.AddIndex(
            model_name="leadoffer",
            index=models.Index(fields=["offered_at", "public_id"], name="lead_offer_by_time"),
        ),
        migrations.AddIndex(
            model_name="leadoffer",
            index=models.Index(
                condition=models.Q(("answer", "waiting")), fields=["expires_at"], name="lead_offer_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="leadoffer",
            constraint=models.UniqueConstraint(fields=("lead", "partner"), name="lead_offer_never_twice"),
        ),
        migrations.AddConstraint(
            model_name="leadoffer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answer", "waiting")), fields=("lead",), name="lead_offer_one_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="leadoffer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answer", "accepted")), fields=("lead",), name="lead_offer_one_accepted"
            ),
        ),
        migrations.AddConstraint(
            model_name="leadoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["waiting", "accepted", "declined", "expired", "withdrawn"])),
                name="lead_offer_answer_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="leadoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("offered_at"))), name="lead_offer_window"
            ),
        ),
        migrations.AddConstraint(
            model_name="leadoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "waiting"), ("answered_at__isnull", True)),
                    models.Q(models.Q(("answer", "waiting"), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="lead_offer_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="leadoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "accepted"), ("registration__isnull", False)),
                    models.Q(models.Q(("answer", "accepted"), _negated=True), ("registration__isnull", True)),
                    _connector="OR",
                ),
                name="lead_offer_becomes_a_deal",
            ),
        ),
    ]
