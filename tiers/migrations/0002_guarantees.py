"""The score book is append-only, a reversal mirrors its original, and a published version is frozen."""

from django.db import migrations

from common.database import append_only

MIRROR = """
CREATE FUNCTION tiers_check_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM tiers_scorecredit original
    WHERE original.id = NEW.reverses_id AND original.reverses_id IS NULL
      AND (original.partner_id, original.metric_id, original.amount, original.valid_from)
        = (NEW.partner_id, NEW.metric_id, -NEW.amount, NEW.valid_from)
      AND original.valid_until IS NOT DISTINCT FROM NEW.valid_until;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a reversal is its original with the opposite sign' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER tiers_scorecredit_mirrors BEFORE INSERT ON tiers_scorecredit
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION tiers_check_reversal();
"""

UNMIRROR = """
DROP TRIGGER tiers_scorecredit_mirrors ON tiers_scorecredit;
DROP FUNCTION tiers_check_reversal();
"""

FREEZE = """
CREATE FUNCTION tiers_refuse_published_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'ends_on' = to_jsonb(OLD) - 'ends_on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published programme version is frozen' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER tiers_programmeversion_frozen BEFORE UPDATE OR DELETE ON tiers_programmeversion
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION tiers_refuse_published_version();

CREATE FUNCTION tiers_refuse_published_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part jsonb;
BEGIN
    FOREACH part IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[to_jsonb(NEW)]
                                     WHEN 'DELETE' THEN ARRAY[to_jsonb(OLD)]
                                     ELSE ARRAY[to_jsonb(OLD), to_jsonb(NEW)] END LOOP
        PERFORM 1 FROM tiers_programmeversion version
        WHERE version.published_at IS NOT NULL AND version.id = CASE TG_TABLE_NAME
            WHEN 'tiers_level' THEN (part->>'version_id')::bigint
            WHEN 'tiers_path' THEN (SELECT version_id FROM tiers_level WHERE id = (part->>'level_id')::bigint)
            ELSE (SELECT level.version_id FROM tiers_path path JOIN tiers_level level ON level.id = path.level_id
                  WHERE path.id = (part->>'path_id')::bigint) END;
        IF FOUND THEN
            RAISE EXCEPTION 'a published programme version is frozen' USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
"""

FREEZE_PART = """
CREATE TRIGGER {table}_frozen BEFORE INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tiers_refuse_published_part();
"""
PARTS = ("tiers_level", "tiers_path", "tiers_requirement")

UNFREEZE = """
DROP FUNCTION tiers_refuse_published_part();
DROP TRIGGER tiers_programmeversion_frozen ON tiers_programmeversion;
DROP FUNCTION tiers_refuse_published_version();
"""


class Migration(migrations.Migration):
    dependencies = [("tiers", "0001_initial"), ("common", "0002_guarantees")]

    operations = [
        append_only("tiers_scorecredit"),
        migrations.RunSQL(MIRROR, UNMIRROR),
        migrations.RunSQL(FREEZE, UNFREEZE),
        *(
            migrations.RunSQL(FREEZE_PART.format(table=table), f"DROP TRIGGER {table}_frozen ON {table}")
            for table in PARTS
        ),
    ]
