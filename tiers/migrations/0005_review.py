"""Reviews are stored as figures; who is due for one is noted; what a night looks for has its indexes."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

DUE = """
CREATE FUNCTION tiers_note_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tiers_duereview (partner_id) SELECT DISTINCT partner_id FROM changed;
    RETURN NULL;
END $$;

CREATE TRIGGER tiers_scorecredit_due AFTER INSERT ON tiers_scorecredit
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tiers_note_due();
CREATE TRIGGER tiers_freeze_set_due AFTER INSERT ON tiers_freeze
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tiers_note_due();
CREATE TRIGGER tiers_freeze_changed_due AFTER UPDATE ON tiers_freeze
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tiers_note_due();

CREATE FUNCTION tiers_note_partner_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tiers_duereview (partner_id) SELECT id FROM changed;
    RETURN NULL;
END $$;

CREATE TRIGGER tiers_partner_due AFTER INSERT ON partners_partner
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tiers_note_partner_due();

INSERT INTO tiers_duereview (partner_id)
    SELECT id FROM partners_partner partner
    WHERE NOT EXISTS (SELECT FROM tiers_standing standing WHERE standing.partner_id = partner.id);
"""

NOT_DUE = """
DROP TRIGGER tiers_partner_due ON partners_partner;
DROP FUNCTION tiers_note_partner_due();
DROP TRIGGER tiers_freeze_changed_due ON tiers_freeze;
DROP TRIGGER tiers_freeze_set_due ON tiers_freeze;
DROP TRIGGER tiers_scorecredit_due ON tiers_scorecredit;
DROP FUNCTION tiers_note_due();
"""

# Older reviews keep what they said: a sum is its total, an average times its samples nearly so.
CONVERT = """
UPDATE tiers_review review SET totals = read.totals, samples = read.samples, latest = read.latest
FROM (
    SELECT id, array_agg(total ORDER BY metric COLLATE "C", seen_through COLLATE "C") AS totals,
           array_agg(samples ORDER BY metric COLLATE "C", seen_through COLLATE "C") AS samples,
           array_agg(NULL::bigint) AS latest
    FROM (
        SELECT stored.id, asked->>'metric' AS metric, asked->>'window' AS seen_through, max((asked->>'samples')::int)
               AS samples,
               coalesce(max(trunc((asked->>'value')::numeric * 10000 * CASE asked->>'aggregation'
                   WHEN 'sum' THEN 1 WHEN 'average' THEN (asked->>'samples')::int END)), 0)::bigint AS total
        FROM tiers_review stored, jsonb_path_query(stored.steps, '$[*].paths[*].requirements[*]') asked
        GROUP BY 1, 2, 3
    ) measured GROUP BY id
) read WHERE read.id = review.id
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0003_hierarchy"), ("tiers", "0004_benefits")]

    operations = [
        migrations.AddField(
            "review",
            "totals",
            django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), size=None, default=list),
            preserve_default=False,
        ),
        migrations.AddField(
            "review",
            "samples",
            django.contrib.postgres.fields.ArrayField(models.IntegerField(), size=None, default=list),
            preserve_default=False,
        ),
        migrations.AddField(
            "review",
            "latest",
            django.contrib.postgres.fields.ArrayField(models.BigIntegerField(null=True), size=None, default=list),
            preserve_default=False,
        ),
        migrations.RunSQL(CONVERT, migrations.RunSQL.noop),
        migrations.RemoveField("review", "steps"),
        migrations.RemoveField("review", "fingerprint"),
        migrations.AlterField(
            "review",
            "partner",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.partner",
            ),
        ),
        migrations.AlterField(
            "review",
            "version",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tiers.programmeversion",
            ),
        ),
        migrations.AlterField(
            "review",
            "level",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tiers.level",
            ),
        ),
        migrations.AddIndex(
            "standing",
            models.Index(
                condition=models.Q(("ends_on", None)),
                fields=["partner"],
                include=("level", "starts_on", "id"),
                name="standing_latest",
            ),
        ),
        migrations.AddIndex(
            "scorecredit",
            models.Index(fields=["metric", "valid_from"], include=("partner",), name="score_begins"),
        ),
        migrations.AddIndex(
            "scorecredit",
            models.Index(
                condition=models.Q(("valid_until__isnull", False)),
                fields=["metric", "valid_until"],
                include=("partner",),
                name="score_ends",
            ),
        ),
        migrations.CreateModel(
            "DueReview",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "partner",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.partner",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(DUE, NOT_DUE),
    ]
