"""What levels give is looked up by a function, whose plan a connection makes once."""

from django.db import migrations

TERMS_ON = """
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
    dependencies = [("tiers", "0002_guarantees")]

    operations = [migrations.RunSQL(TERMS_ON, "DROP FUNCTION tiers_terms_on(bigint[], date)")]
