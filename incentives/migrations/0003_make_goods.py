"""Make-goods: what is paid once for a broken protection, beside what plans earn; nothing else is posted for one."""

import functools

import common.ids
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
from django.db import migrations, models

from common.database import append_only

_POSTING = """
CREATE OR REPLACE FUNCTION incentives_check_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM incentives_closedmonth
               WHERE month_starts_on >= date_trunc('month', NEW.posted_on::timestamp)::date) THEN
        RAISE EXCEPTION 'the month of % is closed', NEW.posted_on USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (
        SELECT FROM incentives_statementline line
        JOIN incentives_statement statement ON statement.id = line.statement_id
        WHERE line.id = NEW.line_id AND line.kind = NEW.kind AND line.accrual_id IS NOT DISTINCT FROM NEW.accrual_id
          {make_good}AND statement.partner_id = NEW.partner_id
          AND statement.month_starts_on = date_trunc('month', NEW.posted_on::timestamp)::date
    ) THEN
        RAISE EXCEPTION 'a journal belongs on a line of its own partner, month and kind'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
POSTING = _POSTING.replace("{make_good}", "AND line.make_good_id IS NOT DISTINCT FROM NEW.make_good_id\n          ")
POSTING_UNDO = _POSTING.replace("{make_good}", "")


class Migration(migrations.Migration):
    dependencies = [("incentives", "0002_guarantees"), ("partners", "0002_notices_and_views")]

    operations = [
        migrations.CreateModel(
            name="MakeGood",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(common.ids.public_id, *("mkg",), **{}),
                        editable=False,
                        max_length=24,
                        unique=True,
                    ),
                ),
                ("breach_public_id", models.CharField(max_length=24)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=19)),
                ("currency", models.CharField(max_length=3)),
                ("steps", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("words", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="account",
            name="account_code_known",
        ),
        migrations.RemoveConstraint(
            model_name="journal",
            name="journal_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="journal",
            name="journal_comes_from_somewhere",
        ),
        migrations.RemoveConstraint(
            model_name="statement",
            name="statement_adds_up",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="statement_line_kind_known",
        ),
        migrations.AddField(
            model_name="statement",
            name="make_goods",
            field=models.DecimalField(decimal_places=4, default=0, max_digits=19),
        ),
        migrations.AlterField(
            model_name="account",
            name="code",
            field=models.CharField(
                choices=[
                    ("partner_payable", "Owed to partners"),
                    ("rebate_expense", "Rebate expense"),
                    ("make_good_expense", "Expense for broken protections"),
                    ("cash", "Cash"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="journal",
            name="kind",
            field=models.CharField(
                choices=[
                    ("accrual", "Accrual"),
                    ("adjustment", "Adjustment"),
                    ("clawback", "Clawback"),
                    ("make_good", "Make-good"),
                    ("payout", "Payout"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="statementline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("accrual", "Accrual"),
                    ("adjustment", "Adjustment"),
                    ("clawback", "Clawback"),
                    ("make_good", "Make-good"),
                    ("payout", "Payout"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__in", ["partner_payable", "rebate_expense", "make_good_expense", "cash"])),
                name="account_code_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "closing",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("opening"), "+", models.F("accruals")
                                        ),
                                        "+",
                                        models.F("adjustments"),
                                    ),
                                    "+",
                                    models.F("clawbacks"),
                                ),
                                "+",
                                models.F("make_goods"),
                            ),
                            "+",
                            models.F("payouts"),
                        ),
                    )
                ),
                name="statement_adds_up",
            ),
        ),
        migrations.AddField(
            model_name="makegood",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="make_goods", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="makegood",
            name="reverses",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversed_by",
                to="incentives.makegood",
            ),
        ),
        migrations.AddField(
            model_name="journal",
            name="make_good",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="journal",
                to="incentives.makegood",
            ),
        ),
        migrations.AddField(
            model_name="statementline",
            name="make_good",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="line",
                to="incentives.makegood",
            ),
        ),
        migrations.AddConstraint(
            model_name="journal",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["accrual", "adjustment", "clawback", "make_good", "payout"])),
                name="journal_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="journal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "payout"),
                        ("make_good__isnull", True),
                        ("accrual__isnull", True),
                        ("recalculation__isnull", True),
                        ("sequence__isnull", True),
                        models.Q(("reference", ""), _negated=True),
                    ),
                    models.Q(
                        ("kind", "make_good"),
                        ("make_good__isnull", False),
                        ("reference", ""),
                        ("accrual__isnull", True),
                        ("recalculation__isnull", True),
                        ("sequence__isnull", True),
                    ),
                    models.Q(
                        models.Q(("kind__in", ["payout", "make_good"]), _negated=True),
                        ("accrual__isnull", False),
                        ("recalculation__isnull", False),
                        ("reference", ""),
                        ("sequence__gte", 1),
                        ("make_good__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="journal_comes_from_somewhere",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["accrual", "adjustment", "clawback", "make_good", "payout"])),
                name="statement_line_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="makegood",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", True)), fields=("breach_public_id",), name="make_good_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="makegood",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("reverses__isnull", True)),
                    models.Q(("amount__lt", 0), ("reverses__isnull", False)),
                    _connector="OR",
                ),
                name="make_good_pays_and_its_counter_entry_takes",
            ),
        ),
        migrations.AddConstraint(
            model_name="makegood",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount", models.Func(models.F("amount"), models.Value(2), function="round")),
                    models.Q(
                        (
                            "amount",
                            django.db.models.functions.comparison.Cast(
                                models.Value("NaN"), models.DecimalField(decimal_places=4, max_digits=19)
                            ),
                        ),
                        _negated=True,
                    ),
                    models.Q(("amount", 0), _negated=True),
                ),
                name="make_good_amount_is_money",
            ),
        ),
        migrations.RunSQL(POSTING, POSTING_UNDO),
        append_only("incentives_makegood"),
    ]
