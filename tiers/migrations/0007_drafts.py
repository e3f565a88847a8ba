"""A published version that has not begun can be withdrawn: it is no longer published, and as frozen as before."""

from django.db import migrations, models

FREEZE = """
CREATE OR REPLACE FUNCTION tiers_refuse_published_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL THEN
        IF to_jsonb(NEW) - 'ends_on' = to_jsonb(OLD) - 'ends_on' THEN
            RETURN NEW;
        END IF;
        IF to_jsonb(NEW) - ARRAY['published_at', 'withdrawn_at', 'withdrawn_words']
               = to_jsonb(OLD) - ARRAY['published_at', 'withdrawn_at', 'withdrawn_words']
           AND NEW.published_at IS NULL AND NEW.withdrawn_at < OLD.starts_on THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a published programme version is frozen' USING ERRCODE = 'restrict_violation';
END $$;

DROP TRIGGER tiers_programmeversion_frozen ON tiers_programmeversion;
CREATE TRIGGER tiers_programmeversion_frozen BEFORE UPDATE OR DELETE ON tiers_programmeversion
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL)
    EXECUTE FUNCTION tiers_refuse_published_version();
"""

FREEZE_BEFORE = """
CREATE OR REPLACE FUNCTION tiers_refuse_published_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'ends_on' = to_jsonb(OLD) - 'ends_on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published programme version is frozen' USING ERRCODE = 'restrict_violation';
END $$;

DROP TRIGGER tiers_programmeversion_frozen ON tiers_programmeversion;
CREATE TRIGGER tiers_programmeversion_frozen BEFORE UPDATE OR DELETE ON tiers_programmeversion
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION tiers_refuse_published_version();
"""

PART = """
CREATE OR REPLACE FUNCTION tiers_refuse_published_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part jsonb;
BEGIN
    FOREACH part IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[to_jsonb(NEW)]
                                     WHEN 'DELETE' THEN ARRAY[to_jsonb(OLD)]
                                     ELSE ARRAY[to_jsonb(OLD), to_jsonb(NEW)] END LOOP
        PERFORM 1 FROM tiers_programmeversion version
        WHERE {frozen} AND version.id = CASE TG_TABLE_NAME
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
PUBLISHED = "version.published_at IS NOT NULL"
PUBLISHED_ONCE = "(version.published_at IS NOT NULL OR version.withdrawn_at IS NOT NULL)"


class Migration(migrations.Migration):
    dependencies = [("tiers", "0006_overrides")]

    operations = [
        migrations.AddField("programmeversion", "withdrawn_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("programmeversion", "withdrawn_words", models.TextField(blank=True)),
        migrations.AddConstraint(
            model_name="programmeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("published_at", None), ("withdrawn_at", None), _connector="OR"),
                name="programme_version_published_or_withdrawn",
            ),
        ),
        migrations.RunSQL(FREEZE, FREEZE_BEFORE),
        migrations.RunSQL(PART.format(frozen=PUBLISHED_ONCE), PART.format(frozen=PUBLISHED)),
    ]
