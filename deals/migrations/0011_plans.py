"""What stands against a claim is looked up by a function, whose plan a connection makes once."""

from django.db import migrations

STANDING_AGAINST = """
CREATE FUNCTION deals_standing_against(
    asked_receipt bigint, asked_partner bigint, asked_customers bigint[], asked_families bigint[], asked_country text,
    asked_sites int8range, zone text, since timestamptz, asked_at timestamptz, asked_day date
) RETURNS text LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    RETURN jsonb_build_object(
        'receipt_number', coalesce(asked_receipt, nextval('deals_receipt_number')),
        'protections', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'registration', holder.public_id, 'own', protection.partner_id = asked_partner,
                'family_id', protection.family_id, 'starts_at', protection.starts_at, 'ends_at', protection.ends_at,
                'shared', protection.is_shared
            ) ORDER BY protection.starts_at, protection.id), '[]')
            FROM deals_protection protection JOIN deals_registration holder ON holder.id = protection.registration_id
            WHERE protection.customer_id = ANY(asked_customers)
              AND protection.family_id = ANY(asked_families)
              AND protection.sites && asked_sites
              AND tstzrange(protection.starts_at, protection.ends_at) && tstzrange(asked_at, NULL)
        ),
        'named_accounts', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'starts_on', named.starts_on, 'ends_on', named.ends_on
            ) ORDER BY named.starts_on, named.id), '[]')
            FROM deals_namedaccount named
            WHERE named.customer_id = ANY(asked_customers) AND (named.ends_on IS NULL OR named.ends_on > asked_day)
        ),
        'earlier_claims', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'registration', claim.public_id, 'receipt_number', claim.receipt_number, 'shared', claim.source = 'tender'
            ) ORDER BY claim.receipt_number), '[]')
            FROM deals_registration claim
            WHERE claim.customer_id = ANY(asked_customers) AND claim.status IN ('in_review', 'action_required')
              AND claim.family_ids && asked_families AND claim.partner_id <> asked_partner
              AND claim.receipt_number < coalesce(asked_receipt, 9223372036854775807)
        ),
        'blocks', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'reason', block.reason, 'starts_on', block.starts_on, 'ends_on', block.ends_on
            ) ORDER BY block.starts_on, block.id), '[]')
            FROM deals_blockedcustomer block
            WHERE block.customer_id = ANY(asked_customers) AND (block.ends_on IS NULL OR block.ends_on > asked_day)
        ),
        'grants', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'grant', granted.public_id, 'own', granted.partner_id = asked_partner, 'countries', granted.countries,
                'segment', granted.segment, 'family_id', granted.family_id,
                'starts_on', granted.starts_on, 'ends_on', granted.ends_on
            ) ORDER BY granted.starts_on, granted.id), '[]')
            FROM deals_exclusivegrant granted
            WHERE (granted.countries = '{}' OR asked_country = ANY(granted.countries))
              AND (granted.family_id IS NULL OR granted.family_id = ANY(asked_families))
              AND granted.starts_on <= asked_day AND (granted.ends_on IS NULL OR granted.ends_on > asked_day)
        ),
        'authorisations', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'countries', held.countries, 'segment', held.segment, 'family_id', held.family_id,
                'starts_on', held.starts_on, 'ends_on', held.ends_on
            ) ORDER BY held.starts_on, held.id), '[]')
            FROM deals_authorisation held
            WHERE held.partner_id = asked_partner
              AND held.starts_on <= asked_day AND (held.ends_on IS NULL OR held.ends_on > asked_day)
        ),
        'incumbents', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'own', won.partner_id = asked_partner, 'family_id', family.id, 'won_on', won.won_on
            ) ORDER BY won.won_on, won.id), '[]')
            FROM (
                SELECT id, partner_id, family_ids, (won_at AT TIME ZONE zone)::date AS won_on FROM deals_registration
                WHERE customer_id = ANY(asked_customers) AND status = 'won' AND won_at >= since
            ) won
            JOIN unnest(asked_families) AS family(id) ON family.id = ANY(won.family_ids)
        ),
        'holds', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'hold', pencil.public_id, 'ends_at', pencil.ends_at
            ) ORDER BY pencil.id), '[]')
            FROM deals_pencilhold pencil
            WHERE pencil.customer_id = ANY(asked_customers) AND pencil.ends_at > asked_at
              AND pencil.family_ids && asked_families AND pencil.sites && asked_sites
              AND pencil.partner_id <> asked_partner
        ),
        'has_own_hold', EXISTS (
            SELECT FROM deals_pencilhold pencil
            WHERE pencil.customer_id = ANY(asked_customers) AND pencil.ends_at > asked_at
              AND pencil.family_ids && asked_families AND pencil.partner_id = asked_partner
        )
    )::text;
END $$;
"""
RULEBOOK_ON = """
CREATE FUNCTION deals_rulebook_on(asked_day date) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT id FROM deals_rulebook WHERE published_at IS NOT NULL AND effective_from <= asked_day
        ORDER BY effective_from DESC, version DESC LIMIT 1
    );
END $$;
"""
# All or none: what was taken before one was not free goes back with the inner block.
LOCK_IF_FREE = """
CREATE FUNCTION deals_lock_if_free(numbers bigint[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (SELECT bool_and(pg_try_advisory_xact_lock(number)) FROM unnest(numbers) AS number) THEN
        RAISE lock_not_available;
    END IF;
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0010_leads")]

    operations = [
        migrations.RunSQL(
            STANDING_AGAINST,
            "DROP FUNCTION deals_standing_against"
            "(bigint, bigint, bigint[], bigint[], text, int8range, text, timestamptz, timestamptz, date)",
        ),
        migrations.RunSQL(LOCK_IF_FREE, "DROP FUNCTION deals_lock_if_free(bigint[])"),
        migrations.RunSQL(RULEBOOK_ON, "DROP FUNCTION deals_rulebook_on(date)"),
    ]
