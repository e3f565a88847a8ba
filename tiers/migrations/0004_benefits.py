"""What levels give besides, drafts and simulations, overrides and freezes; an override counts in `tiers_terms_on`."""

import common.ids
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.serializers.json
import django.db.models.deletion
import functools
import tiers.models.programmes
from django.conf import settings
from django.db import migrations, models


DROP = "DROP FUNCTION tiers_terms_on(bigint[], date)"
TERMS_ON = """
CREATE FUNCTION tiers_terms_on(asked_partners bigint[], asked_day date) RETURNS TABLE (
    partner_id bigint, level_code varchar, level_name varchar, rank smallint, protection_days smallint,
    deal_discount numeric, rebate_multiplier numeric, mdf_rate numeric, version_number integer,
    lead_priority smallint, support_level varchar
) LANGUAGE plpgsql STABLE ROWS 1 SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY SELECT wanted.id, given.code, given.name, given.rank, given.protection_days, given.deal_discount,
               given.rebate_multiplier, given.mdf_rate, version.number, given.lead_priority, given.support_level
        FROM unnest(asked_partners) AS wanted(id)
        LEFT JOIN tiers_standing standing ON standing.partner_id = wanted.id
             AND standing.starts_on <= asked_day AND (standing.ends_on IS NULL OR standing.ends_on > asked_day)
        LEFT JOIN tiers_override given_instead ON given_instead.partner_id = wanted.id
             AND given_instead.status = 'approved' AND given_instead.starts_on <= asked_day
             AND given_instead.ends_on > asked_day
        LEFT JOIN tiers_level held ON held.id = coalesce(given_instead.level_id, standing.level_id)
        LEFT JOIN tiers_programmeversion held_version ON held_version.id = held.version_id
        LEFT JOIN tiers_programme fallback ON fallback.is_default AND held.id IS NULL
        LEFT JOIN tiers_programmeversion current_version
             ON current_version.programme_id = coalesce(held_version.programme_id, fallback.id)
             AND current_version.published_at IS NOT NULL AND current_version.starts_on <= asked_day
             AND (current_version.ends_on IS NULL OR current_version.ends_on > asked_day)
        LEFT JOIN tiers_level current_level ON current_level.version_id = current_version.id
             AND (current_level.code = held.code OR (held.id IS NULL AND current_level.rank = 1))
        JOIN tiers_level given ON given.id = coalesce(current_level.id, held.id)
        JOIN tiers_programmeversion version ON version.id = given.version_id;
END $$;
"""
TERMS_BEFORE = """
CREATE FUNCTION tiers_terms_on(asked_partners bigint[], asked_day date) RETURNS TABLE (
    partner_id bigint, level_code varchar, level_name varchar, rank smallint, protection_days smallint,
    deal_discount numeric, rebate_multiplier numeric, mdf_rate numeric, version_number integer
) LANGUAGE plpgsql STABLE ROWS 1 SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY SELECT wanted.id, given.code, given.name, given.rank, given.protection_days, given.deal_discount,
               given.rebate_multiplier, given.mdf_rate, version.number
        FROM unnest(asked_partners) AS wanted(id)
        LEFT JOIN tiers_standing standing ON standing.partner_id = wanted.id
             AND standing.starts_on <= asked_day AND (standing.ends_on IS NULL OR standing.ends_on > asked_day)
        LEFT JOIN tiers_level held ON held.id = standing.level_id
        LEFT JOIN tiers_programmeversion held_version ON held_version.id = held.version_id
        LEFT JOIN tiers_programme fallback ON fallback.is_default AND held.id IS NULL
        LEFT JOIN tiers_programmeversion current_version
             ON current_version.programme_id = coalesce(held_version.programme_id, fallback.id)
             AND current_version.published_at IS NOT NULL AND current_version.starts_on <= asked_day
             AND (current_version.ends_on IS NULL OR current_version.ends_on > asked_day)
        LEFT JOIN tiers_level current_level ON current_level.version_id = current_version.id
             AND (current_level.code = held.code OR (held.id IS NULL AND current_level.rank = 1))
        JOIN tiers_level given ON given.id = coalesce(current_level.id, held.id)
        JOIN tiers_programmeversion version ON version.id = given.version_id;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0003_hierarchy"),
        ("tiers", "0003_plans"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Freeze",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(common.ids.public_id, *("frz",), **{}),
                        editable=False,
                        max_length=24,
                        unique=True,
                    ),
                ),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("reason", models.TextField()),
                ("set_by", models.CharField(max_length=200)),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-starts_on"],
            },
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(common.ids.public_id, *("ovr",), **{}),
                        editable=False,
                        max_length=24,
                        unique=True,
                    ),
                ),
                ("reason", models.TextField()),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Waits for a second person"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                        ],
                        default="requested",
                        max_length=10,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("answer", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-requested_at"],
            },
        ),
        migrations.CreateModel(
            name="ProgrammeDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(common.ids.public_id, *("pdr",), **{}),
                        editable=False,
                        max_length=24,
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("content", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("words", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=200)),
                ("updated_at", models.DateTimeField()),
                ("updated_by", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ["-updated_at"],
            },
        ),
        migrations.CreateModel(
            name="SimulatedPartner",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("moves", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("actual_level", models.CharField(max_length=20)),
                ("simulated_level", models.CharField(max_length=20)),
                ("rank_change", models.SmallIntegerField()),
                ("rebate_effect", models.DecimalField(decimal_places=4, max_digits=18)),
                ("discount_effect", models.DecimalField(decimal_places=4, max_digits=18)),
            ],
            options={
                "ordering": ["simulation", "partner"],
            },
        ),
        migrations.CreateModel(
            name="Simulation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(common.ids.public_id, *("sim",), **{}),
                        editable=False,
                        max_length=24,
                        unique=True,
                    ),
                ),
                ("revision", models.PositiveIntegerField()),
                ("content", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("cancelled", "Cancelled")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("partner_count", models.PositiveIntegerField()),
                ("totals", models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("requested_at", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=200)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-requested_at"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="requirement",
            name="requirement_window_known",
        ),
        migrations.RemoveConstraint(
            model_name="requirement",
            name="requirement_sum_known",
        ),
        migrations.AddField(
            model_name="level",
            name="lead_priority",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="level",
            name="support_level",
            field=models.CharField(
                choices=[
                    ("standard", "Standard"),
                    ("priority", "Priority"),
                    ("premium", "Premium, with a named engineer"),
                ],
                default="standard",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="programme",
            name="change_notice_days",
            field=models.PositiveSmallIntegerField(default=30),
        ),
        migrations.AddField(
            model_name="programmeversion",
            name="words",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="scorecredit",
            name="holder",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name="requirement",
            name="aggregation",
            field=models.CharField(
                choices=[("sum", "Total"), ("count", "Number"), ("average", "Average"), ("latest", "Latest")],
                default="sum",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="requirement",
            name="window",
            field=models.CharField(
                choices=[
                    ("trailing_3_months", "Last 3 months"),
                    ("trailing_6_months", "Last 6 months"),
                    ("trailing_12_months", "Last 12 months"),
                    ("trailing_24_months", "Last 24 months"),
                    ("fiscal_quarter", "This fiscal quarter"),
                    ("fiscal_year", "This fiscal year"),
                    ("since_joining", "Since joining"),
                    ("valid_on_day", "Valid today"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="level",
            constraint=models.CheckConstraint(
                condition=models.Q(("support_level__in", ["standard", "priority", "premium"])),
                name="level_support_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "window__in",
                        [
                            "trailing_3_months",
                            "trailing_6_months",
                            "trailing_12_months",
                            "trailing_24_months",
                            "fiscal_quarter",
                            "fiscal_year",
                            "since_joining",
                            "valid_on_day",
                        ],
                    )
                ),
                name="requirement_window_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=models.CheckConstraint(
                condition=models.Q(("aggregation__in", ["sum", "count", "average", "latest"])),
                name="requirement_sum_known",
            ),
        ),
        migrations.AddField(
            model_name="freeze",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="level",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tiers.level"),
        ),
        migrations.AddField(
            model_name="override",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="requested_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="programmedraft",
            name="programme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="tiers.programme"
            ),
        ),
        migrations.AddField(
            model_name="programmedraft",
            name="version",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="draft",
                to="tiers.programmeversion",
            ),
        ),
        migrations.AddField(
            model_name="simulatedpartner",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="simulation",
            name="draft",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="simulations", to="tiers.programmedraft"
            ),
        ),
        migrations.AddField(
            model_name="simulatedpartner",
            name="simulation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="partners", to="tiers.simulation"
            ),
        ),
        migrations.AddConstraint(
            model_name="freeze",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("starts_on"))), name="freeze_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="freeze",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("partner", "="),
                    (
                        tiers.models.programmes.DateRange(
                            "starts_on", "ends_on", django.contrib.postgres.fields.ranges.RangeBoundary()
                        ),
                        "&&",
                    ),
                ],
                name="freeze_one_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("starts_on"))), name="override_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["requested", "approved", "declined"])), name="override_status_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("status", "requested")),
                    models.Q(
                        models.Q(("status", "requested"), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="override_decided",
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(("decided_by", models.F("requested_by")), _negated=True), name="override_four_eyes"
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("status", "approved")),
                expressions=[
                    ("partner", "="),
                    (
                        tiers.models.programmes.DateRange(
                            "starts_on", "ends_on", django.contrib.postgres.fields.ranges.RangeBoundary()
                        ),
                        "&&",
                    ),
                ],
                name="override_one_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="simulation",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gt", models.F("starts_on"))), name="simulation_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="simulation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["running", "done", "cancelled"])), name="simulation_status_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="simulation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "running")), fields=("draft",), name="simulation_one_running"
            ),
        ),
        migrations.AddConstraint(
            model_name="simulatedpartner",
            constraint=models.UniqueConstraint(fields=("simulation", "partner"), name="simulated_partner_once"),
        ),
        migrations.RunSQL(f"{DROP};{TERMS_ON}", f"{DROP};{TERMS_BEFORE}"),
    ]
